// The leaderboard: what is measured on, which of its parts is seen, and how far measuring has come.
// The table, the single queries, the slices and labelled pairs are each drawn by a script of their own.
WB.board = {};

WB.views.board = (root, { server, props, watch }) => {
  const { h, t } = WB;
  const KINDS = ["dictionary", "retrieval", "pairs"];
  const PARTS = ["board", "misses", "slices"];
  const tab = {
    dictionary: "", kind: WB.store.get("board.kind") || "dictionary", part: "board", sets: { retrieval: "", pairs: "" },
    choices: { benchmarks: [], models: [], lexical: [] }, data: null, problem: null, reference: "", order: "best",
  };
  if (!KINDS.includes(tab.kind)) tab.kind = "dictionary";
  let known = false;
  let adding = false;
  let undrawn = false; // news that came while something was typed
  const turn = WB.newest();

  tab.ask = (name, more = {}) => WB.ask(server, name, { benchmark: tab.benchmark(), ...more });
  tab.benchmark = () => (tab.kind === "dictionary" ? (tab.dictionary ? "dictionary:" + tab.dictionary : "") : tab.sets[tab.kind]);
  tab.name = () => tab.benchmark().replace(/^\w+:/, "");
  tab.title = (id) => {
    const row = tab.data?.rows.find((each) => each.model === id);
    return WB.pick(row?.title) || WB.pick(tab.data?.titles?.[id]) || id;
  };
  tab.measured = () => (tab.data?.rows || []).map((row) => row.model);
  tab.draw = () => draw();
  tab.again = () => poller.now();
  const parts = { board: WB.board.table(tab), misses: WB.board.misses(tab), slices: WB.board.slices(tab), pairs: WB.board.pairs(tab) };
  const now = () => (tab.kind === "pairs" ? parts.pairs : parts[tab.part]);

  const forget = () => { tab.data = null; tab.problem = null; tab.reference = ""; undrawn = false; for (const part of Object.values(parts)) part.forget?.(); };
  const show = (change) => { Object.assign(tab, change); WB.store.set("board.kind", tab.kind); forget(); draw(); poller.now(); };
  tab.go = (part) => { tab.part = part; draw(); now().shown?.(); };

  const segment = (value, current, label, choose, id) => h("button" + (value === current ? ".on" : ""), { type: "button", id, "aria-pressed": String(value === current), onclick: () => choose(value) }, label);
  tab.segment = segment;
  const ofKind = (kind) => tab.choices.benchmarks.filter((each) => each.kind === kind);
  const setChooser = () => {
    const node = h("select.wb-box", { id: "board-set", "aria-label": t("board.on_" + tab.kind), onchange: (e) => show({ sets: { ...tab.sets, [tab.kind]: e.target.value } }) },
      ofKind(tab.kind).map((each) => h("option", { value: each.id, selected: each.id === tab.benchmark() }, each.name)));
    node.value = tab.benchmark();
    return node;
  };
  const head = () => h("div.wb-row.spread.wrap.wb-board-head", {},
    h("div.wb-row.wrap", {}, h("div.wb-segments", { id: "board-kinds", role: "group", "aria-label": t("board.on") }, KINDS.map((kind) => segment(kind, tab.kind, t("board.on_" + kind), (to) => show({ kind: to, part: "board" }), "board-on-" + kind)).map((node, i) => WB.glossOn(node, [null, "retrieval_set", "labelled_pairs"][i]))),
      tab.kind !== "dictionary" && ofKind(tab.kind).length ? setChooser() : null),
    tab.kind === "pairs" || !tab.data?.rows.length ? null : h("div.wb-segments", { id: "board-parts", role: "group", "aria-label": t("board.parts") }, PARTS.map((part) => segment(part, tab.part, t("board.part_" + part), tab.go, "board-part-" + part)).map((node, i) => WB.glossOn(node, i === 2 ? "slice" : null))));

  // ---- measuring
  const start = (button, more = {}) => WB.act(button, async () => { await tab.ask("measure", more); adding = false; await poller.now(); draw(); });
  const progress = () => {
    const task = tab.data?.task;
    if (task && !task.done) return h("div.wb-gap.tight", { id: "board-progress" }, WB.bar(task.fraction, WB.pick(task.words)), h("span.wb-small", {}, WB.pick(task.words) || t("common.working")));
    const missing = tab.data?.missing || [];
    if (!missing.length) return null;
    const names = missing.map((id) => tab.title(id)).join(t("common.comma"));
    return h("div.wb-row.spread.wrap.wb-notice", {}, h("span", {}, t("board.missing", { n: missing.length, names })),
      WB.button(t("board.measure"), (e) => start(e.currentTarget), "primary", { id: "board-measure" }));
  };
  tab.adder = () => {
    if (!adding) return null;
    const field = h("input.wb-box.wb-grow", { type: "text", id: "board-add-model", maxlength: 500, spellcheck: "false", placeholder: t("board.add_model_placeholder"), "aria-label": t("board.add_model") });
    const offer = (id, list) => h("select.wb-box", { id }, list.map((each) => h("option", { value: each.id }, WB.pick(each.title) || each.id)));
    const model = offer("board-add-dense", tab.choices.models);
    const lexical = offer("board-add-lexical", tab.choices.lexical.filter((each) => each.id !== "exact"));
    model.setAttribute("aria-label", t("board.add_model"));
    lexical.setAttribute("aria-label", t("board.kind_baseline"));
    const one = (e) => { if (field.value.trim()) start(e.currentTarget, { system: field.value.trim() }); else field.focus(); };
    return h("div.wb-board-add", { id: "board-adder" },
      h("div.wb-field", {}, h("span", {}, t("board.add_model")), h("div.wb-row", {}, field, WB.button(t("board.add_run"), one, "", { id: "board-add-model-run" })), h("small", {}, t("board.add_model_help"))),
      tab.kind === "pairs" ? null : h("div.wb-field", {}, h("span", {}, t("board.add_hybrid")),
        h("div.wb-row.wrap", {}, model, h("span.wb-small", {}, t("board.add_with")), lexical, WB.button(t("board.add_run"), (e) => start(e.currentTarget, { system: model.value, lexical: lexical.value }), "", { id: "board-add-hybrid-run" })),
        h("small", {}, t("board.add_hybrid_help"))));
  };
  tab.addButton = () => WB.button(t("board.add"), () => { adding = !adding; draw(); if (adding) root.querySelector("#board-add-model")?.focus(); }, "", { id: "board-add", "aria-expanded": String(adding) });

  // ---- drawing
  const nothing = () => {
    if (tab.kind === "dictionary") return WB.empty(t("common.no_dictionary"), "", WB.button(t("common.go_data"), () => WB.go("data"), "primary"));
    return WB.empty(t("board.no_" + tab.kind), t(`board.no_${tab.kind}_hint`), WB.button(t("common.go_data"), () => WB.go("data"), "primary"));
  };
  const body = () => {
    if (!tab.benchmark()) return known || tab.kind === "dictionary" ? nothing() : WB.bar(null, t("common.loading"));
    if (tab.problem) return h("div.wb-card", {}, h("div.wb-verdict.worse", {}, h("i"), h("p", {}, tab.problem)));
    if (!tab.data) return h("div.wb-card", {}, WB.bar(null, t("common.loading")));
    if (!tab.data.rows.length) return h("div.wb-gap", {}, WB.empty(t(tab.kind === "dictionary" ? "board.none" : "board.none_here"), t("board.none_hint")), progress(), h("div.wb-row", {}, tab.addButton()), tab.adder());
    return h("div.wb-gap", {}, tab.part === "board" || tab.kind === "pairs" ? progress() : null, now().node);
  };
  const draw = () => {
    const chooser = document.getElementById("board-dictionary");
    if (chooser) chooser.hidden = tab.kind !== "dictionary";
    WB.keepFocus(root, () => {
      const content = body();
      if (tab.data?.rows.length && tab.benchmark() && !tab.problem) now().draw();
      root.replaceChildren(h("div.wb-gap", {}, head(), content));
    });
  };
  const typing = () => root.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");

  const poller = WB.poll(root, 3, async () => {
    const mine = turn();
    if (!known || tab.kind !== "dictionary") {
      const choices = await tab.ask("read_benchmarks");
      if (!mine()) return 0.2;
      tab.choices = choices;
      known = true;
      if (tab.kind !== "dictionary" && !ofKind(tab.kind).some((each) => each.id === tab.benchmark())) { tab.sets[tab.kind] = ofKind(tab.kind)[0]?.id || ""; forget(); }
    }
    if (!tab.benchmark()) { draw(); return 2; }
    const asked = JSON.stringify([tab.benchmark(), tab.reference, tab.order]);
    let reply;
    try { reply = await tab.ask("read_board", { reference: tab.reference, order: tab.order }); } catch (error) { if (mine()) { tab.problem = error.message; draw(); } return 4; }
    if (!mine() || asked !== JSON.stringify([tab.benchmark(), tab.reference, tab.order])) return 0.2;
    if (reply.task?.done && reply.task.error) WB.note(WB.pick(reply.task.error), "problem");
    if (tab.data?.task && !tab.data.task.done && reply.task?.done !== false) WB.say(t("board.measured"));
    const changed = JSON.stringify(reply) !== JSON.stringify(tab.data) || tab.problem;
    tab.problem = null;
    tab.data = reply;
    undrawn ||= Boolean(changed);
    if (undrawn && !typing()) { undrawn = false; draw(); } else if (undrawn && tab.part === "board" && tab.kind !== "pairs") parts.board.rows?.();
    return reply.task && !reply.task.done ? 0.8 : 5;
  });
  const chosen = () => {
    const name = props.value?.dictionary || "";
    if (name === tab.dictionary && tab.data) return poller.now();
    tab.dictionary = name;
    if (tab.kind === "dictionary") { forget(); draw(); }
    return poller.now();
  };
  watch("value", chosen);
  WB.on("changed", () => { known = false; poller.now(); });
  draw();
  chosen();
  return { draw, recolour: draw };
};
