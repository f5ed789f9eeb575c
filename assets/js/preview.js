// What an uploaded file holds, before it is saved: counts, problems by row, and the top of the file.
WB.views.preview = (root, { props, watch }) => {
  const { h, t } = WB;
  const SEVERITIES = ["error", "warning", "note"];
  let filter = null;
  let all = false;

  const tile = (n, key) => h("div.wb-tile", {}, h("strong", {}, WB.number(n)), h("span", {}, t(key)));
  const example = () => {
    const row = (a, b) => h("tr", {}, h("td", {}, a), h("td", {}, b));
    return h("table.wb-table.wb-example", {}, h("thead", {}, h("tr", {}, h("th", {}, t("data.example_standard")), h("th", {}, t("data.example_synonym")))),
      h("tbody", {}, row(t("data.example_1"), t("data.example_2")), row(t("data.example_1"), t("data.example_3")), row(t("data.example_4"), t("data.example_5"))));
  };
  const problems = (v) => {
    const total = SEVERITIES.reduce((sum, s) => sum + (v.counts[s] || 0), 0);
    if (!total) return h("div.wb-verdict.better", { id: "data-clean" }, h("i"), h("p", {}, t("data.clean")));
    const listed = v.problems.filter((p) => !filter || p.severity === filter);
    const shown = all ? listed : listed.slice(0, 8);
    const chip = (s) => v.counts[s] ? h("button.wb-chip." + { error: "bad", warning: "warn", note: "plain" }[s] + (filter === s ? ".on" : ""), {
      type: "button", id: "data-filter-" + s, "aria-pressed": String(filter === s), onclick: () => { filter = filter === s ? null : s; draw(); } },
    `${t("data." + s)} ${WB.number(v.counts[s])}`) : null;
    return h("div.wb-gap.tight", { id: "data-problems" },
      h("div.wb-row.wrap", {}, h("h3", {}, t("data.problems")), SEVERITIES.map(chip)),
      h("ul.wb-problems", {}, shown.map((p) => h("li." + p.severity, { "data-code": p.code }, h("i", { title: t("data." + p.severity) }),
        h("b", {}, p.row ? t("data.row", { row: p.row }) : t("data.whole_file")), h("span", {}, WB.pick(p.text))))),
      listed.length > shown.length && WB.button(t("common.show_all") + ` (${WB.number(listed.length)})`, () => { all = true; draw(); }, "quiet"),
      all && total > v.problems.length && h("p.wb-small", {}, t("data.more_problems", { shown: WB.number(v.problems.length), total: WB.number(total) })));
  };
  const sample = (v) => {
    const role = (i) => (i === v.standard ? "standard" : v.synonyms.includes(i) ? "synonym" : null);
    const mark = (i) => (role(i) ? h("span.wb-chip.accent", {}, t("data.is_" + role(i))) : null);
    return h("div.wb-gap.tight", {}, h("div.wb-row.spread", {}, h("h3", {}, t("data.sample_rows")), h("span.wb-small", {}, t("data.read_as", { what: v.read_as }))),
      h("div.wb-scroll", {}, h("table.wb-table", { id: "data-sample" },
        h("thead", {}, h("tr", {}, h("th"), v.columns.map((c, i) => h("th", {}, h("div", {}, c || "–"), mark(i))))),
        h("tbody", {}, v.sample.map((cells, r) => h("tr", {}, h("td.num.wb-soft", {}, v.numbers[r]),
          cells.map((cell, i) => h("td" + (role(i) ? "" : ".wb-soft"), {}, cell))))))));
  };
  const draw = () => {
    const v = props.value;
    if (!v || v.saved) {
      root.replaceChildren(h("div.wb-empty.tall", {}, h("div.wb-empty-title", {}, t("data.empty")), h("p", {}, t("data.empty_hint")), example()));
      return;
    }
    if (v.problem) {
      root.replaceChildren(h("div.wb-card", {}, h("div.wb-verdict.worse", { id: "data-problem" }, h("i"), h("p", {}, WB.pick(v.problem)))));
      return;
    }
    root.replaceChildren(h("div.wb-card.wb-gap", {},
      h("div.wb-tiles", { id: "data-counts" }, tile(v.pairs, "data.pairs"), tile(v.standards, "data.concepts"), tile(v.terms, "data.terms"), tile(v.rows, "data.rows")),
      v.several ? h("div.wb-verdict", {}, h("i"), h("p", {}, t("data.several", { n: WB.number(v.several) }))) : null,
      problems(v), sample(v)));
  };
  draw();
  watch("value", () => {
    filter = null; all = false;
    draw();
    const saved = props.value && props.value.saved;
    if (saved) {
      WB.note(t("data.saved", { name: saved.name, pairs: WB.number(saved.pairs) }));
      WB.emit("touch");
      WB.emit("changed", { open: saved.name });
    }
  });
  return { draw };
};
