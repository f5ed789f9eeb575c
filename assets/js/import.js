// An upload from its arrival to its saving: what was chosen, what the server made of it, and the asking in between.
// import_form.js draws the left side, import_preview.js and import_kinds.js the right one.
WB.importing = { file: null, second: null, parts: {}, draw() {} };

WB.views.importing = (root, { server, props, watch, trigger }) => {
  const { t } = WB;
  const im = WB.importing;
  const AT_ONCE = 20000; // pairs that are looked at closely without being asked: under a second
  const READING = ["encoding", "delimiter", "sheet", "format", "header", "scopes", "language", "second_encoding", "second_header"];
  const COLUMNS = ["standard", "synonyms", "text1", "text2", "label", "negative", "column", "query", "answers", "passage", "passage_id"];
  const NUMBERS = COLUMNS.filter((key) => key !== "synonyms" && key !== "answers");
  im.ask = (name, data = {}) => WB.ask(server, name, data);
  im.form = root;
  im.choices = { encodings: [], formats: [], scopes: [], names: { dictionary: [], pairs: [], corpus: [], retrieval: [] } };

  const start = (file, second) => Object.assign(im, { file, second, kind: null, how: {}, mode: "new", into: "", name: null, answer: null, working: null, problem: null, busy: false, saving: false, memory: {}, closer: null, attempts: 0 });
  im.kindNow = () => im.kind || im.answer?.kind || null;
  im.merging = () => im.kindNow() === "dictionary" && im.mode !== "new" && im.into;

  const how = () => {
    const sent = {};
    for (const [key, value] of Object.entries(im.how)) {
      if (value === "" || value == null) continue;
      sent[key] = key === "header" || key === "second_header" ? value === "yes" : NUMBERS.includes(key) ? Number(value) : value;
    }
    return sent;
  };
  im.wish = () => ({ token: im.file.token, second: im.second && (im.kindNow() === "retrieval" || !im.kind) ? im.second.token : "", kind: im.kind || "", how: how(),
    mode: im.merging() ? im.mode : "new", name: im.merging() ? im.into : "" });

  // ---- asking: an answer that is not there within a moment is asked for again
  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  im.until = async (name, wish, progress, wanted) => {
    for (;;) {
      const reply = await im.ask(name, wish);
      if (!wanted()) return null;
      if (!reply.working) return reply;
      progress(reply.working);
      await pause(0.4);
      if (!wanted()) return null;
    }
  };
  let turn = 0;
  im.look = async () => {
    const mine = ++turn;
    const wanted = () => mine === turn && im.file;
    im.busy = true; im.problem = null; im.working = null;
    im.draw();
    let reply = null;
    try { reply = await im.until("look", im.wish(), (working) => { im.working = working; im.draw(); }, wanted); } catch (problem) { if (wanted()) im.problem = problem.message; }
    if (!wanted()) return;
    im.busy = false; im.working = null;
    if (reply) {
      im.answer = reply;
      if (im.name == null || im.name === im.suggested) im.name = im.suggested = reply.proposed.free;
      if (!im.closer && im.kindNow() === "dictionary" && reply.preview?.pairs <= AT_ONCE) { im.lookCloser(); return; }
    }
    im.draw();
  };
  im.set = (key, value) => {
    if (value === "" || value == null) delete im.how[key]; else im.how[key] = value;
    if (READING.includes(key)) for (const column of COLUMNS) delete im.how[column];
    im.memory = {}; im.closer = null;
    im.look();
  };
  im.setKind = (kind) => {
    if (kind === im.kindNow()) return;
    Object.assign(im, { kind, how: {}, mode: "new", into: "", memory: {}, closer: null });
    if (im.name === im.suggested) im.name = null;
    im.look();
  };
  im.setMode = (mode, into = im.into) => {
    const names = im.choices.names[im.kindNow()] || [];
    const plain = im.answer?.proposed.plain;
    Object.assign(im, { mode, into: names.includes(into) ? into : names.includes(plain) ? plain : names[0] || "", memory: {} });
    if (im.kindNow() === "dictionary") im.look(); else im.draw();
  };
  let closer = 0;
  im.lookCloser = async () => {
    const mine = ++closer;
    const wanted = () => mine === closer && im.file && im.closer; // saving it elsewhere does not change what is in it
    im.closer = { working: {} };
    im.draw();
    try { const reply = await im.until("look_closer", im.wish(), (working) => { im.closer = { working }; im.draw(); }, wanted); if (reply) im.closer = reply; }
    catch (problem) { if (wanted()) im.closer = { problem: problem.message }; }
    if (wanted()) im.draw();
  };

  // ---- saving
  const said = ({ kind, mode, changed, info }) => {
    if (!changed) return t("import.saved_nothing", { name: info.name });
    if (kind !== "dictionary") return t("import.saved_other", { name: info.name });
    return t("import.saved_" + mode, { name: info.name, pairs: WB.number(info.pairs), before: WB.number(info.before || 0) });
  };
  im.save = async () => {
    if (im.saving || im.busy || !im.answer || im.answer.problem) return;
    const into = im.mode !== "new" && im.into;
    const wish = { ...im.wish(), kind: im.kindNow(), mode: into ? im.mode : "new", name: into ? im.into : im.name || "", attempt: ++im.attempts, based_on: im.answer.plan?.version ?? 0, author: WB.store.get("editor.author") || "" };
    const { file } = im;
    const still = () => im.file === file; // another file may arrive while this one is being saved
    im.saving = true;
    im.draw();
    try {
      const reply = await im.until("save_upload", wish, () => {}, () => true);
      const { saved } = reply;
      im.ask("forget_upload", { token: wish.token, second: wish.second }).catch(() => {});
      if (still()) { start(null, null); im.draw(); trigger("saved", {}); }
      const { name } = saved.info;
      WB.note(said(saved), "", saved.kind === "dictionary" && saved.changed ? [{ label: t("lists.train_with"), run: () => WB.use({ dictionary: name }).then(() => WB.go("train")) }] : []);
      WB.emit("touch");
      WB.emit("changed", { open: saved.info.name, kind: saved.kind });
    } catch (problem) {
      WB.note(problem.message, "problem");
      if (!still()) return;
      im.saving = false;
      if (into) im.look(); else im.draw();  // somebody may have edited it meanwhile: what would happen is shown anew
    }
  };

  im.draw = () => {
    document.body.dataset.importKind = im.file ? im.kindNow() || "" : "";
    document.body.dataset.importFile = im.file ? "yes" : "no";
    im.parts.form?.(); im.parts.preview?.();
  };
  const readChoices = async () => { try { im.choices = await im.ask("read_choices"); if (im.file) im.draw(); } catch { /* the lists stay as they were */ } };
  const arrived = () => {
    const value = props.value && typeof props.value === "object" ? props.value : null;
    const file = value?.file || null;
    const second = value?.second || null;
    if (!file) { turn++; start(null, null); im.draw(); return; }
    const same = file.token === im.file?.token;
    if (same && second?.token === im.second?.token) return;
    if (same) { im.second = second; for (const key of ["passage", "passage_id", "query", "answers", "second_encoding", "second_header"]) delete im.how[key]; im.memory = {}; } else start(file, second);
    readChoices();
    im.look();
  };
  start(null, null);
  WB.on("changed", readChoices);
  readChoices();
  arrived();
  watch("value", arrived);
  im.draw();
  return { draw: () => im.draw() };
};

// The heading above the second upload, which is there for retrieval sets only.
WB.views.import_second = (root) => {
  const { h, t } = WB;
  const draw = () => root.replaceChildren(h("div.wb-field", {}, h("span", {}, t("import.second")), h("small", {}, t("import.second_text"))));
  draw();
  return { draw };
};
