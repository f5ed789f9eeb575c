// What an upload of labelled pairs, raw text or a retrieval set would save.
WB.importing.parts.kinds = (() => {
  const { h, t } = WB;
  const n = (...given) => WB.number(...given);
  const im = WB.importing;
  const table = (id, heads, rows) => h("div.wb-scroll", {}, h("table.wb-table", { id }, h("thead", {}, h("tr", {}, heads.map((key) => h("th", {}, t(key))))), h("tbody", {}, rows)));
  const head = (key) => h("div.wb-row.spread.wrap", {}, h("h3", {}, t(key)), h("span.wb-small", {}, im.readAs()));
  const legend = (parts) => h("div.wb-stack-legend", {}, parts.map(([name, count, words]) => h("span", {}, h("i." + name), h("b", {}, n(count)), words)));

  const pairs = (a, v, { tile, again }) => {
    const scored = v.kind === "scores";
    const negatives = v.pairs - v.positives;
    const says = v.kind === "labels" ? t("import.says_labels") : v.kind === "triplets" ? t("import.says_triplets") : v.divisor > 1 ? t("import.says_scaled", { divisor: n(v.divisor) }) : t("import.says_scores");
    const most = Math.max(1, ...(v.bins || []));
    const picture = v.kind === "triplets" ? null : scored
      ? h("div.wb-gap.tight", {}, h("h3", {}, t("import.by_score")), h("div.wb-bins", { role: "img", "aria-label": t("import.by_score") }, v.bins.map((count, i) => h("div", { title: `${n(i / 10, 1)}–${n((i + 1) / 10, 1)}: ${n(count)}` }, h("i", { style: { height: `${Math.max(count ? 3 : 0, 56 * count / most)}px` } })))),
        h("div.wb-bins-scale", {}, h("span", {}, "0"), h("span", {}, n(0.5, 1)), h("span", {}, "1")))
      : h("div.wb-gap.tight", {}, h("h3", {}, t("import.by_label")), WB.findings.stack([["yes", v.positives, t("import.n_positives")], ["no", negatives, t("import.n_negatives")]]),
        legend([["yes", v.positives, t("import.n_positives")], ["no", negatives, t("import.n_negatives")]]));
    const triplets = v.kind === "triplets";
    return [h("div.wb-tiles", { id: "data-counts" }, tile(v.pairs, triplets ? "import.n_triplets" : "import.n_pairs"), !triplets && tile(v.positives, "import.n_positives"), !triplets && tile(negatives, "import.n_negatives"), tile(v.rows, "data.rows")),
      h("p", {}, says), picture, WB.findings.problems(v, im.memory, again),
      h("div.wb-gap.tight", {}, head("import.first_rows"), table("data-sample", triplets ? ["import.col_anchor", "import.col_positive", "import.col_negative"] : ["import.col_label", "import.col_a", "import.col_b"], v.sample.map((row) => h("tr", {},
        !triplets && h("td", {}, h("span.wb-label" + (row.label >= 0.5 ? ".yes" : ""), {}, scored ? n(row.label, 2) : row.label)), h("td", {}, row.a), h("td", {}, row.b), triplets && h("td", {}, row.negative)))))];
  };

  const corpus = (a, v, { tile, again }) => [
    h("div.wb-tiles", { id: "data-counts" }, tile(v.texts, "import.n_texts"), tile(v.characters, "import.n_characters"), tile(v.duplicates, "import.n_duplicates")),
    h("p", {}, a.choice.column != null && a.columns.length ? t("import.says_column", { column: a.columns[a.choice.column] || `#${a.choice.column + 1}` }) : t("import.says_" + v.unit)),
    WB.findings.problems(v, im.memory, again),
    h("div.wb-gap.tight", {}, head("import.first_texts"), h("ol.wb-texts", { id: "data-sample" }, v.sample.map((text) => h("li", {}, text))))];

  const retrieval = (a, v, { tile, again }) => [
    h("div.wb-tiles", { id: "data-counts" }, tile(v.queries, "import.n_queries"), tile(v.passages, "import.n_passages"), tile(v.answers, "import.n_answers")),
    h("p", {}, t("import.per_query", { n: n(v.answers / Math.max(1, v.queries), 1) }) , v.second ? null : " " + t("import.only_answers")),
    v.missing ? h("div.wb-verdict", { id: "data-missing" }, h("i"), h("p", {}, t("import.says_missing_" + (im.how.missing || "add"), { n: n(v.missing) }))) : null,
    v.near ? h("div.wb-verdict", { id: "data-near" }, h("i"), h("p", {}, t(v.limited ? "import.says_near" : "import.says_near_only", { near: n(v.near), limited: n(v.limited) }))) : null,
    WB.findings.problems(v, im.memory, again),
    h("div.wb-gap.tight", {}, head("import.first_rows"), table("data-sample", ["import.col_query", "import.col_answers"], v.sample.map((row) => h("tr", {}, h("td", {}, row.query), h("td", {}, h("div.wb-gap.tight", {}, row.answers.map((text) => h("div", {}, text))))))))];

  return { pairs, corpus, retrieval };
})();
