// Terms picked with a lasso or a box, as a table with what can be done with them.
WB.map.select = (map) => {
  const { h, t } = WB;
  const MODES = { pan: "M10 3v14M3 10h14M10 3 8 5m2-2 2 2m-2 12-2-2m2 2 2-2M3 10l2-2m-2 2 2 2m12-2-2-2m2 2-2 2", lasso: "M10 4c4.5 0 7 2 7 4.5S14.500 13 10 13 3 11 3 8.500 5.500 4 10 4m-4 8.500c-1 1-.5 2.500.8 2.500S8 16.500 7 17.500", box: "M4 4h12v12H4z" };
  const ROWS = 40;
  const STEP = 3; // pixels between two corners of a lasso
  let mode = "pan";
  let path = null; // { d, points } while it is drawn
  let page = 0;
  let out = new Set(); // picked, and taken out by their boxes
  const modes = () => h("div.wb-segments.small.wb-atlas-modes", { role: "group", "aria-label": t("map.modes") }, Object.entries(MODES).map(([name, d]) => h("button" + (mode === name ? ".on" : ""), { type: "button", id: `map-mode-${name}`, "aria-pressed": String(mode === name), "aria-label": t("map.mode_" + name), title: t(`map.mode_${name}_help`),
    onclick: () => { mode = name; map.drawTools(); document.getElementById(`map-mode-${name}`)?.focus(); dress(); } }, h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, h("path", { d })))));
  const dress = () => map.stages.classList.toggle("picking", mode !== "pan");

  // ---- drawing
  const corners = () => {
    const { points, box } = path;
    if (!box) return points;
    const [[x0, y0], [x1, y1]] = [points[0], points.at(-1)];
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  };
  const within = (polygon, x, y) => {
    let inside = false;
    for (let k = 0, j = polygon.length - 1; k < polygon.length; j = k++) {
      const [ax, ay] = polygon[k], [bx, by] = polygon[j];
      if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
  };
  const taken = (d) => {
    const polygon = corners();
    const xs = polygon.map((p) => p[0]), ys = polygon.map((p) => p[1]);
    return [...d.around(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys))].filter((i) => map.colours.shown(i) && within(polygon, d.px(i), d.py(i)));
  };
  const draw = (d, event) => {
    d.measure();
    const more = event.ctrlKey || event.metaKey;
    path = { d, points: [d.local(event)], box: mode === "box" };
    const move = (now) => {
      const point = d.local(now), last = path.points.at(-1);
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) < STEP) return;
      if (path.box) path.points = [path.points[0], point]; else path.points.push(point);
      d.paint();
    };
    const up = () => {
      window.removeEventListener("mousemove", move, true);
      window.removeEventListener("mouseup", up, true);
      const drawn = path;
      const ids = drawn.points.length > 1 ? taken(d) : null;
      path = null;
      if (!ids) { const i = d.nearest(...drawn.points[0]); if (i >= 0) map.choose(i); map.paint(); return; }
      pick(more ? [...new Set([...map.picked, ...ids])] : ids);
    };
    window.addEventListener("mousemove", move, true);
    window.addEventListener("mouseup", up, true);
  };
  const trace = (d, pen) => {
    if (path?.d !== d || path.points.length < 2) return;
    pen.beginPath();
    corners().forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.globalAlpha = 0.12;
    pen.fillStyle = WB.colour("--wb-accent");
    pen.fill();
    pen.globalAlpha = 1;
    pen.strokeStyle = WB.colour("--wb-accent");
    pen.setLineDash([5, 4]);
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.setLineDash([]);
  };
  const pick = (ids) => {
    const had = map.picked.length > 0;
    map.picked = ids;
    out = new Set();
    page = 0;
    map.pinned = null;
    map.panel.forget();
    map.panel.draw();
    map.said(t("map.picked", { n: WB.number(ids.length) }));
    if (!ids.length) WB.note(t("map.picked_none"));
    if (had !== ids.length > 0) map.show(); else map.paint(); // what is not picked steps back
  };

  // ---- the table
  const kept = () => map.picked.filter((i) => !out.has(i));
  const terms = () => kept().map((i) => map.data.terms[i]);
  const name = () => map.chosen.dictionary;
  const flip = (i, on) => { if (on) out.delete(i); else out.add(i); map.panel.draw(); map.paint(); };
  const group = (button) => WB.act(button, async () => {
    const { options } = await map.ask("group_options", { name: name(), terms: terms() });
    const standard = await map.editor.chooseDialog(t("map.group_title", { n: WB.number(kept().length) }), t("map.group_text"),
      options.map((each) => [each.standard, each.standard, [each.known ? t("map.group_known") : "", each.along.length ? t("map.group_along", { terms: map.editor.list(each.along) }) : ""].filter(Boolean).join(" ")]), t("map.group_do"));
    if (standard != null) await map.editor.picked("make_group", { terms: terms(), standard });
  });
  const apart = (button) => WB.act(button, () => map.editor.picked("mark_terms_apart", { terms: terms() }));
  const suggest = (button) => WB.act(button, async () => {
    const { new: n } = await map.ask("suggest_terms", { name: name(), terms: terms() });
    WB.note(n ? t("map.suggested", { n: WB.number(n) }) : t("map.suggested_none"), "", n ? [{ label: t("map.to_suggestions"), run: () => WB.go("pairs") }] : []);
    WB.emit("touch");
  });
  const save = (button) => WB.act(button, async () => {
    const file = await map.ask("export_terms", { name: name(), terms: terms() });
    WB.save(file.name, "text/csv", file.data);
  });
  const table = () => {
    const { data } = map;
    const sorted = [...map.picked].sort((a, b) => data.group[a] - data.group[b] || data.standard[b] - data.standard[a] || a - b);
    const n = kept().length;
    const act = (id, words, run, kind = "") => WB.able(WB.button(words, (event) => run(event.currentTarget), kind, { id }), n < (id === "map-picked-save" ? 1 : 2) ? t("why.picked", { n: id === "map-picked-save" ? 1 : 2 }) : null);
    const all = h("input", { type: "checkbox", id: "map-picked-all", checked: n === map.picked.length, "aria-label": t("map.picked_all"), onchange: (event) => { out = new Set(event.target.checked ? [] : map.picked); map.panel.draw(); map.paint(); } });
    return h("div.wb-gap.tight", { id: "map-picked" },
      h("div.wb-row.spread", {}, h("strong", {}, t("map.picked", { n: WB.number(n) })), WB.button([t("map.clear"), h("kbd", { "aria-hidden": "true" }, "Esc")], map.clear, "quiet", { id: "map-picked-clear" })),
      h("div.wb-atlas-acts", {}, act("map-picked-group", t("map.make_group"), group, "primary"), act("map-picked-apart", t("map.make_apart"), apart), act("map-picked-suggest", t("map.make_suggestions"), suggest), act("map-picked-save", t("map.make_file"), save)),
      h("div.wb-atlas-picks", {}, h("label.head", {}, all, h("span", {}, t("map.col_term")), h("span", {}, t("map.col_standard"))),
        sorted.slice(page * ROWS, (page + 1) * ROWS).map((i) => h("label" + (out.has(i) ? ".out" : ""), { "data-term": data.terms[i], onmouseenter: () => map.glance(i), onmouseleave: () => map.glance(null) },
          h("input", { type: "checkbox", id: `map-pick-${i}`, checked: !out.has(i), onchange: (event) => flip(i, event.target.checked) }),
          h("span" + (data.standard[i] ? ".standard" : ""), { dir: "auto" }, data.terms[i]), h("span.wb-small", { dir: "auto" }, data.standard[i] ? "" : data.groups[data.group[i]])))),
      sorted.length > ROWS ? WB.pager(page, ROWS, sorted.length, (to) => { page = to; map.panel.draw(); }) : null);
  };
  map.select = { modes, starts: (event) => mode !== "pan" || event.shiftKey, draw, trace, table, pick, isOut: (i) => out.has(i), dress };
};
