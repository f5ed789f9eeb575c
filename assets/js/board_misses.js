// Query by query: what two systems put first, why one of them missed, and what the expert says to it.
WB.board.misses = (tab) => {
  const { h, t } = WB;
  const node = h("div.wb-card.wb-gap", { id: "board-misses" });
  const list = h("div.wb-gap.tight", { id: "misses-list" });
  let a = "", b = null, sides = [], causes = [], search = "", k = 1, page = 0;
  let data = null, problem = null, opened = new Set(), timer = null;
  const turn = WB.newest();
  const field = h("input.wb-input", { type: "search", id: "misses-search", maxlength: 200 });
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { search = field.value.trim(); page = 0; load(); }, 250); });

  const systems = () => tab.data.rows.filter((row) => row.kind !== "pairs").map((row) => row.model);
  const ready = () => {
    const known = systems();
    if (tab.missesOf && known.includes(tab.missesOf)) { a = tab.missesOf; const row = tab.data.rows.find((each) => each.model === a); b = row?.base && known.includes(row.base) && row.base !== a ? row.base : null; sides = []; page = 0; data = null; }
    tab.missesOf = null;
    if (!known.includes(a)) { a = known[0] || ""; data = null; }
    if (b === null && !data) { const row = tab.data.rows.find((each) => each.model === a); b = row?.base && known.includes(row.base) ? row.base : ""; }
    if (b && !known.includes(b)) b = "";
  };
  const load = async () => {
    const mine = turn();
    try {
      const found = await tab.ask("read_misses", { a, b: b || "", sides, causes, search, k, page });
      if (!mine()) return;
      data = found; problem = null;
    } catch (error) { if (!mine()) return; problem = error.message; }
    drawList();
    drawChips();
  };
  const reload = () => { page = 0; opened = new Set(); load(); };

  // ---- filters
  const chips = h("div.wb-row.wrap", { id: "misses-chips" });
  const drawChips = () => {
    if (!data) { chips.replaceChildren(); return; }
    const names = b ? ["only_a", "only_b", "neither", "both"] : ["neither", "only_a"];
    const label = (side) => t("misses.side_" + (b ? side : side === "neither" ? "missed" : "found"));
    const one = (on, words, count, choose, attributes) => h("button.wb-chip" + (on ? ".on.accent" : ""), { type: "button", "aria-pressed": String(on), onclick: choose, ...attributes }, words, h("b", {}, WB.number(count)));
    const flip = (set, value) => (set.includes(value) ? set.filter((each) => each !== value) : [...set, value]);
    chips.replaceChildren(...names.map((side) => one(sides.includes(side), label(side), data.sides[side] || 0, () => { sides = flip(sides, side); reload(); }, { "data-side": side })),
      h("span.wb-board-divider"), ...Object.entries(data.cause_titles).filter(([cause]) => data.causes[cause] || causes.includes(cause)).map(([cause, title]) => one(causes.includes(cause), WB.pick(title), data.causes[cause] || 0, () => { causes = flip(causes, cause); reload(); }, { "data-cause": cause })));
  };
  const choose = (id, label, value, none, change) => {
    const select = h("select.wb-box", { id, onchange: (e) => change(e.target.value) }, none ? h("option", { value: "" }, t("misses.no_b")) : null, systems().map((system) => h("option", { value: system }, tab.title(system))));
    select.value = value || "";
    return h("label.wb-field", {}, h("span", {}, label), select);
  };

  // ---- the expert's word
  const judge = (button, row, term, verdict) => WB.act(button, async () => {
    const done = await tab.ask("judge", { query: row.query, term, verdict, author: WB.store.get("editor.author") || "" });
    WB.emit("changed", { dictionary: tab.dictionary });
    for (const words of done.notes) WB.note(WB.pick(words));
    const undo = { label: t("misses.undo"), run: () => WB.act(null, async () => { await tab.ask("take_back", { version: done.version }); WB.emit("changed", { dictionary: tab.dictionary }); }) };
    if (done.changed) WB.note(t("misses.done_" + verdict, { query: row.query, term }), "", [undo]);
  });
  const edit = (term) => () => WB.editTerm(term, tab.dictionary);

  // ---- rows
  const rank = (answer) => {
    const right = answer.rank > 0 && answer.rank <= k;
    return h("span.wb-rank" + (right ? ".right" : ""), {}, t(answer.reached ? "misses.rank" : "misses.rank_beyond", { n: WB.number(answer.rank) }));
  };
  const ranking = (row, system, answer) => h("div.wb-ranking", {}, h("h4", {}, tab.title(system)),
    h("ol", {}, answer.top.map((each, i) => h("li" + (each.right ? ".right" : ""), { value: i + 1 }, h("span.wb-ranking-text", {}, each.text), h("span.num", {}, WB.number(each.score, 3)),
      tab.kind === "dictionary" && !each.right ? h("button.wb-link", { type: "button", "data-act": "also", title: t("misses.also_help", { query: row.query, term: each.text }), onclick: (e) => judge(e.currentTarget, row, each.text, "also") }, t("misses.also")) : null))),
    answer.reached && answer.rank <= answer.top.length ? null : h("p.wb-small", {}, answer.answer, " · ", t(answer.reached ? "misses.rank" : "misses.rank_beyond", { n: WB.number(answer.rank) }), answer.score == null ? "" : " · " + WB.number(answer.score, 3)));
  const details = (row) => h("div.wb-miss-detail", {}, h("div.wb-rankings", {}, ranking(row, a, row.a), row.b ? ranking(row, b, row.b) : null),
    h("div.wb-row.wrap", {}, tab.kind === "dictionary" ? [
      WB.button(t("misses.edit"), edit(row.answers[0]), "", { "data-act": "edit" }),
      WB.button(t("misses.explore"), () => WB.use({ model: a }).then(() => WB.explore(row.query)), "", { "data-act": "explore" }),
      WB.button(t("misses.map"), () => WB.use({ dictionary: tab.dictionary, model: a }).then(() => WB.onMap(row.query)), "", { "data-act": "map" }),
      WB.button(t("misses.wrong"), (e) => judge(e.currentTarget, row, row.answers[0], "wrong"), "danger", { "data-act": "wrong", title: t("misses.wrong_help", { query: row.query, term: row.answers[0] }) })] : null));
  const first = (answer) => h("td", {}, rank(answer), h("span.wb-miss-first", {}, answer.top[0]?.text || "–"));
  const toggle = (row) => { if (opened.has(row.number)) opened.delete(row.number); else opened.add(row.number); drawList(); };
  const drawList = () => WB.keepFocus(list, () => {
    if (problem) { list.replaceChildren(h("div.wb-verdict.worse", {}, h("i"), h("p", {}, problem))); return; }
    if (!data) { list.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    if (!data.rows.length) { list.replaceChildren(WB.empty(t("misses.none"), t("misses.none_hint"))); return; }
    const wide = b ? 5 : 4;
    list.replaceChildren(...data.notes.map((words) => h("p.wb-small", {}, WB.pick(words))),
      h("div.wb-scroll", {}, h("table.wb-table.wb-misses", {}, h("thead", {}, h("tr", {}, h("th", {}, t("misses.query")), h("th", {}, t("misses.answer")), h("th", {}, `${t("misses.nearest")}: ${tab.title(a)}`), b ? h("th", {}, `${t("misses.nearest")}: ${tab.title(b)}`) : null, h("th", {}, t("misses.cause")))),
        h("tbody", {}, data.rows.map((row) => [
          h("tr.pickable" + (opened.has(row.number) ? ".on" : ""), { "data-query": row.query, onclick: () => toggle(row) },
            h("td", {}, h("button.wb-board-open", { type: "button", id: "miss-" + row.number, "aria-expanded": String(opened.has(row.number)) }, h("strong", {}, row.query))), h("td", {}, row.answers.slice(0, 3).join(t("common.semicolon")) + (row.answers.length > 3 ? " …" : "")), first(row.a), row.b ? first(row.b) : b ? h("td") : null, h("td.wb-small", {}, WB.pick(data.cause_titles[row.cause]))),
          opened.has(row.number) ? h("tr.wb-board-detail", {}, h("td", { colspan: wide }, details(row))) : null])))),
      WB.pager(data.page, data.size, data.total, (to) => { page = to; opened = new Set(); load(); }));
  });
  const draw = () => {
    ready();
    field.placeholder = t("misses.search");
    field.setAttribute("aria-label", t("misses.search"));
    const within = h("select.wb-box", { id: "misses-k", onchange: (e) => { k = Number(e.target.value); reload(); } }, [1, 5, 10].map((n) => h("option", { value: n }, n)));
    within.value = k;
    node.replaceChildren(h("p.wb-small", {}, t("misses.about")),
      h("div.wb-row.wrap.wb-misses-head", {}, choose("misses-a", t("misses.a"), a, false, (to) => { a = to; if (b === a) b = ""; data = null; draw(); load(); }), choose("misses-b", t("misses.b"), b, true, (to) => { b = to === a ? "" : to; sides = []; data = null; draw(); load(); }),
        h("label.wb-field", {}, h("span", {}, t("misses.within")), within), h("label.wb-field.wb-grow", {}, h("span", {}, t("misses.search")), field)),
      chips, list);
    drawList();
    drawChips();
    if (!data && !problem && a) load();
  };
  return { node, draw, shown: () => { if (tab.missesOf) draw(); }, forget: () => { data = null; problem = null; b = null; page = 0; opened = new Set(); } };
};
