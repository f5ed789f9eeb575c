// The map as a file of its own: points by plotly, everything that is a term's text by text nodes.
(() => {
  const TEXTS = {
    zh: { search: "搜索词语", found: (n) => `${n} 个`, none: "没有", by: "着色", lines: "近似词连线", home: "还原", language: "EN", play: "播放", pause: "暂停",
      counts: (n, g) => `${n} 个词，${g} 组`, trust: (p) => `布局可信度 ${p}%`, left: (n) => `另有 ${n} 个词没有画出`, standard: "标准词", of: (s) => `属于「${s}」`, more: (n) => `还有 ${n} 个`,
      distance: (a, b) => `近似词之间的平均距离（随机两词为 1）：${a} → ${b}`, before: "训练前", after: "训练后", method: { umap: "UMAP", tsne: "t-SNE", pca: "PCA" }, failed: "这个浏览器画不出 WebGL 图。", missing: "无" },
    en: { search: "Search a term", found: (n) => `${n}`, none: "none", by: "Colour", lines: "Synonym lines", home: "Reset", language: "中文", play: "Play", pause: "Pause",
      counts: (n, g) => `${n} terms in ${g} groups`, trust: (p) => `${p} % trustworthy as a layout`, left: (n) => `${n} more terms are not drawn`, standard: "standard term", of: (s) => `of “${s}”`, more: (n) => `${n} more`,
      distance: (a, b) => `Mean distance of synonyms (random terms: 1): ${a} → ${b}`, before: "Before", after: "After", method: { umap: "UMAP", tsne: "t-SNE", pca: "PCA" }, failed: "This browser cannot draw WebGL.", missing: "none" } };
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const n = data.terms.length;
  const numbers = (list) => Float32Array.from(list);
  const after = { x: numbers(data.x), y: numbers(data.y) };
  const before = data.before && { x: numbers(data.before.x), y: numbers(data.before.y) };
  const now = { x: after.x.slice(), y: after.y.slice() };
  const members = data.groups.map(() => []);
  data.group.forEach((g, i) => members[g].push(i));
  const centre = members.map((ids) => ids.find((i) => data.standard[i]) ?? ids[0]);
  const keys = data.terms.map((term) => term.normalize("NFKC").toLowerCase());
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const plot = $("plot"), card = $("card");
  let language = (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
  let colour = data.colours[0];
  let alone = null, pinned = null, hovered = null, traces = [], ready = false, playing = null, linesOn = false;
  const t = () => TEXTS[language];
  const pick = (text) => (text && typeof text === "object" ? text[language] : text);
  const count = (value) => value.toLocaleString(language === "zh" ? "zh-CN" : "en");
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const node = (tag, name, text) => { const made = document.createElement(tag); if (name) made.className = name; if (text != null) made.textContent = text; return made; };
  // Plotly reads some tags in its labels: these are made harmless, and long terms are cut.
  const safe = (term) => { const cut = [...term].slice(0, 28).join(""); return (cut + (cut.length < term.length ? "…" : "")).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); };

  // ---- colours
  const FEW = { light: ["#0f7c8c", "#c8732b", "#7a5ea8", "#4e8a3e", "#b8476b", "#3f6fb5", "#9a8420", "#6b6963", "#00967a", "#a9503f"], dark: ["#4fb3c1", "#e39a56", "#a98fd6", "#86c073", "#e07f9d", "#7fa6e6", "#cdb953", "#a5a29b", "#41c3a6", "#dd8573"] };
  const RAMPS = { light: ["#0f7c8c", "#8fb8a8", "#e0b25c", "#c96a2b", "#9b2f22"], dark: ["#4fb3c1", "#8db7a4", "#e0bd70", "#e08a4c", "#e0604c"] };
  const HUES = 24, STEPS = 10;
  const shade = () => (dark.matches ? "dark" : "light");
  const hue = (k) => `hsl(${Math.round((k * 137.508) % 360)}, ${dark.matches ? 48 : 46}%, ${(dark.matches ? 60 : 47) + (k % 3) * 4}%)`;
  const mix = (a, b, share) => "#" + [1, 3, 5].map((k) => Math.round(parseInt(a.slice(k, k + 2), 16) * (1 - share) + parseInt(b.slice(k, k + 2), 16) * share).toString(16).padStart(2, "0")).join("");
  const ramp = (step) => { const stops = RAMPS[shade()], at = (step / (STEPS - 1)) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2); return mix(stops[low], stops[low + 1], at - low); };
  const bend = (value) => (colour.by === "rank" ? Math.log10(Math.max(1, value)) : Math.log10(value + 1));
  const isScale = () => colour.kind === "scale";
  const classOf = (i) => {
    const value = colour.values[i];
    if (value == null || value < 0) return -1;
    if (!isScale()) return value;
    const low = bend(colour.low), span = bend(colour.high) - low || 1;
    return Math.max(0, Math.min(STEPS - 1, Math.floor(((bend(value) - low) / span) * STEPS)));
  };
  const few = () => !isScale() && colour.names.length <= FEW.light.length;
  const colourOf = (k) => (k < 0 ? css("--faint") : isScale() ? ramp(k) : few() ? FEW[shade()][k] : hue(k % HUES));
  const fold = (k) => (k < 0 || isScale() || few() ? k : k % HUES);

  // ---- the picture
  const size = n > 40000 ? 2.6 : n > 15000 ? 3.2 : n > 5000 ? 4.2 : n > 1500 ? 5.5 : 7.5;
  const gather = (values, ids) => { const made = new Float32Array(ids.length); for (let k = 0; k < ids.length; k++) made[k] = values[ids[k]]; return made; };
  const bundle = () => {
    const found = new Map();
    for (let i = 0; i < n; i++) {
      const k = classOf(i);
      const key = alone != null && k !== alone ? -2 : fold(k);
      const ids = found.get(key);
      if (ids) ids.push(i); else found.set(key, [i]);
    }
    traces = [...found].sort((a, b) => a[0] - b[0]).map(([key, ids]) => ({ key, ids }));
  };
  const allLines = () => {
    if (!linesOn) return { x: [], y: [] };
    const x = [], y = [];
    members.forEach((ids, g) => { for (const i of ids) if (i !== centre[g]) { x.push(now.x[centre[g]], now.x[i], null); y.push(now.y[centre[g]], now.y[i], null); } });
    return { x, y };
  };
  const shownGroup = () => hovered ?? pinned;
  const groupLines = () => {
    const g = shownGroup(), x = [], y = [];
    if (g != null) for (const i of members[g]) if (i !== centre[g]) { x.push(now.x[centre[g]], now.x[i], null); y.push(now.y[centre[g]], now.y[i], null); }
    return { x, y };
  };
  const marked = () => { const g = shownGroup(); return g == null ? [] : members[g].slice(0, 60); };
  const at = (ids) => ({ x: ids.map((i) => now.x[i]), y: ids.map((i) => now.y[i]) });
  const names = (ids) => (ids.length <= 16 ? ids.map((i) => safe(data.terms[i])) : []);
  let hits = [];
  const ink = () => ({ text: css("--ink"), accent: css("--accent"), strong: css("--strong") });
  const PLACES = Array.from({ length: 20 }, (_, i) => ["top center", "bottom center", "middle right", "middle left"][i % 4]);
  const drawing = () => {
    const c = ink(), plain = { hoverinfo: "skip", showlegend: false };
    const points = traces.map(({ key, ids }) => ({ type: "scattergl", mode: "markers", x: gather(now.x, ids), y: gather(now.y, ids), hoverinfo: "none", showlegend: false,
      marker: { color: key === -2 ? c.strong : colourOf(key), size: n > 20000 ? size : ids.map((i) => (data.standard[i] ? size * 1.35 : size)), opacity: key === -2 ? 0.2 : key === -1 ? 0.45 : 0.82, line: { width: 0 } } }));
    return [{ ...plain, type: "scattergl", mode: "lines", ...allLines(), line: { color: c.strong, width: 0.8 } }, ...points,
      { ...plain, type: "scatter", mode: "lines", ...groupLines(), line: { color: c.accent, width: 1.4 } },
      { ...plain, type: "scatter", mode: "markers+text", ...at(marked()), marker: { size: size * 1.9, color: "rgba(0,0,0,0)", line: { color: c.accent, width: 2 } }, text: names(marked()), textposition: PLACES, textfont: { size: 12.5, color: c.text }, cliponaxis: false },
      { ...plain, type: "scatter", mode: "markers+text", ...at(hits), marker: { size: size * 2.3, color: "rgba(0,0,0,0)", line: { color: c.text, width: 2 } }, text: names(hits), textposition: PLACES, textfont: { size: 13, color: c.text }, cliponaxis: false }];
  };
  const frame = () => {
    let low = Infinity, high = -Infinity, left = Infinity, right = -Infinity;
    for (const places of before ? [after, before] : [after]) for (let i = 0; i < n; i++) { left = Math.min(left, places.x[i]); right = Math.max(right, places.x[i]); low = Math.min(low, places.y[i]); high = Math.max(high, places.y[i]); }
    const dx = (right - left) * 0.05 || 0.1, dy = (high - low) * 0.05 || 0.1;
    return { x: [left - dx, right + dx], y: [low - dy, high + dy] };
  };
  const whole = n ? frame() : { x: [-1, 1], y: [-1, 1] };
  const axis = (range) => ({ visible: false, showgrid: false, zeroline: false, range: [...range] });
  const layout = () => ({ dragmode: "pan", hovermode: "closest", hoverdistance: 12, uirevision: "same", margin: { l: 6, r: 6, t: 6, b: 6 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", xaxis: axis(whole.x), yaxis: axis(whole.y), autosize: true });
  const draw = async () => {
    bundle();
    await Plotly.react(plot, drawing(), layout(), { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: false });
    if (!ready) { ready = true; bind(); $("wait").remove(); document.body.dataset.ready = "1"; }
  };
  // The traces of all lines, of the points, and of what is chosen, by their number.
  const mark = () => {
    if (!ready) return;
    const first = traces.length + 1;
    const lines = groupLines(), group = at(marked()), found = at(hits);
    return Plotly.restyle(plot, { x: [lines.x, group.x, found.x], y: [lines.y, group.y, found.y], text: [[], names(marked()), names(hits)] }, [first, first + 1, first + 2]);
  };
  const bind = () => {
    const pointed = (event) => { const p = event.points.find((point) => point.curveNumber >= 1 && point.curveNumber <= traces.length); return p ? traces[p.curveNumber - 1].ids[p.pointIndex] : null; };
    plot.on("plotly_hover", (event) => { const i = pointed(event); if (i != null && playing == null) hover(i, event.event); });
    plot.on("plotly_unhover", () => { card.hidden = true; hovered = null; mark(); });
    plot.on("plotly_click", (event) => { const i = pointed(event); if (i != null) { pinned = pinned === data.group[i] ? null : data.group[i]; mark(); } });
    plot.on("plotly_doubleclick", home);
  };
  const hover = (i, event) => {
    const g = data.group[i];
    hovered = g;
    const others = members[g].filter((j) => j !== i);
    const shown = others.slice(0, 8).map((j) => data.terms[j]).join(language === "zh" ? "、" : ", ");
    const strong = node("strong", "", data.terms[i]);
    strong.dir = "auto";
    const lines = [strong, node("span", "", data.standard[i] ? t().standard : t().of(data.groups[g]))];
    if (shown) lines.push(node("span", "", others.length > 8 ? `${shown} … ${t().more(others.length - 8)}` : shown));
    if (colour.by !== "group") { const value = colour.values[i]; lines.push(node("span", "", `${pick(colour.legend)}: ${value == null || value < 0 ? pick(colour.missing) || t().missing : isScale() ? count(value) : pick(colour.names[value])}`)); }
    card.replaceChildren(...lines);
    card.hidden = false;
    const box = plot.getBoundingClientRect(), left = event.clientX - box.left, top = event.clientY - box.top;
    card.style.left = Math.min(Math.max(8, left + 16), box.width - card.offsetWidth - 8) + "px";
    card.style.top = Math.min(Math.max(8, top + 16), box.height - card.offsetHeight - 8) + "px";
    mark();
  };
  const home = () => { pinned = hovered = alone = null; $("search").value = ""; hits = []; $("found").textContent = ""; card.hidden = true; drawLegend(); return draw().then(() => Plotly.relayout(plot, { "xaxis.range": [...whole.x], "yaxis.range": [...whole.y] })); };
  const search = () => {
    const wanted = $("search").value.normalize("NFKC").trim().toLowerCase();
    hits = [];
    let total = 0;
    if (wanted) for (let i = 0; i < n; i++) if (keys[i].includes(wanted)) { total += 1; if (hits.length < 200) hits.push(i); }
    hits.sort((a, b) => (keys[a] === wanted ? -1 : 0) - (keys[b] === wanted ? -1 : 0) || keys[a].length - keys[b].length);
    $("found").textContent = wanted ? (total ? t().found(count(total)) : t().none) : "";
    mark();
  };
  const fly = () => {
    if (!hits.length) return;
    const ids = hits.slice(0, 40), xs = ids.map((i) => now.x[i]), ys = ids.map((i) => now.y[i]);
    const x = (Math.min(...xs) + Math.max(...xs)) / 2, y = (Math.min(...ys) + Math.max(...ys)) / 2;
    const half = Math.max(0.12, (Math.max(...xs) - Math.min(...xs)) * 0.65, (Math.max(...ys) - Math.min(...ys)) * 0.65);
    Plotly.relayout(plot, { "xaxis.range": [x - half, x + half], "yaxis.range": [y - half, y + half] });
  };

  // ---- before and after
  const ease = (s) => s * s * (3 - 2 * s);
  const move = (share) => {
    for (let i = 0; i < n; i++) { now.x[i] = before.x[i] + (after.x[i] - before.x[i]) * share; now.y[i] = before.y[i] + (after.y[i] - before.y[i]) * share; }
    if (!ready) return Promise.resolve();
    const lines = allLines();
    const first = traces.length + 1, group = groupLines(), g = at(marked()), f = at(hits);
    return Plotly.restyle(plot, { x: [lines.x, ...traces.map(({ ids }) => gather(now.x, ids)), group.x, g.x, f.x], y: [lines.y, ...traces.map(({ ids }) => gather(now.y, ids)), group.y, g.y, f.y] }, Array.from({ length: first + 3 }, (_, k) => k));
  };
  const stop = () => { playing = null; $("play").textContent = t().play; };
  const play = () => {
    if (playing != null) return stop();
    const from = performance.now(), mine = (playing = {});
    $("play").textContent = t().pause;
    const step = async (time) => {
      if (playing !== mine) return;
      const share = Math.min(1, Math.max(0, (time - from) / 2600));
      $("share").value = Math.round(1000 * share);
      await move(ease(share));
      if (share < 1) requestAnimationFrame(step); else if (playing === mine) stop();
    };
    requestAnimationFrame(step);
  };

  // ---- words
  const drawLegend = () => {
    const legend = $("legend");
    legend.replaceChildren(node("strong", "", pick(colour.legend)));
    if (isScale()) {
      const bar = node("div", "ramp"), ends = node("div", "ends");
      bar.style.background = `linear-gradient(to right, ${Array.from({ length: STEPS }, (_, k) => ramp(k)).join(", ")})`;
      ends.append(node("span", "", count(colour.low)), node("span", "", count(Math.round(colour.high))));
      legend.append(bar, ends);
      return;
    }
    if (colour.by === "group" || colour.by === "component") return;
    const sizes = new Map();
    for (const value of colour.values) sizes.set(value, (sizes.get(value) || 0) + 1);
    const shown = [...sizes].filter(([k]) => k >= 0).sort((a, b) => b[1] - a[1]).slice(0, 12);
    if (sizes.has(-1)) shown.push([-1, sizes.get(-1)]);
    for (const [k, many] of shown) {
      const key = node("button", "key"), dot = node("i"), name = node("span", "", k < 0 ? pick(colour.missing) || t().missing : pick(colour.names[k]));
      key.type = "button";
      key.setAttribute("aria-pressed", String(alone === k));
      dot.style.background = colourOf(k);
      name.dir = "auto";
      key.append(dot, name, node("small", "", count(many)));
      key.onclick = () => { alone = alone === k ? null : k; drawLegend(); draw(); };
      legend.append(key);
    }
  };
  const words = () => {
    document.documentElement.lang = language;
    $("name").textContent = data.before ? `${data.dictionary} · ${data.before.model} → ${data.model}` : `${data.dictionary} · ${data.model}`;
    const facts = [t().method[data.method] || data.method, t().counts(count(n), count(data.groups.length))];
    if (data.trust != null) facts.push(t().trust((data.trust * 100).toFixed(0)));
    if (data.left_out) facts.push(t().left(count(data.left_out)));
    $("facts").textContent = facts.join(" · ");
    $("search").placeholder = t().search;
    $("search").setAttribute("aria-label", t().search);
    $("by-label").textContent = t().by;
    $("lines").textContent = t().lines;
    $("home").textContent = t().home;
    $("language").textContent = t().language;
    $("play").textContent = playing == null ? t().play : t().pause;
    $("by").replaceChildren(...data.colours.map((each, k) => { const made = node("option", "", pick(each.legend)); made.value = k; made.selected = each === colour; return made; }));
    if (data.before) {
      $("before").textContent = `${t().before} · ${data.before.model}`;
      $("after").textContent = `${t().after} · ${data.model}`;
      $("share").setAttribute("aria-label", `${t().before} – ${t().after}`);
      const { distance_before: a, distance_after: b } = data.before;
      $("told").textContent = a != null && b != null ? t().distance(a.toFixed(2), b.toFixed(2)) : "";
      $("way").hidden = false;
    }
    drawLegend();
  };
  $("search").oninput = search;
  $("search").onkeydown = (event) => { if (event.key === "Enter") fly(); };
  $("by").onchange = () => { colour = data.colours[Number($("by").value)]; alone = null; drawLegend(); draw(); };
  $("lines").onclick = () => { linesOn = !linesOn; $("lines").setAttribute("aria-pressed", String(linesOn)); draw(); };
  $("home").onclick = home;
  $("language").onclick = () => { language = language === "zh" ? "en" : "zh"; words(); search(); };
  $("play").onclick = play;
  $("share").oninput = () => { stop(); move(Number($("share").value) / 1000); };
  dark.addEventListener("change", () => { drawLegend(); draw(); });
  words();
  draw().catch(() => { $("wait").textContent = t().failed; });
})();
