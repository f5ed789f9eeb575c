// Making pairs from a dictionary: the form on the left, what comes of it on the right, saved sets beneath.
WB.pairs.ORIGINS = ["synonym", "apart", "random", "lexical", "mined"];

// Two texts that differ in one place: what is before it, in it and after it. Whole words where there are spaces.
WB.pairs.parts = (a, b) => {
  const word = (c) => c !== undefined && /[\p{Script=Latin}\p{N}]/u.test(c);
  const [x, y] = [[...a], [...b]];
  let start = 0;
  let end = 0;
  while (start < Math.min(x.length, y.length) && x[start] === y[start]) start += 1;
  while (start > 0 && word(x[start - 1]) && (word(x[start]) || word(y[start]))) start -= 1;
  const room = Math.min(x.length, y.length) - start;
  while (end < room && x[x.length - 1 - end] === y[y.length - 1 - end]) end += 1;
  const inside = (text) => word(text[text.length - end]) && word(text[text.length - end - 1]);
  while (end > 0 && (inside(x) || inside(y))) end -= 1;
  const cut = (text) => [text.slice(0, start).join(""), text.slice(start, text.length - end).join(""), text.slice(text.length - end).join("")];
  return [cut(x), cut(y)];
};
// Both texts of a row as nodes, the place that was filled in marked.
WB.pairs.marked = (row, templates) => {
  const { h } = WB;
  if (row.context === "term" || row.context == null) return [row.a, row.b];
  const frame = row.context === "template" && templates.map((each) => each.split("{}")).find(([before, after]) => [row.a, row.b].every((text) => text.startsWith(before) && text.endsWith(after) && text.length > before.length + after.length));
  const cut = frame ? [row.a, row.b].map((text) => [frame[0], text.slice(frame[0].length, text.length - frame[1].length), frame[1]]) : WB.pairs.parts(row.a, row.b);
  return cut.map(([before, term, after]) => [before, h("mark", {}, term), after]);
};

