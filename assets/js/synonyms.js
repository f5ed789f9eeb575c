// The synonym editor: what is shown and how it is kept current. Its parts stand in the files synonyms_*.js;
// each is a function that is given the editor and adds to it what the others may call.
WB.synonyms = {};

// Opens the editor on a term, from any tab. With a dictionary, all tabs take that one.
WB.editTerm = (term, dictionary = null) => {
  WB.wantedEdit = { term, dictionary };
  const open = () => { WB.go("synonyms"); WB.emit("edit-term"); };
  const taken = dictionary && WB.use({ dictionary });
  if (dictionary && dictionary !== WB.synonyms.open) taken.then(open); else open();
};

WB.views.synonyms = (root, { server, props, watch }) => {
  const { h, t } = WB;
  const FILTERS = ["all", "problems", "ambiguous", "chained", "untrained", "weakest"];
  const SORTS = ["file", "name", "size", "recent"];
  const ed = {
    root, name: null, version: 0, groups: [], total: 0, size: 50, page: 0, search: "", filter: "all", sort: "file",
    counts: {}, status: { undo: null, redo: null }, cursor: null, chosen: new Set(), picked: new Map(), editing: null,
    task: null, problem: null, ready: false, side: WB.store.get("editor.side") || "live",
  };
  ed.ask = (name, data = {}) => WB.ask(server, name, { name: ed.name, ...data });
  ed.author = () => WB.store.get("editor.author") || "";
  ed.group = (id) => ed.groups.find((group) => group.id === id);
  ed.quoted = (term) => t("synonyms.quoted", { term });
  ed.list = (terms, most = 4) => terms.slice(0, most).map(ed.quoted).join(t("synonyms.and")) + (terms.length > most ? t("synonyms.and_more", { n: terms.length - most }) : "");

  // ---- reading
  let asked = 0;
  let counting = 0;
  let counted = null;
  ed.load = async () => {
    if (!ed.name) return;
    const turn = ++asked;
    const name = ed.name;
    let reply = null;
    let problem = null;
    const { search, filter, sort, page } = ed;
    table.classList.add("wb-syn-stale");
    try { reply = await ed.ask("read_page", { search, filter, sort, page }); } catch (error) { problem = error.message; }
    if (turn !== asked || name !== ed.name) return;
    table.classList.remove("wb-syn-stale");
    ed.task = reply?.task || null;
    ed.problem = problem || (ed.task?.error && WB.pick(ed.task.error));
    if (ed.task && !ed.problem) { setTimeout(() => turn === asked && ed.load(), 700); }
    if (reply?.groups && ed.ready && reply.version < ed.version) { ed.load(); return; } // an edit overtook it
    if (reply?.groups) {
      if (!reply.groups.length && page > 0) { ed.page = Math.max(0, Math.ceil(reply.total / ed.size) - 1); ed.load(); return; }
      const before = ed.version;
      const old = ed.editing && ed.group(ed.editing.group);
      if (old && !ed.busy && reply.groups.find((group) => group.id === old.id)?.changed !== old.changed) { // under the hands of who types
        ed.ask("read_status", { known: before }).then(({ steps }) => ed.meanwhile(steps[0])).catch(() => {});
      }
      Object.assign(ed, { groups: reply.groups, total: reply.total, size: reply.size, version: reply.version, status: reply.status, weak: reply.weak, ranker: reply.model });
      ed.ready = true;
      ed.sound();
    }
    ed.drawList();
    ed.drawTools();
    ed.said(ed.problem || t("synonyms.found", { n: WB.number(ed.total) }));
    ed.recount();
  };
  ed.recount = () => {
    clearTimeout(counting);
    counting = setTimeout(async () => {
      const name = ed.name;
      const now = name + "\n" + ed.version;
      if (now === counted) return;
      counted = now;
      try {
        const reply = await ed.ask("read_counts");
        if (now === counted && name === ed.name) { ed.counts = reply; ed.drawTools(); }
      } catch { /* chips without counts */ }
    }, 350);
  };
  // Groups that are shown are read again: flags follow from other groups. The one that is typed in stays.
  ed.freshen = async () => {
    const name = ed.name;
    const reply = await ed.ask("read_groups", { ids: ed.groups.map((group) => group.id), known: ed.version });
    if (name !== ed.name) return;
    if (reply.version < ed.version) { ed.freshenSoon(); return; } // an edit overtook it
    const now = new Map(reply.groups.map((group) => [group.id, group]));
    for (const old of [...ed.groups]) {
      const group = now.get(old.id);
      const typed = ed.editing?.group === old.id;
      if (typed) { if (!group || group.changed !== old.changed) ed.meanwhile(reply.steps[0]); continue; }
      if (!group) ed.drop(old.id);
      else if (JSON.stringify(group) !== JSON.stringify(old)) ed.put(group);
    }
    ed.version = reply.version;
    ed.status = reply.status;
    ed.drawTools();
  };
  let freshening = 0;
  ed.freshenSoon = () => { clearTimeout(freshening); freshening = setTimeout(() => ed.freshen().catch(() => {}), 250); };
  // Somebody else made steps: say who did what, and show the dictionary as it is now.
  ed.catchUp = async (steps) => {
    const others = steps.filter((step) => step.number > ed.version);
    if (others.length) {
      const who = others[0].author || t("synonyms.somebody");
      ed.tell(t(others.length > 1 ? "synonyms.others_did" : "synonyms.other_did", { who, title: WB.pick(others[0].title), n: others.length - 1 }));
    }
    if (ed.editing) await ed.freshen(); else await ed.load();
    ed.history.refresh();
  };
  const poller = WB.poll(root, 2.5, async () => {
    if (!ed.name || !ed.ready || ed.busy) return;
    const reply = await ed.ask("read_status", { known: ed.version });
    if (ed.busy || reply.version <= ed.version) return; // asked before an edit of one's own: nothing new
    await ed.catchUp(reply.steps);
  });

  // ---- the tools above the list
  const field = h("input.wb-input", { type: "search", id: "synonyms-search", maxlength: 200 });
  field.addEventListener("input", () => { clearTimeout(field.timer); field.timer = setTimeout(() => { ed.search = field.value; ed.page = 0; ed.load(); }, 150); });
  ed.searchField = field;
  const tools = h("div.wb-syn-tools");
  const sorter = h("select.wb-select", { id: "synonyms-sort", onchange: () => { ed.sort = sorter.value; ed.page = 0; ed.load(); } });
  const chips = h("div.wb-syn-filters", { role: "group" });
  const head = h("div.wb-row.wb-syn-first");
  const found = h("span.wb-small.wb-syn-found", { id: "synonyms-total" });
  const filterBy = (name) => { ed.filter = name; ed.page = 0; ed.drawTools(); ed.load(); };
  const key = (name) => h("kbd", { "aria-hidden": "true" }, name);
  ed.drawTools = () => {
    const n = (name) => (name === "all" ? ed.counts.all : ed.counts[name]);
    const focused = chips.contains(document.activeElement) ? document.activeElement.dataset.filter : null;
    chips.replaceChildren(...FILTERS.filter((name) => name !== "weakest" || ed.counts.weakest !== undefined).map((name) =>
      h("button.wb-chip" + (ed.filter === name ? ".on.accent" : ""), { type: "button", "data-filter": name, "aria-pressed": String(ed.filter === name), title: t(`synonyms.filter_${name}_help`),
        onclick: () => filterBy(name) }, t("synonyms.filter_" + name), n(name) != null && h("b", {}, WB.number(n(name))))), found);
    if (focused) chips.querySelector(`[data-filter=${focused}]`)?.focus();
    found.textContent = ed.ready && !ed.task && (ed.search || ed.filter !== "all") ? t("synonyms.found", { n: WB.number(ed.total) }) + (ed.filter === "weakest" ? t("synonyms.ranked_by", { model: WB.pick(ed.ranker) }) : "") : "";
    for (const way of ["undo", "redo"]) {
      const button = head.querySelector(`#synonyms-${way}`);
      if (!button) continue;
      button.disabled = !ed.status[way];
      button.title = ed.status[way] ? t(`synonyms.${way}_what`, { title: WB.pick(ed.status[way]) }) : t(`synonyms.${way}_none`);
    }
    sorter.value = ed.sort;
  };
  const arrow = (way) => h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d: way === "undo" ? "M8 5 4 9l4 4M4 9h7.5a4 4 0 0 1 0 8H8" : "m12 5 4 4-4 4m4-4H8.5a4 4 0 0 0 0 8H12" }));
  const drawHead = () => {
    field.placeholder = t("synonyms.search");
    field.setAttribute("aria-label", t("synonyms.search"));
    chips.setAttribute("aria-label", t("synonyms.filters"));
    sorter.setAttribute("aria-label", t("synonyms.sort"));
    sorter.replaceChildren(...SORTS.map((name) => h("option", { value: name }, t("synonyms.sort_" + name))));
    head.replaceChildren(field, sorter,
      WB.button([t("synonyms.new"), key("n")], () => ed.newGroup(), "", { id: "synonyms-new" }),
      WB.button(t("synonyms.paste"), () => ed.pasteDialog(), "", { id: "synonyms-paste" }),
      h("button.wb-icon.stroke", { type: "button", id: "synonyms-undo", "aria-label": t("synonyms.undo"), onclick: () => ed.travel("undo") }, arrow("undo")),
      h("button.wb-icon.stroke", { type: "button", id: "synonyms-redo", "aria-label": t("synonyms.redo"), onclick: () => ed.travel("redo") }, arrow("redo")),
      h("button.wb-icon", { type: "button", id: "synonyms-keys", title: t("synonyms.keys"), "aria-label": t("synonyms.keys"), onclick: () => ed.keysDialog() }, "?"));
  };

  // ---- the list
  const table = h("div.wb-syn-list", { role: "grid", id: "synonyms-list", "aria-multiselectable": "true" });
  const under = h("div");
  const bulk = h("div.wb-syn-bulk", { id: "synonyms-bulk", role: "toolbar", hidden: true });
  const live = h("div.wb-syn-aloud", { role: "status", "aria-live": "polite" });
  const side = h("aside.wb-syn-side", { id: "synonyms-side" });
  Object.assign(ed, { table, bulk, said: (words) => { live.textContent = words; } });
  ed.drawList = () => {
    table.setAttribute("aria-rowcount", ed.total);
    table.setAttribute("aria-label", t("synonyms.list_of", { name: ed.name || "" }));
    const had = table.contains(document.activeElement);
    const typing = had && ed.editing?.input.isConnected && document.activeElement.matches(".wb-syn-input") ? document.activeElement : null;
    const range = typing && [typing.selectionStart, typing.selectionEnd];
    if (ed.problem) table.replaceChildren(h("div.wb-verdict.worse", {}, h("i"), h("p", {}, ed.problem)));
    else if (ed.task) table.replaceChildren(h("div.wb-gap.tight.wb-syn-wait", {}, WB.bar(ed.task.fraction || null, t("common.working")), h("p.wb-small", {}, WB.pick(ed.task.words) || t("synonyms.ranking"))));
    else if (!ed.ready) table.replaceChildren(h("div.wb-syn-wait", {}, WB.bar(null, t("common.loading"))));
    else {
      table.replaceChildren(...(ed.editing?.mode === "new" ? [ed.editing.row] : []), ...ed.groups.map(ed.row));
      if (!ed.groups.length && ed.editing?.mode !== "new") table.append(nothing());
    }
    under.replaceChildren(ed.ready && !ed.task && ed.total > ed.size ? WB.pager(ed.page, ed.size, ed.total, ed.goPage) : "");
    if (typing?.isConnected) { typing.focus(); typing.setSelectionRange(...range); } else if (had) ed.focus();
    ed.drawBulk();
  };
  const nothing = () => {
    if (ed.search) return WB.empty(t("common.nothing_found", { search: ed.search }), t("synonyms.nothing_hint"), WB.button(t("synonyms.new_with", { term: ed.search }), () => ed.newGroup(ed.search), "primary"));
    return WB.empty(t(ed.filter === "all" ? "synonyms.none" : "synonyms.none_here"), ed.filter === "all" ? t("synonyms.none_hint") : null,
      ed.filter === "all" ? WB.button(t("synonyms.new"), () => ed.newGroup(), "primary") : WB.button(t("synonyms.show_all"), () => filterBy("all")));
  };
  ed.goPage = (page) => { ed.page = page; ed.cursor = null; ed.load().then(() => { root.scrollIntoView({ block: "start" }); ed.focus(); }); };

  // ---- the panel beside it
  const PANELS = ["live", "labels", "history", "apart"];
  const panel = h("div.wb-syn-panel");
  ed.drawSide = () => {
    if (!PANELS.includes(ed.side)) ed.side = "live";
    side.replaceChildren(h("div.wb-segments.small", { role: "tablist" }, PANELS.map((name) => h("button" + (ed.side === name ? ".on" : ""), { type: "button", role: "tab", id: `synonyms-tab-${name}`, "aria-selected": String(ed.side === name),
      onclick: () => { ed.side = name; WB.store.set("editor.side", name); ed.drawSide(); side.querySelector(`#synonyms-tab-${name}`).focus(); } }, t("synonyms.panel_" + name)))), panel);
    ed[ed.side].draw(panel);
  };
  ed.panelFor = (name) => (ed.side === name && panel.isConnected ? panel : null);

  // ---- all of it
  for (const part of ["rows", "edits", "fields", "dialogs", "paste", "keys", "history", "labels", "chain", "live", "rights"]) WB.synonyms[part](ed);
  const body = h("div.wb-syn");
  const draw = () => {
    if (!ed.name) { root.replaceChildren(WB.empty(t("common.no_dictionary"), null, WB.button(t("common.go_data"), () => WB.go("data"), "primary"))); return; }
    drawHead();
    tools.replaceChildren(head, chips);
    body.replaceChildren(h("div.wb-syn-main", {}, tools, table, under, bulk), side);
    root.replaceChildren(body, live);
    ed.drawTools(); ed.drawList(); ed.drawSide();
  };
  const open = (name) => {
    const wanted = WB.wantedEdit;
    if (wanted && (!wanted.dictionary || wanted.dictionary === name)) {
      WB.wantedEdit = null;
      Object.assign(ed, { search: wanted.term, filter: "all", page: 0 });
      field.value = wanted.term;
      if (name === ed.name) { ed.load(); return; }
    } else if (name === ed.name) { poller.now(); return; } else { Object.assign(ed, { search: "", page: 0 }); field.value = ""; }
    ed.closeField();
    counted = null;
    WB.synonyms.open = name;
    Object.assign(ed, { name, ready: false, groups: [], counts: {}, status: { undo: null, redo: null }, cursor: null, problem: null, task: null, filter: "all" });
    ed.clearPicks();
    draw();
    ed.load();
    for (const each of PANELS) ed[each].reset();
  };
  const chosen = () => { if (props.value?.dictionary) open(props.value.dictionary); else if (!ed.name) draw(); };
  watch("value", chosen);
  WB.on("edit-term", () => { if (ed.name) open(props.value?.dictionary || ed.name); });
  draw();
  chosen();
  return { draw: () => { ed.closeField(); draw(); }, recolour: () => {} };
};
