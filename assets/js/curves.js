// Curves of one run or of several over one another: how well the standard term is found, and what the training itself measures.
// A redraw keeps the zoom (uirevision) and the node; step 0 of a stage is the model that it began with.
WB.curves = (host) => {
  const { h, t } = WB;
  const LEADING = ["dev_recall@1", "dev_recall@10", "dev_mrr@10"];
  const LOWER = ["loss"];
  const INK = ["--wb-accent", "--wb-run-2", "--wb-run-3", "--wb-run-4", "--wb-run-5", "--wb-run-6"];
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash"];
  const saved = (() => { try { return JSON.parse(WB.store.get("curves")) || {}; } catch { return {}; } })();
  const wish = { shown: ["dev_recall@1", "dev_recall@10"], other: "loss", smooth: 0, log: false, by: "step", ...saved };
  const quality = h("div.wb-plot", { id: "train-plot-quality" });
  const other = h("div.wb-plot", { id: "train-plot-loss" });
  const bare = h("p.wb-small.wb-hint", { hidden: true });
  const turns = { quality: 0, other: 0 }; // how often the zoom was taken back: with a new revision it is forgotten
  const reset = [quality, other].map((plot) => h("button.wb-link.wb-zoom-out", { type: "button", hidden: true, onclick: () => { turns[plot === quality ? "quality" : "other"] += 1; redraw(); } }));
  const heads = [h("div.wb-plot-head"), h("div.wb-plot-head")];
  const tools = h("div.wb-curve-tools", { id: "train-curve-tools" });
  const names = h("div.wb-curve-runs", { id: "train-curve-runs" });
  const smooth = h("input.wb-range", { type: "range", min: 0, max: 0.98, step: 0.02, value: wish.smooth, id: "train-smoothing" });
  smooth.addEventListener("input", () => { wish.smooth = Number(smooth.value); keep(); });
  host.replaceChildren(h("div.wb-gap.tight", {}, names, h("div.wb-plots", {}, h("div.wb-plot-box", {}, heads[0], quality, reset[0]), h("div.wb-plot-box", {}, heads[1], bare, other, reset[1])), tools));
  let runs = []; // [{ id, name, stages, kept }], the one that is looked at first
  const data = {}; // run id -> { series, bounds, seen }
  let queue = Promise.resolve();
  let waiting = false;
  let drawn = false;

  const keep = () => { WB.store.set("curves", JSON.stringify(wish)); redraw(); };
  const title = (series) => { const key = "curves." + series; const found = t(key); return found === key ? series.replace(/^dev_/, "").replace(/_/g, " ") : found; };
  const isQuality = (series) => /^dev_|^retention/.test(series);
  const about = (series) => { const key = "curves.unit_" + series; const found = t(key); return found !== key ? found : t(LOWER.includes(series) ? "curves.lower" : "curves.for_show"); };
  const colour = (i) => WB.colour(INK[i % INK.length]);
  const POINTS = ["merge"]; // stages whose steps are candidates and no way of training: points, and no line
  const all = () => [...new Set(runs.flatMap((run) => Object.keys(data[run.id]?.series || {})))];
  const rank = (series) => (LEADING.includes(series) ? LEADING.indexOf(series) : 9);
  const qualities = () => all().filter(isQuality).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  const others = () => all().filter((series) => !isQuality(series)).sort((a, b) => (a === "loss" ? -1 : b === "loss" ? 1 : a.localeCompare(b)));
  const shown = () => { const there = qualities(); const found = there.filter((series) => wish.shown.includes(series)); return found.length ? found : there.slice(0, 1); };
  const second = () => { const there = others(); return there.includes(wish.other) ? wish.other : there[0]; };

  // ---- points: the series "stage" says where a stage begins; steps go on from stage to stage
  const add = (id, points) => {
    const d = (data[id] ||= { series: {}, bounds: [], offset: 0, began: null, stage: 1 });
    for (const [series, step, value, at] of points) {
      if (!Number.isFinite(value)) continue;
      d.began ??= at;
      if (series === "stage") { d.stage = value; d.offset = step; if (value > 1) d.bounds.push({ stage: value, step, time: at - d.began }); continue; }
      const s = (d.series[series] ||= { step: [], time: [], y: [], stage: [] });
      s.step.push(step); s.time.push(at - d.began); s.y.push(value); s.stage.push(d.stage);
    }
  };
  const smoothed = (y) => {
    if (!wish.smooth) return [...y]; // Plotly sees only arrays of another identity as changed
    let sum = 0, weight = 0;
    return y.map((value) => { sum = sum * wish.smooth + value * (1 - wish.smooth); weight = weight * wish.smooth + 1 - wish.smooth; return sum / weight; });
  };
  const unit = () => (runs.some((run) => (data[run.id]?.series.loss?.time.at(-1) || 0) > 180) ? 60 : 1);
  const xs = (s) => (wish.by === "time" ? s.time.map((value) => value / unit()) : [...s.step]);

  // ---- traces, marks and layout
  const isPoint = (run, s, at) => POINTS.includes(run.kinds?.[s.stage[at] - 1]);
  // The line breaks where candidates begin: they are drawn as points of their own.
  const split = (run, s) => {
    const x = xs(s), on = { x: [], y: [] }, off = { x: [], y: [], share: [] };
    s.y.forEach((y, at) => {
      const point = isPoint(run, s, at);
      const into = point ? off : on;
      into.x.push(x[at]); into.y.push(y);
      if (point) off.share.push(s.step[at] - stageStart(run, s.stage[at]));
    });
    return [on, off];
  };
  const stageStart = (run, stage) => (data[run.id]?.bounds.find((bound) => bound.stage === stage)?.step ?? 0);
  const qualityTraces = () => {
    const series = shown();
    const traces = runs.flatMap((run, i) => series.map((name, n) => [name, n]).filter(([name]) => data[run.id]?.series[name]).flatMap(([name, n]) => {
      const [on, off] = split(run, data[run.id].series[name]);
      const ink = runs.length > 1 || n === 0 ? colour(i) : WB.colour(n === 1 ? "--wb-soft" : "--wb-faint");
      const common = { name: runs.length > 1 ? `${run.name} · ${title(name)}` : title(name), meta: { run: run.id, series: name }, hovertemplate: "%{y:.1f}%", cliponaxis: false };
      const line = { ...common, x: on.x, y: on.y, mode: "lines+markers", line: { color: ink, width: n ? 1.6 : 2.5, dash: runs.length > 1 || n > 1 ? DASHES[n % DASHES.length] : "solid" }, marker: { size: n ? 3.5 : 5 } };
      const points = { ...common, x: off.x, y: off.y, mode: "markers", meta: { run: run.id, series: name, points: true }, customdata: off.share.map((share) => t("curves.share", { n: share })),
        hovertemplate: "%{y:.1f}% · %{customdata}", marker: { symbol: "diamond-open", size: n ? 6 : 8, color: ink, line: { width: 1.6 } } };
      return off.x.length ? [line, points] : [line];
    }));
    runs.forEach((run, i) => {
      const s = data[run.id]?.series[series[0]];
      const at = s && run.kept != null ? keptAt(run, s) : -1;
      if (at >= 0) traces.push({ x: [xs(s)[at]], y: [s.y[at]], mode: "markers", name: t("curves.kept"), meta: { run: run.id, kept: true }, hovertemplate: t("curves.kept") + " %{y:.1f}%", cliponaxis: false,
        marker: { symbol: "star", size: 13, color: colour(i), line: { color: WB.colour("--wb-paper"), width: 1.5 } } });
    });
    return traces;
  };
  // `kept` is the step of the last stage after which the state that was kept was looked at.
  const keptAt = (run, s) => {
    const d = data[run.id];
    const wanted = d.offset + run.kept;
    let best = -1;
    s.step.forEach((x, i) => { if (x >= d.offset && (best < 0 || Math.abs(x - wanted) < Math.abs(s.step[best] - wanted))) best = i; });
    return best;
  };
  const otherTraces = () => {
    const name = second();
    return runs.flatMap((run, i) => {
      const s = data[run.id]?.series[name];
      if (!s) return [];
      const line = { x: xs(s), y: smoothed(s.y), mode: s.y.length < 3 ? "lines+markers" : "lines", name: runs.length > 1 ? run.name : title(name), meta: { run: run.id, series: name }, hovertemplate: "%{y:.4~g}", cliponaxis: false, line: { color: colour(i), width: 1.8 } };
      const raw = { ...line, y: [...s.y], meta: { run: run.id, series: name, raw: true }, opacity: 0.28, line: { color: colour(i), width: 1 }, hoverinfo: "skip", hovertemplate: undefined };
      return wish.smooth ? [raw, line] : [line];
    });
  };
  const marks = (withBase) => {
    const soft = WB.colour("--wb-faint"), shapes = [], annotations = [];
    const first = runs[0];
    (data[first?.id]?.bounds || []).forEach((bound) => {
      const x = wish.by === "time" ? bound.time / unit() : bound.step;
      shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: x, x1: x, line: { color: soft, width: 1, dash: "dash" }, name: "stage" });
      if (withBase) annotations.push({ x, yref: "paper", y: 0.02, yanchor: "bottom", xanchor: "left", xshift: 3, showarrow: false, textangle: -90, text: WB.pick(first.stages?.[bound.stage - 1]), font: { size: 10.5, color: soft } });
    });
    const main = shown()[0];
    if (withBase) runs.forEach((run, i) => {
      const s = data[run.id]?.series[main];
      if (!s || s.step[0] !== 0) return;
      const value = s.y[0];
      shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, line: { color: runs.length > 1 ? colour(i) : soft, width: 1.3, dash: "dot" }, name: "base" });
      if (i === 0) annotations.push({ xref: "paper", x: 1, xanchor: "right", y: value, yanchor: s.y.at(-1) < value ? "bottom" : "top", showarrow: false, text: t("curves.base", { value: WB.number(value, 1) }), font: { size: 11, color: soft } });
    });
    return { shapes, annotations };
  };
  const layout = (which, extra) => {
    const line = WB.colour("--wb-line"), ink = WB.colour("--wb-ink");
    return { height: 232, margin: { l: 44, r: 14, t: 8, b: 34 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { family: WB.colour("--font") || "sans-serif", size: 12, color: WB.colour("--wb-soft") }, hovermode: "x unified",
      uirevision: `${which}-${turns[which]}-${wish.by}-${which === "other" ? `${wish.log}-${second()}` : ""}`,
      hoverlabel: { bgcolor: WB.colour("--wb-paper"), bordercolor: line, font: { color: ink } },
      xaxis: { title: { text: t(wish.by === "step" ? "curves.step" : unit() === 60 ? "curves.minutes" : "curves.seconds"), standoff: 6 }, gridcolor: line, zeroline: false, rangemode: "tozero" },
      ...extra, yaxis: { gridcolor: line, zeroline: false, automargin: true, ...extra.yaxis } };
  };
  const config = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: "reset" };

  // ---- what is around the plots
  const GLOSS = (series) => ({ dev_recall: "recall", "dev_mrr": "mrr", retention: "retention", learning_rate: "learning_rate", loss: "loss", random_cosine: "cosine" }[series.replace(/@\d+$|_(zh|en)$/, "")]);
  const drawTools = () => {
    const chosen = shown();
    const toggle = (series) => { wish.shown = chosen.includes(series) ? (chosen.length > 1 ? chosen.filter((each) => each !== series) : chosen) : [...chosen, series]; keep(); };
    const chip = (series, on, attributes, i) => h("button.wb-series" + (on ? ".on" : ""), { type: "button", "data-series": series, "aria-pressed": String(on), ...WB.gloss(GLOSS(series)), ...attributes },
      i == null ? null : h("i", { style: { background: runs.length > 1 ? "currentColor" : WB.colour(i === 0 ? "--wb-accent" : i === 1 ? "--wb-soft" : "--wb-faint") } }), title(series));
    const active = document.activeElement?.closest?.(".wb-plot-head")?.contains(document.activeElement) ? document.activeElement.dataset.series : null;
    heads[0].replaceChildren(h("div", {}, h("strong", {}, t("curves.quality")), WB.term("dev", t("curves.quality_unit"), { title: t("curves.quality_help") })),
      h("div.wb-series-row", {}, qualities().map((series) => chip(series, chosen.includes(series), { onclick: () => toggle(series) }, chosen.includes(series) ? chosen.indexOf(series) : null))));
    bare.textContent = t("curves.no_loss");
    const name = second();
    heads[1].replaceChildren(h("div", {}, h("strong", {}, name ? title(name) : t("curves.loss")), h("span", {}, about(name))),
      h("div.wb-series-row", {}, others().length > 1 && others().map((series) => chip(series, series === name, { onclick: () => { wish.other = series; keep(); } }))));
    if (active) heads.forEach((head) => head.querySelector(`[data-series="${CSS.escape(active)}"]`)?.focus());
    names.replaceChildren(...(runs.length > 1 ? [h("span.wb-small", {}, t("curves.over")), ...runs.map((run, i) => h("span.wb-curve-run", { "data-run": run.id }, h("i", { style: { background: colour(i) } }), run.name))] : []));
    names.hidden = runs.length < 2;
    const segment = (options, value, set) => h("div.wb-segments.small", { role: "radiogroup" }, options.map(([key, label]) =>
      h("button" + (key === value ? ".on" : ""), { type: "button", role: "radio", "aria-checked": String(key === value), "data-value": key, onclick: () => set(key) }, label)));
    smooth.setAttribute("aria-label", t("curves.smoothing"));
    if (!tools.hasChildNodes() || tools.dataset.language !== WB.lang) {
      tools.dataset.language = WB.lang;
      tools.replaceChildren(h("span"), h("label.wb-smooth", {}, h("span", {}, t("curves.smoothing")), smooth),
        h("label.wb-tick", {}, h("input", { type: "checkbox", id: "train-log-axis", checked: wish.log, onchange: (e) => { wish.log = e.target.checked; keep(); } }), h("span", {}, t("curves.log"))));
    }
    tools.replaceChild(segment([["step", t("curves.by_step")], ["time", t("curves.by_time")]], wish.by, (by) => { wish.by = by; keep(); }), tools.firstChild);
  };
  const paint = async () => {
    waiting = false;
    const Plotly = await WB.plotly();
    drawTools();
    await Plotly.react(quality, qualityTraces(), layout("quality", { ...marks(true), yaxis: { ticksuffix: "%" } }), config);
    bare.hidden = others().length > 0;
    other.hidden = others().length === 0;
    await Plotly.react(other, otherTraces(), layout("other", { ...marks(false), yaxis: { type: wish.log ? "log" : "linear", exponentformat: "power" } }), config);
    [quality, other].forEach((plot, i) => { reset[i].textContent = t("curves.zoom_out"); reset[i].hidden = plot.layout?.xaxis?.autorange !== false && plot.layout?.yaxis?.autorange !== false; });
    if (!drawn) {
      drawn = true;
      [quality, other].forEach((plot, i) => plot.on("plotly_relayout", () => { reset[i].hidden = plot.layout.xaxis.autorange !== false && plot.layout.yaxis.autorange !== false; }));
      new ResizeObserver(() => { for (const plot of [quality, other]) if (plot.offsetWidth > 0) Plotly.Plots.resize(plot); }).observe(host);
    }
  };
  const redraw = () => { if (!waiting) { waiting = true; queue = queue.then(paint).catch((problem) => { waiting = false; if (problem instanceof WB.Problem) WB.note(problem.message, "problem"); }); } return queue; };
  return {
    // Which runs are drawn, the first one's stages and base with them.
    show(list) { const before = JSON.stringify(runs); runs = list; if (JSON.stringify(runs) !== before) redraw(); },
    add(id, points) { if (points.length) { add(id, points); redraw(); } },
    clear(id) { delete data[id]; redraw(); },
    has(id) { return Object.keys(data[id]?.series || {}).length > 0; },
    ends(id, series) { const y = data[id]?.series[series]?.y; return y?.length ? [y[0], y.at(-1)] : []; },
    size(id) { return Object.values(data[id]?.series || {}).reduce((most, s) => Math.max(most, s.y.length), 0); },
    stage(id) { return data[id]?.stage || 1; },
    redraw,
  };
};
