// The panel beside the map: a hint; or a term with its true neighbours, its group and its form; or what was picked.
WB.map.panel = (map) => {
  const { h, t } = WB;
  const node = h("aside.wb-atlas-side", { id: "map-side" });
  const asking = WB.newest();
  let term = null; // whose card is open
  let card = null;
  let failed = null;
  let form = null; // "rename" or "add", with what was typed
  const part = (name) => t("map.part_" + name);

  const tell = (reply) => {
    const kind = reply.standard === term ? t("map.standard") : reply.standard == null ? "" : t("map.of", { standard: reply.standard });
    const named = [term, kind].filter(Boolean).join(t("common.comma"));
    map.said(reply.neighbours.length ? t("map.told_term", { term: named, near: WB.few(reply.neighbours.map((hit) => hit.term)) }) : named);
  };
  const read = async (fresh = false) => {
    const newest = asking();
    const wanted = term;
    try {
      const reply = await map.ask("read_term", { term: wanted });
      if (!newest() || wanted !== term) return;
      card = reply;
      failed = null;
      map.editor.saw(reply);
      if (fresh) tell(reply);
    } catch (problem) { if (!newest() || wanted !== term) return; failed = problem.message; map.said(failed); }
    draw();
  };
  map.choose = (i, fly = false) => {
    const fresh = term !== map.data.terms[i];
    map.pinned = i;
    term = map.data.terms[i];
    if (fresh) Object.assign(map, { picked: [] });
    if (fresh) { card = null; failed = null; form = null; }
    draw();
    map.paint();
    map.root.dataset.chosen = term;
    if (fly) map.goTo([i, ...map.data.members[map.data.group[i]].filter((j) => j !== i)].slice(0, 40)).then(map.paint);
    read(true);
  };
  map.clear = () => {
    const had = map.picked.length > 0;
    forget();
    Object.assign(map, { picked: [], pinned: null, hovered: null });
    map.search.clear();
    draw();
    if (had) map.show(); else map.paint();
  };
  const forget = () => { term = null; card = null; failed = null; form = null; delete map.root.dataset.chosen; };
  const go = (word) => { const i = map.at(word); if (i >= 0) { map.choose(i, true); document.getElementById("map-term-name")?.focus({ preventScroll: true }); } else WB.note(t("map.not_here", { term: map.shortTerm(word) })); };

  // ---- the form of a term
  const own = () => card.groups.find((group) => group.standard === term) || card.groups[0];
  const done = (now) => { term = now; form = null; card = null; read(); draw(); };
  const send = async (edit, now = term) => { if (await map.editor.send(edit)) done(now); };
  const rename = (group, value) => { const next = value.trim(); if (!next || next === term) { form = null; draw(); return; } send({ edit: "rename", group: group.id, old: term, new: next }, next); };
  const add = (group, value) => { const terms = map.editor.several(value); if (!terms.length) { form = null; draw(); return; } send({ edit: "add_synonyms", group: group.id, synonyms: terms }); };
  const field = (group, kind) => {
    const input = h("input.wb-input", { type: "text", id: "map-form", maxlength: 2000, value: form.text, dir: "auto", "aria-label": t(kind === "rename" ? "map.rename" : "map.add"), placeholder: kind === "add" ? t("map.add_here") : "" });
    const commit = () => (kind === "rename" ? rename(group, input.value) : add(group, input.value));
    input.addEventListener("input", () => { form.text = input.value; });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter") { event.preventDefault(); commit(); } else if (event.key === "Escape") { event.stopPropagation(); form = null; draw(); }
    });
    return h("div.wb-row.wb-atlas-form", {}, input, WB.button(t("map.form_do"), commit, "primary", { id: "map-form-do" }), WB.button(t("common.cancel"), () => { form = null; draw(); }, "quiet"));
  };
  const open = (kind, text) => () => { form = { kind, text }; draw(); const input = document.getElementById("map-form"); input?.focus(); input?.select(); };
  const acts = (group) => {
    const standard = group.standard === term;
    const act = (id, run, kind = "") => WB.button(t("map.act_" + id), run, kind, { id: "map-act-" + id });
    return h("div.wb-atlas-acts", {}, act("rename", open("rename", term)), act("add", open("add", "")),
      standard ? act("merge", () => map.editor.mergeDialog(group)) : act("move", () => map.editor.moveDialog([[group, [term]]])),
      standard ? null : act("standard", () => send({ edit: "make_standard", group: group.id, term })),
      standard ? null : act("apart", () => send({ edit: "mark_apart", first: group.standard, second: term }), "danger"),
      act("editor", () => WB.editTerm(term, map.chosen.dictionary), "quiet"));
  };
  const chip = (word, kind = "") => h("button.wb-term" + kind, { type: "button", dir: "auto", "data-term": word, onclick: () => go(word) }, word);
  const groupNode = (group) => h("div.wb-gap.tight.wb-atlas-group", { "data-group": group.id }, h("div.wb-small", {}, t("map.its_group")),
    h("div.wb-terms", {}, chip(group.standard, group.standard === term ? ".standard.here" : ".standard"), group.synonyms.slice(0, 60).map((word) => chip(word, word === term ? ".here" : ""))),
    group.synonyms.length > 60 ? h("span.wb-small", {}, t("synonyms.and_more", { n: group.synonyms.length - 60 })) : null,
    group === own() ? [form ? field(group, form.kind) : null, acts(group)] : null);
  const neighbours = () => {
    const hits = card.neighbours;
    const low = Math.min(...hits.map((hit) => hit.score)), floor = Math.max(0, low - 0.1);
    return h("div", {}, h("div.wb-row.spread", {}, h("span.wb-small", { title: t("map.neighbours_help") }, WB.term("neighbours", t("map.neighbours"), { id: "map-what-neighbours" })), WB.button(t("map.explore"), () => WB.explore(term), "quiet", { id: "map-explore" })),
      h("ol.wb-atlas-near", { id: "map-neighbours" }, hits.map((hit) => h("li" + (hit.known ? ".known" : ""), { onmouseenter: () => { const i = map.at(hit.term); if (i >= 0) map.glance(i); }, onmouseleave: () => map.glance(null) },
        h("button", { type: "button", "data-term": hit.term, onclick: () => go(hit.term) }, h("span.wb-atlas-hit", {}, h("b", { dir: "auto" }, hit.term), h("small", { dir: "auto" }, hit.known ? t("map.known") : hit.standard === hit.term ? t("map.standard") : hit.standard)),
          h("span.wb-atlas-bar", {}, h("i", { style: { width: Math.max(2, ((hit.score - floor) / Math.max(1e-6, 1 - floor)) * 100) + "%" } })), h("span.wb-faint", {}, WB.number(hit.score, 2)))))));
  };
  const termNode = () => h("div.wb-gap", { id: "map-term" },
    h("div.wb-row.spread.wb-atlas-head", {}, h("h3", { dir: "auto", id: "map-term-name", tabindex: -1 }, term), h("button.wb-icon", { type: "button", id: "map-close", "aria-label": t("map.clear"), title: t("map.clear") + " (Esc)", onclick: map.clear }, "×")),
    failed ? h("div.wb-verdict.worse", {}, h("i"), h("p", {}, failed)) : !card ? WB.bar(null, t("common.loading")) : [
      h("div.wb-row.wrap.wb-atlas-chips", {}, h("span.wb-chip", {}, t(card.standard === term ? "map.standard" : "map.synonym")), card.part ? h("span.wb-chip", {}, part(card.part)) : null, card.rank ? h("span.wb-chip" + (card.rank > 10 ? ".warn" : ""), { title: t("map.rank_help") }, t("map.rank", { n: WB.number(card.rank) })) : null),
      card.groups.length ? card.groups.map(groupNode) : h("p.wb-small", {}, t("map.gone")), neighbours()]);
  const hint = () => h("div.wb-atlas-hint", { id: "map-hint" }, h("strong", {}, t("map.hint_title")), h("ul", {}, ["click", "shift", "wheel", "search", "keys"].map((name) => h("li", {}, t("map.hint_" + name)))),
    map.lines.isOn() ? null : WB.button(t("map.unlearnt"), () => document.getElementById("map-lines").click(), "", { id: "map-show-unlearnt" }));
  const draw = () => {
    if (!map.data) return;
    WB.keepFocus(node, () => node.replaceChildren(map.picked.length ? map.select.table() : term != null ? termNode() : map.lines.isOn() ? map.lines.list() : hint()));
  };
  map.panel = { node, draw, forget, term: () => term, again: () => { if (term != null) read(); } };
};
