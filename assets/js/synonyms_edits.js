// The editor's changes: each goes to the server with the version that was seen, one after the other.
WB.synonyms.edits = (ed) => {
  const { t } = WB;
  let line = Promise.resolve();
  let waiting = 0;
  let note = null;

  // One sentence of what was done, with a way back; the former sentence goes.
  ed.tell = (words, actions = []) => {
    note?.remove();
    note = WB.note(words, "", actions);
    ed.said(words);
  };
  const inTurn = (work) => {
    const count = (by) => { waiting += by; ed.busy = waiting > 0; ed.table.setAttribute("aria-busy", String(ed.busy)); };
    count(1);
    const mine = line.then(work, work);
    line = mine.catch(() => {}).finally(() => count(-1));
    return mine;
  };
  const sentence = (reply) => [reply.step ? WB.pick(reply.step.title) : t("synonyms.nothing_changed"), ...reply.notes.map(WB.pick)].join(WB.lang === "zh" ? "。" : ". ").replace(/([。.])\1+/g, "$1").replace(/。\. |\.\. /g, "$1");
  const took = (reply, seen) => {
    ed.version = reply.version;
    ed.status = reply.status;
    ed.drawTools();
    ed.recount();
    ed.history.refresh();
    return reply.version > seen + (reply.step ? 1 : 0); // somebody else was there in between
  };

  // `edit` as the contract has it. Gives true when it was done; says what went wrong, or throws with `own`.
  ed.send = (edit, { basedOn = null, force = false, own = false, quiet = false } = {}) => inTurn(async () => {
    const seen = ed.version;
    let reply;
    try { reply = await ed.ask("apply_edit", { edit, based_on: basedOn ?? seen, author: ed.author(), force }); }
    catch (problem) { if (own) throw problem; WB.note(problem.message, "problem"); return false; }
    if (reply.conflict) { ed.conflictDialog(edit, reply.conflict, basedOn ?? seen); return false; }
    const strangers = took(reply, seen);
    show(edit, reply);
    if (!quiet) ed.tell(sentence(reply), reply.step ? [{ label: t("synonyms.undo"), run: () => ed.travel("undo") }] : []);
    if (reply.step) ed.live.edited(edit);
    if (strangers) await ed.catchUp((await ed.ask("read_status", { known: seen })).steps.filter((step) => step.number !== reply.version)); else if (reply.step) ed.freshenSoon();
    return reply;
  });
  const show = (edit, reply) => {
    const made = ["add_group", "split"].includes(edit.edit);
    if (["paste", "merge_pairs"].includes(edit.edit)) { ed.load(); return; }
    for (const id of reply.gone) ed.drop(id);
    for (const group of reply.groups) {
      if (ed.put(group) || !made) continue;
      ed.insert(group, edit.group ?? null);
      ed.moveTo(group.id, 0);
    }
    if (ed.editing && reply.groups.some((group) => group.id === ed.editing.group)) ed.editing.basedOn = reply.version;
    ed.drawBulk();
  };
  // Undo, redo, and going back to a version.
  const jump = (name, data) => inTurn(async () => {
    if (data.way && !ed.status[data.way]) { ed.tell(t(`synonyms.${data.way}_none`)); return; } // known only after the edits before it
    ed.closeField();
    const seen = ed.version;
    let reply;
    try { reply = await ed.ask(name, { ...data, based_on: seen, author: ed.author() }); }
    catch (problem) { WB.note(problem.message, "problem"); return; }
    if (reply.conflict) { ed.conflictDialog(null, reply.conflict, seen); return; }
    took(reply, seen);
    await ed.load();
    const shown = reply.groups.find((group) => ed.group(group.id));
    if (shown) ed.moveTo(shown.id, 0, ed.table.contains(document.activeElement) || document.activeElement === document.body);
    const back = data.way === "undo" ? "redo" : "undo";
    ed.tell(sentence(reply), reply.step && ed.status[back] ? [{ label: t("synonyms." + back), run: () => ed.travel(back) }] : []);
    const terms = reply.groups.slice(0, 3).map((group) => group.standard);
    if (reply.step && terms.length) ed.live.touched(terms);
  });
  ed.travel = (way) => jump("travel", { way });
  ed.restore = (number) => jump("restore", { number });

  // ---- several at once: one step, whatever the number of groups
  const each = async (edits) => {
    const edit = edits.length > 1 ? { edit: "several", edits } : edits[0];
    if (edit && !(await ed.send(edit))) return false;
    ed.unpick();
    return true;
  };
  ed.remove = (terms, groups = []) => each([...terms.map(([group, some]) => ({ edit: "delete_terms", group: group.id, terms: some })),
    ...(groups.length ? [{ edit: "delete_groups", groups: groups.map((group) => group.id) }] : [])]);
  ed.merge = async (ids, into) => { if (await each([{ edit: "merge", groups: ids, into }])) ed.moveTo(into, 0, Boolean(ed.group(into))); };
  ed.move = async (terms, to) => {
    const others = terms.filter(([group]) => group.id !== to.id);
    const whole = others.filter(([group, some]) => some.length === group.synonyms.length);
    if (whole.length) {
      const names = ed.list(whole.map(([group]) => group.standard));
      const sure = await WB.confirm(t("synonyms.move_all_title", { names }), t("synonyms.move_all_text", { to: to.standard }), [{ label: t("synonyms.act_merge"), value: true, kind: "primary" }]);
      ed.focus();
      if (!sure) return;
    }
    await each(others.map(([group, some]) => (some.length === group.synonyms.length
      ? { edit: "merge", groups: [group.id], into: to.id }
      : { edit: "move", group: group.id, terms: some, to: to.id })));
  };

  // ---- what keys and buttons ask for: of what is chosen, else of where the cursor is
  const terms = () => {
    const picked = ed.pickedTerms();
    if (picked.length || ed.chosen.size) return picked;
    const here = ed.here();
    return here?.at ? [[here.group, [here.term]]] : [];
  };
  const groups = () => {
    if (ed.chosen.size) return ed.chosenGroups();
    const here = ed.here();
    return here && !here.at && !ed.picked.size ? [here.group] : [];
  };
  const count = (found) => found.reduce((sum, [, some]) => sum + some.length, 0);
  ed.act = {
    async remove() {
      const some = terms();
      const whole = groups();
      await ed.remove(some.filter(([group]) => !whole.includes(group)), whole);
    },
    move() {
      const some = terms();
      if (some.length) ed.moveDialog(some); else ed.act.merge();
    },
    async split() {
      const [found, ...more] = terms();
      if (!found || more.length || found[1].length < 2) { ed.tell(t("synonyms.split_how")); return; }
      const [group, some] = found;
      if (some.length === group.synonyms.length) { ed.tell(t("synonyms.split_all")); return; }
      const standard = await ed.chooseDialog(t("synonyms.split_title"), t("synonyms.split_text"), some.map((term) => [term, term]), t("synonyms.act_split"));
      if (standard != null && (await ed.send({ edit: "split", group: group.id, terms: some, standard }))) ed.unpick();
    },
    async merge() {
      const found = groups().length ? groups() : ed.here() ? [ed.here().group] : [];
      if (found.length === 1) { ed.mergeDialog(found[0]); return; }
      if (!found.length) return;
      const into = await ed.chooseDialog(t("synonyms.merge_title", { n: found.length }), t("synonyms.merge_text"), found.map((group) => [group.id, group.standard, ed.list(group.synonyms)]), t("synonyms.act_merge"));
      if (into != null) await ed.merge(found.map((group) => group.id).filter((id) => id !== into), into);
    },
    async standard() {
      const found = terms();
      if (count(found) !== 1) { ed.tell(t("synonyms.standard_how")); return; }
      const [[group, [term]]] = found;
      if (await ed.send({ edit: "make_standard", group: group.id, term })) { ed.unpick(); ed.moveTo(group.id, 0); }
    },
    async apart() {
      const found = terms();
      const every = found.flatMap(([, some]) => some);
      if (!every.length || every.length > 2) { ed.tell(t("synonyms.apart_how")); return; }
      const [first, second] = every.length === 2 ? every : [found[0][0].standard, every[0]];
      if (await ed.send({ edit: "mark_apart", first, second })) { ed.unpick(); ed.apart.refresh(); }
    },
  };
};
