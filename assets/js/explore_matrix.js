// Explore, a matrix: up to 200 terms against one another, ordered by likeness, drawn on a canvas.
WB.exploring.matrix = (tab) => {
  const { h, t } = WB;
  const MOST = 200;
  const state = { text: "", shows: "probability", asked: null };
  let from = null;
  let at = null; // the cell under the hand or the cursor: [row, column]
  const form = h("div.wb-card.wb-form.wb-explore-matrix-form");
  const result = h("div.wb-gap", { id: "explore-matrix" });
  const node = h("div.wb-pairs-make", {}, form, result);
  const area = h("textarea.wb-box", { id: "explore-matrix-terms", rows: 12, dir: "auto", spellcheck: "false", oninput: () => { state.text = area.value; count(); } });
  const counted = h("span.wb-small");
  const asking = tab.asking(() => { at = null; drawResult(); }, (v) => t("explore.matrix_aria", { n: v.terms.length, known: v.known.length }));
  const terms = () => [...new Set(state.text.split("\n").map((line) => line.trim()).filter(Boolean))];
  const count = () => { const n = terms().length; counted.textContent = t("explore.matrix_count", { n, most: MOST }); counted.classList.toggle("wb-warning", n > MOST); };

  const start = () => {
    if (terms().length < 2) { area.focus(); WB.note(t("explore.matrix_few"), "problem"); return; }
    state.asked = terms().join("\n");
    again(false);
  };
  const again = (keep = true, renewed = false) => { if (state.asked && tab.dictionary && tab.model) asking.ask("ask_matrix", { terms: state.asked, model: tab.model, dictionary: tab.dictionary }, keep, renewed); };
  const example = async () => {
    const dictionary = from = tab.dictionary;
    const groups = (await tab.examples()).slice(0, 7);
    if (dictionary !== tab.dictionary || dictionary !== from) return;
    area.value = state.text = groups.flat().join("\n");
    count();
    start();
  };
  const fetch = async (format) => {
    const file = await tab.ask("matrix_file", { terms: state.asked, model: tab.model, dictionary: tab.dictionary, format, values: state.shows });
    return { ...file, name: `${t("explore.matrix_file")}.${format}` };
  };
  const drawForm = () => WB.keepFocus(form, () => {
    area.placeholder = t("explore.matrix_placeholder");
    area.setAttribute("aria-label", t("explore.matrix_terms"));
    count();
    form.replaceChildren(h("h3", {}, t("explore.matrix_terms")), area, h("div.wb-row.spread", {}, counted, WB.button(t("explore.matrix_example"), (e) => WB.act(e.currentTarget, example), "quiet", { id: "explore-matrix-example" })),
      WB.button(t("explore.matrix_draw"), start, "primary", { id: "explore-matrix-start" }),
      h("p.wb-small", {}, t("explore.matrix_model", { model: tab.title(tab.model) })));
  });

  // ---- the drawing
  const LABELS = 132; // pixels for the names on either side
  const canvas = h("canvas.wb-explore-canvas", { id: "explore-matrix-canvas", tabindex: 0, role: "img" });
  const card = h("div.wb-map-card", { hidden: true });
  const stage = h("div.wb-explore-stage", {}, canvas, card);
  let size = 0, left = 0;
  const place = (i, j, n) => { const [a, b] = i < j ? [i, j] : [j, i]; return a * n - (a * (a + 1)) / 2 + (b - a - 1); };
  const value = (v, i, j) => (i === j ? 1000 : v[state.shows][place(i, j, v.terms.length)]);
  const scale = (v) => { if (state.shows === "probability") return (x) => x / 1000; const all = v.cosine; const low = Math.min(...all, 999), high = Math.max(...all, low + 1); return (x) => Math.max(0, Math.min(1, (x - low) / (high - low))); };
  const knownSet = (v) => (v.set ||= new Set(v.known.map(([i, j]) => place(i, j, v.terms.length))));
  const isKnown = (v, i, j) => i !== j && knownSet(v).has(place(i, j, v.terms.length));
  const short = (context, term, width) => { if (context.measureText(term).width <= width) return term; let cut = [...term].slice(0, 40); while (cut.length > 1 && context.measureText(cut.join("") + "…").width > width) cut.pop(); return cut.join("") + "…"; };
  const rgb = (name) => { const context = document.createElement("canvas").getContext("2d"); context.fillStyle = WB.colour(name) || "#888"; context.fillRect(0, 0, 1, 1); return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const paint = () => {
    const v = asking.answer;
    if (!v || !stage.isConnected) return;
    const n = v.terms.length;
    const width = Math.max(320, stage.clientWidth || 760);
    left = n > 90 ? 0 : Math.min(LABELS, width * 0.24);
    size = Math.max(3, Math.min(34, Math.floor((width - left) / n)));
    const side = left + size * n;
    const dots = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: side * dots, height: side * dots });
    canvas.style.width = canvas.style.height = side + "px";
    const context = canvas.getContext("2d");
    context.scale(dots, dots);
    const paper = rgb("--wb-tint"), accent = rgb("--wb-accent"), ink = WB.colour("--wb-soft"), mark = WB.colour("--wb-warn"), line = WB.colour("--wb-ink"), ground = WB.colour("--wb-paper");
    const measure = scale(v);
    const gap = size > 8 ? 1 : 0;
    for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) {
      const f = measure(value(v, i, j));
      context.fillStyle = `rgb(${[0, 1, 2].map((c) => Math.round(paper[c] + (accent[c] - paper[c]) * f)).join(",")})`;
      context.fillRect(left + j * size, left + i * size, size - gap, size - gap);
      if (isKnown(v, i, j)) { context.strokeStyle = mark; context.lineWidth = size > 8 ? 2 : 1; context.strokeRect(left + j * size + 1, left + i * size + 1, size - gap - 2, size - gap - 2); }
    }
    // A line where one cluster ends and the next begins.
    context.strokeStyle = ground; context.lineWidth = 2;
    for (let i = 1; i < n; i += 1) if (v.cluster[i] !== v.cluster[i - 1]) { context.beginPath(); context.moveTo(left, left + i * size - 1); context.lineTo(side, left + i * size - 1); context.moveTo(left + i * size - 1, left); context.lineTo(left + i * size - 1, side); context.stroke(); }
    if (left && size >= 9) {
      context.font = `${Math.min(12.5, size - 1)}px ${WB.colour("--font") || "sans-serif"}`;
      context.textBaseline = "middle";
      for (let i = 0; i < n; i += 1) {
        const name = short(context, v.terms[i].replace(/\s+/g, " "), left - 10);
        const middle = left + i * size + size / 2;
        context.fillStyle = at && (at[0] === i || at[1] === i) ? line : ink;
        context.textAlign = "right";
        context.fillText(name, left - 7, middle);
        context.save(); context.translate(middle, left - 7); context.rotate(-Math.PI / 2); context.textAlign = "left"; context.fillText(name, 0, 0); context.restore();
      }
    }
    if (at) { context.strokeStyle = line; context.lineWidth = 1.6; context.strokeRect(left + at[1] * size - 0.5, left + at[0] * size - 0.5, size, size); }
    canvas.dataset.drawn = String(n);
    Object.assign(canvas.dataset, { left: String(left), size: String(size) });
  };
  const show = () => {
    const v = asking.answer;
    paint();
    if (!at || !v) { card.hidden = true; return; }
    const [i, j] = at;
    const n = v.terms.length;
    card.replaceChildren(h("strong", {}, tab.word(v.terms[i])), ...(i === j ? [h("span.wb-small", {}, t("explore.matrix_itself"))] : [h("strong", {}, "~ ", tab.word(v.terms[j])),
      h("span", {}, t("explore.probability", { p: tab.percent(v.probability[place(i, j, n)] / 1000) })), h("span.wb-faint", {}, t("explore.cosine", { c: WB.number(v.cosine[place(i, j, n)] / 1000, 3) })),
      isKnown(v, i, j) && h("span.wb-chip.warn", {}, t("explore.known")), h("span.wb-faint", {}, t("explore.matrix_click"))].filter(Boolean)));
    card.hidden = false;
    const x = left + j * size + size + 8, y = left + i * size + size + 8;
    card.style.left = Math.max(4, Math.min(x, stage.clientWidth - card.offsetWidth - 6)) + "px";
    card.style.top = Math.max(4, Math.min(y, stage.clientHeight - card.offsetHeight - 6)) + "px";
  };
  const tell = () => {
    const { terms, probability } = asking.answer;
    const [i, j] = at;
    const answers = i === j ? t("explore.matrix_itself") : tab.percent(probability[place(i, j, terms.length)] / 1000);
    WB.say(t("explore.told_pair", { a: terms[i], b: terms[j], answers }), "explore");
  };
  const cell = (e) => {
    const v = asking.answer;
    const box = canvas.getBoundingClientRect();
    const [j, i] = [e.clientX - box.left, e.clientY - box.top].map((where) => Math.floor((where - left) / size));
    return v && i >= 0 && j >= 0 && i < v.terms.length && j < v.terms.length ? [i, j] : null;
  };
  const open = () => { const v = asking.answer; if (v && at && at[0] !== at[1]) tab.compare(v.terms[at[0]], v.terms[at[1]]); };
  canvas.addEventListener("mousemove", (e) => { const next = cell(e); if (String(next) !== String(at)) { at = next; show(); } });
  canvas.addEventListener("mouseleave", () => { at = null; show(); });
  canvas.addEventListener("click", (e) => { at = cell(e); open(); });
  canvas.addEventListener("keydown", (e) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
    const n = asking.answer?.terms.length;
    if (by && n) { e.preventDefault(); at = at ? [0, 1].map((k) => Math.max(0, Math.min(n - 1, at[k] + by[k]))) : [0, Math.min(1, n - 1)]; show(); tell(); }
    else if (e.key === "Enter") open();
    else if (e.key === "Escape") { at = null; show(); }
  });
  new ResizeObserver(() => { if (stage.clientWidth) paint(); }).observe(stage);
  const drawResult = () => {
    const v = asking.answer;
    result.classList.toggle("wb-dim", Boolean(v && asking.busy));
    if (v && asking.busy && !asking.task) return;
    if (asking.problem) { result.replaceChildren(tab.problem(asking.problem)); return; }
    if (!v) { result.replaceChildren(asking.busy ? h("div.wb-card", {}, tab.waiting(asking.task)) : WB.empty(t("explore.matrix_empty"), t("explore.matrix_hint"), WB.button(t("explore.matrix_example"), () => document.getElementById("explore-matrix-example")?.click()))); return; }
    canvas.setAttribute("aria-label", t("explore.matrix_aria", { n: v.terms.length, known: v.known.length }));
    result.replaceChildren(h("div.wb-card.wb-gap.tight", {}, h("div.wb-row.wrap.spread", {},
      h("div.wb-segments.small", { role: "radiogroup", id: "explore-matrix-shows", "aria-label": t("explore.matrix_shows") }, ["probability", "cosine"].map((each) => h("button" + (state.shows === each ? ".on" : ""), { type: "button", role: "radio", "aria-checked": String(state.shows === each), "data-value": each, onclick: () => { state.shows = each; drawResult(); } }, t("explore.shows_" + each)))),
      h("div.wb-row", {}, ["csv", "xlsx"].map((format) => tab.download(format, "explore-matrix", fetch)))),
    h("div.wb-row.wrap.wb-explore-key", {}, h("span.wb-faint", {}, t("explore.matrix_low")), h("i"), h("span.wb-faint", {}, t("explore.matrix_high")), h("u"), h("span.wb-faint", {}, t("explore.matrix_known", { n: WB.number(v.known.length) }))),
    stage));
    paint();
  };
  return {
    node,
    draw() { drawForm(); drawResult(); },
    shown() { if (state.asked && !asking.answer && !asking.busy) again(); else paint(); },
    chosen(other) { drawForm(); if (other) asking.forget(); drawResult(); if (tab.part === "matrix") again(); else asking.forget(); },
    changed(seen) { if (seen) again(true, true); else asking.forget(); },
    recolour: paint,
  };
};
