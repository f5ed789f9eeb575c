// Explore, a column: a table is held against the dictionary; the job goes on when the page is reloaded.
WB.exploring.match = (tab) => {
  const { h, t } = WB;
  const LOWEST = 80, HIGHEST = 99;
  const state = { precision: Number(WB.store.get("explore.precision")) || 95, job: WB.store.get("explore.match") || null };
  let task = null; // of the job that is under way
  let report = null;
  let problem = null;
  let rows = null; // a page of the report's rows
  let shown = { kind: "all", page: 0 };
  let following = null;
  const done = new Map(); // row -> what was said of it
  const form = h("div.wb-card.wb-form", { id: "explore-match-form" });
  const result = h("div.wb-card.wb-explore-report", { id: "explore-match-report" });
  const node = h("div.wb-pairs-make", {}, form, result);
  const table = WB.exploring.table(tab, () => drawForm());
  const share = h("b.wb-share", { id: "explore-precision-shown" });

  // ---- the job
  const aloud = (words) => WB.say(words, "match"); // wherever one is by now: it may have taken a while
  const remember = (job) => { state.job = job; WB.store.set("explore.match", job || ""); };
  const follow = async () => {
    const job = state.job;
    if (!job || following === job) return;
    following = job;
    try {
      for (;;) {
        const reply = await tab.ask("match_state", { job });
        if (job !== state.job) return;
        if (reply.report) {
          report = reply.report;
          if (task) aloud(WB.pick(report.sentence)); // it came to its end now, and not before a reload
          task = null; problem = null; shown = { kind: "all", page: 0 }; rows = null; done.clear(); draw(); read(); break;
        }
        if (reply.task.error) { problem = WB.pick(reply.task.error); task = null; break; }
        task = reply.task;
        drawResult();
        await new Promise((resolve) => setTimeout(resolve, 400));
        if (job !== state.job) return;
      }
    } catch (error) { if (job === state.job) { problem = error.message; task = null; } } finally { if (following === job) following = null; }
    if (job !== state.job) return;
    if (problem) { remember(null); aloud(problem); }
    draw();
  };
  const start = async () => {
    if (!table.ready()) { WB.note(t("explore.match_nothing"), "problem"); return; }
    const job = Math.random().toString(36).slice(2) + Date.now().toString(36);
    const reply = await tab.ask("match_start", { job, ...table.wish(), dictionary: tab.dictionary, model: tab.model, precision: state.precision });
    remember(job);
    problem = report = rows = null;
    task = reply.task || {};
    draw();
    follow();
  };
  const reading = WB.newest();
  const read = async () => {
    const mine = reading();
    let found;
    try { found = await tab.ask("match_rows", { job: state.job, kind: shown.kind, page: shown.page }); } catch (error) { if (mine()) { problem = error.message; drawResult(); } return; }
    if (mine()) { rows = found; drawResult(); }
  };
  const fetch = (format) => tab.ask("match_file", { job: state.job, format });

  // ---- the form
  const showShare = () => { share.textContent = state.precision + " %"; };
  const drawForm = () => WB.keepFocus(form, () => {
    showShare();
    const busy = Boolean(task);
    form.replaceChildren(
      h("section", {}, h("h3", {}, t("explore.match_table")), table.fields("explore-match").filter(Boolean)),
      h("section", {}, h("div.wb-row.spread", {}, h("h3", {}, WB.term("precision", t("explore.precision"))), share),
        h("input.wb-range", { type: "range", min: LOWEST, max: HIGHEST, step: 1, value: state.precision, id: "explore-precision", "aria-label": t("explore.precision"), oninput: (e) => { state.precision = Number(e.target.value); WB.store.set("explore.precision", state.precision); showShare(); } }),
        h("p.wb-small", {}, t("explore.precision_help"))),
      h("div.wb-gap.tight", {}, h("p.wb-small", {}, t("explore.match_against", { dictionary: tab.dictionary, model: tab.title(tab.model) })),
        WB.button(t(busy ? "explore.match_busy" : "explore.match_start"), (e) => WB.act(e.currentTarget, start), "primary", { id: "explore-match-start", disabled: busy })));
  });

  // ---- the report
  const KINDS = ["known", "accepted", "doubtful"];
  const bar = (v) => h("div.wb-stack.tall", { role: "img", id: "explore-match-bar", "aria-label": KINDS.map((kind) => `${t("explore.kind_" + kind)} ${v[kind]}`).join(t("common.comma")) },
    KINDS.filter((kind) => v[kind]).map((kind) => h("i." + kind, { style: { flex: String(Math.max(v[kind] / v.total, 0.008)) }, title: `${t("explore.kind_" + kind)} ${WB.number(v[kind])}` })));
  const legend = (v) => h("div.wb-row.wrap.wb-explore-kinds", { role: "group", "aria-label": t("explore.show") }, ["all", ...KINDS].map((kind) => h("button.wb-chip" + (shown.kind === kind ? ".on.accent" : ""), { type: "button", "data-kind": kind, "aria-pressed": String(shown.kind === kind), title: kind === "all" ? null : t(`explore.kind_${kind}_help`),
    onclick: () => { shown = { kind, page: 0 }; drawResult(); read(); } }, kind !== "all" && h("i.wb-dot." + kind), t("explore.kind_" + kind), h("b", {}, WB.number(kind === "all" ? v.total : v[kind])))));
  const figure = (value, words, id) => h("div.wb-tile", { id }, h("strong", {}, value), h("span", {}, words));
  const say = (word, row, sign, label) => h("button.wb-say", { type: "button", "data-act": word, title: label, "aria-label": label, onclick: (e) => WB.act(e.currentTarget, async () => { if (await tab.say(word, row.nearest, row.text, report.dictionary)) { done.set(row.text, word); drawResult(); } }) }, sign);
  const line = (row) => {
    const said = done.get(row.text);
    return h("tr", { "data-row": row.row, "data-kind": row.kind }, h("td.num.wb-faint", {}, WB.number(row.row)), h("td", {}, h("div.wb-explore-cell", { dir: "auto", title: row.text.length > 160 ? row.text : null }, tab.word(row.text))),
      h("td", {}, row.kind === "doubtful" ? h("span.wb-faint", {}, "–") : h("b", { dir: "auto" }, tab.word(row.standard))),
      h("td.wb-soft", {}, row.nearest ? h("button.wb-term", { type: "button", title: t("explore.compare_these"), onclick: () => tab.compare(row.text, row.nearest) }, tab.word(row.nearest)) : ""),
      h("td.num", {}, row.kind === "known" ? "" : tab.percent(row.p)),
      h("td", {}, h("i.wb-dot." + row.kind), " ", t("explore.kind_" + row.kind)),
      h("td.wb-nowrap", {}, said ? h("span.wb-chip.accent", {}, t("explore.said_" + said)) : row.kind !== "known" && row.nearest && row.text.trim() ? [say("synonyms", row, "＋", t("explore.add_hit", { term: row.nearest, hit: row.text })), say("apart", row, "≠", t("explore.apart_hit", { term: row.nearest, hit: row.text }))] : null));
  };
  const drawResult = () => {
    if (task) {
      result.replaceChildren(h("div.wb-gap.tight", { id: "explore-match-progress" }, h("h3", {}, t("explore.match_running")), tab.waiting(task), h("p.wb-small", {}, t("explore.match_leave")),
        h("div", {}, WB.button(t("explore.match_stop"), (e) => WB.act(e.currentTarget, () => tab.ask("match_stop", { job: state.job })), "", { id: "explore-match-stop" }))));
      return;
    }
    if (problem) { result.replaceChildren(h("div", { id: "explore-match-problem" }, tab.problem(problem))); return; }
    const v = report;
    if (!v) {
      result.replaceChildren(h("div.wb-gap", {}, h("div.wb-empty-title", {}, t("explore.match_empty")), h("p.wb-soft", {}, t("explore.match_hint")),
        h("ol.wb-explore-steps", {}, [1, 2, 3].map((n) => h("li", {}, t("explore.match_step_" + n)))),
        h("div", {}, WB.button(t("explore.match_try"), async () => { const found = (await tab.examples()).flat(); table.way = "paste"; table.text = [...found.slice(0, 12), ...found.slice(0, 6).map((term) => term + " X1")].join("\n"); drawForm(); }, "", { id: "explore-match-example" }))));
      return;
    }
    result.replaceChildren(h("div.wb-gap", {}, h("div.wb-row.spread.wrap", {}, h("div", {}, h("h3", {}, v.title ? `${v.title} · ${v.column}` : t("explore.list_pasted")), h("p.wb-small", {}, t("explore.match_against", { dictionary: v.dictionary, model: WB.pick(v.model_title) }))),
      h("div.wb-row", {}, ["csv", "xlsx"].map((format) => tab.download(format, "explore-match", fetch)))),
    bar(v), legend(v),
    h("div.wb-tiles", {}, figure(WB.percent(v.coverage) + " %", t("explore.coverage"), "explore-coverage"), figure(v.nothing ? "–" : WB.percent(v.seen) + " %", t("explore.seen", { wanted: v.wanted }), "explore-seen"), figure(WB.number(v.examples), t("explore.examples_of"), "explore-examples")),
    h("div.wb-verdict" + (v.nothing ? ".worse" : ""), { id: "explore-match-sentence" }, h("i"), h("p", {}, WB.pick(v.sentence))),
    rows == null ? tab.waiting(null) : h("div.wb-scroll", {}, h("p.wb-small", { id: "explore-match-sorted" }, v.edge == null ? t("explore.sorted") : t("explore.sorted_from", { p: tab.percent(v.edge) })), h("table.wb-table.wb-explore-rows", { id: "explore-match-rows" }, h("thead", {}, h("tr", {}, h("th.num", {}, t("explore.col_row")), ["text", "standard", "nearest"].map((key) => h("th", {}, t("explore.col_" + key))), h("th.num", {}, t("explore.col_p")), h("th", {}, t("explore.col_kind")), h("th"))),
      h("tbody", {}, rows.rows.map(line))), rows.total > rows.size && WB.pager(rows.page, rows.size, rows.total, (page) => { shown.page = page; read(); }))));
  };
  const draw = () => { drawForm(); drawResult(); };
  return { node, draw, choices: drawForm, shown: () => { if (state.job && !report && !problem) follow(); }, chosen: drawForm, file: (file) => table.arrived(file) };
};
