// The map: what is shown and how it is kept current. Its parts stand in the files map_*.js; each is a function that is
// given the map and adds to it what the others may call.
WB.map = { used: null, wanted: null };
WB.on("use", (names) => { WB.map.used = { names, at: Date.now() }; });
// Opens the map on a term, from any tab: the map of what WB.use has just chosen, laid out where it is not.
WB.onMap = (term) => {
  const { used } = WB.map;
  const now = Date.now();
  WB.map.wanted = { term, names: used && now - used.at < 8000 ? used.names : {}, until: now + 10000 };
  WB.go("map");
  WB.emit("map-term");
};

WB.views.map = (root, { server, props, watch, trigger }) => {
  const { h, t } = WB;
  const map = { root, chosen: { dictionary: "", model: "", method: "umap", against: "" }, data: null, camera: null, pinned: null, hovered: null, found: [], picked: [], task: null, problem: null };
  let idle = false;
  let start = false;
  let stale = false;
  map.ask = (name, data = {}) => WB.ask(server, name, { ...map.chosen, ...data });
  map.said = (words) => WB.say(words, "map");
  const facts = h("p.wb-small.wb-atlas-facts", { id: "map-facts" });
  const busy = h("span.wb-small.wb-atlas-busy", { id: "map-busy", hidden: true });
  const tools = h("div.wb-atlas-tools");
  const stages = h("div.wb-atlas-stages");
  const desk = h("div.wb-atlas", { id: "map-atlas" });
  Object.assign(map, { tools, stages });
  for (const part of ["keys", "colours", "drawings", "labels", "camera", "select", "search", "lines", "compare", "editing", "panel", "saving"]) WB.map[part](map);

  // ---- points
  const scaled = (values, steps) => Float32Array.from(values, (value) => value / steps);
  const prepared = (reply) => {
    const members = reply.groups.map(() => []);
    reply.group.forEach((g, i) => members[g].push(i));
    const before = reply.before && { ...reply.before, x: scaled(reply.before.x, reply.steps), y: scaled(reply.before.y, reply.steps) };
    return { ...reply, n: reply.terms.length, x: scaled(reply.x, reply.steps), y: scaled(reply.y, reply.steps), before, members, places: null, lower: null };
  };
  map.at = (term) => {
    if (!map.data) return -1;
    map.data.places ||= new Map(map.data.terms.map((each, i) => [each, i]));
    return map.data.places.get(term) ?? -1;
  };
  // What was chosen by its place is chosen by its term on the new map.
  const carriedOver = (old) => {
    const again = (ids) => ids.map((i) => map.at(old.terms[i])).filter((i) => i >= 0);
    const pinned = map.panel.term();
    map.pinned = pinned == null || map.at(pinned) < 0 ? null : map.at(pinned);
    map.picked = again(map.picked);
    map.hovered = null;
  };
  const take = async (reply) => {
    const received = performance.now();
    const old = map.data;
    const had = map.picked.length;
    map.data = prepared(reply);
    stale = false;
    idle = false;
    if (old) carriedOver(old);
    map.colours.loaded(Boolean(old));
    map.lines.reset();
    map.compare.loaded(Boolean(old));
    draw();
    map.search.again();
    if (had !== map.picked.length || !old) map.panel.draw();
    await map.show(received);
    root.dataset.ready = String(map.data.version);
    if (!old && WB.visible(root)) map.said(t("map.told_ready", { n: WB.number(map.data.n), groups: WB.number(map.data.groups.length) }));
    wanted();
  };

  // ---- reading
  const poller = WB.poll(root, 1, async () => {
    const asked = map.chosen;
    if (!asked.dictionary || !asked.model || map.problem || idle || (map.data && !stale)) return 0.5;
    WB.plotly().catch(() => {}); // fetched while the layout is being made
    let reply;
    try { reply = await map.ask("read_map", { start: start || stale, known: map.data?.version || 0 }); }
    catch (problem) { if (asked === map.chosen) refused(problem.message); return 1; }
    if (asked !== map.chosen) return 0;
    if (reply.same) { stale = false; drawBusy(); return 1; }
    if (reply.wanted) { idle = true; draw(); wanted(); return 1; }
    if (reply.task) {
      map.task = reply.task;
      if (reply.task.error) refused(WB.pick(reply.task.error));
      else if (map.data) drawBusy(); else draw();
      return reply.task.done ? 0.1 : 0.5;
    }
    await take(reply);
    drawBusy();
    return 1;
  });
  const refused = (words) => {
    if (map.data) { stale = false; drawBusy(); WB.note(words, "problem"); return; } // the map of before stays
    map.problem = words;
    draw();
    map.said(words);
  };
  // After an edit: the map is read again under the hand, and what is drawn stays until then.
  map.changed = () => { if (map.data) { stale = true; poller.now(); } WB.emit("touch"); };
  map.begin = () => { start = true; idle = false; map.problem = null; draw(); poller.now(); };

  // ---- a term that was asked for on another tab: its group is ringed, and the map goes there
  let waiting = 0;
  const wanted = () => {
    const wish = WB.map.wanted;
    clearTimeout(waiting);
    if (!wish) return;
    const there = Date.now() > wish.until || ["dictionary", "model"].every((name) => !wish.names[name] || wish.names[name] === map.chosen[name]);
    if (!there) { waiting = setTimeout(wanted, 250); return; } // the choosers are still on their way
    if (!map.data) { if (idle) map.begin(); start = true; poller.now(); return; }
    if (!map.drawn()) return;
    WB.map.wanted = null;
    map.search.goTo(wish.term);
  };
  map.wanted = wanted;

  // ---- all of it
  const drawBusy = () => {
    busy.hidden = !(stale && map.data);
    busy.textContent = busy.hidden ? "" : WB.pick(map.task?.words) || t("map.updating");
  };
  const drawFacts = () => {
    const { data } = map;
    const parts = [t("map.counts", { terms: WB.number(data.n), groups: WB.number(data.groups.length) })];
    if (data.left_out) parts.push(t("map.left_out", { n: WB.number(data.left_out) }));
    if (data.trust != null) parts.push(t("map.trust", { p: WB.number(data.trust * 100) }));
    facts.replaceChildren(parts.join(" · "), data.trust == null ? "" : h("details.wb-atlas-why", {}, h("summary", { "aria-label": t("map.trust_what") }, "?"), h("p", {}, t("map.trust_help"))));
  };
  const draw = () => {
    if (!map.chosen.dictionary || !map.chosen.model) { root.replaceChildren(WB.empty(t("common.no_dictionary"), "", WB.button(t("common.go_data"), () => WB.go("data"), "primary"))); return; }
    if (map.problem) { root.replaceChildren(h("div.wb-card.wb-gap", {}, h("div.wb-verdict.worse", { id: "map-problem" }, h("i"), h("p", {}, map.problem)), h("div", {}, WB.button(t("map.retry"), map.begin, "primary", { id: "map-retry" })))); return; }
    if (!map.data && idle) { root.replaceChildren(WB.empty(t("map.idle"), t("map.idle_hint"), WB.button(t("map.start"), map.begin, "primary", { id: "map-start" }))); return; }
    if (!map.data) {
      const words = WB.pick(map.task?.words) || t("map.working");
      root.replaceChildren(h("div.wb-card.wb-gap.tight.wb-atlas-wait", { id: "map-progress" }, WB.bar(map.task?.fraction > 0 && map.task.fraction < 1 ? map.task.fraction : null, words), h("p.wb-small", {}, words), h("p.wb-small", {}, t("map.leave"))));
      return;
    }
    if (desk.parentNode !== root) root.replaceChildren(desk);
    desk.replaceChildren(h("div.wb-card.wb-atlas-main", {}, tools, map.compare.bar, stages, h("div.wb-atlas-foot", {}, map.colours.legend, h("div.wb-row.spread.wrap", {}, facts, busy))), map.panel.node);
    drawTools();
    drawFacts();
    drawBusy();
    map.colours.draw();
    map.compare.draw();
    map.panel.draw();
  };
  const drawTools = () => WB.keepFocus(tools, () => tools.replaceChildren(map.search.node(), map.select.modes(), map.lines.toggle(), WB.button(t("map.reset"), map.home, "quiet", { id: "map-reset" }), map.saving.menu()));
  map.drawTools = drawTools;

  // Dropdowns forget at a reload: the map that was open is asked for again, unless the page was sent to another one.
  let returning = null;
  try { returning = JSON.parse(WB.store.get("map.last")); } catch { /* written by nobody here */ }
  const comesBack = (v) => {
    const last = returning;
    if (!last || !v.dictionary || !v.model) return false;
    returning = null;
    if (WB.map.wanted || WB.map.used || last.dictionary !== v.dictionary || (last.model === v.model && last.method === v.method)) return false;
    trigger("again", last);
    setTimeout(choose, 2000); // the model may be gone: then what the dropdowns say
    return true;
  };
  const choose = () => {
    const v = props.value || {};
    if (comesBack(v)) return;
    const against = WB.map.choices.against === v.model ? "" : WB.map.choices.against;
    const wish = { dictionary: v.dictionary || "", model: v.model || "", method: v.method || "umap", against };
    if (Object.keys(wish).every((key) => wish[key] === map.chosen[key])) return;
    const compared = wish.against && wish.against !== map.chosen.against && wish.model === map.chosen.model && map.data;
    map.chosen = wish;
    if (wish.model) WB.store.set("map.last", JSON.stringify(wish));
    Object.assign(map, { data: null, problem: null, task: null, camera: null, pinned: null, hovered: null, picked: [], found: [] });
    map.panel.forget();
    idle = stale = false;
    start = Boolean(compared); // who compares has asked for it; for who comes for a term see wanted()
    delete root.dataset.ready;
    root.dataset.of = [wish.dictionary, wish.model, wish.method, wish.against].join("\n");
    draw();
    poller.now();
    wanted();
  };
  watch("value", choose);
  choose();
  draw();
  WB.on("map-term", wanted);
  WB.on("map-choices", (what) => { if (what === "against") choose(); else if (map.data) map.colours.choose(); });
  WB.on("changed", () => { if (map.data) map.changed(); else if (map.problem) { map.problem = null; draw(); poller.now(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || !map.data || !WB.visible(root) || document.querySelector("dialog[open]") || event.target.closest?.("input, textarea, select, details[open]")) return;
    map.clear();
  });
  return { draw() { draw(); if (map.data) map.paint(); }, recolour() { if (map.data) { map.colours.recolour(); map.show(); } } };
};
