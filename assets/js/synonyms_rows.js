// The editor's rows: drawing them, the cursor that walks over their terms, what is chosen, dragging.
WB.synonyms.rows = (ed) => {
  const { h, t } = WB;
  const { table } = ed;
  const nodes = new Map();

  // ---- drawing
  const marked = (term) => {
    const wanted = ed.search.trim().toLowerCase();
    const at = wanted ? term.toLowerCase().indexOf(wanted) : -1;
    return at < 0 || term.toLowerCase().length !== term.length ? term : [term.slice(0, at), h("mark", {}, term.slice(at, at + wanted.length)), term.slice(at + wanted.length)];
  };
  const why = (group, term) => (group.marks[term] || []).map((mark) => t("synonyms.mark_" + mark));
  const chip = (group, term, at) => {
    if (ed.editing?.group === group.id && ed.editing.at === at) return ed.editing.node;
    const here = ed.cursor?.group === group.id && ed.cursor.at === at;
    const marks = at ? group.marks[term] || [] : [];
    const picked = at ? ed.picked.get(group.id)?.has(term) : false;
    const rank = at && ed.filter === "weakest" ? ed.weak?.[group.id]?.[term] : null;
    const label = [term, at ? null : t("synonyms.standard"), ...why(group, term), picked ? t("synonyms.is_picked") : null, rank && t("synonyms.rank", { n: WB.number(rank) })].filter(Boolean).join(t("common.comma"));
    return h("span.wb-syn-term" + (at ? "" : ".standard") + (picked ? ".picked" : "") + (marks.length ? ".marked" : "") + (ed.cut?.group === group.id && ed.cut.terms.includes(term) ? ".cut" : ""), {
      role: "gridcell", tabindex: here ? 0 : -1, "data-at": at, "data-term": term, draggable: at ? "true" : null, "aria-selected": at ? String(Boolean(picked)) : null, "aria-label": label,
      title: why(group, term).join("\n") || null }, h("span", {}, marked(term)), rank ? h("small", {}, "#" + WB.number(rank)) : null,
    at ? h("button.wb-syn-x", { type: "button", tabindex: -1, "aria-label": t("synonyms.remove", { term }) }, "×") : null);
  };
  // What the group is sorted by, in small: the panel says which synonym has which.
  const sorted = (group) => {
    const words = ed.labelWords(group);
    return words.length ? h("button.wb-syn-sorted", { type: "button", tabindex: -1, title: words.join(t("synonyms.and")), "aria-label": t("synonyms.labels_sorted", { values: words.join(t("synonyms.and")) }) }, words.slice(0, 3).join(" · ") + (words.length > 3 ? " …" : "")) : null;
  };
  const flag = (group, name) => h("button.wb-syn-flag." + name, { type: "button", tabindex: -1, "data-flag": name, title: t(`synonyms.flag_${name}_help`) }, t("synonyms.flag_" + name));
  ed.row = (group) => {
    const chosen = ed.chosen.has(group.id);
    const shown = group.flags.filter((name) => ["ambiguous", "chained", "long", "control"].includes(name));
    const adding = ed.editing?.group === group.id && ed.editing.mode === "add";
    const node = h("div.wb-syn-row" + (chosen ? ".chosen" : ""), { role: "row", "data-group": group.id, "aria-selected": String(chosen) },
      h("span.wb-syn-tick", { role: "gridcell" }, h("input", { type: "checkbox", tabindex: -1, checked: chosen, "aria-label": t("synonyms.choose", { term: group.standard }) })),
      h("span.wb-syn-name", { role: "presentation" }, chip(group, group.standard, 0), sorted(group)),
      h("span.wb-syn-terms", { role: "presentation" }, group.synonyms.map((term, i) => chip(group, term, i + 1)),
        adding ? ed.editing.node : h("span", { role: "gridcell" }, h("button.wb-syn-add", { type: "button", tabindex: -1, "aria-label": t("synonyms.add_to", { term: group.standard }), title: t("synonyms.add") + " (a)" }, "+"))),
      h("span.wb-syn-flags", { role: "gridcell" }, shown.map((name) => flag(group, name)), group.flags.includes("untrained") && ed.filter !== "untrained" && ed.trained() ? h("i.wb-syn-fresh", { title: t("synonyms.flag_untrained_help") }) : null));
    nodes.set(group.id, node);
    return node;
  };
  // The dot for "changed since training" says something only where most groups do not have it.
  ed.trained = () => ed.counts.untrained != null && ed.counts.untrained < (ed.counts.all ?? Infinity) * 0.5;
  ed.node = (id) => nodes.get(id);
  ed.redraw = (id) => {
    const group = ed.group(id);
    const old = nodes.get(id);
    if (!group || !old?.isConnected) return;
    const had = old.contains(document.activeElement);
    const typing = ed.editing?.group === id ? ed.editing.input : null;
    const range = typing && [typing.selectionStart, typing.selectionEnd];
    old.replaceWith(ed.row(group));
    if (typing) { typing.focus(); typing.setSelectionRange(...range); } else if (had) ed.focus();
  };
  ed.put = (group) => {
    const place = ed.groups.findIndex((each) => each.id === group.id);
    if (place < 0) return false;
    ed.groups[place] = group;
    ed.sound();
    ed.redraw(group.id);
    return true;
  };
  ed.insert = (group, after = null) => {
    if (ed.put(group)) return;
    const place = ed.groups.findIndex((each) => each.id === after) + 1;
    ed.groups.splice(place, 0, group);
    ed.total += 1;
    ed.drawList();
  };
  ed.drop = (id) => {
    const place = ed.groups.findIndex((each) => each.id === id);
    if (place < 0) return;
    const had = nodes.get(id)?.contains(document.activeElement);
    ed.groups.splice(place, 1);
    ed.total -= 1;
    nodes.get(id)?.remove();
    nodes.delete(id);
    ed.chosen.delete(id);
    ed.picked.delete(id);
    if (ed.cursor?.group === id) { const next = ed.groups[Math.min(place, ed.groups.length - 1)]; ed.cursor = next ? { group: next.id, at: 0 } : null; }
    if (!ed.groups.length) ed.drawList();
    else if (had) ed.focus();
    ed.drawBulk();
  };
  // Cursor and choices are of what is there.
  ed.sound = () => {
    const shown = new Map(ed.groups.map((group) => [group.id, group]));
    for (const id of [...ed.chosen]) if (!shown.has(id)) ed.chosen.delete(id);
    for (const [id, terms] of [...ed.picked]) {
      for (const term of [...terms]) if (!shown.get(id)?.synonyms.includes(term)) terms.delete(term);
      if (!terms.size) ed.picked.delete(id);
    }
    const group = ed.cursor && shown.get(ed.cursor.group);
    if (group) ed.cursor.at = Math.min(ed.cursor.at, group.synonyms.length);
    else ed.cursor = ed.groups.length ? { group: ed.groups[0].id, at: 0 } : null;
    ed.labels.follow();
  };

  // ---- the cursor
  const cell = () => ed.cursor && nodes.get(ed.cursor.group)?.querySelector(`[data-at="${ed.cursor.at}"]`);
  ed.focus = () => {
    const node = cell();
    if (!node) { if (!ed.groups.length) ed.searchField.focus(); return; }
    node.tabIndex = 0;
    node.focus({ preventScroll: true });
    node.closest(".wb-syn-row").scrollIntoView({ block: "nearest" });
  };
  ed.moveTo = (group, at, focus = true) => {
    const old = cell();
    if (old) old.tabIndex = -1;
    ed.cursor = { group, at: Math.max(0, Math.min(at, ed.group(group)?.synonyms.length ?? 0)) };
    if (focus) ed.focus(); else if (cell()) cell().tabIndex = 0;
    ed.labels.follow();
  };
  ed.step = (by) => {
    const place = ed.groups.findIndex((group) => group.id === ed.cursor?.group);
    const next = ed.groups[Math.max(0, Math.min(place + by, ed.groups.length - 1))];
    if (next) ed.moveTo(next.id, ed.cursor?.at ?? 0);
  };
  ed.here = () => {
    const group = ed.cursor && ed.group(ed.cursor.group);
    return group ? { group, at: ed.cursor.at, term: ed.cursor.at ? group.synonyms[ed.cursor.at - 1] : group.standard } : null;
  };

  // ---- choosing
  ed.clearPicks = () => { ed.chosen.clear(); ed.picked.clear(); ed.cut = null; };
  ed.unpick = () => { const ids = new Set([...ed.chosen, ...ed.picked.keys(), ...(ed.cut ? [ed.cut.group] : [])]); ed.clearPicks(); ids.forEach(ed.redraw); ed.drawBulk(); };
  ed.choose = (id, on = !ed.chosen.has(id)) => { if (on) ed.chosen.add(id); else ed.chosen.delete(id); ed.redraw(id); ed.drawBulk(); };
  ed.pick = (id, term, on = !ed.picked.get(id)?.has(term)) => {
    const terms = ed.picked.get(id) || new Set();
    if (on) terms.add(term); else terms.delete(term);
    if (terms.size) ed.picked.set(id, terms); else ed.picked.delete(id);
    ed.redraw(id);
    ed.drawBulk();
  };
  ed.pickedTerms = () => [...ed.picked].map(([id, terms]) => [ed.group(id), ed.group(id)?.synonyms.filter((term) => terms.has(term)) || []]).filter(([group, terms]) => group && terms.length);
  ed.chosenGroups = () => ed.groups.filter((group) => ed.chosen.has(group.id));
  let anchor = null;
  const range = (id) => {
    const [a, b] = [anchor, id].map((each) => ed.groups.findIndex((group) => group.id === each));
    if (a < 0) { ed.choose(id, true); return; }
    for (const group of ed.groups.slice(Math.min(a, b), Math.max(a, b) + 1)) ed.choose(group.id, true);
  };
  ed.drawBulk = () => {
    ed.labels.follow();
    const terms = ed.pickedTerms();
    const groups = ed.chosenGroups();
    const n = terms.reduce((sum, [, each]) => sum + each.length, 0);
    ed.bulk.hidden = !n && !groups.length;
    if (ed.bulk.hidden) { ed.bulk.replaceChildren(); return; }
    const act = (name, key, possible, kind = "quiet") => possible && WB.button([t("synonyms.act_" + name), h("kbd", { "aria-hidden": "true" }, key)], () => ed.act[name](), kind, { "data-act": name });
    const words = [groups.length && t("synonyms.n_groups", { n: groups.length }), n && t("synonyms.n_terms", { n })].filter(Boolean).join(t("synonyms.and"));
    ed.bulk.setAttribute("aria-label", words);
    ed.bulk.replaceChildren(h("strong", {}, t("synonyms.chosen", { what: words })), h("div.wb-row.wrap", {}, [
      act("move", "m", n > 0 && !groups.length), act("split", "s", terms.length === 1 && n > 1 && !groups.length), act("standard", "t", n === 1 && !groups.length),
      act("apart", "u", (n === 1 || n === 2) && !groups.length), act("merge", "g", groups.length > 0 && !n), act("remove", "Del", true, "quiet.danger"),
      WB.button([t("synonyms.unpick"), h("kbd", { "aria-hidden": "true" }, "Esc")], ed.unpick, "quiet", { "data-act": "clear" })].filter(Boolean)));
  };

  // ---- the mouse
  const place = (target) => {
    const row = target.closest?.(".wb-syn-row[data-group]");
    const node = target.closest?.(".wb-syn-term[data-at]");
    return { group: row && ed.group(Number(row.dataset.group)), at: node ? Number(node.dataset.at) : null };
  };
  table.addEventListener("click", (event) => {
    const { group, at } = place(event.target);
    if (!group || event.target.closest(".wb-syn-field")) return;
    if (event.target.matches("input[type=checkbox]")) {
      const on = event.target.checked;
      if (event.shiftKey && on) range(group.id); else ed.choose(group.id, on);
      anchor = group.id;
      ed.moveTo(group.id, 0);
    } else if (event.target.closest(".wb-syn-x")) { ed.moveTo(group.id, at); ed.remove([[group, [group.synonyms[at - 1]]]]); }
    else if (event.target.closest(".wb-syn-add")) ed.addField(group);
    else if (event.target.closest(".wb-syn-sorted")) { ed.moveTo(group.id, 0); ed.labels.open(); }
    else if (event.target.closest(".wb-syn-flag")) {
      const name = event.target.closest(".wb-syn-flag").dataset.flag;
      ed.moveTo(group.id, 0);
      if (name === "ambiguous" || name === "chained") ed.chainDialog(group.id); else ed.tell(t(`synonyms.flag_${name}_help`));
    } else if (at != null) {
      if ((event.ctrlKey || event.metaKey) && at) { ed.moveTo(group.id, at); ed.pick(group.id, group.synonyms[at - 1]); }
      else if (event.shiftKey && at) {
        const from = ed.cursor?.group === group.id ? ed.cursor.at || 1 : at;
        for (let i = Math.min(from, at); i <= Math.max(from, at); i++) ed.pick(group.id, group.synonyms[i - 1], true);
        ed.moveTo(group.id, at);
      } else if (event.ctrlKey || event.metaKey || event.shiftKey) { if (event.shiftKey) range(group.id); else ed.choose(group.id); anchor = group.id; ed.moveTo(group.id, 0); }
      else { ed.moveTo(group.id, at, false); ed.renameField(group, at); }
    } else ed.moveTo(group.id, 0);
  });
  table.addEventListener("mousedown", (event) => { if (event.shiftKey) event.preventDefault(); });
  table.addEventListener("focusin", (event) => {
    const { group, at } = place(event.target);
    if (group && at != null && (ed.cursor?.group !== group.id || ed.cursor.at !== at)) ed.moveTo(group.id, at, false);
  });
  let dragged = null;
  const over = (row) => { table.querySelector(".wb-syn-row.over")?.classList.remove("over"); row?.classList.add("over"); };
  table.addEventListener("dragstart", (event) => {
    const { group, at } = place(event.target);
    if (!group || !at) { event.preventDefault(); return; }
    const term = group.synonyms[at - 1];
    const together = ed.picked.get(group.id);
    dragged = { group, terms: together?.has(term) ? group.synonyms.filter((each) => together.has(each)) : [term] };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.terms.join("\n"));
    table.classList.add("dragging");
  });
  table.addEventListener("dragover", (event) => {
    const row = event.target.closest?.(".wb-syn-row[data-group]");
    if (!dragged || !row || Number(row.dataset.group) === dragged.group.id) { over(null); return; }
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    over(row);
  });
  table.addEventListener("drop", (event) => {
    const { group } = place(event.target);
    if (!dragged || !group || group.id === dragged.group.id) return;
    event.preventDefault();
    ed.move([[dragged.group, dragged.terms]], group);
  });
  table.addEventListener("dragend", () => { dragged = null; over(null); table.classList.remove("dragging"); });
};
