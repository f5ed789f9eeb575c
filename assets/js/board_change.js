// Under a row: what changed for a model between two versions of the dictionary, questions or answers.
WB.board.change = (tab) => {
  const { h, t } = WB;
  const SIZE = 15;
  const ORIGINS = ["same", "regraded", "came", "went"];
  const node = h("section.wb-change.wb-gap.tight", { id: "board-change" });
  let model = "", before = 0, after = 0, list = "", page = 0;
  let data = null, versions = [], task = null, problem = null, loading = false;
  const turn = WB.newest();

  const load = async () => {
    const mine = turn();
    const asked = { model, before, after };
    loading = true;
    try {
      for (;;) {
        const reply = await tab.ask("read_change", asked);
        if (!mine()) return;
        versions = reply.versions;
        task = reply.task.done ? null : reply.task;
        problem = WB.pick(reply.task.error);
        data = reply.change;
        if (data || problem) break;
        show();
        await new Promise((done) => setTimeout(done, 300));
        if (!mine()) return;
        if (!node.isConnected) { loading = false; return; } // asked again when it is next drawn
      }
    } catch (error) { if (!mine()) return; problem = error.message; task = null; }
    loading = false;
    if (data) list = ORIGINS.find((origin) => data.questions[origin].length) || "same";
    page = 0;
    show();
  };

  // ---- which versions
  const chooser = (id, label, value, choose) => {
    const numbers = versions.some((each) => each.number === value) || !value ? versions : [...versions, { number: value }];
    const select = h("select.wb-box", { id, onchange: (e) => { choose(Number(e.target.value)); data = null; problem = null; show(); load(); } },
      numbers.map((each) => h("option", { value: each.number }, each.title ? t("change.version", { n: each.number, title: WB.pick(each.title) }) : t("change.plain", { n: each.number }))));
    select.value = value || "";
    return h("label.wb-row", {}, h("span.wb-small", {}, label), select);
  };
  const head = () => (versions.length < 2 ? null : h("div.wb-row.wrap", {},
    chooser("change-before", t("change.from"), before || data?.before, (to) => { before = to; after ||= data?.after || 0; }),
    chooser("change-after", t("change.to"), after || data?.after, (to) => { after = to; before ||= data?.before || 0; })));

  // ---- the sum, and the questions
  const points = (n, some) => (some ? h("td.num" + (n > 0 ? ".up" : n < 0 ? ".down" : ""), {}, (n > 0 ? "+" : n < 0 ? "−" : "±") + WB.percent(Math.abs(n))) : h("td.num.wb-soft", {}, "–"));
  const sum = () => h("div.wb-scroll", {}, h("table.wb-table.wb-change-sum", {},
    h("thead", {}, h("tr", {}, h("th"), h("th.num", {}, t("change.plain", { n: data.before })), ORIGINS.map((origin) => h("th.num", {}, t("change.col_" + origin), " ", h("small", {}, WB.number(data.counts[origin])))), h("th.num", {}, t("change.plain", { n: data.after })))),
    h("tbody", {}, Object.entries(data.shifts).map(([k, shift]) => h("tr", { "data-k": k }, h("td", {}, "Recall@" + k), h("td.num", {}, WB.percent(shift.before)), ORIGINS.map((origin) => points(shift[origin], data.counts[origin])), h("td.num", {}, h("strong", {}, WB.percent(shift.after))))))));
  const rank = (each) => {
    const better = each.before && each.after ? each.before - each.after : 0;
    return h("td.num" + (better > 0 ? ".up" : better < 0 ? ".down" : ""), {}, `${each.before ? WB.number(each.before) : "–"} → ${each.after ? WB.number(each.after) : "–"}`);
  };
  const first = (each) => {
    const was = each.first_before, now = each.first_after;
    return h("td", {}, was && now && was !== now ? [h("span.wb-soft", {}, was), " → ", now] : now || was || "–", each.displaced ? h("span.wb-chip.warn", {}, t("change.displaced")) : null);
  };
  const lists = () => {
    const there = ORIGINS.filter((origin) => data.questions[origin].length);
    if (!there.length) return null;
    const total = { ...data.counts, same: data.answered }[list];
    const found = data.questions[list];
    const shown = found.slice(page * SIZE, (page + 1) * SIZE);
    return [h("div.wb-segments.small", { id: "change-lists", role: "group" }, there.map((origin) => tab.segment(origin, list, [t("change.list_" + origin) + " ", h("b", {}, WB.number(origin === "same" ? data.answered : data.counts[origin]))], (to) => { list = to; page = 0; show(); }, "change-list-" + origin))),
      h("div.wb-scroll", {}, h("table.wb-table.wb-change-list", {}, h("thead", {}, h("tr", {}, h("th", {}, t("change.query")), h("th", {}, t("change.answer")), h("th.num", {}, t("change.rank")), h("th", {}, t("change.first")))),
        h("tbody", {}, shown.map((each) => h("tr", { "data-query": each.query },
          h("td", {}, each.reason === "deleted" ? h("strong", {}, each.query) : h("button.wb-board-open", { type: "button", title: t("misses.edit"), onclick: () => WB.editTerm(each.query, tab.dictionary) }, h("strong", {}, each.query)), each.reason ? h("div.wb-small", {}, t("change.reason_" + each.reason)) : null),
          h("td", {}, each.answers.slice(0, 3).join(t("common.semicolon")) + (each.answers.length > 3 ? " …" : "")), rank(each), first(each)))))),
      found.length > SIZE ? WB.pager(page, SIZE, found.length, (to) => { page = to; show(); }) : null,
      total > found.length ? h("p.wb-small", {}, t("change.cut", { n: WB.number(found.length) })) : null];
  };
  const body = () => {
    if (problem) return h("p.wb-small.wb-warning", { id: "change-problem" }, problem);
    if (!data) return h("div.wb-gap.tight", { id: "change-progress" }, WB.bar(task?.fraction || null, t("change.working")), h("span.wb-small", {}, WB.pick(task?.words) || t("change.working")));
    const [was, now, came, went] = data.corpus.map((n) => WB.number(n));
    return [h("p", { id: "change-sentence" }, WB.pick(data.sentence)), sum(), h("p.wb-small", {}, t("change.corpus", { before: was, after: now, came, went })), lists()];
  };
  const show = () => WB.keepFocus(node, () => node.replaceChildren(...[h("p.wb-small", {}, t("change.about")), head(), body()].flat(3).filter(Boolean)));

  const forget = () => { turn(); model = ""; before = after = 0; data = task = problem = null; versions = []; loading = false; };
  return {
    of: (id) => model === id,
    toggle: (id) => { const again = model === id; forget(); if (!again) model = id; },
    draw: () => { if (!data && !problem && !loading) load(); show(); return node; },
    forget,
  };
};
