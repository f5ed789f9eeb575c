// Explore, neighbours: what is nearest to a term or a sentence, under several systems side by side.
WB.exploring.near = (tab) => {
  const { h, t } = WB;
  const SIZES = [10, 20, 50];
  const FILTERS = { known: ["all", "known", "unknown"], language: ["all", "zh", "en"] };
  const state = { text: "", asked: null, kind: "dictionary", corpus: "", list: null, k: 10, known: "all", language: "all", group: "", lead: null };
  const put = new Map(); // a system's role -> put on or taken off by hand
  const trail = []; // the terms one came by
  let examples = [];
  let from = null;
  const field = h("input.wb-box", { type: "text", maxlength: 2000, dir: "auto", spellcheck: "false", autocomplete: "off", oninput: () => { state.text = field.value; },
    onkeydown: (e) => { if (e.key === "Enter" && !e.isComposing) find(); } });
  const form = h("div.wb-card.wb-gap.tight");
  const result = h("div.wb-gap", { id: "explore-neighbours" });
  const node = h("div.wb-gap", {}, form, result);
  const told = ({ text, columns, titles }) => {
    const [{ system, hits }] = columns;
    if (!hits.length) return t("explore.near_none");
    const words = t("explore.told_near", { n: hits.length, term: text, first: WB.few(hits.map((hit) => hit.term)) });
    return columns.length > 1 ? t("explore.told_by", { answer: words, model: WB.pick(titles[system]) || system }) : words;
  };
  const asking = tab.asking(() => drawAnswer(), told);
  const list = WB.exploring.list(tab, (kept) => { state.list = kept; drawForm(); again(false); });

  const GLOSS = { base: "base_model", tfidf: "tfidf", bm25_words: "bm25", bm25_chars: "bm25", bm25: "bm25", bow: "lexical", exact: "lexical", hybrid: "hybrid", rerank: "reranker" };
  // ---- which systems: by their role, so that they follow the model of the desk
  const roles = () => {
    const base = tab.base(tab.model);
    const others = tab.choices.models.filter((each) => each.ready && each.id !== tab.model && each.id !== base);
    return [
      base && { role: "base", id: base, title: tab.title(base), on: true },
      tab.model && { role: "model", id: tab.model, title: tab.title(tab.model), on: true },
      ...tab.choices.lexical.map((each) => ({ role: each.id, id: each.id, title: WB.pick(each.title), on: each.id === "tfidf" && !base })),
      tab.model && { role: "hybrid", id: `hybrid(${tab.model}+tfidf)`, title: t("explore.role_hybrid"), on: false },
      ...tab.choices.rerankers.map((each) => tab.model && { role: "rerank " + each, id: `rerank(${tab.model}+${each})`, title: t("explore.role_rerank", { reranker: each }), on: false }),
      ...others.map((each) => ({ role: "other " + each.id, id: each.id, title: WB.pick(each.title), on: false, rare: true })),
    ].filter(Boolean).map((each) => ({ ...each, on: put.get(each.role) ?? each.on }));
  };
  const systems = () => {
    const ids = [...new Set(roles().filter((each) => each.on).map((each) => each.id))].slice(0, 6);
    return state.lead && ids.includes(state.lead) ? [state.lead, ...ids.filter((id) => id !== state.lead)] : ids;
  };
  const toggle = (each) => {
    put.set(each.role, !each.on);
    if (!systems().length) put.set(each.role, true);
    drawForm();
    again();
  };
  const source = () => (state.kind === "dictionary" ? `dictionary:${tab.dictionary}` : state.kind === "corpus" ? state.corpus && `corpus:${state.corpus}` : state.list && `list:${state.list.id}`);

  // ---- asking
  const find = () => {
    const text = field.value.trim();
    if (!text) { field.focus(); return; }
    if (state.asked && state.asked !== text) trail.push(state.asked);
    state.asked = text;
    again(false);
  };
  const again = (keep = true, renewed = false) => {
    const where = source();
    if (!state.asked || !tab.dictionary || !where || !systems().length) { asking.forget(); drawAnswer(); return; }
    const { k, known, language } = state;
    const group = state.kind === "dictionary" ? state.group : "";
    asking.ask("ask_near", { text: state.asked, source: where, systems: systems(), dictionary: tab.dictionary, k, known, language, group }, keep, renewed);
  };
  const take = (text, kind = state.kind) => {
    if (kind !== state.kind) { state.kind = kind; drawForm(); }
    field.value = state.text = text;
    find();
  };
  const back = () => { const text = trail.pop(); if (text == null) return; field.value = state.text = state.asked = text; again(false); };
  const load = async () => {
    if (!tab.dictionary || from === tab.dictionary) return;
    const dictionary = from = tab.dictionary;
    let found = [];
    try { found = await tab.examples(); } catch { if (from === dictionary) from = null; }
    if (dictionary === tab.dictionary) { examples = found.slice(0, 8).map((group) => group.at(-1)); drawAnswer(); }
  };

  // ---- the form
  const kinds = () => ["dictionary", ...(tab.choices.corpora.length ? ["corpus"] : []), "list"];
  const setKind = (kind) => {
    state.kind = kind;
    if (kind === "corpus" && !tab.choices.corpora.some((each) => each.name === state.corpus)) state.corpus = tab.choices.corpora[0]?.name || "";
    drawForm();
    again(false);
  };
  const select = (id, label, options, value, change) => h("select.wb-box.wb-explore-select", { id, "aria-label": label, title: label, onchange: (e) => change(e.target.value) }, options.map(([key, words]) => h("option", { value: key, selected: String(key) === String(value) }, words)));
  const groupField = h("input.wb-box.wb-explore-select", { type: "search", id: "explore-group", maxlength: 200, dir: "auto" });
  groupField.addEventListener("input", () => { clearTimeout(groupField.timer); groupField.timer = setTimeout(() => { state.group = groupField.value.trim(); again(); }, 300); });
  const drawForm = () => WB.keepFocus(form, () => {
    field.placeholder = t("explore.near_text");
    field.setAttribute("aria-label", t("explore.near_text"));
    groupField.placeholder = t("explore.filter_group");
    groupField.setAttribute("aria-label", t("explore.filter_group"));
    const all = roles();
    const rare = all.filter((each) => each.rare && !each.on);
    form.replaceChildren(...[
      h("div.wb-explore-ask", {}, h("button.wb-icon", { type: "button", id: "explore-back", disabled: !trail.length, title: trail.length ? t("explore.back_to", { term: trail.at(-1) }) : t("explore.back"), "aria-label": t("explore.back"), onclick: back }, "←"),
        h("div.wb-grow", { id: "explore-term" }, field), WB.button(t("explore.find"), find, "primary", { id: "explore-find" })),
      h("div.wb-row.wrap.wb-explore-tools", {}, h("span.wb-small", {}, t("explore.in")),
        h("div.wb-segments.small", { role: "radiogroup", id: "explore-source", "aria-label": t("explore.in") }, kinds().map((kind) => h("button" + (state.kind === kind ? ".on" : ""), { type: "button", role: "radio", "aria-checked": String(state.kind === kind), "data-value": kind, onclick: () => setKind(kind) }, t("explore.in_" + kind)))),
        state.kind === "corpus" && select("explore-corpus", t("explore.in_corpus"), tab.choices.corpora.map((each) => [each.name, each.name]), state.corpus, (value) => { state.corpus = value; again(false); }),
        select("explore-known", t("explore.filter_known"), FILTERS.known.map((each) => [each, t("explore.known_" + each)]), state.known, (value) => { state.known = value; again(); }),
        select("explore-language", t("explore.filter_language"), FILTERS.language.map((each) => [each, t("explore.language_" + each)]), state.language, (value) => { state.language = value; again(); }),
        state.kind === "dictionary" && groupField,
        select("explore-k", t("explore.size"), SIZES.map((n) => [n, t("explore.first_n", { n })]), state.k, (value) => { state.k = Number(value); again(); })),
      state.kind === "list" && (list.draw(), list.node),
      h("div.wb-row.wrap.wb-explore-chips", { id: "explore-systems", role: "group", "aria-label": t("explore.systems") }, h("span.wb-small", {}, t("explore.systems")),
        all.filter((each) => !each.rare || each.on).map((each) => tab.chip(each.role, each.on, each.title, () => toggle(each), WB.gloss(GLOSS[each.role.split(" ")[0]]))),
        rare.length ? WB.menu("explore-more-systems", t("explore.more_models"), rare.map((each) => h("button", { type: "button", onclick: () => toggle(each) }, each.title))) : null)].filter(Boolean));
  });

  // ---- the answer
  const light = (term) => { for (const item of result.querySelectorAll(".wb-hits li")) item.classList.toggle("lit", term != null && item.dataset.term === term); };
  const movement = (hit, place) => {
    if (place === 0) return null;
    if (hit.moved == null) return h("span.wb-moved.fresh", { title: t("explore.moved_new") }, t("explore.moved_fresh"));
    if (!hit.moved) return h("span.wb-moved", { title: t("explore.moved_none") }, "·");
    const up = hit.moved > 0;
    return h("span.wb-moved." + (up ? "up" : "down"), { title: t(up ? "explore.moved_up" : "explore.moved_down", { n: Math.abs(hit.moved) }) }, (up ? "▲" : "▼") + Math.abs(hit.moved));
  };
  const say = (v, word, hit, label, sign) => h("button.wb-say", { type: "button", "data-act": word, title: label, "aria-label": label, onclick: (e) => WB.act(e.currentTarget, () => tab.say(word, v.text, hit.term, v.dictionary)) }, sign);
  const column = (v, { system, hits, told }, place) => {
    const scores = hits.map((hit) => hit.score);
    const low = Math.min(...scores), high = Math.max(...scores);
    const floor = low - (high - low) * 0.35 - 1e-6;
    const item = (hit) => h("li" + (hit.known ? ".known" : "") + (hit.apart ? ".apart" : ""), { "data-term": hit.term, onmouseenter: () => light(hit.term), onmouseleave: () => light(null) },
      h("span.wb-place", {}, hit.rank),
      h("button.wb-hit-go", { type: "button", title: hit.term.length > 120 ? hit.term : t("explore.walk"), onclick: () => take(hit.term) },
        h("span.wb-hit", {}, h("b", { dir: "auto" }, tab.word(hit.term)), hit.known && h("span.wb-chip.accent", {}, t("explore.known_short")), hit.apart && h("span.wb-chip.warn", {}, t("explore.apart_short")),
          hit.standard != null && h("small", {}, hit.standard === hit.term ? t("explore.is_standard") : tab.word(hit.standard))),
        h("span.wb-hit-bar", {}, h("i", { style: { width: Math.max(3, ((hit.score - floor) / Math.max(1e-6, high - floor)) * 100) + "%" } }))),
      h("span.wb-hit-end", {}, movement(hit, place), h("span.wb-faint", { title: t("explore.score") + " " + WB.number(hit.score, 3) }, hit.p == null ? WB.number(hit.score, Math.abs(hit.score) < 0.1 ? 3 : 2) : tab.percent(hit.p)),
        h("span.wb-says-row", {}, !hit.known && !hit.apart && [say(v, "synonyms", hit, t("explore.add_hit", { term: v.text, hit: hit.term }), "＋"), say(v, "apart", hit, t("explore.apart_hit", { term: v.text, hit: hit.term }), "≠")])));
    return h("section", { "data-model": system }, h("header.wb-column-head", { title: [WB.pick(v.titles[system]), WB.pick(told)].filter(Boolean).join("\n") || null }, v.columns.length > 1 && place > 0
      ? h("button.wb-explore-lead", { type: "button", title: t("explore.lead_by"), onclick: () => { state.lead = system; again(); } }, WB.pick(v.titles[system]) || system) : h("span", {}, WB.pick(v.titles[system]) || system)),
    hits.length ? h("ol.wb-hits", {}, hits.map(item)) : h("p.wb-small.wb-hint", {}, t("explore.near_none")));
  };
  const empty = () => {
    if (state.kind === "list" && !state.list) return WB.empty(t("explore.list_empty"), t("explore.list_hint"));
    return WB.empty(t("explore.near_empty"), t("explore.near_hint"), examples.map((term) => h("button.wb-term", { type: "button", onclick: () => take(term) }, tab.word(term))));
  };
  const drawAnswer = () => {
    const v = asking.answer;
    const button = form.querySelector("#explore-back");
    if (button) { button.disabled = !trail.length; button.title = trail.length ? t("explore.back_to", { term: trail.at(-1) }) : t("explore.back"); }
    result.classList.toggle("wb-dim", Boolean(v && asking.busy));
    if (v && asking.busy && !asking.task) return;
    if (asking.problem) { result.replaceChildren(tab.problem(asking.problem)); return; }
    if (!v) { result.replaceChildren(asking.busy ? h("div.wb-card", {}, tab.waiting(asking.task)) : empty()); return; }
    result.replaceChildren(h("div.wb-card.wb-gap.tight", {}, asking.task && tab.waiting(asking.task),
      h("div.wb-row.wrap.spread", {}, h("h3.wb-explore-of", {}, h("span.wb-soft", {}, t("explore.near_of")), " ", h("bdi", { title: v.text }, v.text)), h("div.wb-row", {}, tab.onward(v.text))),
      h("div.wb-columns.wb-explore-columns", { style: { "--columns": String(v.columns.length) } }, v.columns.map((each, place) => column(v, each, place))),
      v.columns.length > 1 && h("p.wb-faint", {}, t("explore.moved_help", { system: WB.pick(v.titles[v.columns[0].system]) || v.columns[0].system }))));
  };
  return {
    node,
    draw() { drawForm(); drawAnswer(); },
    choices() { drawForm(); },
    shown() { load(); if (state.asked && !asking.answer && !asking.busy) again(); },
    chosen(other) {
      if (other) { asking.forget(); examples = []; trail.length = 0; state.lead = null; }
      drawForm(); drawAnswer();
      if (tab.part === "near") { load(); again(!other); } else asking.forget();
    },
    changed(seen) { if (seen) again(true, true); else asking.forget(); },
    file(file) { list.file(file); },
    take,
  };
};
