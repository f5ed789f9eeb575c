// The leaderboard: one row a model, Recall@1 as a bar with its interval, the verdict against its base in words.
WB.views.board = (root, { server, props, watch }) => {
  const { h, t } = WB;
  let data = null;
  let problem = null;
  let dictionary = "";
  let view = "unseen";
  let kind = "all";
  let filter = "";
  let sort = "1";
  let down = true;
  const VALUES = { 1: (m) => m.recall[1], 5: (m) => m.recall[5], 10: (m) => m.recall[10], mrr: (m) => m.mrr };
  const title = (id) => WB.pick(data.titles[id]) || id;
  const field = h("input.wb-input", { type: "search", id: "board-filter", maxlength: 100 });
  field.addEventListener("input", () => { filter = field.value.trim().toLowerCase(); drawTable(); });
  const table = h("div.wb-scroll", { id: "board-table" });

  const rows = () => data.rows
    .filter((row) => (kind === "all" || row.kind === kind) && (!filter || title(row.model).toLowerCase().includes(filter)))
    .sort((a, b) => {
      const [x, y] = [a[view], b[view]].map((m) => (m ? VALUES[sort](m) : -1));
      return (down ? y - x : x - y) || title(a.model).localeCompare(title(b.model));
    });
  const interval = (m, k) => h("div.wb-interval", { title: `${WB.percent(m.recall[1])} (${WB.percent(m.low)} – ${WB.percent(m.high)})` },
    h("b." + k, { style: { width: m.recall[1] + "%" } }),
    h("i", { style: { left: Math.max(0, m.low) + "%", width: Math.max(0.4, Math.min(100, m.high) - Math.max(0, m.low)) + "%" } }));
  const verdict = (row) => h("div.wb-judgement" + (row.outcome ? "." + row.outcome : ""), { "data-outcome": row.outcome || "" }, h("i"), h("span", {}, WB.pick(row.verdict)));
  const cells = (row) => {
    const m = row[view];
    if (!m) return [h("td.wb-soft", { colspan: 5 }, t("board.not_seen_view")), h("td", {}, verdict(row))];
    return [h("td", {}, h("div.wb-row", {}, h("span.wb-figure", {}, WB.percent(m.recall[1])), interval(m, row.kind))),
      h("td.num", {}, WB.percent(m.recall[5])), h("td.num", {}, WB.percent(m.recall[10])), h("td.num", {}, WB.percent(m.mrr)), h("td.wb-words", {}, verdict(row))];
  };
  const head = (key, label, number = true) => h("th" + (number ? ".num" : ""), { title: t("board.help_" + key), "aria-sort": sort === key ? (down ? "descending" : "ascending") : "none" },
    h("button", { type: "button", id: "board-sort-" + key, onclick: () => { down = sort === key ? !down : true; sort = key; drawTable(); } }, label + (sort === key ? (down ? " ↓" : " ↑") : "")));
  const drawTable = () => {
    table.replaceChildren(h("table.wb-table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("board.col_model")),
      head("1", t("board.col_recall1"), false), head("5", t("board.col_5")), head("10", t("board.col_10")), head("mrr", t("board.col_mrr")), h("th", {}, t("board.col_verdict")))),
    h("tbody", {}, rows().map((row) => h("tr", { "data-model": row.model }, h("td.wb-model", {}, h("strong", {}, title(row.model)), h("span.wb-chip." + (row.kind === "tuned" ? "accent" : "plain"), {}, t("board.kind_" + row.kind))), cells(row))))));
  };
  const csv = () => {
    const quote = (value) => { let s = String(value ?? ""); if (/^[=+\-@\t\r]/.test(s) && !/^-?\d+(\.\d+)?$/.test(s)) s = "'" + s; return /[",\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s; };
    const lines = [["model", "kind", "base", "view", "recall@1", "low95", "high95", "recall@5", "recall@10", "mrr@10", "ndcg@10", "verdict"]];
    for (const row of rows()) for (const name of ["unseen", "seen"]) {
      const m = row[name];
      if (m) lines.push([title(row.model), row.kind, row.base ? title(row.base) : "", name, ...[m.recall[1], m.low, m.high, m.recall[5], m.recall[10], m.mrr, m.ndcg].map((v) => v.toFixed(2)), WB.pick(row.verdict)]);
    }
    const bytes = new TextEncoder().encode("\ufeff" + lines.map((line) => line.map(quote).join(",")).join("\r\n"));
    WB.save(`${dictionary.replace(/[\\/:*?"<>|]/g, "-")}-leaderboard.csv`, "text/csv", btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join("")));
  };
  const measure = (button) => WB.act(button, async () => { await WB.ask(server, "measure_missing", { dictionary }); await poller.now(); });
  const toggle = (value, current, label, choose, id) => h("button" + (value === current ? ".on" : ""), { type: "button", id, "aria-pressed": String(value === current), onclick: () => choose(value) }, label);

  const missing = () => {
    if (data.task && !data.task.done) return h("div.wb-gap.tight", { id: "board-progress" }, WB.bar(data.task.fraction, WB.pick(data.task.words)), h("span.wb-small", {}, WB.pick(data.task.words) || t("common.working")));
    if (!data.missing.length) return null;
    return h("div.wb-row.spread.wrap.wb-notice", {}, h("span", {}, t("board.missing", { n: data.missing.length, names: data.missing.map(title).join(WB.lang === "zh" ? "、" : ", ") })),
      WB.button(t("board.measure"), (e) => measure(e.currentTarget), "primary", { id: "board-measure" }));
  };
  const draw = () => {
    if (!dictionary) { root.replaceChildren(WB.empty(t("common.no_dictionary"), "", WB.button(t("common.go_data"), () => WB.go("data"), "primary"))); return; }
    if (problem) { root.replaceChildren(h("div.wb-card", {}, h("div.wb-verdict.worse", {}, h("i"), h("p", {}, problem)))); return; }
    if (!data) { root.replaceChildren(h("div.wb-card", {}, WB.bar(null, t("common.loading")))); return; }
    if (!data.rows.length) { root.replaceChildren(h("div.wb-gap", {}, WB.empty(t("board.none"), t("board.none_hint")), missing())); return; }
    field.placeholder = t("board.filter");
    field.setAttribute("aria-label", t("board.filter"));
    const kinds = ["all", "tuned", "base", "baseline"];
    root.replaceChildren(h("div.wb-gap", {}, missing(), h("div.wb-card.wb-gap", {},
      h("div.wb-row.spread.wrap", {},
        h("div.wb-segments", { id: "board-view" }, ["unseen", "seen"].map((v) => toggle(v, view, t("board.view_" + v), (to) => { view = to; draw(); }, "board-view-" + v))),
        h("div.wb-row.wrap", {}, h("div.wb-segments.small", {}, kinds.map((k) => toggle(k, kind, t("board.kind_" + k), (to) => { kind = to; draw(); }, "board-kind-" + k))), field,
          WB.button(t("board.csv"), csv, "", { id: "board-csv" }))),
      h("p.wb-small" + (view === "seen" ? ".wb-warning" : ""), { id: "board-about" }, t("board.about_" + view) + " " + (view === "unseen" ? t("board.size", { queries: WB.number(data.queries), corpus: WB.number(data.corpus) }) : "")),
      table, h("p.wb-small.wb-explain", {}, t("board.explain")),
      h("div", {}, WB.button(t("board.next"), () => { const best = data.rows.find((r) => r.kind !== "baseline"); if (best) WB.emit("use-model", best.model); WB.go("explore"); }, data.missing.length ? "" : "primary", { id: "board-next" })))));
    drawTable();
  };
  const poller = WB.poll(root, 3, async () => {
    if (!dictionary) return 1;
    const asked = dictionary;
    let reply;
    try { reply = await WB.ask(server, "read_board", { dictionary: asked }); } catch (p) { if (asked === dictionary && !data) { problem = p.message; draw(); } return 3; }
    if (asked !== dictionary) return 0;
    if (reply.task?.error) WB.note(WB.pick(reply.task.error), "problem");
    const changed = JSON.stringify(reply) !== JSON.stringify(data);
    problem = null;
    data = reply;
    if (changed && document.activeElement !== field) draw();
    return reply.task && !reply.task.done ? 0.8 : 5;
  });
  watch("value", () => {
    const chosen = props.value?.dictionary || "";
    if (chosen === dictionary) return;
    dictionary = chosen; data = null; problem = null;
    draw(); poller.now();
  });
  WB.on("changed", () => poller.now());
  dictionary = props.value?.dictionary || "";
  draw();
  poller.now();
  return { draw };
};
