// Labelled pairs: one row a system; an open row shows its report and four small pictures.
WB.board.pairs = (tab) => {
  const { h, t } = WB;
  const node = h("div.wb-card.wb-gap", { id: "board-pairs" });
  let open = "";
  const W = 236, H = 150, LEFT = 30, BOTTOM = 22, TOP = 8, RIGHT = 8;
  const X = (v) => LEFT + v * (W - LEFT - RIGHT), Y = (v) => TOP + (1 - v) * (H - TOP - BOTTOM);
  const frame = (title, x, y, ...content) => h("figure.wb-mini", {}, h("figcaption", {}, title), h("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": title },
    h("path.axis", { d: `M${X(0)} ${Y(1)}V${Y(0)}H${X(1)}` }), [0, 0.5, 1].map((v) => [h("text", { x: X(v), y: H - 8, "text-anchor": "middle" }, WB.number(v, v === 0.5 ? 1 : 0)), h("text", { x: LEFT - 5, y: Y(v) + 3.5, "text-anchor": "end" }, WB.number(v, v === 0.5 ? 1 : 0))]), content),
  h("div.wb-small", {}, `${x} → · ${y} ↑`));
  const line = (points) => h("path.line", { d: points.map(([x, y], i) => `${i ? "L" : "M"}${X(x).toFixed(1)} ${Y(y).toFixed(1)}`).join("") });
  const diagonal = () => h("path.guide", { d: `M${X(0)} ${Y(0)}L${X(1)} ${Y(1)}` });
  const histogram = (all) => {
    const used = all.map((bin, i) => (bin.count ? i : -1)).filter((i) => i >= 0);
    const bins = all.slice(Math.max(0, used[0] - 1), used.at(-1) + 2);
    const most = Math.max(1, ...bins.map((bin) => Math.max(bin.positives, bin.count - bin.positives)));
    const low = Math.min(...bins.map((bin) => bin.low)), span = Math.max(...bins.map((bin) => bin.high)) - low || 1;
    const x = (v) => X((v - low) / span);
    const bar = (bin, n, kind) => h("rect." + kind, { x: x(bin.low).toFixed(1), y: Y(n / most).toFixed(1), width: Math.max(0.5, x(bin.high) - x(bin.low) - 0.6).toFixed(1), height: Math.max(0, Y(0) - Y(n / most)).toFixed(1) });
    return h("figure.wb-mini", {}, h("figcaption", {}, t("pairboard.histogram")), h("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": t("pairboard.histogram") }, bins.map((bin) => [bar(bin, bin.count - bin.positives, "apart"), bar(bin, bin.positives, "alike")]),
      h("path.axis", { d: `M${X(0)} ${Y(0)}H${X(1)}` }), [low, low + span / 2, low + span].map((v) => h("text", { x: x(v), y: H - 8, "text-anchor": "middle" }, WB.number(v, 2)))),
    h("div.wb-small.wb-mini-legend", {}, h("span.alike", {}, t("pairboard.alike")), h("span.apart", {}, t("pairboard.apart"))));
  };
  const pictures = (report) => h("div.wb-minis", {}, histogram(report.histogram), frame(t("pairboard.roc"), t("pairboard.false_rate"), t("pairboard.true_rate"), diagonal(), line(report.roc)),
    frame(t("pairboard.pr"), t("pairboard.recall"), t("pairboard.precision"), line(report.precision_recall)),
    report.reliability.length ? frame(t("pairboard.reliability"), t("pairboard.stated"), t("pairboard.real"), diagonal(), line(report.reliability.filter((bin) => bin.count).map((bin) => [bin.mean, bin.share])),
      report.reliability.filter((bin) => bin.count).map((bin) => h("circle.dot", { cx: X(bin.mean).toFixed(1), cy: Y(bin.share).toFixed(1), r: 3 }))) : null);
  const percent = (value) => WB.percent(value);
  const report = (title, found) => (found ? h("div", {}, h("div.wb-small", {}, title), h("table.wb-table.wb-report", {}, h("thead", {}, h("tr", {}, h("th"), ["precision", "recall", "f1_short", "support"].map((name) => h("th.num", {}, t("pairboard." + name))))),
    h("tbody", {}, found.labels.map((label) => h("tr", {}, h("td", {}, t(label.label === "1" ? "pairboard.alike" : "pairboard.apart")), [label.precision, label.recall, label.f1].map((v) => h("td.num", {}, percent(v))), h("td.num", {}, WB.number(label.support))))))) : null);
  const details = (row) => h("tr.wb-board-detail", {}, h("td", { colspan: 7 }, h("div.wb-gap", {},
    h("div.wb-reports", {}, report(t("pairboard.at_half"), row.report.at_half), row.report.at_chosen ? report(t("pairboard.at", { threshold: WB.number(row.report.at_chosen.threshold, 3) }), row.report.at_chosen) : null), pictures(row.report),
    row.report.calibration_error == null ? null : h("p.wb-small", {}, t("pairboard.reliability_help", { error: WB.percent(row.report.calibration_error) })))));
  const bar = (value, kind) => h("div.wb-row", {}, h("span.wb-figure", {}, WB.percent(value)), h("div.wb-interval", {}, h("b." + kind, { style: { width: value + "%" } })));
  const draw = () => WB.keepFocus(node, () => {
    const data = tab.data;
    const numbers = { pairs: WB.number(data.pairs), positives: WB.number(data.positives), dev: WB.number(data.dev) };
    node.replaceChildren(h("div.wb-row.spread.wrap", {}, h("p.wb-small", { id: "board-about" }, t("board.on_help_pairs") + " " + t(data.dev ? "pairboard.size" : "pairboard.no_dev", numbers)), tab.addButton()), tab.adder() || "",
      h("div.wb-scroll", { id: "board-table" }, h("table.wb-table.wb-board", {}, h("thead", {}, h("tr", {}, h("th", {}, t("board.col_model")), h("th", {}, WB.term("average_precision", t("pairboard.ap"), { id: "pairs-head-ap" })), ["auc", "accuracy", "half", "f1"].map((name) => h("th.num", {}, t("pairboard." + name))), h("th.num", {}, t("board.col_date")))),
        h("tbody", {}, data.rows.map((row) => [h("tr", { "data-model": row.model },
          h("td.wb-model", {}, h("button.wb-board-open", { type: "button", id: "pairs-open-" + row.model, "aria-expanded": String(open === row.model), onclick: () => { open = open === row.model ? "" : row.model; draw(); } }, h("strong", {}, tab.title(row.model))), h("div.wb-row.wb-board-chips", {}, h("span.wb-chip." + (row.kind === "tuned" ? "accent" : "plain"), {}, t("board.kind_" + row.kind)))),
          h("td", {}, bar(row.report.average_precision, row.kind)), h("td.num", {}, percent(row.report.roc_auc)), h("td.num", {}, row.report.at_chosen ? percent(row.report.at_chosen.accuracy) : "–"), h("td.num", {}, percent(row.report.at_half.accuracy)),
          h("td.num", {}, percent((row.report.at_chosen || row.report.at_half).macro_f1)), h("td.num.wb-small", {}, WB.ago(row.at))), open === row.model ? details(row) : null])))),
      h("p.wb-small.wb-explain", {}, t("pairboard.explain")));
  });
  return { node, draw, forget: () => { open = ""; } };
};
