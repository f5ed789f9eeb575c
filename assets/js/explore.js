// The Explore tab: a switch between its four questions, and what they share: asking and waiting, terms, words
// about two terms. Each part is a function that is given the tab and answers { node, draw, shown, chosen }.
WB.exploring = {};

// From any tab: the neighbours of a term, or two terms side by side.
WB.explorePair = (a, b) => { WB.wantedPair = [a, b]; WB.go("explore"); setTimeout(() => WB.emit("explore-term"), 400); };

// What was uploaded out of sight arrives here; the part that asked for it takes it.
WB.views.explore_file = (root, { props, watch }) => {
  watch("value", () => { if (props.value?.token) WB.emit("explore-file", props.value); });
  return {};
};

WB.views.explore = (root, { server, props, watch }) => {
  const { h, t } = WB;
  const PARTS = ["pair", "near", "match", "matrix"];
  const remembered = WB.store.get("explore.part");
  const tab = { dictionary: null, model: null, part: PARTS.includes(remembered) ? remembered : PARTS[0],
    choices: { models: [], lexical: [], rerankers: [], corpora: [], versions: {}, most_bytes: Infinity, file_types: [], meaning: null } };
  const client = Math.random().toString(36).slice(2) + Date.now().toString(36);
  tab.ask = (name, data = {}) => WB.ask(server, name, { client, ...data });
  tab.author = () => WB.store.get("editor.author") || "";
  tab.info = (model) => tab.choices.models.find((each) => each.id === model);
  tab.title = (model) => WB.pick(tab.info(model)?.title) || model;
  // The base of a tuned model, where it is a model that can be asked.
  tab.base = (model) => { const base = tab.info(model)?.base; return base && base !== model && tab.info(base) ? base : null; };

  // Asks until there is an answer. `progress` is told how far it is, `wanted` whether anybody still waits.
  tab.until = async (name, data, progress, wanted) => {
    for (;;) {
      const reply = await tab.ask(name, data);
      if (!wanted()) return null;
      if (!reply.task) return reply;
      if (reply.task.error) throw new WB.Problem(WB.pick(reply.task.error));
      progress(reply.task);
      await new Promise((resolve) => setTimeout(resolve, 300));
      if (!wanted()) return null;
    }
  };
  // What a part knows of its question: { task, problem, answer }. An old answer stays, dimmed, until the new one comes.
  // `told` puts an answer into a sentence for screen readers.
  tab.asking = (draw, told = () => "") => {
    const newest = WB.newest();
    const state = { task: null, problem: null, answer: null, busy: false };
    let drop = () => {};
    let before = "";
    const say = (renewed) => {
      const words = state.problem || (state.answer ? told(state.answer) : "");
      if (root.isConnected && WB.visible(root) && !(renewed && words === before)) WB.say(words, "explore");
      before = words;
    };
    // `renewed`: nobody asked; the dictionary has changed, and an answer that stays the same is not said again.
    state.ask = async (name, data, keep = true, renewed = false) => {
      const mine = newest();
      drop();
      let dropped = false;
      drop = () => { dropped = true; };
      const wanted = () => mine() && !dropped;
      Object.assign(state, { busy: true, task: null, problem: null }, keep ? {} : { answer: null });
      draw();
      try {
        const reply = await tab.until(name, data, (task) => { state.task = task; draw(); }, wanted);
        if (reply && wanted()) state.answer = reply.answer || reply;
      } catch (problem) { if (wanted()) { state.problem = problem.message; state.answer = null; } }
      if (!wanted()) return null;
      Object.assign(state, { busy: false, task: null });
      draw();
      say(renewed);
      return state.answer;
    };
    state.forget = () => { drop(); newest(); Object.assign(state, { task: null, problem: null, answer: null, busy: false }); };
    return state;
  };
  tab.waiting = (task) => h("div.wb-gap.tight.wb-explore-wait", { role: "status" }, WB.bar(task?.fraction > 0 && task.fraction < 1 ? task.fraction : null, t("common.working")),
    h("p.wb-small", {}, WB.pick(task?.words) || t("common.working")));
  tab.problem = (message) => h("div.wb-verdict.worse", {}, h("i"), h("p", {}, message));

  // ---- what the expert says of two terms; each word is a step that can be taken back
  let note = null;
  const tell = (words, actions = []) => { note?.remove(); note = WB.note(words, "", actions); };
  const sentence = (reply) => [reply.title ? WB.pick(reply.title) : t("explore.nothing_changed"), ...(reply.notes || []).map(WB.pick)].join(WB.lang === "zh" ? "；" : ". ").replace(/([。.])[；.]/g, "$1");
  // `dictionary` is that of the answer which is spoken of: the desk may say another one by now.
  tab.say = async (word, a, b, dictionary) => {
    const send = (each) => tab.ask("say", { dictionary, a, b, word: each, author: tab.author() });
    let reply = await send(word);
    if (reply.choose) {
      const [first, second] = reply.choose;
      const how = await WB.confirm(t("explore.both_title"), t("explore.both_text", { a, b, first, second }), [
        { label: t("explore.both_merge"), value: "merge", kind: "primary" }, { label: t("explore.both_add", { a, b, first, second }), value: "add" }]);
      if (!how) return false;
      reply = await send(how);
    }
    const back = async () => {
      try { const undone = await tab.ask("take_back", { dictionary, version: reply.version, author: tab.author() }); tell(sentence(undone)); changed(dictionary, undone.version); } catch (problem) { WB.note(problem.message, "problem"); }
    };
    tell(sentence(reply), reply.title ? [{ label: t("explore.undo"), run: back }] : []);
    changed(dictionary, reply.version);
    return true;
  };
  const renewed = () => { for (const name of PARTS) parts[name].changed?.(name === tab.part); };
  const changed = (dictionary, version) => { tab.choices.versions[dictionary] = version; WB.emit("touch"); renewed(); };

  // ---- pieces that several parts draw
  // A term as it is written, whatever its direction.
  tab.word = (term) => h("bdi", {}, term);
  const isLong = (pieces) => pieces.reduce((n, [text]) => n + text.length, 0) > 60;
  tab.pieces = (pieces) => h("bdi.wb-explore-term" + (isLong(pieces) ? ".long" : ""), { tabindex: isLong(pieces) ? 0 : null }, pieces.map(([text, on]) => (on ? h("mark", {}, text) : text)));
  tab.percent = (p) => (p >= 0.995 ? "> 99" : p <= 0.005 ? "< 1" : WB.number(p * 100)) + "%";
  tab.chip = (name, on, title, press, more = {}) => h("button.wb-chip" + (on ? ".on.accent" : ""), { type: "button", "data-chip": name, "aria-pressed": String(on), onclick: press, ...more }, title);
  // Links that lead on with a term.
  tab.onward = (term, ...more) => [
    ...more,
    WB.button(t("explore.on_map"), () => WB.use({ dictionary: tab.dictionary, model: tab.model }).then(() => WB.onMap(term)), "quiet", { "data-act": "map" }),
    WB.button(t("explore.in_editor"), () => WB.editTerm(term, tab.dictionary), "quiet", { "data-act": "editor" })];
  // A file may take a moment: its button says so.
  tab.download = (format, id, fetch) => WB.button(format.toUpperCase(), (e) => {
    const button = e.currentTarget;
    return WB.act(button, async () => {
      const slow = setTimeout(() => { button.textContent = t("explore.saving"); }, 400);
      try { const file = await fetch(format); WB.save(file.name, file.mime, file.base64); } finally { clearTimeout(slow); button.textContent = format.toUpperCase(); }
    });
  }, "", { id: `${id}-${format}`, title: t("explore.download") });
  tab.examples = async () => (tab.dictionary ? (await tab.ask("read_examples", { dictionary: tab.dictionary })).groups : []);

  const parts = Object.fromEntries(PARTS.map((name) => [name, WB.exploring[name](tab)]));
  const head = h("div.wb-segments.wb-explore-parts", { role: "tablist", id: "explore-parts" });
  const body = h("div", { id: "explore-body" });
  const drawHead = () => {
    const focused = head.contains(document.activeElement);
    head.setAttribute("aria-label", t("explore.parts"));
    head.replaceChildren(...PARTS.map((name) => h("button" + (tab.part === name ? ".on" : ""), { type: "button", role: "tab", id: `explore-part-${name}`, "aria-selected": String(tab.part === name), onclick: () => tab.go(name) }, t("explore.part_" + name))));
    if (focused) head.querySelector(".on")?.focus();
  };
  tab.go = (name) => {
    tab.part = name;
    WB.store.set("explore.part", name);
    drawHead();
    body.replaceChildren(parts[name].node);
    if (tab.dictionary) parts[name].shown?.();
  };
  tab.compare = (a, b) => { tab.go("pair"); parts.pair.take(a, b); };
  tab.walk = (term) => { tab.go("near"); parts.near.take(term, "dictionary"); };
  const draw = () => {
    if (!tab.dictionary) { root.replaceChildren(known ? WB.empty(t("common.no_dictionary"), null, WB.button(t("common.go_data"), () => WB.go("data"), "primary")) : WB.bar(null, t("common.loading"))); return; }
    for (const part of Object.values(parts)) part.draw();
    drawHead();
    body.replaceChildren(parts[tab.part].node);
    root.replaceChildren(h("div.wb-explore", {}, head, body));
  };
  let known = false;
  const refresh = async () => {
    const before = tab.choices;
    let found;
    try { found = await tab.ask("read_choices"); } catch { return; }
    tab.choices = found;
    const first = !known;
    known = true;
    if (first || JSON.stringify({ ...before, versions: 0 }) !== JSON.stringify({ ...found, versions: 0 })) { if (!tab.dictionary) draw(); else for (const part of Object.values(parts)) (part.choices || part.draw)(); }
    if (first && tab.dictionary) parts[tab.part].chosen?.();
    else if (before.versions[tab.dictionary] !== found.versions[tab.dictionary]) renewed();
  };
  // A term may be asked for on another tab before this one was ever opened.
  const wanted = () => {
    if (!tab.dictionary) return;
    if (WB.wantedPair) { const pair = WB.wantedPair; WB.wantedPair = null; tab.compare(...pair); }
    if (WB.wantedTerm) { const term = WB.wantedTerm; WB.wantedTerm = null; tab.walk(term); }
  };
  const chosen = () => {
    const { dictionary, model } = props.value || {};
    if ((dictionary || null) === tab.dictionary && (model || null) === tab.model) return;
    const other = tab.dictionary !== (dictionary || null);
    const first = !tab.dictionary;
    Object.assign(tab, { dictionary: dictionary || null, model: model || null });
    if (first) draw();
    if (!tab.dictionary) { draw(); return; }
    for (const part of Object.values(parts)) part.chosen?.(other);
    if (known) parts[tab.part].shown?.();
    wanted();
  };
  WB.on("explore-term", wanted);
  WB.on("changed", refresh);
  WB.on("explore-file", (file) => parts[tab.part].file?.(file));
  watch("value", chosen);
  draw();
  chosen();
  refresh().then(() => { if (tab.dictionary) parts[tab.part].shown?.(); wanted(); });
  return { draw, recolour: () => parts.matrix.recolour() };
};
