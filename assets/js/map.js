// The map: one WebGL layer of points; above it the lines and rings of one group, and what was searched for.
WB.onMap = (term) => { WB.wantedOnMap = term; WB.go("map"); setTimeout(() => WB.emit("map-term"), 400); };

WB.views.map = (root, { server, props, watch }) => {
  const { h, t } = WB;
  let chosen = {};
  let data = null;
  let problem = null;
  let task = null;
  let idle = false;
  let start = false;
  let members = [];
  let pinned = null;
  let hovered = null;
  let bound = false;
  const plot = h("div.wb-map-plot", { id: "map-plot" });
  const card = h("div.wb-map-card", { hidden: true });
  const field = h("input.wb-input", { type: "search", id: "map-search", maxlength: 100 });
  const found = h("span.wb-small", { id: "map-found" });
  const facts = h("div.wb-small", { id: "map-facts" });
  const side = h("div", { id: "map-group" });
  const reset = WB.button("", () => home(), "quiet", { id: "map-reset" });
  const frame = h("div.wb-card.wb-map", {}, h("div.wb-row.wrap.spread", {}, h("div.wb-row.grow", {}, field, found), h("div.wb-row", {}, facts, reset)), h("div.wb-map-stage", {}, plot, card), side);

  // Neighbouring numbers get far hues (golden angle), so that groups side by side differ.
  const hue = (g) => `hsl(${Math.round((g * 137.508) % 360)}, ${WB.isDark() ? 48 : 46}%, ${(WB.isDark() ? 60 : 48) + (g % 3) * 4}%)`;
  const theme = () => ({ ink: WB.colour("--wb-ink"), line: WB.colour("--wb-line"), accent: WB.colour("--wb-accent"), soft: WB.colour("--wb-soft") });
  // Labels of near points go to different sides.
  const PLACES = Array.from({ length: 20 }, (_, i) => ["top center", "bottom center", "middle right", "middle left"][i % 4]);
  const traces = () => {
    const c = theme();
    const size = data.terms.length > 8000 ? 4 : data.terms.length > 1500 ? 5.5 : 7.5;
    const empty = { type: "scatter", x: [], y: [], hoverinfo: "skip", showlegend: false };
    return [
      { type: "scattergl", mode: "markers", x: data.x, y: data.y, hoverinfo: "none", showlegend: false,
        marker: { color: data.group.map(hue), size: data.standard.map((s) => (s ? size * 1.35 : size)), opacity: 0.82, line: { width: 0 } } },
      { ...empty, mode: "lines", line: { color: c.accent, width: 1.3 } },
      { ...empty, mode: "markers+text", marker: { size: size * 1.9, color: "rgba(0,0,0,0)", line: { color: c.accent, width: 2 } }, text: [], textposition: PLACES, textfont: { size: 12.5, color: c.ink } },
      { ...empty, mode: "markers+text", marker: { size: size * 2.2, color: "rgba(0,0,0,0)", line: { color: c.ink, width: 2 } }, text: [], textposition: PLACES, textfont: { size: 13, color: c.ink } }];
  };
  const layout = () => {
    const c = theme();
    const axis = { visible: false, showgrid: false, zeroline: false };
    return { dragmode: "pan", hovermode: "closest", hoverdistance: 12, uirevision: [chosen.dictionary, chosen.model, chosen.method].join("\n"), margin: { l: 6, r: 6, t: 6, b: 6 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: WB.colour("--font"), color: c.soft }, xaxis: axis, yaxis: { ...axis, scaleanchor: "x", scaleratio: 0.62 }, height: plot.clientHeight || 520 };
  };
  const safe = (term) => { const s = term.length > 28 ? term.slice(0, 27) + "…" : term; return s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); };
  const showGroup = (g) => {
    if (!WB.Plotly || !data) return;
    const ids = g == null ? [] : members[g];
    const centre = ids.find((i) => data.standard[i]) ?? ids[0];
    const x = [], y = [];
    for (const i of ids) if (i !== centre) { x.push(data.x[centre], data.x[i], null); y.push(data.y[centre], data.y[i], null); }
    WB.Plotly.restyle(plot, { x: [x, ids.map((i) => data.x[i])], y: [y, ids.map((i) => data.y[i])], text: [null, ids.length <= 16 ? ids.map((i) => safe(data.terms[i])) : []] }, [1, 2]);
  };
  const showFound = () => {
    if (!WB.Plotly || !data || !bound) return;
    const wanted = field.value.trim().toLowerCase();
    const ids = [];
    if (wanted) for (let i = 0; i < data.terms.length && ids.length < 200; i++) if (data.terms[i].toLowerCase().includes(wanted)) ids.push(i);
    found.textContent = wanted ? (ids.length ? t("map.found", { n: ids.length + (ids.length === 200 ? "+" : "") }) : t("common.nothing_found", { search: field.value.trim() })) : "";
    WB.Plotly.restyle(plot, { x: [ids.map((i) => data.x[i])], y: [ids.map((i) => data.y[i])], text: [ids.length <= 12 ? ids.map((i) => safe(data.terms[i])) : []] }, [3]);
    WB.Plotly.restyle(plot, { "marker.opacity": wanted && ids.length ? 0.25 : 0.82 }, [0]);
    return ids;
  };
  const home = () => { pinned = null; field.value = ""; drawSide(); showGroup(null); showFound(); if (bound) WB.Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true }); };
  const goTo = (ids) => {
    if (!ids?.length) return;
    const xs = ids.map((i) => data.x[i]), ys = ids.map((i) => data.y[i]);
    const [x, y] = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
    const half = Math.max(0.18, (Math.max(...xs) - Math.min(...xs)) * 0.7, (Math.max(...ys) - Math.min(...ys)) * 0.7);
    WB.Plotly.relayout(plot, { "xaxis.range": [x - half, x + half], "yaxis.range": [y - half, y + half] });
  };
  const drawSide = () => {
    if (pinned == null || !data) { side.replaceChildren(h("p.wb-small", {}, t("map.hint"))); return; }
    side.replaceChildren(h("div.wb-gap.tight", {}, h("div.wb-row.spread", {}, h("strong", {}, t("map.group", { standard: data.groups[pinned] })),
      WB.button(t("map.unpin"), () => { pinned = null; showGroup(null); drawSide(); }, "quiet", { id: "map-unpin" })),
    h("div.wb-suggest", {}, h("span.wb-small", {}, t("map.explore")), members[pinned].slice(0, 60).map((i) => h("button.wb-term", { type: "button", onclick: () => WB.explore(data.terms[i]) }, data.terms[i])))));
  };
  const hover = (i, event) => {
    const g = data.group[i];
    hovered = g;
    const others = members[g].filter((j) => j !== i).slice(0, 8).map((j) => data.terms[j]);
    card.replaceChildren(h("strong", {}, data.terms[i]), h("span.wb-small", {}, data.standard[i] ? t("map.standard") : t("map.of", { standard: data.groups[g] })),
      others.length ? h("span", {}, others.join(WB.lang === "zh" ? "、" : ", ")) : null, h("span.wb-faint", {}, t("map.click")));
    const box = plot.getBoundingClientRect();
    card.hidden = false;
    const left = event.clientX - box.left, top = event.clientY - box.top;
    card.style.left = Math.min(Math.max(8, left + 16), box.width - card.offsetWidth - 8) + "px";
    card.style.top = Math.min(Math.max(8, top + 16), box.height - card.offsetHeight - 8) + "px";
    if (pinned == null) showGroup(g);
  };
  const bind = () => {
    if (bound) return;
    bound = true;
    plot.on("plotly_hover", (e) => { const p = e.points.find((point) => point.curveNumber === 0); if (p) hover(p.pointIndex, e.event); });
    plot.on("plotly_unhover", () => { card.hidden = true; hovered = null; if (pinned == null) showGroup(null); });
    plot.on("plotly_click", (e) => { const p = e.points.find((point) => point.curveNumber === 0); if (p) { pinned = data.group[p.pointIndex]; showGroup(pinned); drawSide(); } });
    new ResizeObserver(() => { if (plot.offsetWidth > 0) WB.Plotly.relayout(plot, { height: plot.clientHeight, width: plot.clientWidth }); }).observe(plot);
  };
  const plotPoints = async () => {
    const Plotly = await WB.plotly();
    if (!data) return;
    await Plotly.react(plot, traces(), layout(), { displayModeBar: false, scrollZoom: true, responsive: false, doubleClick: "reset" });
    bind();
    showGroup(pinned);
    showFound();
    root.dataset.ready = "1";
    flyTo();
  };
  // A term that was asked for on another tab: its group is pinned, and the map goes there.
  const flyTo = () => {
    const term = WB.wantedOnMap;
    if (!term) return;
    if (!data || !bound) { if (idle) { start = true; idle = false; draw(); } poller.now(); return; }
    WB.wantedOnMap = null;
    const at = data.terms.indexOf(term);
    field.value = term;
    if (at >= 0) pinned = data.group[at];
    showGroup(pinned);
    drawSide();
    goTo(at >= 0 ? members[pinned] : showFound());
    showFound();
  };
  const drawFacts = () => {
    field.placeholder = t("map.search");
    field.setAttribute("aria-label", t("map.search"));
    reset.textContent = t("map.reset");
    const parts = [t("map.counts", { terms: WB.number(data.terms.length), groups: WB.number(data.groups.length) })];
    if (data.trust != null) parts.push(t("map.trust", { p: WB.number(data.trust * 100) }));
    if (data.left_out) parts.push(t("map.left_out", { n: WB.number(data.left_out) }));
    facts.textContent = parts.join(" · ");
    facts.title = t("map.trust_help");
  };
  const draw = () => {
    if (!chosen.dictionary || !chosen.model) { root.replaceChildren(WB.empty(t("common.no_dictionary"), "", WB.button(t("common.go_data"), () => WB.go("data"), "primary"))); return; }
    if (problem) { root.replaceChildren(h("div.wb-card.wb-gap", {}, h("div.wb-verdict.worse", {}, h("i"), h("p", {}, problem)), h("div", {}, WB.button(t("map.retry"), () => { problem = null; draw(); poller.now(); }, "primary")))); return; }
    if (!data && idle) {
      root.replaceChildren(WB.empty(t("map.idle"), t("map.idle_hint"), WB.button(t("map.start"), () => { start = true; idle = false; draw(); poller.now(); }, "primary", { id: "map-start" })));
      return;
    }
    if (!data) {
      const words = WB.pick(task?.words) || t("map.working");
      root.replaceChildren(h("div.wb-card.wb-gap.tight.wb-map-wait", { id: "map-progress" }, WB.bar(task?.fraction > 0 && task.fraction < 1 ? task.fraction : null, words), h("p.wb-small", {}, words)));
      return;
    }
    if (frame.parentNode !== root) root.replaceChildren(frame);
    drawFacts();
    drawSide();
    showFound();
  };
  const poller = WB.poll(root, 1, async () => {
    if (data || problem || idle || !chosen.dictionary || !chosen.model) return 0.5;
    const asked = chosen;
    let reply;
    try { reply = await WB.ask(server, "read_map", { ...asked, start }); } catch (p) { if (asked === chosen) { problem = p.message; draw(); } return 1; }
    if (asked !== chosen) return 0;
    if (reply.wanted) { idle = true; draw(); flyTo(); return 1; }
    if (reply.task) {
      task = reply.task;
      if (task.error) problem = WB.pick(task.error);
      draw();
      return task.done ? 0.1 : 0.7;
    }
    data = reply;
    members = data.groups.map(() => []);
    data.group.forEach((g, i) => members[g].push(i));
    pinned = hovered = null;
    draw();
    await plotPoints();
    return 1;
  });
  field.addEventListener("input", () => { clearTimeout(field.timer); field.timer = setTimeout(showFound, 120); });
  field.addEventListener("keydown", (e) => { if (e.key === "Enter") goTo(showFound()); });
  const choose = () => {
    const v = props.value || {};
    if (v.dictionary === chosen.dictionary && v.model === chosen.model && v.method === chosen.method) return;
    chosen = { dictionary: v.dictionary || "", model: v.model || "", method: v.method || "umap" };
    data = problem = task = null; idle = start = false; delete root.dataset.ready;
    draw(); poller.now();
  };
  watch("value", choose);
  choose();
  draw();
  WB.on("map-term", flyTo);
  WB.on("changed", () => { if (data) { data = null; draw(); poller.now(); } });
  return { draw, recolour() { if (data) plotPoints(); } };
};
