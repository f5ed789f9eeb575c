// The queue: one suggestion in the middle, the list beside it. A decision shows at once and is sent in order;
// what the server refuses comes back with its sentence.
WB.pairs.review = (tab) => {
  const { h, t } = WB;
  const WHATS = ["merges", "strays", "pairs", "corpus", "generated"]; // kinds of proposed synonyms
  const KINDS = ["", "synonym", ...WHATS, "sentence_pair", "question"];
  const STATES = ["waiting", "later", "accepted", "rejected"];
  const state = { kind: "", state: "waiting", scope: "", source: "", sort: "score", search: "", page: 0, pair_set: null };
  const q = { items: [], total: 0, size: 40, counts: null, sources: [], at: 0, picked: new Set(), ready: false, problem: null };
  const history = []; // decisions that `u` takes back, newest last: arrays of ids
  const vain = new Set(); // ids whose last decision the server refused
  const node = h("div.wb-review");
  const tools = h("div.wb-review-tools");
  const stage = h("div.wb-card.wb-review-card", { id: "review-card", "aria-live": "polite" });
  const last = h("div.wb-review-last", { id: "review-last", role: "status" });
  const list = h("ol.wb-review-list", { id: "review-list" });
  const under = h("div");
  const above = h("div.wb-review-bulk");
  const progress = h("div.wb-review-progress", { id: "review-progress" });
  const sourceChoices = () => [["", t("review.source_all")], ...q.sources.map((each) => [each.id, each.name || each.id])];
  const who = h("div");
  let sources = null;
  let line = Promise.resolve();
  let sending = 0;
  let turn = 0;

  // ---- reading
  const load = async (keep = null) => {
    const mine = ++turn;
    await line;
    if (mine !== turn) return;
    let reply = null;
    q.problem = null;
    try {
      const { state: wanted, sort, search, page, source } = state;
      const what = WHATS.includes(state.kind) ? state.kind : "";
      reply = await tab.ask("read_queue", { kind: what ? "synonym" : state.kind, what, state: wanted, sort, search, page, source, dictionary: state.scope ? tab.dictionary || "" : "" });
    } catch (error) { q.problem = error.message; }
    if (mine !== turn) return;
    if (sending) { load(keep); return; } // what was read is older than what is being sent
    if (reply && !reply.items.length && state.page > 0 && reply.total) { state.page = Math.max(0, Math.ceil(reply.total / reply.size) - 1); load(keep); return; }
    if (reply) Object.assign(q, { items: reply.items, total: reply.total, size: reply.size, counts: reply.counts, sources: reply.sources, ready: true });
    q.picked = new Set([...q.picked].filter((id) => q.items.some((item) => item.id === id)));
    q.at = Math.max(0, q.items.findIndex((item) => item.id === keep));
    sources.fill(sourceChoices());
    drawAll();
  };
  const open = (item) => item.state === state.state;
  const here = () => q.items[q.at];
  const sign = (item) => h("i", { "aria-hidden": "true" }, item.kind === "question" ? "→" : item.label >= 0.5 ? "=" : "≠");

  // ---- deciding
  const TO = { accept: "accepted", reject: "rejected", later: "later", undo: "waiting" };
  const said = (words, kind = "", undo = false) => last.replaceChildren(h("span" + (kind ? "." + kind : ""), {}, words),
    undo ? h("button.wb-review-back", { type: "button", id: "review-undo-last", onclick: () => undoLast() }, t("review.undo"), h("kbd", {}, "u")) : "");
  const sentence = (act, items, reply) => {
    const quoted = items[0].second;
    const text = items.length > 1 ? t("review.did_many", { n: reply.ids.length })
      : act === "undo" ? t("review.did_undo")
        : act === "accept" ? (reply.pair_set ? t("review.did_accept_set", { name: reply.pair_set }) : t("review.did_accept", { text: quoted }))
          : act === "later" ? t("review.did_later", { text: quoted })
            : items[0].kind === "synonym" ? t("review.did_reject_synonym", { text: quoted }) : t("review.did_reject");
    return [text, ...reply.notes.map(WB.pick)].join(" ");
  };
  const move = (items, to) => {
    for (const item of items) {
      if (q.counts) { q.counts[item.state] -= 1; q.counts[to] += 1; }
      item.state = to;
    }
  };
  const send = (act, items) => {
    const before = new Map(items.map((item) => [item.id, item.state]));
    const bundle = items.map((item) => item.id); // there at once: `u` may come before the answer
    if (act !== "undo") history.push(bundle);
    const forget = () => { const at = history.indexOf(bundle); if (at >= 0) history.splice(at, 1); };
    move(items, TO[act]);
    sending += 1;
    const work = async () => {
      let reply = null;
      const sent = act === "undo" ? items.filter((item) => !vain.has(item.id)) : items; // else what is taken back did not happen
      if (!sent.length) return;
      try { reply = await tab.ask("decide", { ids: sent.map((item) => item.id), act, author: tab.author(), pair_set: setName() }); }
      catch (error) {
        back(sent, before);
        if (act !== "undo") { forget(); for (const id of bundle) vain.add(id); }
        const at = q.items.indexOf(items[0]);
        if (at >= 0) q.at = at;
        drawAll();
        said(error.message, "bad");
        WB.note(error.message, "problem");
        return;
      }
      const done = new Set(reply.ids);
      const refused = sent.filter((item) => !done.has(item.id));
      if (refused.length) { back(refused, before); const at = q.items.indexOf(refused[0]); if (at >= 0) q.at = at; }
      if (act !== "undo") { for (const item of refused) vain.add(item.id); if (done.size) bundle.splice(0, bundle.length, ...done); else forget(); }
      drawAll();
      said(done.size || reply.notes.length ? sentence(act, sent, reply) : t("review.elsewhere"), refused.length ? "bad" : "", Boolean(done.size) && act !== "undo");
      if (refused.length && !reply.notes.length) WB.note(t("review.elsewhere"), "problem");
      if (reply.steps.length) WB.emit("touch");
    };
    if (act !== "undo") for (const id of bundle) vain.delete(id);
    line = line.then(work).finally(() => { sending -= 1; });
  };
  const back = (items, before) => {
    for (const item of items) move([item], before.get(item.id));
  };
  const usable = (act, item) => (act === "later" ? item.state === "waiting" : act !== "undo" && ["waiting", "later"].includes(item.state) && TO[act] !== item.state);
  const decide = (act) => {
    const item = here();
    if (!item || !usable(act, item)) return;
    send(act, [item]);
    forward();
    drawAll();
    if (!q.items.some(open)) load();
  };
  const bulk = (act) => {
    const items = q.items.filter((item) => q.picked.has(item.id) && usable(act, item));
    if (!items.length) return;
    q.picked.clear();
    send(act, items);
    forward();
    drawAll();
    line.then(() => load());
  };
  // The decided one that is looked at; else the newest decision of this page.
  const undoLast = () => {
    const item = here();
    const own = item && item.state !== "waiting" && (!open(item) || state.state !== "later");
    const bundle = own ? history.findLastIndex((ids) => ids.length === 1 && ids[0] === item.id) : history.length - 1;
    const [known] = bundle < 0 ? [] : history.splice(bundle, 1);
    const ids = own ? [item.id] : known;
    if (!ids) { said(t("review.nothing_to_undo")); return; }
    const shown = q.items.filter((item) => ids.includes(item.id));
    if (shown.length === ids.length) {
      q.at = q.items.indexOf(shown[0]);
      send("undo", shown);
      if (["accepted", "rejected"].includes(state.state)) forward();
      drawAll();
      return;
    }
    sending += 1;
    line = line.then(async () => {
      try { await tab.ask("decide", { ids, act: "undo", author: tab.author() }); said(t("review.did_undo")); WB.emit("touch"); }
      catch (error) { history.push(ids); said(error.message, "bad"); }
    }).finally(() => { sending -= 1; });
    line.then(() => load(ids[0]));
  };
  // To the next one that is still open: below, else above.
  const forward = () => {
    const order = [...q.items.keys()].slice(q.at + 1).concat([...q.items.keys()].slice(0, q.at));
    const next = order.find((at) => open(q.items[at]));
    if (next !== undefined) q.at = next;
  };
  const step = (by) => {
    const to = q.at + by;
    if (to >= 0 && to < q.items.length) { q.at = to; drawStage(); drawList(); return; }
    const page = state.page + by;
    if (by > 0 && q.items.length && !q.items.some(open)) load();
    else if (page >= 0 && page * q.size < q.total) { state.page = page; load().then(() => { if (by < 0) { q.at = q.items.length - 1; drawAll(); } }); }
  };

  // ---- the card
  const setName = () => (state.pair_set ?? WB.store.get("review.pair_set") ?? t("review.set_default")).trim() || t("review.set_default");
  const key = (name) => h("kbd", { "aria-hidden": "true" }, name);
  const button = (act, letter, kind, item) => WB.button([t("review." + act), key(letter)], () => decide(act), kind, { id: "review-" + act, disabled: !usable(act, item), title: usable(act, item) ? null : t("why.decided"), "aria-keyshortcuts": letter });
  const into = (item) => {
    if (item.kind === "synonym") return null;
    const field = h("input.wb-box", { type: "text", id: "review-set", maxlength: 80, value: setName(), oninput: () => { state.pair_set = field.value; WB.store.set("review.pair_set", field.value); } });
    return h("label.wb-unit", {}, t("review.new_set"), field);
  };
  // Who types the name of a set must not lose the field: letters outside of a field decide.
  const drawStage = () => WB.keepFocus(stage, showItem);
  const showItem = () => {
    const item = here();
    if (q.problem) { stage.replaceChildren(h("div.wb-verdict.worse", {}, h("i"), h("p", {}, q.problem))); return; }
    if (!q.ready) { stage.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    if (!item) {
      const waits = state.state === "waiting" && !state.search;
      stage.replaceChildren(h("div.wb-review-nothing", {}, h("div.wb-empty-title", {}, state.search ? t("common.nothing_found", { search: state.search }) : t(waits ? "review.none" : "review.none_other")), waits ? [h("p", {}, t("review.none_hint")), h("div.wb-actions", {}, WB.button(t("review.go_generate"), () => tab.go("generate"), "primary", { id: "review-go-generate" }))] : null));
      return;
    }
    const acts = h("div.wb-review-acts", {}, button("accept", "a", "primary", item), button("reject", "r", "", item), button("later", "l", "", item),
      WB.button([t("review.undo"), key("u")], () => undoLast(), "quiet", { id: "review-undo", disabled: !history.length && item.state === "waiting", "aria-keyshortcuts": "u" }),
      h("span.wb-review-move", {}, WB.button([t("review.previous"), key("k")], () => step(-1), "quiet", { id: "review-previous", "aria-keyshortcuts": "k" }), WB.button([t("review.next"), key("j")], () => step(1), "quiet", { id: "review-next", "aria-keyshortcuts": "j" })));
    stage.replaceChildren(...WB.pairs.reviewCard(item, sign, into(item), acts));
  };

  // ---- the list
  const row = (item, at) => h("li" + (at === q.at ? ".on" : "") + (open(item) ? "" : ".done"), { "data-id": item.id, "data-state": item.state, "aria-current": at === q.at ? "true" : null, onclick: () => { q.at = at; drawStage(); drawList(); } },
    h("input", { type: "checkbox", checked: q.picked.has(item.id), "aria-label": t("review.choose", { text: item.second }), onclick: (e) => e.stopPropagation(), onchange: (e) => { if (e.target.checked) q.picked.add(item.id); else q.picked.delete(item.id); drawBulk(); } }),
    h("span", {}, h("b", {}, item.first), " ", sign(item), " ", item.second), h("em." + item.state, { title: t("review.state_" + item.state) }, { accepted: "✓", rejected: "×", later: "…" }[item.state] || ""));
  const drawList = () => {
    const top = list.scrollTop;
    list.replaceChildren(...q.items.map(row));
    list.parentNode.hidden = !q.items.length;
    list.scrollTop = top;
    list.querySelector(".on")?.scrollIntoView({ block: "nearest" });
    under.replaceChildren(q.total > q.size ? WB.pager(state.page, q.size, q.total, (to) => { state.page = to; q.picked.clear(); load(); }) : "");
  };
  const drawBulk = () => {
    const n = q.picked.size;
    const choosable = q.items.filter((item) => usable("accept", item) || usable("reject", item));
    above.replaceChildren(h("label.wb-tick", {}, h("input", { type: "checkbox", id: "review-all", disabled: !choosable.length, checked: n > 0 && n >= choosable.length, onchange: (e) => { q.picked = new Set(e.target.checked ? choosable.map((item) => item.id) : []); drawList(); drawBulk(); } }), h("span", {}, n ? t("review.selected", { n }) : t("review.select_page"))),
      n ? h("span.wb-row", {}, WB.button(t("review.accept_selected"), () => bulk("accept"), "", { id: "review-accept-all" }), WB.button(t("review.reject_selected"), () => bulk("reject"), "", { id: "review-reject-all" }), WB.button(t("review.later"), () => bulk("later"), "quiet", { id: "review-later-all" })) : "");
  };
  const drawProgress = () => {
    const c = q.counts;
    if (c && !state.scope && !state.kind && !state.source) tab.waiting(c.waiting);
    const total = c ? STATES.reduce((sum, each) => sum + c[each], 0) : 0;
    const done = c ? c.accepted + c.rejected : 0;
    progress.replaceChildren(...(total ? [WB.bar(done / total, t("review.progress", { done, total })), h("span.wb-small", {}, t("review.progress", { done: WB.number(done), total: WB.number(total) }))] : []));
    for (const each of STATES) { const badge = tools.querySelector(`[data-value=${each}] b`); if (badge) badge.textContent = c && c[each] ? WB.number(c[each]) : ""; }
  };
  const drawAll = () => { drawStage(); drawList(); drawBulk(); drawProgress(); };

  // ---- filters
  const drawTools = () => {
    const form = WB.form(state, (name) => { state.page = 0; q.picked.clear(); if (name === "search") { clearTimeout(tools.timer); tools.timer = setTimeout(load, 220); } else load(); });
    const author = h("input.wb-box.wb-review-author", { type: "text", id: "review-author", maxlength: 60, autocomplete: "name", value: tab.author(), placeholder: t("review.author"), "aria-label": t("review.author"), onchange: (e) => WB.store.set("editor.author", e.target.value.trim()) });
    tools.replaceChildren(
      h("div.wb-row.wrap", {}, form.segments("state", STATES.map((each) => [each, [t("review.state_" + each), h("b")]]), { id: "review-states", "aria-label": t("review.filters") }),
        h("input.wb-input.wb-grow", { type: "search", id: "review-search", maxlength: 200, value: state.search, placeholder: t("review.search"), "aria-label": t("review.search"), oninput: (e) => { state.search = e.target.value.trim(); state.page = 0; clearTimeout(tools.timer); tools.timer = setTimeout(load, 220); } }),
        form.select("kind", KINDS.map((each) => [each, t("review.kind_" + each)]), { id: "review-kind", "aria-label": t("review.filters") }),
        (sources = form.select("source", sourceChoices(), { id: "review-source", "aria-label": t("review.source") })),
        form.select("scope", [["", t("review.scope_all")], ["one", t("review.scope_one", { dictionary: tab.dictionary || "" })]], { id: "review-scope", "aria-label": t("review.scope") }),
        form.select("sort", ["score", "uncertainty", "mixed", "newest"].map((each) => [each, t("review.sort_" + each)]), { id: "review-sort", "aria-label": t("review.sort") })));
    who.replaceChildren(author);
    drawProgress();
  };

  // ---- keys
  const tick = () => {
    const item = here();
    if (!item) return;
    if (!q.picked.delete(item.id)) q.picked.add(item.id);
    drawList();
    drawBulk();
  };
  const KEYS = { x: tick, j: () => step(1), k: () => step(-1), a: () => decide("accept"), r: () => decide("reject"), l: () => decide("later"), u: () => undoLast(), ArrowDown: () => step(1), ArrowUp: () => step(-1), "/": () => tools.querySelector("#review-search").focus() };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (!KEYS[event.key] || !WB.visible(node) || document.querySelector("dialog[open]") || event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable=true]")) return;
    if (event.key.startsWith("Arrow") && event.target.closest?.("[role=radiogroup], [role=tablist]")) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  // A chosen filter gives the keys back to the queue.
  tools.addEventListener("change", (event) => { if (event.target.matches("select")) event.target.blur(); });
  tools.addEventListener("keydown", (event) => { if (["Enter", "Escape"].includes(event.key) && !event.isComposing) event.target.blur(); });
  WB.poll(node, 4, async () => { if (q.ready && !sending && !q.items.length && !q.problem) await load(); });

  const loop = WB.pairs.loop(tab, { found() { if (state.state !== "waiting") { state.state = "waiting"; drawTools(); } state.page = 0; load(); } });
  // Groups change under the cards, by decisions here as well: those on the page are read anew and stay where they are.
  const refresh = async () => {
    if (!WB.visible(node) || !q.items.length || sending) return;
    const mine = turn;
    let reply;
    try { reply = await tab.ask("read_items", { ids: q.items.map((item) => item.id) }); } catch { return; }
    if (mine !== turn || sending) return;
    const fresh = new Map(reply.items.map((item) => [item.id, item]));
    const looked = here();
    for (const item of q.items) if (fresh.has(item.id)) Object.assign(item, fresh.get(item.id));
    q.items = q.items.filter((item) => fresh.has(item.id));
    q.at = Math.max(0, q.items.indexOf(looked));
    drawAll();
  };
  WB.on("changed", refresh);
  node.append(loop.node, tools, h("div.wb-review-desk", {}, h("div.wb-gap.tight", {}, stage, h("div.wb-row.spread", {}, last, who)), h("aside.wb-card.wb-review-side", { "aria-label": "" }, above, list, under)));
  return {
    node,
    aside: progress,
    draw() { loop.draw(); drawTools(); drawAll(); node.querySelector("aside").setAttribute("aria-label", t("review.list")); last.replaceChildren(); },
    shown() { loop.now(); load(here()?.id); },
    choices() { loop.draw(); },
    dictionary() { loop.dictionary(); drawTools(); if (state.scope) load(); },
  };
};
