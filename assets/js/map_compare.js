// Before and after: two maps side by side, or one whose points go from where they were to where they are.
WB.map.compare = (map) => {
  const { h, t } = WB;
  const SECONDS = 2.2;
  const bar = h("div.wb-atlas-compare", { id: "map-compare", hidden: true });
  let mode = WB.store.get("map.compare") === "way" ? "way" : "sides";
  let share = 1; // 0: as before, 1: as after
  let playing = 0;
  let shifting = false;
  let again = false;
  let placed = null; // data and share of which the points stand
  const title = (model) => WB.pick(WB.map.titles[model]) || model;
  const apart = () => Boolean(map.data?.before) && mode === "sides";
  const positions = () => {
    const { data } = map;
    const { after, before } = map.sides;
    const key = apart() || !data.before ? 1 : share;
    if (placed?.data !== data || placed.key !== key) {
      if (key === 1) after.place(data.x, data.y);
      else {
        const mixed = (from, to) => { const made = new Float32Array(data.n); for (let i = 0; i < data.n; i++) made[i] = from[i] + (to[i] - from[i]) * key; return made; };
        after.place(mixed(data.before.x, data.x), mixed(data.before.y, data.y));
      }
    }
    if (apart() && placed?.before !== data) before.place(data.before.x, data.before.y);
    placed = { data, key, before: apart() ? data : placed?.before };
  };
  // The points at `share` of their way; what is asked for meanwhile is done after it.
  const shift = async () => {
    if (shifting) { again = true; return; }
    shifting = true;
    do {
      again = false;
      positions();
      await map.sides.after.replace();
    } while (again);
    shifting = false;
    map.root.dataset.share = share.toFixed(2);
  };
  const slider = h("input", { type: "range", id: "map-share", min: 0, max: 1, step: 0.01 });
  slider.addEventListener("input", () => { playing += 1; share = Number(slider.value); drawPlay(); shift(); });
  const play = h("button.wb-button", { type: "button", id: "map-play", onclick: () => run() });
  let running = false;
  const drawPlay = (now = false) => { running = now; play.textContent = t(now ? "map.pause" : "map.play"); };
  const run = async () => {
    if (running) { playing += 1; drawPlay(); map.paint(); return; }
    const mine = ++playing;
    if (share >= 1) share = 0;
    const from = share, begun = performance.now();
    drawPlay(true);
    while (mine === playing && share < 1 && map.data && map.drawn()) {
      share = Math.min(1, from + (performance.now() - begun) / 1000 / SECONDS);
      slider.value = share;
      await shift();
      await new Promise(requestAnimationFrame);
    }
    if (mine === playing) { drawPlay(); map.paint(); }
  };
  const rate = (value) => WB.number(value * 100);
  const numbers = () => {
    const { before, trust } = map.data;
    const [was, is] = before.distance;
    const nearer = is < was - 0.005, farther = is > was + 0.005;
    const words = was == null || is == null ? "" : t(nearer ? "map.nearer" : farther ? "map.farther" : "map.unmoved", { before: rate(was), after: rate(is), n: was > 0 ? WB.number(Math.abs(1 - is / was) * 100) : "–" });
    const trusted = before.trust != null && trust != null ? t("map.trust_both", { before: rate(before.trust), after: rate(trust) }) : "";
    return h("p.wb-small", { id: "map-numbers" }, h("strong" + (nearer ? ".wb-up" : farther ? ".wb-down" : ""), {}, words), " ", trusted);
  };
  const choose = (to) => () => {
    playing += 1;
    mode = to;
    WB.store.set("map.compare", to);
    share = 1;
    map.camera = null;
    draw();
    map.show();
  };
  const draw = () => {
    const { data } = map;
    bar.hidden = !data?.before;
    if (bar.hidden) return;
    slider.value = share;
    slider.setAttribute("aria-label", t("map.share"));
    drawPlay(running);
    WB.keepFocus(bar, () => bar.replaceChildren(h("div.wb-row.wrap", {},
      h("div.wb-segments.small", { role: "group", "aria-label": t("map.compare") }, ["sides", "way"].map((name) => h("button" + (mode === name ? ".on" : ""), { type: "button", id: `map-compare-${name}`, "aria-pressed": String(mode === name), onclick: choose(name) }, t("map.compare_" + name)))),
      mode === "way" ? h("div.wb-atlas-way", {}, play, h("span.wb-small", {}, title(data.before.model)), slider, h("span.wb-small", {}, title(map.chosen.model))) : null), numbers()));
  };
  map.compare = {
    bar, draw, apart, positions,
    nameOf: (side) => title(side === "before" ? map.data.before.model : map.chosen.model),
    moving: () => running,
    share: () => share,
    loaded(kept) { if (!kept) { share = 1; playing += 1; running = false; } placed = null; },
  };
};
