// The board itself: a row a system, Recall@1 as a bar with its interval, columns as one likes, a row that opens.
WB.board.table = (tab) => {
  const { h, t } = WB;
  const node = h("div.wb-card.wb-gap");
  const table = h("div.wb-scroll", { id: "board-table" });
  const COLUMNS = ["5", "10", "mrr", "ndcg", "hit1", "hit5", "hit10", "retention", "curve", "size", "rate", "training", "date", "verdict", "note"];
  const FIRST = ["5", "10", "mrr", "retention", "verdict"];
  let columns = (WB.store.get("board.columns") || FIRST.join(" ")).split(" ").filter((name) => COLUMNS.includes(name));
  let view = "unseen";
  let kind = "all";
  let filter = "";
  let sort = "1";
  let down = true;
  let open = "";
  let noting = "";
  const change = WB.board.change(tab);
  const GLOSS = { 1: "recall", 5: "recall", 10: "recall", mrr: "mrr", ndcg: "ndcg", hit1: "hit", hit5: "hit", hit10: "hit", retention: "retention", curve: "dev", verdict: "verdict" };
  const VALUES = {
    1: (row) => row[view]?.recall[1], 5: (row) => row[view]?.recall[5], 10: (row) => row[view]?.recall[10], mrr: (row) => row[view]?.mrr, ndcg: (row) => row[view]?.ndcg,
    hit1: (row) => row[view]?.hit[1], hit5: (row) => row[view]?.hit[5], hit10: (row) => row[view]?.hit[10],
    retention: (row) => row.retention && (row.retention.keeps ?? 100), size: (row) => row.size, rate: (row) => row.rate, training: (row) => row.training, date: (row) => row.at,
  };
  const field = h("input.wb-input", { type: "search", id: "board-filter", maxlength: 100 });
  field.addEventListener("input", () => { filter = field.value.trim().toLowerCase(); rows(); });

  // ---- cells
  const interval = (m, k) => h("div.wb-interval", { title: `${WB.percent(m.recall[1])} (${WB.percent(m.low)} – ${WB.percent(m.high)})` },
    h("b." + k, { style: { width: m.recall[1] + "%" } }),
    h("i", { style: { left: Math.max(0, m.low) + "%", width: Math.max(0.4, Math.min(100, m.high) - Math.max(0, m.low)) + "%" } }));
  const judgement = (outcome, words) => h("div.wb-judgement" + (outcome ? "." + outcome : ""), { "data-outcome": outcome || "" }, h("i"), h("span", {}, words));
  const verdict = (row) => {
    if (!tab.reference) return judgement(row.against?.verdict, WB.pick(row.verdict));
    if (row.model === tab.reference) return judgement("", t("board.is_reference"));
    return judgement(row.reference?.verdict, WB.pick(row.reference_verdict) || "–");
  };
  const spark = (values) => {
    if (values.length < 2) return "–";
    const low = Math.min(...values), high = Math.max(...values), span = high - low || 1;
    const d = values.map((v, i) => `${i ? "L" : "M"}${((i / (values.length - 1)) * 72 + 2).toFixed(1)} ${(21 - ((v - low) / span) * 18).toFixed(1)}`).join(" ");
    return h("svg.wb-spark", { viewBox: "0 0 76 24", width: "76", height: "24", role: "img", "aria-label": `${WB.percent(values[0])} → ${WB.percent(values.at(-1))}` }, h("path", { d }));
  };
  const kept = (row) => {
    const found = row.retention;
    if (!found) return "–";
    if (found.keeps == null) return h("span.wb-soft", {}, WB.number(100) + " %"); // the base itself
    const lost = Boolean(found.warning);
    return h("span" + (lost ? ".wb-down" : ""), { title: WB.pick(found.warning) || null }, WB.number(found.keeps) + " %");
  };
  const CELLS = {
    retention: kept, curve: (row) => spark(row.curve), size: (row) => WB.bytes(row.size), rate: (row) => (row.rate ? WB.number(row.rate) : "–"),
    training: (row) => (row.training == null ? "–" : WB.duration(row.training)), date: (row) => WB.ago(row.at), note: (row) => row.note || "",
  };
  const cell = (name, row) => {
    if (name === "verdict") return h("td.wb-words", {}, verdict(row));
    if (name === "note") return h("td.wb-note-cell", {}, row.note);
    const value = CELLS[name] ? CELLS[name](row) : row[view] ? WB.percent(VALUES[name](row)) : "–";
    return h("td.num", {}, value);
  };
  const name = (row) => h("td.wb-model", {}, h("button.wb-board-open", { type: "button", "aria-expanded": String(open === row.model), onclick: () => { open = open === row.model ? "" : row.model; noting = ""; rows(); } },
    h("strong", {}, tab.title(row.model))), h("div.wb-row.wrap.wb-board-chips", {}, h("span.wb-chip." + (row.kind === "tuned" ? "accent" : "plain"), {}, t("board.kind_" + row.kind)),
    row.stage ? h("span.wb-small", {}, t("board.stage", { n: row.stage })) : null, row.model === tab.reference ? h("span.wb-chip.warn", {}, t("board.pinned")) : null,
    row.retention?.warning ? h("span.wb-chip.bad", { title: WB.pick(row.retention.warning) }, t("board.col_retention") + " −" + WB.percent(row.retention.fall)) : null));

  // ---- a row that is open
  const fact = (label, ...what) => (what.some((each) => each) ? h("div.wb-board-fact", {}, h("span", {}, label), h("div", {}, what)) : null);
  const retention = (row) => {
    if (!row.retention) return null;
    const scores = Object.entries(row.retention.scores).map(([language, s]) => t(s.base == null ? "board.retention_alone" : "board.retention_of", { language: t("board.language_" + language), model: WB.percent(s.model), base: WB.percent(s.base) }));
    return [h("div", {}, scores.join(t("common.semicolon"))), row.retention.warning ? h("div.wb-warning", {}, WB.pick(row.retention.warning)) : null];
  };
  const note = (row) => {
    if (noting !== row.model) return null;
    const area = h("textarea.wb-box", { rows: 2, id: "board-note", maxlength: 2000, placeholder: t("board.note_placeholder"), "aria-label": t("board.col_note") });
    area.value = row.note;
    const save = (button) => WB.act(button, async () => { const said = await tab.ask("set_note", { model: row.model, note: area.value, author: WB.store.get("editor.author") || "" }); row.note = said.note; row.note_author = said.note_author; noting = ""; rows(); });
    area.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); save(null); } if (e.key === "Escape") { noting = ""; rows(); } });
    setTimeout(() => area.focus());
    return h("div.wb-row", {}, area, WB.button(t("board.note_save"), (e) => save(e.currentTarget), "primary", { id: "board-note-save" }));
  };
  const details = (row) => {
    const overlap = Object.entries(row.retention?.overlap || {}).map(([what, n]) => t("board.overlap_" + what, { n: WB.number(n) })).join(t("common.semicolon"));
    return h("tr.wb-board-detail", {}, h("td", { colspan: columns.length + 2 }, h("div.wb-gap.tight", {},
      row.run_verdict ? h("p.wb-small.wb-warning", {}, WB.pick(row.run_verdict)) : null,
      h("div.wb-board-facts", {}, fact(t("board.detail_strategy"), WB.pick(row.strategy)), fact(t("board.detail_base"), row.base ? tab.title(row.base) : ""), fact(t("board.detail_told"), WB.pick(row.told)),
        fact(t("board.detail_retention"), retention(row)), fact(t("board.detail_overlap"), overlap), fact(t("board.detail_measured"), t("board.took", { when: WB.ago(row.at), seconds: WB.duration(row.seconds) })),
        noting === row.model ? null : fact(t("board.detail_note"), row.note && row.note_author ? t("board.note_by", { note: row.note, who: row.note_author }) : row.note)),
      note(row),
      h("div.wb-row.wrap", {},
        WB.button(t(row.model === tab.reference ? "board.unpin" : "board.pin"), () => { tab.reference = row.model === tab.reference ? "" : row.model; tab.again(); }, "", { "data-act": "pin" }),
        WB.button(t("board.misses_of"), () => { tab.missesOf = row.model; tab.go("misses"); }, "", { "data-act": "misses" }),
        noting === row.model ? null : WB.button(t("board.write_note"), () => { noting = row.model; rows(); }, "", { "data-act": "note" }),
        tab.kind === "dictionary" ? WB.button(t("change.open"), () => { change.toggle(row.model); rows(); }, "", { "data-act": "change", "aria-expanded": String(change.of(row.model)) }) : null,
        row.kind === "tuned" || row.kind === "base" ? WB.button(t("board.use"), () => WB.use({ model: row.model }).then(() => WB.go("explore")), "", { "data-act": "use" }) : null),
      change.of(row.model) ? change.draw() : null)));
  };

  // ---- the table
  const listed = () => tab.data.rows.filter((row) => (kind === "all" || row.kind === kind) && (!filter || tab.title(row.model).toLowerCase().includes(filter)));
  const ordered = () => {
    const found = listed();
    if (tab.order === "stages" || !VALUES[sort]) return found;
    const value = (row) => VALUES[sort](row) ?? -1;
    return found.sort((a, b) => (down ? value(b) - value(a) : value(a) - value(b)) || tab.title(a.model).localeCompare(tab.title(b.model)));
  };
  const label = (name) => (name === "verdict" && tab.reference ? t("board.col_reference", { model: tab.title(tab.reference) }) : t("board.col_" + name));
  const header = (name, text, number = true) => h("th" + (number ? ".num" : ""), { title: GLOSS[name] ? null : t("board.help_" + name), "aria-sort": tab.order === "best" && sort === name ? (down ? "descending" : "ascending") : "none" },
    VALUES[name] ? h("button", { type: "button", id: "board-sort-" + name, ...WB.gloss(GLOSS[name]), onclick: () => { const again = tab.order === "best" && sort === name; down = again ? !down : true; sort = name; if (tab.order !== "best") { tab.order = "best"; tab.again(); } rows(); } }, text + (tab.order === "best" && sort === name ? (down ? " ↓" : " ↑") : "")) : GLOSS[name] ? WB.term(GLOSS[name], text, { id: "board-head-" + name }) : text);
  const rows = () => WB.keepFocus(table, () => {
    const shown = columns;
    table.replaceChildren(h("table.wb-table.wb-board", {},
      h("thead", {}, h("tr", {}, h("th", {}, t("board.col_model")), header("1", t("board.col_recall1"), false), shown.map((name) => header(name, label(name), !["verdict", "note"].includes(name))))),
      h("tbody", {}, ordered().map((row) => [h("tr" + (row.model === tab.reference ? ".on" : "") + (row.stage && tab.order === "stages" ? ".stage" : ""), { "data-model": row.model }, name(row),
        row[view] ? h("td", {}, h("div.wb-row", {}, h("span.wb-figure", {}, WB.percent(row[view].recall[1])), interval(row[view], row.kind))) : h("td.wb-soft", {}, t("board.not_seen_view")),
        shown.map((column) => cell(column, row))), open === row.model ? details(row) : null]))));
  });

  // ---- what stands above it
  const chooser = () => WB.menu("board-columns", t("board.columns"), COLUMNS.map((name) => h("label.wb-tick", {}, h("input", { type: "checkbox", checked: columns.includes(name), "data-column": name, onchange: (e) => {
    columns = COLUMNS.filter((each) => (each === name ? e.target.checked : columns.includes(each)));
    WB.store.set("board.columns", columns.join(" "));
    rows();
  } }), h("span", {}, t("board.col_" + name)))));
  const file = (ending) => `${tab.name().replace(/[\\/:*?"<>|]/g, "-")}-leaderboard.${ending}`;
  const download = (format) => (event) => WB.act(event.currentTarget, async () => {
    const found = await tab.ask("export_board", { format, language: WB.lang, reference: tab.reference, order: tab.order });
    WB.save(file(format), found.mime, found.base64);
  });
  const picture = (event) => WB.act(event.currentTarget, async () => {
    const plotly = await WB.plotly();
    const shown = ordered().filter((row) => row[view]).reverse();
    const colour = { tuned: "#3f8f9c", hybrid: "#6f9a5b", base: "#9fc4ca", baseline: "#cfccc5" };
    const made = await plotly.toImage({
      data: [{ type: "bar", orientation: "h", y: shown.map((row) => tab.title(row.model)), x: shown.map((row) => row[view].recall[1]), marker: { color: shown.map((row) => colour[row.kind]) },
        text: shown.map((row) => `${WB.percent(row[view].recall[1])}   R@5 ${WB.percent(row[view].recall[5])}   R@10 ${WB.percent(row[view].recall[10])}`), textposition: "none", hoverinfo: "skip",
        error_x: { type: "data", symmetric: false, array: shown.map((row) => row[view].high - row[view].recall[1]), arrayminus: shown.map((row) => row[view].recall[1] - row[view].low), color: "#33312d", thickness: 1.4, width: 4 } }],
      layout: { title: { text: `${tab.name()} · ${t("board.col_recall1")}`, font: { size: 17 } }, margin: { l: 20, r: 190, t: 60, b: 50 }, bargap: 0.42, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", font: { family: WB.colour("--font"), color: "#24231f", size: 13 },
        xaxis: { range: [0, 100], ticksuffix: " %", gridcolor: "#eceae6" }, yaxis: { automargin: true, ticksuffix: "  " },
        annotations: shown.map((row) => ({ x: 101, y: tab.title(row.model), xanchor: "left", showarrow: false, align: "left", font: { size: 12 }, text: `<b>${WB.percent(row[view].recall[1])}</b>  ${WB.percent(row[view].recall[5])}  ${WB.percent(row[view].recall[10])}` })) },
    }, { format: "png", width: 1100, height: 130 + 44 * shown.length, scale: 2 });
    WB.save(file("png"), "image/png", made.split(",")[1]);
  });
  const exports = () => WB.menu("board-download", t("board.download"), [["csv", download("csv")], ["md", download("md")], ["tex", download("tex")], ["png", picture]].map(([format, work]) => WB.button(t("board.format_" + format), work, "", { id: "board-" + format })));
  const about = () => {
    if (tab.kind === "retrieval") return t("board.on_help_retrieval") + " " + t("board.size_retrieval", { queries: WB.number(tab.data.queries), corpus: WB.number(tab.data.corpus) });
    return t("board.about_" + view) + (view === "unseen" ? " " + t("board.size", { queries: WB.number(tab.data.queries), corpus: WB.number(tab.data.corpus) }) : "");
  };
  const symmetric = () => h("label.wb-tick", { title: t("board.symmetric_help") }, h("input", { type: "checkbox", id: "board-symmetric", checked: Boolean(tab.data.symmetric), onchange: (e) => WB.act(null, async () => { await tab.ask("set_symmetric", { symmetric: e.target.checked }); await tab.again(); }) }), h("span", {}, t("board.symmetric"), h("small", {}, t("board.symmetric_help"))));
  const draw = () => {
    const dictionary = tab.kind === "dictionary";
    if (!dictionary) view = "unseen";
    field.placeholder = t("board.filter");
    field.setAttribute("aria-label", t("board.filter"));
    const kinds = ["all", "tuned", "base", "hybrid", "baseline"].filter((k) => k === "all" || k === kind || tab.data.rows.some((row) => row.kind === k));
    const orders = tab.data.rows.some((row) => row.stage);
    node.replaceChildren(...[
      h("div.wb-row.spread.wrap", {},
        dictionary ? h("div.wb-segments", { id: "board-view" }, ["unseen", "seen"].map((v) => tab.segment(v, view, t("board.view_" + v), (to) => { view = to; draw(); }, "board-view-" + v)).map((node, i) => WB.glossOn(node, ["unseen", "seen"][i]))) : symmetric(),
        h("div.wb-row.wrap", {}, h("div.wb-segments.small", { id: "board-kind" }, kinds.map((k) => tab.segment(k, kind, t("board.kind_" + k), (to) => { kind = to; draw(); }, "board-kind-" + k)).map((node, i) => WB.glossOn(node, { base: "base_model", hybrid: "hybrid", baseline: "lexical" }[kinds[i]]))), field)),
      h("p.wb-small" + (view === "seen" ? ".wb-warning" : ""), { id: "board-about" }, about()),
      tab.data.power ? h("p.wb-small.wb-warning", { id: "board-power" }, WB.pick(tab.data.power)) : null,
      tab.data.notes.map((words) => h("p.wb-small", { "data-note": "" }, WB.pick(words))),
      h("div.wb-row.spread.wrap", {}, orders ? h("div.wb-segments.small", { id: "board-order", title: t("board.order_help") }, ["best", "stages"].map((o) => tab.segment(o, tab.order, t("board.order_" + o), (to) => { tab.order = to; tab.again(); draw(); }, "board-order-" + o))) : h("span"),
        h("div.wb-row.wrap", {}, tab.addButton(), chooser(), exports())),
      tab.adder(), table, h("p.wb-small.wb-explain", {}, t("board.explain"), " ", WB.term("interval"), " · ", WB.term("lexical"), " · ", WB.term("test")),
      h("div", {}, WB.button(t("board.next"), () => { const best = tab.data.rows.find((r) => r.kind === "tuned" || r.kind === "base"); (best ? WB.use({ model: best.model }) : Promise.resolve()).then(() => WB.go("explore")); }, tab.data.missing.length ? "" : "primary", { id: "board-next" }))].flat().filter(Boolean));
    rows();
  };
  return { node, draw, rows, forget: () => { open = ""; noting = ""; change.forget(); } };
};
