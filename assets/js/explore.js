// The Explore tab: how likely two terms are synonyms, the nearest terms with their scores, examples to click.
WB.views.question = (root, { props }) => {
  const draw = () => root.replaceChildren(WB.h("h3", {}, WB.t(props.value.key)));
  draw();
  return { draw };
};

WB.answerState = (v, empty) => {
  const { h, t } = WB;
  if (!v || v.empty) return h("p.wb-small.wb-hint", {}, t(empty));
  if (v.working) return WB.bar(null, t("common.working"));
  if (v.preparing) return h("div.wb-gap.tight", {}, WB.bar(null, t("explore.preparing")), h("p.wb-small", {}, t("explore.preparing")));
  if (v.problem) return h("div.wb-verdict.worse", {}, h("i"), h("p", {}, WB.pick(v.problem)));
  return null;
};

WB.views.pair = (root, { props, watch }) => {
  const { h, t } = WB;
  const words = (p) => t("explore.verdict_" + (p >= 0.95 ? "sure" : p >= 0.7 ? "likely" : p >= 0.35 ? "maybe" : p >= 0.1 ? "unlikely" : "no"));
  const percent = (p) => (p >= 0.995 ? "> 99" : p <= 0.005 ? "< 1" : WB.number(p * 100));
  // A half circle from 0 to 100 %, drawn by dash length.
  const gauge = (p) => {
    const length = Math.PI * 54;
    const arc = "M 11 65 A 54 54 0 0 1 119 65";
    return h("svg.wb-gauge", { viewBox: "0 0 130 74", role: "img", "aria-label": t("explore.probability", { p: percent(p) }) },
      h("path", { d: arc, class: "track" }), h("path", { d: arc, class: "value", "stroke-dasharray": `${length * p} ${length}` }));
  };
  const one = (answer, v) => h("div.wb-answer", { "data-model": answer.model },
    v.answers.length > 1 && h("div.wb-small", {}, WB.pick(v.titles[answer.model]) || answer.model),
    h("div.wb-row", {}, h("div.wb-dial", {}, gauge(answer.probability), h("strong", {}, percent(answer.probability) + "%")),
      h("div.wb-gap.tight", {}, h("strong.wb-says", {}, words(answer.probability)),
        h("span.wb-small", {}, t("explore.percentile", { p: WB.number(answer.percentile, answer.percentile > 99 ? 1 : 0) })),
        answer.known && h("span.wb-chip.accent", {}, t("explore.known")),
        h("span.wb-faint", {}, t("explore.cosine", { c: WB.number(answer.cosine, 3) })))));
  const draw = () => {
    const v = props.value;
    // An old answer stays, dimmed, until the new one is there.
    root.classList.toggle("wb-dim", Boolean(v?.working && root.querySelector("[data-model]")));
    if (root.classList.contains("wb-dim")) return;
    root.replaceChildren(WB.answerState(v, "explore.pair_empty") || h("div.wb-gap", {}, v.answers.map((answer) => one(answer, v)),
      h("details.wb-small", {}, h("summary", {}, t("explore.meaning_title")), h("p", {}, t("explore.meaning")))));
  };
  draw();
  watch("value", draw);
  return { draw };
};

WB.views.suggestions = (root, { server, props, watch, trigger }) => {
  const { h, t } = WB;
  let pairs = [];
  let loaded = "";
  const asking = WB.newest();
  const draw = () => root.replaceChildren(...(pairs.length ? [h("div.wb-suggest", {}, h("span.wb-small", {}, t("explore.suggest")),
    pairs.map(([term, other]) => h("button.wb-term", { type: "button", onclick: () => trigger("pick", { term, other }) }, term)),
    WB.button(t("explore.other_suggestions"), () => load(true), "quiet", { id: "explore-others" }))] : []));
  const load = async (fresh) => {
    const name = props.value?.dictionary;
    if (!name) { pairs = []; draw(); return; }
    if (name === loaded && pairs.length && !fresh) return;
    loaded = name;
    const newest = asking();
    let found = [];
    try { found = (await WB.ask(server, "read_suggestions", { dictionary: name })).pairs.slice(0, 8); } catch { /* none then */ }
    if (newest()) { pairs = found; draw(); }
  };
  watch("value", () => load(false));
  load(false);
  return { draw };
};

WB.views.neighbours = (root, { props, watch, trigger }) => {
  const { h, t } = WB;
  let dictionary = null; // an answer about another one came too late
  const column = (v, model) => {
    const hits = v.hits[model];
    const low = Math.min(...hits.map((hit) => hit.score));
    const floor = Math.max(0, low - (Math.max(...hits.map((hit) => hit.score)) - low) * 0.25 - 0.01);
    return h("div", { "data-model": model }, h("div.wb-small.wb-column-head", {}, WB.pick(v.titles[model]) || model),
      h("ol.wb-hits", {}, hits.map((hit) => h("li" + (hit.known ? ".known" : ""), {},
        h("button", { type: "button", title: t("explore.score") + " " + WB.number(hit.score, 3), onclick: () => trigger("pick", { term: hit.term }) },
          h("span.wb-hit", {}, h("b", {}, hit.term), hit.known && h("span.wb-chip.accent", {}, t("explore.known_short")),
            h("small", {}, hit.standard === hit.term ? t("explore.is_standard") : hit.standard)),
          h("span.wb-hit-bar", {}, h("i", { style: { width: Math.max(2, ((hit.score - floor) / Math.max(1e-6, 1 - floor)) * 100) + "%" } })),
          h("span.wb-faint", {}, WB.number(hit.score, 2)))))));
  };
  const draw = () => {
    let v = props.value;
    if (v?.empty && v.dictionary) dictionary = v.dictionary;
    if (v?.dictionary && dictionary && v.dictionary !== dictionary) v = null;
    // An old answer stays, dimmed, until the new one is there.
    root.classList.toggle("wb-dim", Boolean(v?.working && root.querySelector("[data-model]")));
    if (root.classList.contains("wb-dim")) return;
    root.replaceChildren(WB.answerState(v, "explore.near_empty") || h("div.wb-gap.tight", {}, h("strong", {}, t("explore.neighbours_of", { term: v.term })),
      h("div.wb-columns", {}, v.models.map((model) => column(v, model)))));
  };
  // A term may be asked for (on the map) before this tab was ever opened.
  const wanted = () => { if (WB.wantedTerm) { trigger("pick", { term: WB.wantedTerm }); WB.wantedTerm = null; } };
  WB.on("explore-term", wanted);
  draw();
  watch("value", draw);
  setTimeout(wanted, 900);
  return { draw };
};
