// One drawn map: the points as WebGL layers of plotly, above them a canvas for rings and lines of what is chosen.
// "after" is the map of the chosen model; "before", where there is one, that of the model it is compared with.
WB.map.drawings = (map) => {
  const { h, t } = WB;
  const NEAR = 11; // pixels
  const MANY = 3000; // picked terms
  const CLICK = 4; // pixels: a hand that moves more than this drags
  const axis = (range) => ({ visible: false, showgrid: false, zeroline: false, range: [...range] });
  const safe = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  map.safe = safe;
  map.pointSize = () => { const { n } = map.data; return n > 40000 ? 2.6 : n > 15000 ? 3.2 : n > 5000 ? 4.2 : n > 1500 ? 5.5 : 7.5; };

  // Points by their place in a square grid: what is near a pointer is found without looking at all of them.
  const gridOf = (xs, ys) => {
    const n = xs.length;
    const side = Math.max(1, Math.ceil(Math.sqrt(n / 3)));
    const cell = (v) => Math.max(0, Math.min(side - 1, Math.floor(((v + 1) / 2) * side)));
    const first = new Int32Array(side * side + 1);
    for (let i = 0; i < n; i++) first[cell(ys[i]) * side + cell(xs[i]) + 1] += 1;
    for (let c = 0; c < side * side; c++) first[c + 1] += first[c];
    const order = new Int32Array(n), next = first.slice();
    for (let i = 0; i < n; i++) order[next[cell(ys[i]) * side + cell(xs[i])]++] = i;
    return { *within(x0, x1, y0, y1) {
      for (let row = cell(y0); row <= cell(y1); row++) for (let column = cell(x0); column <= cell(x1); column++) {
        for (let k = first[row * side + column]; k < first[row * side + column + 1]; k++) yield order[k];
      }
    } };
  };

  const drawing = (side) => {
    const plot = h("div.wb-atlas-plot", { id: side === "after" ? "map-plot" : "map-plot-before" });
    const over = h("canvas.wb-atlas-over");
    const labels = h("div.wb-atlas-labels", { "aria-hidden": "true" });
    const name = h("div.wb-atlas-name", { dir: "auto" });
    const stage = h("div.wb-atlas-stage", { "data-side": side }, plot, over, labels, name);
    const d = { side, stage, plot, labels, name, drawn: false, xs: null, ys: null, grid: null, buckets: [] };
    const frame = { x0: -1, x1: 1, y0: -1, y1: 1, left: 0, top: 0, w: 1, h: 1 };
    d.measure = () => {
      const { xaxis: a, yaxis: b } = plot._fullLayout || {};
      if (a) Object.assign(frame, { x0: a.range[0], x1: a.range[1], y0: b.range[0], y1: b.range[1], left: a._offset, top: b._offset, w: a._length, h: b._length });
      return frame;
    };
    d.px = (i) => frame.left + ((d.xs[i] - frame.x0) / (frame.x1 - frame.x0)) * frame.w;
    d.py = (i) => frame.top + ((frame.y1 - d.ys[i]) / (frame.y1 - frame.y0)) * frame.h;
    d.inside = (i) => d.xs[i] >= frame.x0 && d.xs[i] <= frame.x1 && d.ys[i] >= frame.y0 && d.ys[i] <= frame.y1;
    const unit = (px, py) => [frame.x0 + ((px - frame.left) / frame.w) * (frame.x1 - frame.x0), frame.y1 - ((py - frame.top) / frame.h) * (frame.y1 - frame.y0)];
    d.around = (left, top, right, bottom) => {
      const [x0, y1] = unit(left, top), [x1, y0] = unit(right, bottom);
      return d.grid.within(x0, x1, y0, y1);
    };
    d.nearest = (px, py) => {
      let best = -1, least = NEAR * NEAR;
      const alone = map.colours.isolated();
      for (const i of d.around(px - NEAR, py - NEAR, px + NEAR, py + NEAR)) {
        const far = (d.px(i) - px) ** 2 + (d.py(i) - py) ** 2;
        if (far < least && (alone == null || map.colours.shown(i))) { least = far; best = i; }
      }
      return best;
    };
    d.place = (xs, ys) => { Object.assign(d, { xs, ys, grid: gridOf(xs, ys) }); };

    // ---- points
    const layer = (values, ids) => { const made = new Float32Array(ids.length); for (let k = 0; k < ids.length; k++) made[k] = values[ids[k]]; return made; };
    const sizes = (ids, size) => (map.data.n > 20000 ? size : ids.map((i) => (map.data.standard[i] ? size * 1.35 : size)));
    d.traces = (more = {}) => {
      const size = map.pointSize();
      return d.buckets.map(({ ids, colour, dim, none }) => ({ type: "scattergl", mode: "markers", x: layer(d.xs, ids), y: layer(d.ys, ids), hoverinfo: "skip", showlegend: false,
        marker: { color: colour, size: sizes(ids, dim ? size * 0.8 : size), opacity: dim ? 0.16 : none ? 0.45 : map.picked.length ? 0.5 : 0.82, line: { width: 0 } }, ...more }));
    };
    d.layout = () => ({ dragmode: "pan", hovermode: false, showlegend: false, margin: { l: 4, r: 4, t: 4, b: 4 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: WB.colour("--font"), color: WB.colour("--wb-soft") }, xaxis: axis(map.camera.x), yaxis: axis(map.camera.y), width: stage.clientWidth || 800, height: stage.clientHeight || 480 });
    d.draw = async () => {
      const Plotly = await WB.plotly();
      if (!map.data || !stage.isConnected) return;
      d.buckets = map.colours.buckets();
      const lines = map.lines.traces(d); // under the points
      d.under = lines.length;
      await Plotly.react(plot, [...lines, ...d.traces()], d.layout(), { displayModeBar: false, scrollZoom: true, responsive: false, doubleClick: false });
      if (!d.drawn) bind();
      d.drawn = true;
      map.keys.dress(d);
      d.moved(true);
    };
    // The same points at other places: for the way from before to after.
    d.replace = () => WB.Plotly.restyle(plot, { x: d.buckets.map(({ ids }) => layer(d.xs, ids)), y: d.buckets.map(({ ids }) => layer(d.ys, ids)) }, d.buckets.map((_, k) => d.under + k)).then(() => d.moved(true));
    // Moved by the page, not by hand; names are chosen anew where it rests.
    let looking = 0;
    let resting = true;
    d.look = (camera, rests = true) => {
      looking += 1;
      resting = rests;
      return WB.Plotly.relayout(plot, { "xaxis.range": [...camera.x], "yaxis.range": [...camera.y] }).finally(() => { looking -= 1; });
    };
    d.moved = (settled) => {
      d.measure();
      d.paint();
      if (settled) map.label(d); else map.follow(d);
    };

    // ---- rings and lines of what is chosen
    const ring = (pen, i, radius, colour, width = 2) => { pen.beginPath(); pen.arc(d.px(i), d.py(i), radius, 0, 7); pen.strokeStyle = colour; pen.lineWidth = width; pen.stroke(); };
    d.paint = () => {
      const width = stage.clientWidth, height = stage.clientHeight, scale = window.devicePixelRatio || 1;
      if (over.width !== Math.round(width * scale) || over.height !== Math.round(height * scale)) { over.width = Math.round(width * scale); over.height = Math.round(height * scale); }
      const pen = over.getContext("2d");
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.clearRect(0, 0, width, height);
      if (!map.data || !d.xs) return;
      const accent = WB.colour("--wb-accent"), ink = WB.colour("--wb-ink");
      const size = map.pointSize();
      pen.fillStyle = accent;
      const many = map.picked.length > MANY; // squares are drawn ten times as fast
      for (const i of map.picked) {
        if (!d.inside(i) || (many && map.select.isOut(i))) continue;
        if (many) pen.fillRect(d.px(i) - size / 2, d.py(i) - size / 2, size, size);
        else if (map.select.isOut(i)) ring(pen, i, size * 0.75, accent, 1);
        else { pen.beginPath(); pen.arc(d.px(i), d.py(i), size * 0.75 + 0.6, 0, 7); pen.fill(); }
      }
      for (const i of map.found) if (d.inside(i)) ring(pen, i, size + 1.5, ink, 1.4);
      const shown = map.hovered ?? map.pinned;
      if (shown != null) {
        const ids = map.data.members[map.data.group[shown]];
        const centre = ids.find((i) => map.data.standard[i]) ?? ids[0];
        pen.strokeStyle = accent;
        pen.lineWidth = 1.3;
        pen.beginPath();
        for (const i of ids) if (i !== centre) { pen.moveTo(d.px(centre), d.py(centre)); pen.lineTo(d.px(i), d.py(i)); }
        pen.stroke();
        for (const i of ids) ring(pen, i, size + 1, accent);
        ring(pen, shown, size + 5, ink, 1.6);
      }
      map.select.trace(d, pen);
    };

    // ---- the hand
    const local = (event) => { const box = stage.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    d.local = local;
    let last = 0;
    const pressed = (event) => {
      if (event.button !== 0 || !d.drawn) return;
      if (map.root.contains(document.activeElement)) document.activeElement.blur(); // Esc is for the map now
      card.hidden = true;
      if (map.select.starts(event)) { event.preventDefault(); event.stopPropagation(); map.select.draw(d, event); return; }
      const from = [event.clientX, event.clientY];
      const up = (end) => {
        window.removeEventListener("mouseup", up, true);
        if (Math.hypot(end.clientX - from[0], end.clientY - from[1]) > CLICK) return;
        d.measure();
        const i = d.nearest(...local(end));
        if (i >= 0) map.choose(i);
        else if (Date.now() - last < 350) map.home();
        last = Date.now();
      };
      window.addEventListener("mouseup", up, true);
    };
    stage.addEventListener("mousedown", pressed, true);
    map.keys.bind(d);
    stage.addEventListener("mousemove", (event) => {
      if (!d.drawn || event.buttons) return;
      const [x, y] = local(event);
      hover(d, d.nearest(x, y), x, y);
    });
    stage.addEventListener("mouseleave", () => hover(d, -1));
    const bind = () => {
      const read = () => { const f = d.measure(); return { x: [f.x0, f.x1], y: [f.y0, f.y1] }; };
      plot.on("plotly_relayouting", () => { map.lookedAt(d, read(), false); d.moved(false); });
      plot.on("plotly_relayout", () => { if (looking) { d.moved(resting); return; } map.lookedAt(d, read(), true); d.moved(true); });
      new ResizeObserver(() => { if (stage.clientWidth > 0 && d.drawn && (stage.clientWidth !== plot._fullLayout.width || stage.clientHeight !== plot._fullLayout.height)) WB.Plotly.relayout(plot, { width: stage.clientWidth, height: stage.clientHeight }); }).observe(stage);
    };
    return d;
  };

  // ---- both of them
  const card = h("div.wb-map-card", { hidden: true, id: "map-card" });
  const sides = { after: drawing("after"), before: drawing("before") };
  const used = () => (map.compare.apart() ? [sides.before, sides.after] : [sides.after]);
  map.sides = sides;
  map.used = used;
  map.drawn = () => sides.after.drawn && map.root.contains(sides.after.stage);
  const hover = (d, i, x = 0, y = 0) => {
    const now = i < 0 ? null : i;
    d.stage.classList.toggle("over", now != null);
    if (now === null) card.hidden = true;
    if (now !== map.hovered) map.glance(now);
    if (now === null) return;
    const { data } = map;
    const others = data.members[data.group[i]].filter((j) => j !== i).slice(0, 8).map((j) => data.terms[j]);
    card.replaceChildren(h("strong", { dir: "auto" }, data.terms[i]), h("span.wb-small", { dir: "auto" }, data.standard[i] ? t("map.standard") : t("map.of", { standard: data.groups[data.group[i]] })),
      others.length ? h("span.wb-map-others", { dir: "auto" }, others.join(WB.lang === "zh" ? "、" : ", ")) : "", h("span.wb-faint", {}, t("map.click")));
    if (card.parentNode !== d.stage) d.stage.append(card);
    card.hidden = false;
    card.style.left = Math.min(Math.max(6, x + 16), Math.max(6, d.stage.clientWidth - card.offsetWidth - 6)) + "px";
    card.style.top = (y + 18 + card.offsetHeight > d.stage.clientHeight ? Math.max(6, y - card.offsetHeight - 12) : y + 18) + "px";
  };
  // Rings alone: names stay as they are under a hand that only looks.
  map.glance = (i) => { map.hovered = i; for (const d of used()) if (d.drawn) { d.measure(); d.paint(); } };
  // Where a term is in the window, in pixels; null where it is not on the map.
  WB.map.spot = (term, side = "after") => {
    const d = sides[side], i = map.at(term);
    if (i < 0 || !d.drawn) return null;
    const box = d.stage.getBoundingClientRect();
    d.measure();
    return [box.left + d.px(i), box.top + d.py(i)];
  };
  map.paint = () => { for (const d of used()) if (d.drawn) { d.measure(); d.paint(); map.label(d); } };
  // Draws all of it; with `received`, says how long that took since the data were there.
  map.show = async (received = null) => {
    if (!map.data) return;
    if (!map.camera) map.camera = map.whole();
    const now = used();
    if ([...map.stages.children].some((node, k) => node !== now[k]?.stage) || map.stages.children.length !== now.length) map.stages.replaceChildren(...now.map((d) => d.stage));
    map.stages.classList.toggle("two", now.length > 1);
    map.compare.positions();
    for (const d of now) d.name.textContent = now.length > 1 ? map.compare.nameOf(d.side) : "";
    if (received != null) {
      await WB.plotly();
      await Promise.all(now.map((d) => d.draw()));
      WB.mapDrawn = Math.round(performance.now() - received);
    } else await Promise.all(now.map((d) => d.draw()));
  };
};
