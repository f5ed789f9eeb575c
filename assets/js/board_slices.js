// Recall@1 on parts of the queries, each with its interval, for a few systems side by side.
WB.board.slices = (tab) => {
  const { h, t } = WB;
  const MOST = 4;
  const node = h("div.wb-card.wb-gap", { id: "board-slices" });
  const body = h("div.wb-gap");
  let chosen = null, data = null, problem = null;
  const turn = WB.newest();
  const best = () => {
    const ranked = [...tab.data.rows].filter((row) => row.unseen).sort((x, y) => y.unseen.recall[1] - x.unseen.recall[1]);
    const of = (kind) => ranked.find((row) => row.kind === kind)?.model;
    return [...new Set([of("tuned") || of("hybrid"), of("base"), of("baseline")].filter(Boolean))];
  };
  const load = async () => {
    const mine = turn();
    try { const found = await tab.ask("read_slices", { systems: chosen }); if (!mine()) return; data = found; problem = null; }
    catch (error) { if (!mine()) return; problem = error.message; }
    drawBody();
  };
  const bar = (score, kind) => (score ? h("div.wb-row", {}, h("span.wb-figure", {}, WB.percent(score.recall)), h("div.wb-interval", { title: `${WB.percent(score.low)} – ${WB.percent(score.high)}` },
    h("b." + kind, { style: { width: score.recall + "%" } }), h("i", { style: { left: score.low + "%", width: Math.max(0.4, score.high - score.low) + "%" } }))) : h("span.wb-soft", {}, "–"));
  const kind = (model) => tab.data.rows.find((row) => row.model === model)?.kind || "base";
  const drawBody = () => {
    if (problem) { body.replaceChildren(h("div.wb-verdict.worse", {}, h("i"), h("p", {}, problem))); return; }
    if (!data) { body.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    const groups = [];  // a column of the imported file is a group of its own, under its heading
    for (const each of data.slices) {
      let group = groups.find((one) => one.dimension === each.dimension && one.column === each.column);
      if (!group) groups.push((group = { dimension: each.dimension, column: each.column, found: [] }));
      group.found.push(each);
    }
    const order = Object.keys(data.dimensions);
    groups.sort((x, y) => order.indexOf(x.dimension) - order.indexOf(y.dimension));
    const named = (each) => (each.column ? each.value || t("slices.no_value") : WB.pick(each.title));
    body.replaceChildren(h("div.wb-scroll", {}, h("table.wb-table.wb-slices", {}, h("thead", {}, h("tr", {}, h("th"), h("th.num"), chosen.map((model) => h("th", {}, tab.title(model))))),
      groups.map(({ dimension, column, found }) => h("tbody", { "data-dimension": dimension, "data-column": column || null }, h("tr.wb-slice-head", {}, h("th", { colspan: 2 + chosen.length }, column || WB.pick(data.dimensions[dimension]))),
        found.map((each) => h("tr", {}, h("td", {}, named(each)), h("td.num.wb-small", {}, t("slices.queries", { n: WB.number(each.queries) })), chosen.map((model) => h("td", {}, bar(each.scores[model], kind(model)))))))))));
  };
  const draw = () => {
    const known = tab.data.rows.map((row) => row.model);
    if (!chosen || chosen.some((model) => !known.includes(model))) { chosen = best(); data = null; }
    const ticks = tab.data.rows.map((row) => h("button.wb-chip" + (chosen.includes(row.model) ? ".on.accent" : ""), { type: "button", "aria-pressed": String(chosen.includes(row.model)), "data-system": row.model, onclick: () => {
      chosen = chosen.includes(row.model) ? chosen.filter((each) => each !== row.model) : [...chosen, row.model].slice(-MOST);
      if (!chosen.length) chosen = [row.model];
      data = null; draw();
    } }, tab.title(row.model)));
    node.replaceChildren(h("p.wb-small", {}, t("slices.about")), h("div.wb-row.wrap", { role: "group", "aria-label": t("slices.choose") }, ticks), body);
    drawBody();
    if (!data && !problem) load();
  };
  return { node, draw, forget: () => { data = null; problem = null; chosen = null; } };
};
