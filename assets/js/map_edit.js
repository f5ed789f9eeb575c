// Edits made on the map: those of the synonym editor, by its own code, with their conflicts and their way back.
WB.map.editing = (map) => {
  const { t } = WB;
  const nothing = () => {};
  const asked = async () => { map.changed(); map.panel.again(); };
  const ed = {
    groups: [], version: 0, status: { undo: null, redo: null }, editing: null, table: map.root,
    author: () => WB.store.get("editor.author") || "",
    group: (id) => ed.groups.find((group) => group.id === id),
    quoted: (term) => t("synonyms.quoted", { term }),
    list: (terms, most = 4) => terms.slice(0, most).map((term) => ed.quoted(map.shortTerm(term))).join(t("synonyms.and")) + (terms.length > most ? t("synonyms.and_more", { n: terms.length - most }) : ""),
    ask: (name, data = {}) => map.ask(name, { name: map.chosen.dictionary, ...data }),
    said: (words) => map.said(words),
    put(group) { const at = ed.groups.findIndex((each) => each.id === group.id); if (at < 0) return false; ed.groups[at] = group; return true; },
    drop(id) { ed.groups = ed.groups.filter((group) => group.id !== id); },
    drawTools: nothing, drawBulk: nothing, recount: nothing, insert: nothing, moveTo: nothing, focus: nothing, unpick: nothing, redraw: nothing,
    history: { refresh: nothing }, live: { edited: nothing, touched: nothing, warm: nothing }, apart: { refresh: nothing },
    load: asked, freshenSoon: asked, catchUp: asked,
  };
  WB.synonyms.edits(ed);
  WB.synonyms.dialogs(ed);
  WB.synonyms.fields(ed); // for the rule by which a typed list is cut into terms
  // What was read last is what the expert sees: edits are based on it.
  ed.saw = (reply) => { if (reply.version >= ed.version || !ed.groups.length) Object.assign(ed, { version: reply.version, status: reply.status, groups: reply.groups }); };
  // An edit of the terms that were picked: one or two steps, taken back together.
  ed.picked = async (name, data) => {
    const seen = Math.max(ed.version, map.data.version);
    const reply = await ed.ask(name, { ...data, based_on: seen, author: ed.author() });
    if (reply.conflict) { ed.conflictDialog(null, reply.conflict, seen); return; }
    Object.assign(ed, { version: reply.version, status: reply.status });
    const undo = async () => { for (let n = 0; n < reply.steps; n++) await ed.travel("undo"); };
    ed.tell([reply.step ? WB.pick(reply.step.title) : t("synonyms.nothing_changed"), ...reply.notes.map(WB.pick)].join(t("common.semicolon")), reply.step ? [{ label: t("synonyms.undo"), run: undo }] : []);
    map.clear();
    map.changed();
  };
  map.editor = ed;
};
