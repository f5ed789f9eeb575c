// Names on the map that avoid one another: standard terms of large groups first, again at each zoom.
WB.map.labels = (map) => {
  const { h } = WB;
  const MOST = 60;
  const TRIES = 4000; // points that are looked at; with fewer on the screen all of them are
  const CELL = 12; // pixels
  const LONGEST = 26; // characters
  const HEIGHT = 17;
  const pen = document.createElement("canvas").getContext("2d");
  let order = null;
  let widths = null;
  let of = null;
  const short = (term) => { const signs = [...term.slice(0, 4 * LONGEST)]; return signs.length > LONGEST ? signs.slice(0, LONGEST - 1).join("") + "…" : term; };
  map.shortTerm = short;
  // Whose name comes first never depends on the zoom, so that names stay while one zooms in.
  const prepare = () => {
    const { data } = map;
    if (of === data) return;
    of = data;
    const weight = Float64Array.from(data.group, (g, i) => (data.standard[i] ? 1e6 : 0) + Math.min(data.members[g].length, 999) * 1000 - i / data.n);
    order = Int32Array.from({ length: data.n }, (_, i) => i).sort((a, b) => weight[b] - weight[a]);
    widths = new Map();
  };
  const width = (i) => {
    let found = widths.get(i);
    if (found == null) {
      pen.font = `${map.data.standard[i] ? "600 " : ""}12px ${WB.colour("--font") || "sans-serif"}`;
      found = Math.ceil(pen.measureText(short(map.data.terms[i])).width) + 6;
      widths.set(i, found);
    }
    return found;
  };
  // Which names there is room for: a grid of the screen says what is taken.
  const chosen = (d) => {
    const frame = d.measure();
    const columns = Math.ceil((frame.left + frame.w) / CELL) + 1, rows = Math.ceil((frame.top + frame.h) / CELL) + 1;
    const taken = new Uint8Array(columns * rows);
    const free = (x, y, w) => {
      if (x < 0 || y < 0 || x + w > frame.left + frame.w || y + HEIGHT > frame.top + frame.h) return false;
      for (let r = Math.floor(y / CELL); r <= Math.floor((y + HEIGHT) / CELL); r++) for (let c = Math.floor(x / CELL); c <= Math.floor((x + w) / CELL); c++) if (taken[r * columns + c]) return false;
      return true;
    };
    const take = (x, y, w) => { for (let r = Math.floor(y / CELL); r <= Math.floor((y + HEIGHT) / CELL); r++) for (let c = Math.floor(x / CELL); c <= Math.floor((x + w) / CELL); c++) taken[r * columns + c] = 1; };
    if (d.name.textContent) take(0, 0, d.name.offsetWidth + 20);
    const gap = map.pointSize() / 2 + 4;
    const made = [];
    const seen = new Set();
    const put = (i, force) => {
      if (seen.has(i) || !d.inside(i)) return;
      seen.add(i);
      const w = width(i), x = d.px(i), y = d.py(i);
      const places = [[gap, -HEIGHT / 2], [-gap - w, -HEIGHT / 2], [-w / 2, -gap - HEIGHT], [-w / 2, gap]];
      const fits = places.find(([dx, dy]) => free(x + dx, y + dy, w)) || (force ? places[0] : null);
      if (!fits) return;
      take(x + fits[0], y + fits[1], w);
      made.push({ i, dx: fits[0], dy: fits[1] });
    };
    const shown = map.pinned;
    if (shown != null) { put(shown, true); for (const i of map.data.members[map.data.group[shown]].slice(0, 16)) put(i, false); }
    for (const i of map.found.slice(0, 12)) put(i, false);
    const alone = map.colours.isolated();
    let tries = 0;
    for (let k = 0; k < order.length && made.length < MOST && tries < TRIES; k++) {
      if (!d.inside(order[k]) || (alone != null && !map.colours.shown(order[k]))) continue;
      tries += 1;
      put(order[k], false);
    }
    return made;
  };
  const at = (d, node, { i, dx, dy }) => { node.style.transform = `translate(${Math.round(d.px(i) + dx)}px, ${Math.round(d.py(i) + dy)}px)`; };
  map.label = (d) => {
    prepare();
    if (d.side === "after" && map.compare.moving()) { d.labels.replaceChildren(); d.named = []; return; }
    d.named = chosen(d);
    const group = map.pinned == null ? null : map.data.group[map.pinned];
    d.labels.replaceChildren(...d.named.map((name) => {
      const node = h("span" + (map.data.standard[name.i] ? ".standard" : "") + (map.data.group[name.i] === group ? ".chosen" : ""), { dir: "auto" }, short(map.data.terms[name.i]));
      at(d, node, name);
      return node;
    }));
  };
  // While the hand moves the map its names go along; which ones there are is decided when it rests.
  map.follow = (d) => { (d.named || []).forEach((name, k) => { const node = d.labels.children[k]; if (!node) return; node.hidden = !d.inside(name.i); at(d, node, name); }); };
};
