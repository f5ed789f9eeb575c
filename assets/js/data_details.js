// A look inside something saved: its pages, its export, and for a dictionary the check with its two remedies.
WB.dataDetails = (lists) => {
  const { h, t } = WB;
  const FORMATS = { dictionary: ["csv", "xlsx", "jsonl", "json", "skos", "solr", "tsv", "parquet"], pairs: ["csv", "xlsx", "jsonl", "tsv"], corpus: ["txt", "csv", "xlsx", "jsonl"], retrieval: ["tsv", "csv", "xlsx", "jsonl"] };
  let counts = null;
  let check = null; // { name, version, working | report | problem, memory }
  let against = null; // { dictionary, reply }

  const opened = async () => {
    counts = check = against = null;
    const name = lists.open;
    if (!name || lists.kind !== "dictionary") return;
    try { const reply = await lists.ask("read_split", { name }); if (lists.open === name) { counts = reply.counts; lists.draw(); } } catch { /* the groups are there without it */ }
  };
  const author = () => WB.store.get("editor.author") || "";

  // ---- export and deletion
  const save = (button, format, part) => WB.act(button, async () => {
    const name = lists.open;
    const file = await lists.ask("export_data", { name, format, part: part || "queries" });
    WB.save(`${name.replace(/[\\/:*?"<>|]/g, "-")}${part === "passages" ? "-passages" : ""}${file.ending}`, file.mime, file.base64);
    if (file.note) WB.note(WB.pick(file.note));
    document.getElementById("data-export")?.removeAttribute("open");
  });
  const item = (format, part) => h("button", { type: "button", role: "menuitem", id: `data-export-${part === "passages" ? "passages-" : ""}${format}`, onclick: (e) => save(e.currentTarget, format, part) }, t("lists.format_" + format));
  const exporting = () => WB.menu("data-export", t("lists.export"), lists.kind === "retrieval"
    ? ["queries", "passages"].map((part) => [h("span.wb-menu-head", {}, t("lists.part_" + part)), FORMATS.retrieval.map((format) => item(format, part))])
    : FORMATS[lists.kind].map((format) => item(format)));
  const remove = async () => {
    const name = lists.open;
    const sure = await WB.confirm(t("lists.delete_title", { name }), t(lists.kind === "dictionary" ? "lists.delete_dictionary" : "lists.delete_other"), [{ label: t("common.delete"), value: true, kind: "danger" }]);
    if (!sure) return;
    await WB.act(null, async () => { await lists.ask("delete_data", { name }); lists.open = null; WB.emit("touch"); WB.emit("changed"); });
  };

  // ---- the check of a dictionary
  const look = async () => {
    const name = lists.open;
    const mine = (check = { name, working: {}, memory: check?.memory || {} });
    lists.draw();
    try {
      for (;;) {
        const reply = await lists.ask("check_dictionary", { name });
        if (check !== mine || lists.open !== name) return;
        if (reply.check) { mine.report = reply.check; mine.version = reply.version; mine.working = null; break; }
        mine.working = reply.working;
        lists.draw();
        await new Promise((resolve) => setTimeout(resolve, 300));
        if (check !== mine) return;
      }
    } catch (problem) { mine.problem = problem.message; mine.working = null; }
    lists.draw();
  };
  const changed = async (mine, reply) => { mine.version = reply.version; WB.emit("touch"); await lists.refresh(); };
  const undo = (name, version) => WB.act(null, async () => { await lists.ask("undo_edit", { name, version }); WB.note(t("check.undone")); WB.emit("touch"); await lists.refresh(); if (check?.name === name) look(); });
  const done = ({ name }, reply, words) => WB.note(words, "", [{ label: t("check.undo"), run: () => undo(name, reply.version) }]);
  const merge = (cluster, standards, button) => WB.act(button, async () => {
    const mine = check; // the expert may have gone on to another dictionary when the answer comes
    const reply = await lists.ask("merge_alike", { name: mine.name, version: mine.version, standards, author: author() });
    cluster.merged = standards[0];
    done(mine, reply, t("check.done", { title: WB.pick(reply.title) }));
    await changed(mine, reply);
  });
  const cut = async ([first, second]) => {
    const mine = check;
    const sure = await WB.confirm(t("synonyms.cut_title", { first, second }), t("synonyms.cut_text"), [{ label: t("synonyms.cut_do"), value: true, kind: "primary" }]);
    if (!sure) return;
    await WB.act(null, async () => {
      const reply = await lists.ask("cut_pair", { name: mine.name, version: mine.version, first, second, author: author() });
      done(mine, reply, t("check.cut_done", { first, second }));
      mine.memory.chain = null;
      await changed(mine, reply);
      if (check === mine) look();
    });
  };
  const checked = () => {
    if (!check) return null;
    if (check.problem) return h("div.wb-verdict.worse", { id: "data-check" }, h("i"), h("p", {}, check.problem));
    if (check.working) return h("div.wb-check", { id: "data-check" }, WB.findings.waiting(check.working, t("check.looking")));
    const found = [WB.findings.clusters(check.report, check.memory, lists.draw, merge),
      WB.findings.chains(check.report, check.memory, lists.draw, { cut, edit: (term) => WB.editTerm(term, check.name) }),
      WB.findings.problems(check.report, check.memory, lists.draw, { id: "check-problems", clean: false })];
    return h("div.wb-check.wb-gap", { id: "data-check" }, found.some(Boolean) ? found : h("div.wb-verdict.better", {}, h("i"), h("p", {}, t("check.clean"))),
      WB.button(t("check.again"), look, "quiet", { id: "check-again" }));
  };

  // ---- pairs and retrieval sets held against a dictionary
  const compare = async (dictionary) => {
    const name = lists.open;
    against = dictionary ? { dictionary, reply: null } : null;
    lists.draw();
    if (!dictionary) return;
    try { const reply = await lists.ask("find_contradictions", { name, dictionary }); if (lists.open === name && against?.dictionary === dictionary) { against.reply = reply; lists.draw(); } }
    catch (problem) { against = null; WB.note(problem.message, "problem"); lists.draw(); }
  };
  const compared = () => {
    if (!against) return null;
    const { reply, dictionary } = against;
    if (!reply) return WB.findings.waiting({}, t("check.looking"));
    if (!reply.total) return h("div.wb-verdict.better", { id: "data-against" }, h("i"), h("p", {}, t("lists.against_none", { name: dictionary })));
    return h("div.wb-gap.tight", { id: "data-against" }, h("h3", {}, t("lists.against_found", { name: dictionary, n: WB.number(reply.total) })), h("ul.wb-said", {}, reply.found.map((each) => h("li", {}, WB.pick(each.text)))));
  };
  const chooser = () => {
    const names = lists.all.dictionary.map((info) => info.name);
    return names.length ? h("select.wb-select", { id: "data-compare", "aria-label": t("lists.against"), onchange: (e) => compare(e.target.value) }, h("option", { value: "" }, t("lists.against")), names.map((name) => h("option", { value: name, selected: name === against?.dictionary }, name))) : null;
  };
  const accept = (button) => WB.act(button, async () => { await lists.ask("accept_pairs", { name: lists.open }); WB.note(t("lists.accepted", { name: lists.open })); await lists.refresh(); });

  // ---- what is inside
  const heads = (...keys) => h("thead", {}, h("tr", {}, keys.map(([key, width]) => h("th", { style: width ? { width } : {} }, key ? t(key) : ""))));
  const TABLES = {
    dictionary: (rows) => [heads(["data.group_standard", "34%"], ["data.group_synonyms"]), rows.map(([standard, synonyms]) => h("tr", {}, h("td", {}, h("strong", {}, standard)), h("td", {}, h("div.wb-terms", {}, synonyms.map((s) => h("span.wb-term", {}, s))))))],
    pairs: (rows, info) => {
      const triplets = info.kind === "triplets";
      return [triplets ? heads(["import.col_anchor"], ["import.col_positive"], ["import.col_negative"]) : heads(["import.col_label", "80px"], ["import.col_a"], ["import.col_b"]), rows.map((pair) => h("tr", {},
        !triplets && h("td", {}, h("span.wb-label" + (pair.label >= 0.5 ? ".yes" : ""), {}, info.kind === "scores" ? WB.number(pair.label, 2) : pair.label)), h("td", {}, pair.a), h("td", {}, pair.b), triplets && h("td", {}, pair.negative)))];
    },
    corpus: (rows) => [null, rows.map(([number, text]) => h("tr", {}, h("td.num.wb-soft", { style: { width: "70px" } }, number || ""), h("td.wb-running", {}, text)))],
    retrieval: (rows) => [heads(["import.col_query", "38%"], ["import.col_answers"]), rows.map(([query, answers]) => h("tr", {}, h("td", {}, query), h("td", {}, h("div.wb-gap.tight", {}, answers.map((text) => h("div", {}, text))))))],
  };
  const rows = () => {
    const info = lists.info();
    const { inside, body } = lists;
    if (!info) return;
    if (!inside) { body.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    if (!inside.total) { body.replaceChildren(h("p.wb-small", {}, t("common.nothing_found", { search: lists.search }))); return; }
    const [head, lines] = TABLES[lists.kind](inside.rows, info);
    body.replaceChildren(h("table.wb-table", {}, head || "", h("tbody", {}, lines)), WB.pager(lists.page, inside.size, inside.total, (to) => { lists.page = to; lists.load(); }));
  };
  const node = (info) => {
    lists.field.placeholder = t("lists.search", { name: info.name });
    lists.field.setAttribute("aria-label", lists.field.placeholder);
    const words = lists.kind === "dictionary";
    return h("div.wb-card.wb-gap.wb-below", { id: "data-inside" },
      h("div.wb-row.wrap.spread", {}, h("h3", {}, info.name), h("div.wb-row.wrap", {},
        words && WB.button(t("lists.train_with"), () => WB.use({ dictionary: info.name }).then(() => WB.go("train")), "primary", { id: "data-train" }),
        words && WB.button(t("lists.edit"), () => WB.use({ dictionary: info.name }).then(() => WB.go("synonyms")), "", { id: "data-edit" }),
        words && WB.button(t(check ? "lists.check_hide" : "lists.check"), () => { if (check) { check = null; lists.draw(); } else look(); }, "", { id: "data-check-start", "aria-expanded": String(Boolean(check)) }),
        (lists.kind === "pairs" || lists.kind === "retrieval") && chooser(), exporting(), WB.button(t("common.delete"), remove, "danger", { id: "data-delete" }))),
      counts && words && h("p.wb-small", { id: "data-split-line" }, WB.term("split"), ": ", t("lists.split_line", Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, WB.number(count)])))),
      info.trusted === false ? h("div.wb-verdict.worse", {}, h("i"), h("div.wb-grow", {}, h("p", {}, t("lists.untrusted_text"))), WB.button(t("lists.accept"), (e) => accept(e.currentTarget), "primary", { id: "data-accept" })) : null,
      words ? checked() : compared(), h("div.wb-row", {}, lists.field), lists.body);
  };
  return { node, rows, opened };
};
