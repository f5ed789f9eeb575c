// The map without a mouse: the arrows move it, + and − bring it nearer, Enter takes the term in the middle, which is
// ringed and said. Selecting: all that a search has found.
WB.map.keys = (map) => {
  const { t } = WB;
  const STEP = 0.15; // of the window
  const ZOOM = 1.5;
  const QUIET = 350; // milliseconds: while a key is held down nothing is said
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const NEARER = { "+": 1 / ZOOM, "=": 1 / ZOOM, "-": ZOOM, _: ZOOM, "−": ZOOM };
  let saying = 0;
  const middle = (d) => {
    d.measure();
    const x = d.stage.clientWidth / 2, y = d.stage.clientHeight / 2;
    let best = null, least = Infinity;
    for (let i = 0; i < map.data.n; i++) {
      if (!d.inside(i) || !map.colours.shown(i)) continue;
      const far = (d.px(i) - x) ** 2 + (d.py(i) - y) ** 2;
      if (far < least) { least = far; best = i; }
    }
    return best;
  };
  const tell = (d) => {
    const i = middle(d);
    map.glance(i);
    clearTimeout(saying);
    saying = setTimeout(() => map.said(i == null ? t("map.told_empty") : t("map.told_middle", { term: map.data.terms[i] })), QUIET);
  };
  const moved = ([dx, dy], by) => {
    const along = (range, sign) => {
      const half = ((range[1] - range[0]) / 2) * by, at = (range[0] + range[1]) / 2 + sign * STEP * (range[1] - range[0]);
      return [at - half, at + half];
    };
    return { x: along(map.camera.x, dx), y: along(map.camera.y, dy) };
  };
  const pressed = (d) => (event) => {
    if (event.target !== d.stage || !d.drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (MOVES[key] || NEARER[key]) map.moveTo(moved(MOVES[key] || [0, 0], NEARER[key] || 1)).then(() => tell(d));
    else if (key === "Home" || key === "0") map.home().then(() => tell(d));
    else if (key === "Enter" || key === " ") { const i = middle(d); if (i != null) { map.choose(i); document.getElementById("map-term-name")?.focus({ preventScroll: true }); } }
    else return;
    event.preventDefault();
  };
  const dress = (d) => {
    d.stage.setAttribute("aria-label", t("map.stage", { dictionary: map.chosen.dictionary, n: WB.number(map.data.n) }));
    d.stage.setAttribute("aria-roledescription", t("map.stage_kind"));
  };
  const bind = (d) => {
    d.stage.setAttribute("tabindex", "0");
    d.stage.setAttribute("role", "application");
    d.stage.addEventListener("keydown", pressed(d));
    d.stage.addEventListener("focus", () => { if (d.drawn && d.stage.matches(":focus-visible")) tell(d); });
    d.stage.addEventListener("blur", () => { clearTimeout(saying); if (d.drawn) map.glance(null); });
  };
  map.keys = { bind, dress };
};
