// Explore, two terms: how likely they are synonyms under each chosen model, and why.
WB.exploring.pair = (tab) => {
  const { h, t } = WB;
  const state = { a: "", b: "", asked: null };
  const chosen = new Map(); // model -> put on or taken off by hand; the others follow the desk
  let examples = [];
  let from = null;
  const input = (key) => h("input.wb-box", { type: "text", maxlength: 2000, dir: "auto", spellcheck: "false", autocomplete: "off", value: state[key],
    oninput: (e) => { state[key] = e.target.value; }, onkeydown: (e) => { if (e.key === "Enter" && !e.isComposing) compare(); } });
  const first = input("a"), other = input("b");
  const form = h("div.wb-card.wb-gap.tight");
  const answers = h("div.wb-gap", { id: "explore-pair" });
  const node = h("div.wb-gap", {}, form, answers);
  const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);
  const told = (v) => {
    const one = (each) => t("explore.told_answer", { p: tab.percent(each.probability), words: lower(words(each.probability)) });
    const by = (each) => t("explore.told_by", { answer: one(each), model: WB.pick(v.titles[each.model]) || each.model });
    return t("explore.told_pair", { a: v.a, b: v.b, answers: v.answers.map(v.answers.length > 1 ? by : one).join(t("common.semicolon")) });
  };
  const asking = tab.asking(() => drawAnswer(), told);

  // ---- which models
  const wants = (model) => chosen.get(model) ?? (model === tab.model || model === tab.base(tab.model));
  const models = () => {
    const all = tab.choices.models.filter((each) => wants(each.id)).map((each) => each.id);
    const lead = [tab.model, tab.base(tab.model)].filter((each) => all.includes(each));
    return [...lead, ...all.filter((each) => !lead.includes(each))].slice(0, 12);
  };
  const toggle = (model) => { chosen.set(model, !wants(model)); if (!models().length) chosen.set(model, true); drawForm(); again(); };
  const chips = () => {
    const shown = tab.choices.models.filter((each) => each.ready || wants(each.id));
    const few = shown.length <= 5 ? shown : shown.filter((each) => wants(each.id));
    const rest = shown.filter((each) => !few.includes(each));
    return h("div.wb-row.wrap.wb-explore-chips", { id: "explore-models", role: "group", "aria-label": t("explore.models") }, h("span.wb-small", {}, t("explore.models")),
      few.map((each) => tab.chip(each.id, wants(each.id), WB.pick(each.title), () => toggle(each.id))),
      rest.length ? WB.menu("explore-more-models", t("explore.more_models"), rest.map((each) => h("button", { type: "button", onclick: () => toggle(each.id) }, WB.pick(each.title)))) : null);
  };

  // ---- asking
  const compare = () => {
    const a = state.a.trim(), b = state.b.trim();
    if (!a || !b) { (a ? other : first).focus(); return; }
    state.asked = [a, b];
    again();
  };
  const again = (keep = true, renewed = false) => {
    if (!state.asked || !tab.dictionary || !models().length) return;
    const [a, b] = state.asked;
    asking.ask("ask_pair", { a, b, models: models(), dictionary: tab.dictionary }, keep, renewed);
  };
  const put = (a, b) => { first.value = state.a = a; other.value = state.b = b; };
  const load = async (fresh) => {
    if (!tab.dictionary || (from === tab.dictionary && !fresh)) return;
    const dictionary = from = tab.dictionary;
    let found = [];
    try { found = await tab.examples(); } catch { if (from === dictionary) from = null; }
    if (dictionary !== tab.dictionary) return;
    examples = found.slice(0, 6);
    drawForm();
    if (fresh) WB.say([t("explore.suggest"), WB.few(examples.map(([a, b]) => `${a} ~ ${b}`))].join(" "), "explore");
  };

  // ---- the form
  const drawForm = () => WB.keepFocus(form, () => {
    for (const [field, key] of [[first, "first"], [other, "other"]]) { field.placeholder = t("explore." + key); field.setAttribute("aria-label", t("explore." + key)); }
    form.replaceChildren(
      h("div.wb-explore-two", {}, h("div", { id: "explore-first" }, first),
        h("button.wb-icon", { type: "button", id: "explore-swap", title: t("explore.swap"), "aria-label": t("explore.swap"), onclick: () => { put(state.b, state.a); if (state.asked) compare(); } }, "⇄"),
        h("div", { id: "explore-other" }, other), WB.button(t("explore.compare"), compare, "primary", { id: "explore-compare" })),
      chips(),
      h("div.wb-suggest", { id: "explore-suggestions" }, examples.length ? [h("span.wb-small", {}, t("explore.suggest")),
        examples.map(([a, b]) => h("button.wb-term", { type: "button", onclick: () => { put(a, b); compare(); } }, tab.word(a), h("i", {}, " ~ "), tab.word(b))),
        WB.button(t("explore.other_suggestions"), () => load(true), "quiet", { id: "explore-others" })] : null));
  });

  // ---- the answer
  const words = (p) => t("explore.verdict_" + (p >= 0.95 ? "sure" : p >= 0.7 ? "likely" : p >= 0.35 ? "maybe" : p >= 0.1 ? "unlikely" : "no"));
  // A half circle from 0 to 100 %, drawn by dash length.
  const gauge = (p) => {
    const length = Math.PI * 54;
    const arc = "M 11 65 A 54 54 0 0 1 119 65";
    return h("svg.wb-gauge", { viewBox: "0 0 130 74", role: "img", "aria-label": t("explore.probability", { p: tab.percent(p) }) },
      h("path", { d: arc, class: "track" }), h("path", { d: arc, class: "value", "stroke-dasharray": `${length * p} ${length}` }));
  };
  const one = (v) => (each) => h("div.wb-answer", { "data-model": each.model }, h("div.wb-small", {}, WB.pick(v.titles[each.model]) || each.model),
    h("div.wb-row", {}, h("div.wb-dial", {}, gauge(each.probability), h("strong", {}, WB.term("probability", tab.percent(each.probability)))),
      h("div.wb-gap.tight", {}, h("strong.wb-says", {}, words(each.probability)), h("span.wb-small", {}, WB.term("percentile", t("explore.percentile", { p: WB.number(each.percentile, each.percentile > 99 ? 1 : 0) }))),
        h("span.wb-faint", {}, WB.term("cosine", t("explore.cosine", { c: WB.number(each.cosine, 3) }))))));
  const group = (term, standard) => h("li", {}, tab.word(term), " — ", standard == null ? t("explore.no_group") : standard === term ? t("explore.is_standard") : h("span", {}, t("explore.in_group"), " ", h("b", {}, tab.word(standard))));
  const line = (title, ...content) => h("div.wb-explore-why-line", {}, h("dt", {}, title), h("dd", {}, content));
  const why = (v) => {
    const w = v.why;
    return h("section.wb-card.wb-explore-why", { id: "explore-why" }, h("h3", {}, t("explore.why")), h("dl", {},
      line(t("explore.why_shared"), w.shared.length ? t("explore.why_overlap", { n: w.shared.length, p: WB.number(w.overlap * 100) }) : t("explore.why_nothing")),
      line(t("explore.why_groups"), h("ul", {}, group(v.a, w.group_a), group(v.b, w.group_b))),
      line(t("explore.why_neighbours"), w.neighbours.length ? h("div.wb-terms", {}, w.neighbours.map((each) => h("button.wb-term", { type: "button", title: t("explore.why_scores", { a: v.a, b: v.b, x: WB.number(each.a, 2), y: WB.number(each.b, 2) }), onclick: () => tab.walk(each.term) }, tab.word(each.term)))) : t("explore.why_none")),
      w.nearest && line(t("explore.why_nearest"), h("button.wb-term", { type: "button", title: t("explore.score") + " " + WB.number(w.nearest.score, 2), onclick: () => tab.compare(w.nearest.synonym, w.nearest.standard) }, tab.word(w.nearest.synonym), h("i", {}, " ~ "), tab.word(w.nearest.standard)))));
  };
  const act = (word, label, kind, v) => WB.button(label, (e) => WB.act(e.currentTarget, () => tab.say(word, v.a, v.b, v.dictionary)), kind, { "data-act": word });
  const stands = (v) => h("div.wb-row.wrap.spread.wb-explore-stands", {}, h("div.wb-row.wrap", {},
    v.known ? h("span.wb-chip.accent", { "data-stands": "known" }, t("explore.known")) : v.apart ? h("span.wb-chip.warn", { "data-stands": "apart" }, t("explore.marked_apart")) : h("span.wb-chip", { "data-stands": "open" }, t("explore.unknown")),
    !v.known && !v.apart && act("synonyms", t("explore.say_synonyms"), v.why.group_a != null && v.why.group_b != null ? "" : "primary", v), // not urged where two groups would be merged
    v.apart && act("unmark", t("explore.say_unmark"), "", v),
    !v.apart && act("apart", t("explore.say_apart"), "", v)),
  h("div.wb-row.wrap", {}, tab.onward(v.why.group_a != null ? v.a : v.why.group_b != null ? v.b : v.a)));
  const drawAnswer = () => {
    const v = asking.answer;
    answers.classList.toggle("wb-dim", Boolean(v && asking.busy));
    if (v && asking.busy && !asking.task) return;
    if (asking.problem) { answers.replaceChildren(tab.problem(asking.problem)); return; }
    if (!v) { answers.replaceChildren(asking.busy ? h("div.wb-card", {}, tab.waiting(asking.task)) : WB.empty(t("explore.pair_empty"), t("explore.pair_hint"))); return; }
    answers.replaceChildren(h("div.wb-gap", {}, asking.task && tab.waiting(asking.task),
      h("div.wb-card.wb-explore-head", {}, h("div.wb-explore-terms", {}, tab.pieces(v.why.a), h("span.wb-faint", {}, "~"), tab.pieces(v.why.b)), stands(v)),
      h("div.wb-explore-answer", {}, h("section.wb-card.wb-explore-dials", {}, v.answers.map(one(v)),
        h("details.wb-small", {}, h("summary", {}, t("explore.meaning_title")), h("p", {}, WB.pick(tab.choices.meaning)))), why(v))));
  };
  return {
    node,
    draw() { drawForm(); drawAnswer(); },
    shown() { load(false); if (state.asked && !asking.answer && !asking.busy) again(); },
    chosen(other) { drawForm(); if (other) { asking.forget(); drawAnswer(); examples = []; } if (tab.part === "pair") { load(false); again(!other); } else asking.forget(); },
    changed(seen) { if (seen) again(true, true); else asking.forget(); },
    take(a, b) { put(a, b); compare(); },
  };
};
