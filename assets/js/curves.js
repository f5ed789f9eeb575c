// Two live plots of one run: how well the standard term is found on the development set, and the training loss.
// Points are appended, never redrawn, so zoom stays; step 0 of the quality plot is the model before training.
WB.curves = (host) => {
  const { h, t } = WB;
  const SERIES = ["dev_recall@1", "dev_recall@10", "dev_mrr@10"];
  const NAMES = { "dev_recall@1": "train.series_r1", "dev_recall@10": "train.series_r10", "dev_mrr@10": "train.series_mrr" };
  const quality = h("div.wb-plot", { id: "train-plot-quality" });
  const loss = h("div.wb-plot", { id: "train-plot-loss" });
  const heads = [h("div.wb-plot-head"), h("div.wb-plot-head")];
  host.replaceChildren(h("div.wb-plots", {}, h("div", {}, heads[0], quality), h("div", {}, heads[1], loss)));
  let data = {};
  let plotted = {};
  let drawn = false;
  let queue = Promise.resolve();

  const colours = () => ({ ink: WB.colour("--wb-ink"), soft: WB.colour("--wb-soft"), line: WB.colour("--wb-line"),
    accent: WB.colour("--wb-accent"), faint: WB.colour("--wb-faint"), paper: WB.colour("--wb-paper"), warn: WB.colour("--wb-warn") });
  const layout = (c, extra) => ({
    height: 232, margin: { l: 40, r: 14, t: 8, b: 34 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: WB.colour("--font") || "sans-serif", size: 12, color: c.soft }, hovermode: "x unified", uirevision: "keep",
    hoverlabel: { bgcolor: c.paper, bordercolor: c.line, font: { color: c.ink } },
    xaxis: { title: { text: t("train.step"), standoff: 6 }, gridcolor: c.line, zeroline: false, rangemode: "tozero", fixedrange: false },
    yaxis: { gridcolor: c.line, zeroline: false, automargin: true }, ...extra });
  const config = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: "reset" };

  const titles = () => {
    const key = (kind, name) => h("span", {}, h("i." + kind), t(name));
    heads[0].replaceChildren(h("strong", {}, t("train.quality")), h("span", {}, t("train.quality_unit")),
      h("div.wb-legend", {}, key("main", "train.series_r1"), key("second", "train.series_r10"), key("third", "train.series_mrr")));
    heads[1].replaceChildren(h("strong", {}, t("train.loss")), h("span", {}, t("train.loss_unit")), h("div.wb-legend"));
  };
  const baseValue = () => (data["dev_recall@1"] && data["dev_recall@1"].x[0] === 0 ? data["dev_recall@1"].y[0] : null);
  const baseShapes = (c) => {
    const value = baseValue();
    if (value == null) return { shapes: [], annotations: [] };
    const below = data["dev_recall@1"].y.at(-1) < value;
    return {
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, line: { color: c.faint, width: 1.2, dash: "dash" } }],
      annotations: [{ xref: "paper", x: 1, xanchor: "right", y: value, yanchor: below ? "bottom" : "top", showarrow: false,
        text: t("train.base_line", { value: WB.number(value, 1) }), font: { size: 11, color: c.faint } }],
    };
  };
  const qualityTraces = (c) => SERIES.map((series, i) => ({
    x: [...(data[series]?.x || [])], y: [...(data[series]?.y || [])], name: t(NAMES[series]), mode: "lines+markers",
    line: { color: i === 0 ? c.accent : i === 1 ? c.soft : c.faint, width: i === 0 ? 2.6 : 1.5, dash: i === 2 ? "dot" : "solid" },
    marker: { size: i === 0 ? 5 : 3 }, hovertemplate: "%{y:.1f}%" }));
  const lossTrace = (c) => [{ x: [...(data.loss?.x || [])], y: [...(data.loss?.y || [])], name: t("train.series_loss"), mode: "lines",
    line: { color: c.accent, width: 1.6 }, hovertemplate: "%{y:.4f}" }];

  const count = () => { plotted = Object.fromEntries(Object.entries(data).map(([series, d]) => [series, d.x.length])); };
  const redraw = async () => {
    const Plotly = await WB.plotly();
    count();
    const c = colours();
    titles();
    await Plotly.react(quality, qualityTraces(c), layout(c, { ...baseShapes(c), showlegend: false, yaxis: { gridcolor: c.line, zeroline: false, ticksuffix: "%", automargin: true } }), config);
    await Plotly.react(loss, lossTrace(c), layout(c, { showlegend: false }), config);
    if (!drawn) {
      drawn = true;
      const watcher = new ResizeObserver(() => { if (host.offsetWidth > 0) { Plotly.Plots.resize(quality); Plotly.Plots.resize(loss); } });
      watcher.observe(host);
    }
  };
  // What is on the plots already: a redraw may have taken points along that were waiting to be appended.
  const append = async () => {
    const Plotly = await WB.plotly();
    const news = (series) => { const d = data[series], from = plotted[series] || 0; return d && d.x.length > from ? { x: d.x.slice(from), y: d.y.slice(from) } : null; };
    const found = SERIES.map((series, i) => [news(series), i]).filter(([fresh]) => fresh);
    const steps = news("loss");
    count();
    if (found.length) await Plotly.extendTraces(quality, { x: found.map(([f]) => f.x), y: found.map(([f]) => f.y) }, found.map(([, i]) => i));
    if (steps) await Plotly.extendTraces(loss, { x: [steps.x], y: [steps.y] }, [0]);
    if (found.length) await Plotly.relayout(quality, baseShapes(colours()));
  };
  const inTurn = (work) => { queue = queue.then(work).catch(() => {}); return queue; };
  return {
    clear() { data = {}; inTurn(redraw); },
    add(points) {
      for (const [series, step, value] of points) {
        if (!Number.isFinite(value)) continue;
        const d = (data[series] ||= { x: [], y: [] });
        d.x.push(step); d.y.push(value);
      }
      inTurn(() => (drawn ? append() : redraw()));
    },
    redraw() { inTurn(redraw); },
  };
};
