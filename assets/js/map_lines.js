// Lines between synonyms, coloured by how alike the model takes them to be; and the list of what it has not learnt.
WB.map.lines = (map) => {
  const { h, t } = WB;
  const MOST = 20000; // lines that are drawn: the least alike
  const CLASSES = 5;
  const ROWS = 25;
  const asking = WB.newest();
  let on = false;
  let found = null;
  let failed = null;
  let page = 0;
  const COLOURS = { light: ["#b3382c", "#d9893b", "#c9ae5a", "#7fae9c", "#2f8a97"], dark: ["#ea6a5c", "#e0a458", "#cdb96a", "#82b6a5", "#55b0bd"] };
  const colour = (k) => COLOURS[WB.isDark() ? "dark" : "light"][k];
  const bounds = () => {
    const s = found.similarity;
    return [s[Math.floor(s.length * 0.02)], s[Math.max(0, Math.ceil(s.length * 0.9) - 1)]];
  };
  const classOf = (k, [low, high]) => Math.max(0, Math.min(CLASSES - 1, Math.floor(((found.similarity[k] - low) / Math.max(1, high - low)) * CLASSES)));
  const load = async () => {
    const newest = asking();
    failed = null;
    try {
      const reply = await map.ask("read_lines");
      if (!newest()) return;
      found = reply;
    } catch (problem) { if (newest()) failed = problem.message; }
    if (!map.data) return;
    map.panel.draw();
    if (found && on) map.show();
  };
  const turn = () => {
    on = !on;
    map.drawTools();
    if (on && !found) load(); else map.show();
    map.panel.draw();
  };
  const pair = (k) => [found.a[k], found.b[k]];
  const show = (k) => {
    const [a, b] = pair(k);
    map.pinned = a;
    map.panel.forget();
    map.panel.draw();
    map.goTo([a, b]).then(map.paint);
  };
  const list = () => {
    const title = h("div.wb-row.spread", {}, h("strong", {}, t("map.unlearnt")), WB.button(t("map.lines_off"), turn, "quiet", { id: "map-lines-off" }));
    if (failed) return h("div.wb-gap.tight", {}, title, h("p.wb-small.wb-warning", {}, failed));
    if (!found) return h("div.wb-gap.tight", {}, title, WB.bar(null, t("common.loading")));
    const ends = bounds();
    return h("div.wb-gap.tight", { id: "map-unlearnt" }, title, h("p.wb-small", {}, t("map.unlearnt_help")),
      h("div.wb-atlas-scale", {}, h("span", {}, t("map.unlike")), h("i", { style: { background: `linear-gradient(90deg, ${COLOURS[WB.isDark() ? "dark" : "light"].join(", ")})` } }), h("span", {}, t("map.alike"))),
      h("ol.wb-atlas-pairs", { start: page * ROWS + 1 }, found.a.slice(page * ROWS, (page + 1) * ROWS).map((_, n) => {
        const k = page * ROWS + n, [a, b] = pair(k);
        return h("li", {}, h("button", { type: "button", "data-pair": k, onclick: () => show(k) }, h("i", { style: { background: colour(classOf(k, ends)) } }), h("span", {}, h("b", { dir: "auto" }, map.data.terms[a]), h("span", { dir: "auto" }, map.data.terms[b])), h("small", { title: t("map.cosine") }, WB.number(found.similarity[k] / 1000, 2))));
      })), found.a.length > ROWS ? WB.pager(page, ROWS, found.a.length, (to) => { page = to; map.panel.draw(); }) : null);
  };
  map.lines = {
    list, isOn: () => on,
    toggle: () => h("button.wb-button.wb-atlas-toggle" + (on ? ".on" : ""), { type: "button", id: "map-lines", "aria-pressed": String(on), title: t("map.lines_help"), onclick: turn }, t("map.lines")),
    reset() { found = null; page = 0; if (on) load(); },
    traces(d) {
      if (!on || !found) return [];
      const ends = bounds();
      const made = Array.from({ length: CLASSES }, () => ({ x: [], y: [] }));
      for (let k = 0; k < Math.min(MOST, found.a.length); k++) {
        const { x, y } = made[classOf(k, ends)], [a, b] = pair(k);
        x.push(d.xs[a], d.xs[b], null);
        y.push(d.ys[a], d.ys[b], null);
      }
      return made.map(({ x, y }, k) => ({ type: "scattergl", mode: "lines", x, y, hoverinfo: "skip", showlegend: false, connectgaps: false, line: { color: colour(k), width: k ? 1 : 1.4 }, opacity: k < 2 ? 0.75 : 0.4 })).reverse();
    },
  };
};
