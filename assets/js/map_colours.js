// Colours of the points: a few hues for categories, a ramp for numbers, and the legend that isolates one of them.
WB.map.colours = (map) => {
  const { h, t } = WB;
  const FEW = { light: ["#0f7c8c", "#c8732b", "#7a5ea8", "#4e8a3e", "#b8476b", "#3f6fb5", "#9a8420", "#6b6963", "#00967a", "#a9503f"], dark: ["#4fb3c1", "#e39a56", "#a98fd6", "#86c073", "#e07f9d", "#7fa6e6", "#cdb953", "#a5a29b", "#41c3a6", "#dd8573"] };
  const RAMPS = { // from good or few to bad or many; the middle is seen on either ground
    light: { rank: ["#0f7c8c", "#8fb8a8", "#e0b25c", "#c96a2b", "#9b2f22"], frequency: ["#c3d5d3", "#7fb3b6", "#3d8c98", "#145f70", "#083c4c"] },
    dark: { rank: ["#4fb3c1", "#8db7a4", "#e0bd70", "#e08a4c", "#e0604c"], frequency: ["#2f4a4d", "#3d7a80", "#52a7ad", "#8fd0d0", "#d9f2ee"] },
  };
  const HUES = 24;
  const STEPS = 10;
  const SHOWN = 12; // categories in the legend
  const LOW = { group: 0, component: 0 }; // colours that say "together", with no legend of names
  const legend = h("div.wb-atlas-legend", { id: "map-legend" });
  const asking = WB.newest();
  let answer = null;
  let cache = null;
  let alone = null; // the category that is shown alone
  let waiting = null;
  const shade = () => (WB.isDark() ? "dark" : "light");
  // Neighbouring numbers get far hues (golden angle), so that groups side by side differ.
  const hue = (n) => `hsl(${Math.round((n * 137.508) % 360)}, ${WB.isDark() ? 48 : 46}%, ${(WB.isDark() ? 60 : 47) + (n % 3) * 4}%)`;
  const mix = (a, b, share) => "#" + [1, 3, 5].map((k) => Math.round(parseInt(a.slice(k, k + 2), 16) * (1 - share) + parseInt(b.slice(k, k + 2), 16) * share).toString(16).padStart(2, "0")).join("");
  const ramp = (by, step) => {
    const stops = RAMPS[shade()][by] || RAMPS[shade()].rank;
    const place = (step / (STEPS - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    return mix(stops[low], stops[low + 1], place - low);
  };
  // Ranks and counts are told apart by their size, not by their difference.
  const bend = (value) => (answer.by === "frequency" ? Math.log10(value + 1) : answer.by === "rank" ? Math.log10(Math.max(1, value)) : value);
  const unbend = (value) => (answer.by === "frequency" ? 10 ** value - 1 : answer.by === "rank" ? 10 ** value : value);

  // The class of each point: what it is coloured and counted by; -1 has no value.
  const classes = () => {
    const { data } = map;
    if (cache) return cache;
    const { by } = WB.map.choices;
    if (by === "group") cache = { of: data.group, colour: (k) => hue(k % HUES), fold: HUES, names: null };
    else if (!answer || answer.by !== by || answer.values.length !== data.n) return { of: new Int32Array(data.n), colour: () => WB.colour("--wb-faint"), fold: 1, names: null, waiting: true };
    else if (answer.kind === "scale") {
      const low = bend(answer.low ?? 0), span = bend(answer.high ?? 1) - low || 1;
      const of = Int32Array.from(answer.values, (value) => (value == null ? -1 : Math.max(0, Math.min(STEPS - 1, Math.floor(((bend(value) - low) / span) * STEPS)))));
      cache = { of, colour: (k) => ramp(by, k), fold: STEPS, scale: { low, span } };
    } else {
      const few = answer.names.length <= FEW.light.length;
      cache = { of: answer.values, colour: few ? (k) => FEW[shade()][k] : (k) => hue(k % HUES), fold: few ? answer.names.length : HUES, names: answer.names };
    }
    return cache;
  };
  // One trace for each colour: WebGL draws a hundred thousand points of one colour without reading a hundred thousand.
  const buckets = () => {
    const { of, colour, fold } = classes();
    const made = new Map();
    const put = (key, i) => { const ids = made.get(key); if (ids) ids.push(i); else made.set(key, [i]); };
    for (let i = 0; i < map.data.n; i++) {
      const k = of[i];
      put(alone != null && k !== alone ? -2 : k < 0 ? -1 : k % fold, i);
    }
    return [...made].sort((a, b) => a[0] - b[0]).map(([key, ids]) => ({ ids, dim: key === -2, none: key === -1, colour: key === -2 ? WB.colour("--wb-line-strong") : key === -1 ? WB.colour("--wb-faint") : colour(alone ?? key) }));
  };
  const colourOf = (i) => { const { of, colour } = classes(); return of[i] < 0 ? WB.colour("--wb-faint") : colour(of[i]); };

  // ---- the legend
  const isolate = (k) => { alone = alone === k ? null : k; draw(); map.show(); };
  const chip = (k, colour, name, n) => h("button.wb-atlas-key" + (alone === k ? ".on" : ""), { type: "button", id: `map-class-${k}`, "data-class": k, "aria-pressed": String(alone === k), title: t("map.isolate"), onclick: () => isolate(k) }, h("i", { style: { background: colour } }), h("span", { dir: "auto" }, name), n == null ? null : h("small", {}, WB.number(n)));
  const counts = (of) => { const found = new Map(); for (const k of of) found.set(k, (found.get(k) || 0) + 1); return found; };
  const figure = (value) => WB.number(unbend(value), answer.by === "rank" || answer.by === "frequency" ? 0 : 2);
  const draw = () => WB.keepFocus(legend, () => {
    if (!map.data) return;
    const { by } = WB.map.choices;
    const words = h("span.wb-small", {}, WB.pick(by !== "group" && answer?.by === by && answer.legend) || t("map.legend_" + by));
    if (waiting) { legend.replaceChildren(words, h("span.wb-small", {}, WB.pick(waiting.words) || t("map.colouring")), WB.bar(waiting.fraction > 0 && waiting.fraction < 1 ? waiting.fraction : null, t("map.colouring"))); return; }
    const found = classes();
    if (found.waiting || by in LOW) { legend.replaceChildren(words); return; }
    const numbers = counts(found.of);
    const none = numbers.has(-1) ? chip(-1, WB.colour("--wb-faint"), WB.pick(answer.missing) || t("map.no_value"), numbers.get(-1)) : "";
    if (found.scale) {
      const { low, span } = found.scale;
      const steps = Array.from({ length: STEPS }, (_, k) => h("button" + (alone === k ? ".on" : ""), { type: "button", id: `map-class-${k}`, "data-class": k, "aria-pressed": String(alone === k), style: { background: found.colour(k) }, disabled: !numbers.has(k),
        title: t("map.step", { low: figure(low + (span * k) / STEPS), high: figure(low + (span * (k + 1)) / STEPS), n: WB.number(numbers.get(k) || 0) }), "aria-label": t("map.step", { low: figure(low + (span * k) / STEPS), high: figure(low + (span * (k + 1)) / STEPS), n: WB.number(numbers.get(k) || 0) }), onclick: () => isolate(k) }));
      legend.replaceChildren(words, h("span.wb-atlas-ramp", {}, h("b", {}, figure(low)), h("span", {}, steps), h("b", {}, figure(low + span))), none);
      return;
    }
    const largest = [...numbers].filter(([k]) => k >= 0).sort((a, b) => b[1] - a[1]);
    legend.replaceChildren(words, ...largest.slice(0, SHOWN).map(([k, n]) => chip(k, found.colour(k), WB.pick(found.names[k]), n)), largest.length > SHOWN ? h("span.wb-small", {}, t("map.more_classes", { n: largest.length - SHOWN })) : "", none);
  });

  // ---- reading
  const load = async () => {
    const newest = asking();
    const { by, corpus } = WB.map.choices;
    waiting = null;
    if (by === "group") { cache = null; draw(); return; }
    for (;;) {
      let reply;
      try { reply = await map.ask("read_colours", { by, corpus }); } catch (problem) { reply = { failed: problem.message }; }
      if (!newest() || !map.data) return;
      const words = reply.failed || WB.pick(reply.task?.error);
      if (words) { waiting = null; draw(); WB.note(words, "problem"); return; }
      if (!reply.task) { waiting = null; answer = reply; cache = null; draw(); map.show(); return; }
      waiting = reply.task;
      draw();
      await new Promise((done) => setTimeout(done, 400));
    }
  };
  const reset = () => { cache = null; alone = null; };
  map.colours = {
    legend, draw, buckets, colourOf, isolated: () => alone, shown: (i) => alone == null || classes().of[i] === alone,
    choose() { reset(); answer = null; load(); map.show(); },
    loaded(again) { if (again) cache = null; else { reset(); answer = null; } load(); }, // colours of an edited map come a moment later
    recolour() { draw(); },
  };
};
