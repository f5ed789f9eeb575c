// Where the map is looked at: the same place on both sides, and the flight to a term.
WB.map.camera = (map) => {
  const HOME = 1.07;
  const FLIGHT = 650; // milliseconds
  const WIDEST = 1.8; // the plane is stretched to the window, but not beyond this
  let flight = 0;
  map.whole = () => {
    const width = map.stages.clientWidth || 800, height = map.stages.clientHeight || 480;
    const ratio = (map.compare.apart() ? width / 2 : width) / height;
    const wide = Math.max(1, ratio / WIDEST), high = Math.max(1, 1 / WIDEST / ratio);
    return { x: [-HOME * wide, HOME * wide], y: [-HOME * high, HOME * high] };
  };
  const set = (camera, rests = true) => { map.camera = camera; return Promise.all(map.used().filter((d) => d.drawn).map((d) => d.look(camera, rests))); };
  // One side was moved by hand: the other goes along.
  let following = false;
  map.lookedAt = (d, camera, settled) => {
    const same = map.camera && ["x", "y"].every((k) => camera[k].every((v, i) => Math.abs(v - map.camera[k][i]) < 1e-9));
    if (same) return;
    flight += 1;
    map.camera = camera;
    const others = map.used().filter((other) => other !== d && other.drawn);
    if (!others.length || (following && !settled)) return;
    following = true;
    requestAnimationFrame(() => Promise.all(others.map((other) => other.look(map.camera))).finally(() => { following = false; }));
  };
  const eased = (s) => (s < 0.5 ? 4 * s ** 3 : 1 - (2 - 2 * s) ** 3 / 2);
  const between = (a, b, s) => ["x", "y"].reduce((made, k) => {
    const half = ((a[k][1] - a[k][0]) / 2) ** (1 - s) * ((b[k][1] - b[k][0]) / 2) ** s;
    const middle = ((a[k][0] + a[k][1]) * (1 - s) + (b[k][0] + b[k][1]) * s) / 2;
    return { ...made, [k]: [middle - half, middle + half] };
  }, {});
  map.flyTo = async (camera) => {
    const mine = ++flight;
    const from = map.camera;
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const begun = performance.now();
      for (;;) {
        const s = (performance.now() - begun) / FLIGHT;
        if (s >= 1) break;
        await set(between(from, camera, eased(s)), false);
        if (mine !== flight || !map.data) return;
        await new Promise(requestAnimationFrame);
        if (mine !== flight || !map.data) return;
      }
    }
    await set(camera);
    map.root.dataset.looks = [...camera.x, ...camera.y].map((v) => v.toFixed(4)).join(" ");
  };
  map.moveTo = (camera) => { flight += 1; return set(camera); };
  map.home = () => map.flyTo(map.whole());
  // To one term, or to several: the first is in the middle where there is one side, and all are in sight.
  map.goTo = (ids) => {
    if (!ids.length) return Promise.resolve();
    const points = map.used().flatMap((d) => ids.map((i) => [d.xs[i], d.ys[i]]));
    const two = map.used().length > 1;
    const low = [0, 1].map((k) => Math.min(...points.map((p) => p[k]))), high = [0, 1].map((k) => Math.max(...points.map((p) => p[k])));
    const middle = two ? [0, 1].map((k) => (low[k] + high[k]) / 2) : points[0];
    const least = Math.min(0.3, Math.max(0.03, 2.2 * Math.sqrt(30 / map.data.n)));
    const reach = Math.max(least, ...[0, 1].map((k) => 1.2 * Math.max(high[k] - middle[k], middle[k] - low[k])));
    const { x, y } = map.whole();
    const stretch = (x[1] - x[0]) / (y[1] - y[0]);
    return map.flyTo({ x: [middle[0] - reach * Math.max(1, stretch), middle[0] + reach * Math.max(1, stretch)], y: [middle[1] - reach * Math.max(1, 1 / stretch), middle[1] + reach * Math.max(1, 1 / stretch)] });
  };
};
