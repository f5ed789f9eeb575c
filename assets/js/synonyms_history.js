// The panel of the history: who did what and when, back to any version, what changed since. And marks "not synonyms".
WB.synonyms.history = (ed) => {
  const { h, t } = WB;
  let steps = [];
  let total = 0;
  let pages = 1;
  let loaded = false;

  const asking = WB.inOrder();
  const load = async () => {
    const current = asking();
    const name = ed.name;
    const found = [];
    for (let page = 0; page < pages; page++) {
      const reply = await ed.ask("read_history", { page });
      total = reply.total;
      found.push(...reply.steps);
      if (found.length >= total) break;
    }
    if (name !== ed.name || !current()) return;
    steps = found;
    loaded = true;
    paint();
  };
  const change = (step) => h("span.wb-syn-change", {}, step.added ? h("b.plus", {}, "+" + WB.number(step.added)) : null, step.removed ? h("b.minus", {}, "−" + WB.number(step.removed)) : null);
  const one = (step) => h("li" + (step.current ? ".current" : ""), { "data-step": step.number },
    h("div.wb-syn-step", {}, h("span", {}, WB.pick(step.title)), change(step)),
    h("div.wb-faint", {}, [t("synonyms.version", { n: step.number }), step.author, WB.ago(step.at)].filter(Boolean).join(" · ")),
    step.current ? h("span.wb-chip.accent", {}, t("synonyms.current")) : h("div.wb-syn-step-acts", {},
      WB.button(t("synonyms.restore"), () => ed.restore(step.number), "quiet", { "data-act": "restore" }),
      WB.button(t("synonyms.compare"), () => compare(step), "quiet", { "data-act": "compare" })));

  const name = h("input.wb-syn-author", { type: "text", id: "synonyms-author", maxlength: 60, autocomplete: "name" });
  name.addEventListener("change", () => WB.store.set("editor.author", name.value.trim()));
  const list = h("ol.wb-syn-steps", { id: "synonyms-steps" });
  const travel = h("div.wb-syn-travel");
  const paint = () => {
    if (!ed.panelFor("history")) return;
    travel.replaceChildren(...["undo", "redo"].map((way) => WB.button([h("span", {}, t("synonyms." + way)), h("small", {}, ed.status[way] ? WB.pick(ed.status[way]) : t(`synonyms.${way}_none`))], () => ed.travel(way), "", { disabled: !ed.status[way], "data-act": way })));
    list.replaceChildren(...(loaded ? steps.map(one) : [WB.bar(null, t("common.loading"))]));
    if (loaded && steps.length < total) list.append(h("li.more", {}, WB.button(t("synonyms.older"), () => { pages += 1; load().catch(() => {}); }, "quiet")));
  };
  const draw = (panel) => {
    name.value = ed.author();
    name.placeholder = t("synonyms.author_none");
    panel.replaceChildren(h("label.wb-syn-who", {}, h("span.wb-small", {}, t("synonyms.author")), name), travel, list);
    paint();
    if (ed.ready || !loaded) load().catch(() => {});
  };

  // ---- two versions side by side
  const pair = (each) => h("li", {}, h("strong", {}, each[0]), " — ", each[1]);
  const side = (title, kind, pairs, count, apart) => h("div.wb-syn-side-of." + kind, {}, h("h4", {}, title, h("span", {}, WB.number(count))),
    pairs.length ? h("ul", {}, pairs.map(pair)) : h("p.wb-small", {}, t("synonyms.compare_none")),
    count > pairs.length && h("p.wb-small", {}, t("synonyms.compare_cut", { n: WB.number(pairs.length) })),
    apart.length ? [h("h5", {}, t("synonyms.compare_apart")), h("ul", {}, apart.map(pair))] : null);
  const relabelled = (found) => h("div.wb-syn-side-of.labels", {}, h("h4", {}, t("synonyms.compare_labels"), h("span", {}, WB.number(found.label_count))),
    h("ul", {}, found.labels.map(([column, term, before, after]) => h("li", {}, h("strong", {}, term), " — ", t("synonyms.label_change", { column, before: before || t("synonyms.labels_none"), after: after || t("synonyms.labels_none") })))),
    found.label_count > found.labels.length && h("p.wb-small", {}, t("synonyms.compare_cut_labels", { n: WB.number(found.labels.length) })));
  const compare = async (step) => {
    try {
      const found = await ed.ask("compare_versions", { a: step.number, b: ed.version });
      ed.dialog(t("synonyms.compare_title", { n: step.number }), [h("p.wb-small", {}, WB.pick(step.title)), h("div.wb-syn-versus", { id: "synonyms-compare" },
        side(t("synonyms.compare_added"), "added", found.added, found.added_count, found.apart_added),
        side(t("synonyms.compare_removed"), "removed", found.removed, found.removed_count, found.apart_removed)),
        ...(found.label_count ? [relabelled(found)] : [])], [], { id: "synonyms-compare-dialog", wide: true });
    } catch (problem) { WB.note(problem.message, "problem"); }
  };
  ed.history = { draw, refresh() { if (ed.panelFor("history")) load().catch(() => {}); if (ed.panelFor("apart")) ed.apart.refresh(); }, reset() { steps = []; loaded = false; pages = 1; paint(); if (ed.panelFor("history")) load().catch(() => {}); } };

  // ---- pairs that are marked as not synonyms
  let pairs = null;
  const marks = h("ul.wb-syn-apart", { id: "synonyms-apart" });
  const paintMarks = () => {
    if (!ed.panelFor("apart")) return;
    if (!pairs) { marks.replaceChildren(h("li", {}, WB.bar(null, t("common.loading")))); return; }
    marks.replaceChildren(...(pairs.length ? pairs.map(([first, second]) => h("li", {}, h("span", {}, h("strong", {}, first), h("i", { "aria-hidden": "true" }, "≠"), h("strong", {}, second)),
      h("button.wb-icon", { type: "button", title: t("synonyms.unmark"), "aria-label": t("synonyms.unmark_pair", { first, second }), onclick: async () => { if (await ed.send({ edit: "unmark_apart", first, second })) readMarks(); } }, "×")))
      : [h("li.wb-small", {}, t("synonyms.apart_none"))]));
  };
  const askingMarks = WB.inOrder();
  const readMarks = async () => {
    const current = askingMarks();
    const now = ed.name;
    try { const reply = await ed.ask("read_apart"); if (now === ed.name && current()) { pairs = reply.pairs; paintMarks(); } } catch { /* asked again with the next change */ }
  };
  ed.apart = {
    draw(panel) { panel.replaceChildren(h("p.wb-small", {}, t("synonyms.apart_help")), marks); paintMarks(); readMarks(); },
    refresh() { if (ed.panelFor("apart")) readMarks(); },
    reset() { pairs = null; paintMarks(); if (ed.panelFor("apart")) readMarks(); },
  };
};
