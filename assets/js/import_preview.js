// The right side of an upload: how the file reads and what saving it would do. Dictionaries here, the rest in import_kinds.js.
WB.views.preview = (root) => {
  WB.importing.stage = root;
  WB.importing.draw();
  return { draw: () => WB.importing.parts.preview() };
};

WB.importing.parts.preview = () => {
  const { h, t } = WB;
  const im = WB.importing;
  const root = im.stage;
  if (!root) return;
  const n = WB.number;
  const again = () => im.draw();
  const tile = (count, key) => h("div.wb-tile", {}, h("strong", {}, n(count)), h("span", {}, t(key)));

  const example = () => {
    const row = (a, b) => h("tr", {}, h("td", {}, a), h("td", {}, b));
    return h("table.wb-table.wb-example", {}, h("thead", {}, h("tr", {}, h("th", {}, t("data.example_standard")), h("th", {}, t("data.example_synonym")))),
      h("tbody", {}, row(t("data.example_1"), t("data.example_2")), row(t("data.example_1"), t("data.example_3")), row(t("data.example_4"), t("data.example_5"))));
  };
  const toSaved = () => { const row = document.querySelector("#data-list tr[data-name]") || document.getElementById("data-list"); row.scrollIntoView({ block: "center" }); row.focus({ preventScroll: true }); };
  if (!im.file) {
    root.replaceChildren(h("div.wb-empty.tall", {}, h("div.wb-empty-title", {}, t("data.empty")), h("p", {}, t("data.empty_hint")), example(), h("p.wb-small.wb-formats", {}, t("data.empty_formats")),
      h("div.wb-actions", {}, WB.button(t("data.to_saved"), toSaved, "quiet", { id: "data-to-saved" }))));
    return;
  }
  const worse = (words) => h("div.wb-card", {}, h("div.wb-verdict.worse", { id: "data-problem" }, h("i"), h("p", {}, words)));
  const a = im.answer;
  const size = im.file.size >= 1 << 20 ? `${n(im.file.size / (1 << 20), 1)} MB` : `${n(Math.max(1, im.file.size / 1024))} KB`;
  if (im.problem) { root.replaceChildren(worse(im.problem)); return; }
  if (!a || (im.busy && im.working)) {
    root.replaceChildren(h("div.wb-card", { id: "data-reading" }, WB.findings.waiting(im.working, t("import.reading", { name: im.file.name, size }))));
    return;
  }
  if (a.problem) { root.replaceChildren(worse(WB.pick(a.problem))); root.firstChild.classList.toggle("wb-dim", im.busy); return; }

  // ---- what saving would do to a dictionary that is there
  const LISTS = ["added", "merged", "changed", "removed", "refused", "ignored"];
  const words = (plan, name) => (name === "added" ? t("import.added", { groups: n(plan.groups) }) : name === "changed" ? t("import.changed_" + plan.mode) : t("import." + name));
  const item = (name, entry) => (name === "changed"
    ? h("li", {}, h("span", {}, `${entry[0]} — ${entry[1]}`), h("span.wb-arrow", {}, "→"), h("span", {}, `${entry[2]} — ${entry[3]}`))
    : h("li", {}, h("b", {}, entry[0]), h("span", {}, entry[1])));
  const plan = (p) => {
    const folds = LISTS.filter((name) => p.counts[name]).map((name) => h("details.wb-plan-line", { "data-plan": name, open: im.memory["plan_" + name] || false, ontoggle: (e) => { im.memory["plan_" + name] = e.target.open; } },
      h("summary", {}, h("i." + name), h("strong", {}, n(p.counts[name])), h("span", {}, words(p, name))),
      h("ul", {}, p.lists[name].map((entry) => item(name, entry))),
      p.lists[name].length < (name === "added" ? p.groups : p.counts[name]) && h("p.wb-small", {}, t("import.list_more", { shown: n(p.lists[name].length) }))));
    return h("div.wb-gap.tight", { id: "data-plan" },
      h("div.wb-row.spread", {}, h("h3", {}, t("import.plan")), h("span.wb-plan-sizes", {}, t("import.plan_sizes", { before: n(p.before), after: n(p.after) }))),
      p.nothing ? h("div.wb-verdict.better", { id: "data-nothing" }, h("i"), h("p", {}, t("import.nothing"))) : WB.findings.stack(LISTS.map((name) => [name, p.counts[name], words(p, name)])),
      h("div.wb-plan", {}, folds),
      WB.findings.problems(p.found, (im.memory.plan ??= {}), again, { id: "data-plan-problems", title: "import.plan_problems", clean: false }));
  };

  const sample = (v) => {
    const standard = a.choice.standard, synonyms = a.choice.synonyms;
    const role = (i) => (i === standard ? "standard" : synonyms.includes(i) ? "synonym" : null);
    const chip = (i) => (role(i) ? h("span.wb-chip.accent", {}, t("data.is_" + role(i))) : null);
    return h("div.wb-gap.tight", {}, h("div.wb-row.spread.wrap", {}, h("h3", {}, t("data.sample_rows")), h("span.wb-small", {}, im.readAs())),
      h("div.wb-scroll", {}, h("table.wb-table", { id: "data-sample" },
        h("thead", {}, h("tr", {}, h("th"), a.columns.map((c, i) => h("th", {}, h("div", {}, c || "–"), chip(i))))),
        h("tbody", {}, v.sample.map((cells, r) => h("tr", {}, h("td.num.wb-soft", {}, v.numbers[r]),
          cells.map((cell, i) => h("td" + (role(i) ? "" : ".wb-soft"), {}, cell))))))));
  };
  const closer = () => {
    const c = im.closer;
    if (!c) return h("div.wb-closer", {}, WB.button(t("import.closer"), im.lookCloser, "", { id: "data-closer" }), h("p.wb-small", {}, t("import.closer_hint")));
    if (c.problem) return h("div.wb-verdict.worse", {}, h("i"), h("p", {}, c.problem));
    if (c.working) return WB.findings.waiting(c.working, t("check.looking"));
    const memory = (im.memory.closer ??= {});
    const found = [WB.findings.clusters(c.check, memory, again), WB.findings.chains(c.check, memory, again), WB.findings.problems(c.check, memory, again, { id: "closer-problems", title: "check.between", clean: false })];
    return h("div.wb-gap", { id: "data-closer-found" }, found.some(Boolean) ? found : h("div.wb-verdict.better", {}, h("i"), h("p", {}, t("check.clean"))));
  };
  const dictionary = (v) => [
    h("div.wb-tiles", { id: "data-counts" }, tile(v.pairs, "data.pairs"), tile(v.standards, "data.concepts"), tile(v.terms, "data.terms"), tile(v.rows, "data.rows")),
    a.plan && im.merging() ? plan(a.plan) : null,
    v.several ? h("div.wb-verdict", {}, h("i"), h("p", {}, t("data.several", { n: n(v.several) }))) : null,
    v.kept ? h("p.wb-small", { id: "data-kept" }, WB.pick(v.kept)) : null,
    WB.findings.problems(v, im.memory, again), closer(), sample(v)];

  const drawn = a.kind === "dictionary" ? dictionary(a.preview) : im.parts.kinds[a.kind](a, a.preview, { tile, again });
  root.replaceChildren(h("div.wb-card.wb-gap", { "data-shows": a.kind }, drawn));
  root.firstChild.classList.toggle("wb-dim", im.busy);
};

// How the file was read, in words: format, encoding, delimiter, sheet.
WB.importing.readAs = () => {
  const im = WB.importing;
  const { read } = im.answer;
  const name = (list, id) => WB.pick(list.find((each) => each.id === id)?.name) || id.toUpperCase();
  const MARKS = { ",": "comma", "\t": "tab", ";": "semicolon", "|": "bar", "\uff0c": "wide" };
  const parts = [read.format && name(im.choices.formats, read.format), read.encoding && name(im.choices.encodings, read.encoding), read.delimiter && read.format === "csv" && (MARKS[read.delimiter] ? WB.t("import.delimiter_" + MARKS[read.delimiter]) : read.delimiter), read.sheet];
  const said = parts.filter(Boolean).join(" · ");
  return said ? WB.t("data.read_as", { what: said }) : "";
};