WB.pairs.make = (tab) => {
  const { h, t } = WB;
  const client = Math.random().toString(36).slice(2) + Date.now().toString(36);
  const state = { positives: "standard_synonym", cap: 0, terms_alone: true, templates: "", corpus: "", per_term: 3, share: 50,
    random: true, lexical: true, mined: false, random_part: 1, lexical_part: 1, mined_part: 1, model: "", limit: 50000, near: 95, seed: 0, open: false };
  const node = h("div.wb-gap");
  const left = h("div.wb-card.wb-form", { id: "pairs-form" });
  const right = h("div.wb-card.wb-pairs-preview", { id: "pairs-preview" });
  const result = h("div.wb-gap.tight", { id: "pairs-result" });
  const saving = h("div.wb-pairs-save");
  const heading = h("h3");
  const mining = h("div.wb-gap.tight"); // beside the model, since its vectors may take a while
  const sets = WB.pairs.sets(tab);
  let preview = null;
  let task = null;
  let problem = null;
  let making = null; // the name of the set that is being made
  let name = null; // null: the proposed one
  let turn = 0;
  let timer = 0;

  const recipe = () => ({ positives: state.positives, cap_per_concept: state.cap, terms_alone: state.terms_alone,
    templates: state.templates.split("\n").map((line) => line.trim()).filter(Boolean), corpus: state.corpus || null, sentences_per_term: state.per_term,
    positive_share: state.share / 100, negatives: Object.fromEntries(["random", "lexical", "mined"].map((kind) => [kind, state[kind] ? state[kind + "_part"] : 0])),
    limit: state.limit, near_duplicate: state.near, seed: state.seed });
  const wish = () => ({ dictionary: tab.dictionary, model: state.mined ? state.model : "", recipe: recipe() });

  // ---- the preview follows the form
  const ask = async () => {
    if (!tab.dictionary || !WB.visible(node)) return;
    const mine = ++turn;
    right.classList.add("stale");
    let reply = null;
    let said = null;
    try { reply = await tab.ask("preview_pairs", { client, ...wish() }); } catch (error) { said = error.message; }
    if (mine !== turn) return;
    problem = said || (reply.task?.error && WB.pick(reply.task.error)) || null;
    task = problem ? null : reply.task || null;
    if (task) timer = setTimeout(ask, 400);
    else { right.classList.remove("stale"); preview = problem ? null : reply.preview; }
    drawResult();
  };
  const soon = (pause = 350) => { clearTimeout(timer); turn += 1; timer = setTimeout(ask, pause); };

  const bar = (counts, total) => h("div.wb-stack", { role: "img", "aria-label": WB.pairs.ORIGINS.filter((each) => counts[each]).map((each) => `${t("pairs.origin_" + each)} ${counts[each]}`).join(", ") },
    WB.pairs.ORIGINS.filter((each) => counts[each]).map((each) => h("i." + each, { style: { width: (100 * counts[each]) / total + "%" } })));
  const legend = (counts) => h("div.wb-stack-legend", {}, WB.pairs.ORIGINS.filter((each) => counts[each]).map((each) => h("span", { "data-origin": each }, h("i." + each), t("pairs.origin_" + each), h("b", {}, WB.number(counts[each])))));
  const row = (each) => {
    const [a, b] = WB.pairs.marked(each, recipe().templates);
    return h("tr", { "data-origin": each.origin }, h("td", {}, h("span.wb-label" + (each.label >= 0.5 ? ".yes" : ""), { title: t(each.label >= 0.5 ? "pairs.label_1" : "pairs.label_0") }, each.label)),
      h("td", {}, a), h("td", {}, b), h("td.wb-nowrap", {}, h("i.wb-dot." + each.origin), t("pairs.origin_" + each.origin)));
  };
  const drawResult = () => {
    mining.replaceChildren(...(task && state.mined ? [WB.bar(task.fraction || null, t("common.working")), h("p.wb-small", {}, WB.pick(task.words) || t("pairs.preview_wait"))] : []));
    mining.hidden = !mining.firstChild;
    heading.textContent = t("pairs.preview");
    const title = preview ? h("p.wb-small", { id: "pairs-preview-of" }, t("pairs.preview_of", { n: WB.number(preview.rows.length), possible: WB.number(preview.possible) })) : "";
    if (problem) result.replaceChildren(title, h("div.wb-verdict.worse", { id: "pairs-problem" }, h("i"), h("p", {}, problem)));
    else if (!preview) result.replaceChildren(title, h("div.wb-gap.tight.wb-pairs-wait", {}, WB.bar(task?.fraction || null, t("common.working")), h("p.wb-small", {}, WB.pick(task?.words) || t("pairs.preview_wait"))));
    else result.replaceChildren(...[title,
      task ? h("div.wb-row", {}, h("div.wb-grow", {}, WB.bar(task.fraction || null, t("common.working"))), h("span.wb-small", {}, WB.pick(task.words) || t("pairs.preview_wait"))) : "",
      ...(preview.rows.length ? [bar(preview.counts, preview.rows.length), legend(preview.counts)] : []),
      preview.notes.length ? h("ul.wb-pairs-notes", { id: "pairs-notes" }, preview.notes.map((note) => h("li", {}, WB.pick(note)))) : "",
      preview.rows.length ? h("div.wb-pairs-rows", { tabindex: 0, role: "region", "aria-label": t("pairs.preview") }, h("table.wb-table", { id: "pairs-sample" },
        h("thead", {}, h("tr", {}, h("th", {}, t("pairs.col_label")), h("th", {}, t("pairs.col_a")), h("th", {}, t("pairs.col_b")), h("th", {}, t("pairs.col_origin")))),
        h("tbody", {}, preview.rows.map(row)))) : h("p", {}, t("pairs.preview_none"))]);
    drawSaving();
  };

  // ---- saving
  const proposed = () => {
    const wanted = t("pairs.name_default", { dictionary: tab.dictionary || "" });
    let free = wanted;
    for (let n = 2; sets.has(free); n += 1) free = `${wanted} ${n}`;
    return free;
  };
  const drawSaving = () => {
    if (making) {
      saving.replaceChildren(h("div.wb-grow.wb-gap.tight", {}, h("span.wb-small", {}, WB.pick(making.task?.words) || t("common.working")), WB.bar(making.task?.fraction || null, t("common.working"))),
        WB.button(t("pairs.stop"), (e) => WB.act(e.currentTarget, () => tab.ask("make_stop", { name: making.name })), "", { id: "pairs-stop" }));
      return;
    }
    let field = saving.querySelector("#pairs-name");
    if (!field || field.dataset.language !== WB.lang) {
      field = h("input.wb-box", { type: "text", id: "pairs-name", maxlength: 80, "aria-label": t("pairs.name"), placeholder: t("pairs.name"), "data-language": WB.lang, oninput: () => { name = field.value; } });
      field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) save(); });
      saving.replaceChildren(field, WB.button(t("pairs.save"), () => save(), "primary", { id: "pairs-save" }));
    }
    if (name === null && document.activeElement !== field) field.value = proposed();
    WB.able(saving.querySelector("#pairs-save"), problem || !preview?.rows.length ? t("why.pairs") : null);
  };
  const follow = async (reply) => {
    while (reply.task && !reply.task.error) {
      making.task = reply.task;
      drawSaving();
      await new Promise((resolve) => setTimeout(resolve, 350));
      reply = await tab.ask("make_state", { name: making.name });
    }
    if (reply.task) throw new WB.Problem(WB.pick(reply.task.error));
    return reply.set;
  };
  const save = async () => {
    const field = saving.querySelector("#pairs-name");
    const wanted = field.value.trim();
    if (making || !wanted) { field?.focus(); return; }
    const replace = sets.has(wanted);
    if (replace && !await WB.confirm(t("pairs.replace_title", { name: wanted }), t("pairs.replace_text"), [{ label: t("pairs.replace"), value: true, kind: "danger" }])) return;
    making = { name: wanted, task: null };
    drawSaving();
    try {
      const made = await follow(await tab.ask("make_set", { name: wanted, replace, ...wish() }));
      WB.note(t("pairs.saved", { name: made.name, n: WB.number(made.rows) }));
      name = null;
    } catch (error) { WB.note(error.message, "problem"); }
    making = null;
    saving.replaceChildren();
    await sets.refresh();
    drawSaving();
  };

  // ---- the form
  const share = h("b.wb-share", { id: "pairs-share-shown" });
  const shown = () => { share.textContent = WB.number(state.share) + " %"; };
  let corpus = null;
  let model = null;
  let models = "";
  const corpora = () => [["", t("pairs.corpus_none")], ...tab.choices.corpora.map((each) => [each.name, t("pairs.corpus_texts", { name: each.name, n: WB.number(each.texts) })])];
  const formNow = () => {
    const form = WB.form(state, (key) => {
      if (key === "share") shown();
      if (["positives", "corpus", "mined", "random", "lexical"].includes(key)) drawForm();
      soon();
    });
    const example = WB.boot.texts[tab.choices.languages[tab.dictionary] === "en" ? "en" : "zh"]["pairs.template_example"];
    corpus = form.select("corpus", corpora(), { id: "pairs-corpus" });
    models = JSON.stringify(tab.choices.models);
    model = form.select("model", tab.choices.models.map((each) => [each.id, WB.pick(each.title)]), { id: "pairs-model" });
    const templates = form.area("templates", { id: "pairs-templates", rows: 3, maxlength: 20000, placeholder: example });
    const unit = (control, before, after) => h("label.wb-unit", {}, before, control, after);
    const kind = (each) => h("div.wb-kind", {}, form.check(each, t("pairs.negatives_" + each), t(`pairs.negatives_${each}_help`), { id: "pairs-negatives-" + each }),
      state[each] && ["random", "lexical", "mined"].filter((other) => state[other]).length > 1 && unit(form.number(each + "_part", 1, 100, { id: `pairs-part-of-${each}` }), "", t("pairs.negatives_weight")));
    left.replaceChildren(
      h("section", {}, h("h3", {}, t("pairs.positives")), form.segments("positives", [["standard_synonym", t("pairs.positives_standard_synonym")], ["all", t("pairs.positives_all")]], { id: "pairs-positives", "aria-label": t("pairs.positives") }),
        h("p.wb-small", {}, t(`pairs.positives_${state.positives}_help`)), unit(form.number("cap", 0, 10000, { id: "pairs-cap" }), t("pairs.cap"), t("pairs.cap_unit"))),
      h("section", {}, h("h3", {}, t("pairs.texts")), form.check("terms_alone", t("pairs.terms_alone"), null, { id: "pairs-alone" }),
        form.field(t("pairs.templates", { gap: "{}" }), templates),
        !state.templates.includes(example) && h("button.wb-chip.wb-example-chip", { type: "button", id: "pairs-example", onclick: () => { state.templates = [state.templates.trim(), example].filter(Boolean).join("\n"); drawForm(); soon(0); } }, t("pairs.add_example", { example })),
        tab.choices.corpora.length ? [form.field(t("pairs.corpus"), corpus), state.corpus ? unit(form.number("per_term", 1, 1000, { id: "pairs-per-term" }), t("pairs.per_term"), t("pairs.per_term_unit")) : null] : h("p.wb-small", {}, t("pairs.corpus_missing"))),
      h("section", {}, h("div.wb-row.spread", {}, h("h3", {}, t("pairs.share")), share),
        h("input.wb-range", { type: "range", min: 5, max: 100, step: 5, value: state.share, id: "pairs-share", "aria-label": t("pairs.share"), oninput: (e) => { state.share = Number(e.target.value); shown(); soon(); } }),
        h("h3", {}, WB.term("hard_negatives", t("pairs.negatives"))), ["random", "lexical", "mined"].map(kind),
        state.mined && form.field(t("pairs.negatives_model"), model), mining),
      form.fold("open", t("pairs.more"),
        form.field(t("pairs.limit"), form.number("limit", 1, 2000000, { id: "pairs-limit" })),
        form.field(t("pairs.near"), form.number("near", 50, 100, { id: "pairs-near" }), t("pairs.near_help")),
        form.field(t("pairs.seed"), form.number("seed", 0, 2147483647, { id: "pairs-seed" }))));
    shown();
  };
  const drawForm = () => WB.keepFocus(left, formNow);

  right.append(h("div.wb-row.spread.wb-pairs-top", {}, heading, saving), result);
  node.append(h("div.wb-pairs-make", {}, left, right), sets.node);
  return {
    node,
    draw() { drawForm(); drawResult(); sets.draw(); },
    shown() { sets.refresh().then(drawSaving).catch(() => {}); soon(0); },
    dictionary() { name = null; preview = null; turn += 1; drawForm(); drawResult(); },
    choices() { if (!left.contains(document.activeElement) && (models !== JSON.stringify(tab.choices.models) || corpus.options.length !== tab.choices.corpora.length + 1)) drawForm(); sets.refresh().catch(() => {}); },
  };
};
