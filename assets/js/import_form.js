// The left side of an upload: what it is, where it goes, how it is read.
WB.importing.parts.form = () => {
  const { h, t } = WB;
  const im = WB.importing;
  const root = im.form;
  if (!root) return;
  if (!im.file) { root.replaceChildren(); return; }
  const KINDS = ["dictionary", "pairs", "corpus", "retrieval"];
  const a = im.answer;
  const kind = im.kindNow();
  const choice = a?.choice || {};
  const read = a?.read || {};
  const columns = a?.columns || [];

  // ---- controls: each shows what is in force, chosen or recognised
  const field = (label, control, help) => h("label.wb-field", {}, h("span", {}, label), control, help && h("small", {}, help));
  const select = (key, label, options, now, attributes = {}) => {
    const value = im.how[key] ?? (now == null ? "" : String(now));
    return field(label, h("select.wb-box", { onchange: (e) => im.set(key, e.target.value), "data-key": key, ...attributes },
      options.map(([id, name]) => h("option", { value: id, selected: String(id) === String(value) }, name))));
  };
  const segments = (options, now, go, attributes = {}) => h("div.wb-segments.small.fill", { role: "radiogroup", ...attributes }, options.map(([id, name]) =>
    h("button" + (id === now ? ".on" : ""), { type: "button", role: "radio", "aria-checked": String(id === now), "data-value": id, onclick: () => { if (id !== now) go(id); } }, name)));
  const named = columns.map((name, i) => [i, name || `#${i + 1}`]);
  const column = (key, label, id, optional = false) => select(key, label, [...(optional || choice[key] == null ? [["", t("import.none")]] : []), ...named], choice[key], { id });
  const several = (key, label, id) => {
    const now = new Set((im.how[key] ?? choice[key] ?? []).map(Number));
    return h("div.wb-field", { id }, h("span", {}, label), h("div.wb-terms.wb-choose", {}, named.map(([i, name]) => h("button.wb-chip" + (now.has(i) ? ".accent.on" : ""), { type: "button", "aria-pressed": String(now.has(i)), "data-column": i,
      onclick: () => { const next = new Set(now); if (!next.delete(i)) next.add(i); if (next.size) im.set(key, [...next].sort((x, y) => x - y)); } }, name))));
  };
  const auto = (name) => ["", name ? t("import.auto", { what: name }) : t("import.auto_plain")];
  const nameOf = (list, id) => WB.pick(list.find((each) => each.id === id)?.name) || (id || "").toUpperCase();
  const MARKS = { ",": "comma", "\t": "tab", ";": "semicolon", "|": "bar", "\uff0c": "wide" };
  const mark = (m) => (MARKS[m] ? t("import.delimiter_" + MARKS[m]) : m);

  const encoding = (key = "encoding", label = t("data.encoding")) => select(key, label, [auto(key === "encoding" && !im.how.encoding && read.encoding ? nameOf(im.choices.encodings, read.encoding) : ""), ...im.choices.encodings.map((e) => [e.id, WB.pick(e.name)])], "", { id: key === "encoding" ? "data-encoding" : null });
  const header = (key = "header", label = t("import.header")) => select(key, label, [auto(im.how[key] || choice[key] == null ? "" : t(choice[key] ? "import.header_yes" : "import.header_no")), ["yes", t("import.header_yes")], ["no", t("import.header_no")]], "");
  const delimiter = () => (read.delimiter || im.how.delimiter) && select("delimiter", t("import.delimiter"), [auto(im.how.delimiter ? "" : mark(read.delimiter)), ...Object.keys(MARKS).map((m) => [m, mark(m)])], "", { id: "data-delimiter" });
  const sheet = () => read.sheets?.length > 1 && select("sheet", t("import.sheet"), read.sheets.map((name) => [name, name]), read.sheet, { id: "data-sheet" });
  const format = () => select("format", t("import.format"), [auto(im.how.format || !read.format ? "" : nameOf(im.choices.formats, read.format)), ...im.choices.formats.map((f) => [f.id, WB.pick(f.name)])], "", { id: "data-format" });
  const scopes = () => {
    const now = new Set(im.how.scopes || ["EXACT"]);
    return read.format === "obo" && h("div.wb-field", { id: "data-scopes" }, h("span", {}, t("import.scopes")), h("div.wb-terms", {}, im.choices.scopes.map((s) => h("button.wb-chip" + (now.has(s) ? ".accent.on" : ""), { type: "button", "aria-pressed": String(now.has(s)),
      onclick: () => { const next = new Set(now); if (!next.delete(s)) next.add(s); if (next.size) im.set("scopes", im.choices.scopes.filter((each) => next.has(each))); } }, t("import.scope_" + s)))));
  };
  const language = () => read.format === "skos" && field(t("import.language"), h("input.wb-box", { type: "text", id: "data-language", maxlength: 20, value: im.how.language || "", placeholder: t("import.language_hint"), onchange: (e) => im.set("language", e.target.value.trim()) }));
  const table = ["csv", "tsv", "xlsx", "json", "jsonl", "parquet"].includes(read.format);
  const unit = () => (choice.column == null || !columns.length) && select("unit", t("import.unit"), [auto(im.how.unit || !choice.unit ? "" : t("import.unit_" + choice.unit)), ["line", t("import.unit_line")], ["paragraph", t("import.unit_paragraph")]], "", { id: "data-unit" });
  const two = (...fields) => h("div.wb-two", {}, fields);

  const OPTIONS = {
    dictionary: () => [columns.length && (table || !read.format) ? [column("standard", t("data.standard"), "data-standard"), several("synonyms", t("data.synonyms"), "data-synonyms")] : null,
      scopes(), language(), two(format(), encoding(), delimiter(), sheet(), table && header())],
    pairs: () => [columns.length ? two(column("text1", t("import.text1"), "data-text1"), column("text2", t("import.text2"), "data-text2"), column("label", t("import.label"), "data-label", true), column("negative", t("import.negative"), "data-negative", true)) : null,
      two(select("pairs_kind", t("import.pairs_kind"), [auto(""), ...["labels", "scores", "triplets"].map((k) => [k, t("import.pairs_" + k)])], ""), encoding(), delimiter(), sheet(), header())],
    corpus: () => [two(unit(), columns.length > 1 && column("column", t("import.column"), "data-column"), encoding(), sheet(), columns.length ? header() : null)],
    retrieval: () => [columns.length ? [column("query", t("import.query"), "data-query"), several("answers", t("import.answers"), "data-answers")] : null,
      im.second && a?.second_columns?.length ? two(...["passage", "passage_id"].map((key) => select(key, t("import." + key), [...(key === "passage_id" || choice[key] == null ? [["", t("import.none")]] : []), ...a.second_columns.map((name, i) => [i, name || `#${i + 1}`])], choice[key]))) : null,
      two(header(), encoding(), im.second && header("second_header", t("import.second_header")), im.second && encoding("second_encoding", t("import.second_encoding")), im.second && select("missing", t("import.missing"), [["add", t("import.missing_add")], ["ignore", t("import.missing_ignore")]], "add"))],
  };

  const what = () => {
    const reason = !a ? "" : im.kind && im.kind !== a.guess.kind ? t("import.by_hand") : t(a.guess.sure ? "import.sure" : "import.unsure", { reason: WB.pick(a.guess.reason) });
    return h("div.wb-field", {}, h("span", {}, t("import.what")), segments(KINDS.map((k) => [k, t("import.kind_" + k)]), kind, im.setKind, { id: "data-kind", "aria-label": t("import.what") }),
      h("small" + (a && !a.guess.sure && !im.kind ? ".wb-warning" : ""), { id: "data-reason" }, reason));
  };
  const where = () => {
    const names = im.choices.names[kind] || [];
    const modes = ["new", ...(kind === "dictionary" && names.length ? ["merge"] : []), ...(names.length ? ["replace"] : [])];
    const plain = a?.proposed.plain;
    return [h("div.wb-field", {}, h("span", {}, t(modes.length > 1 ? "import.where" : "data.name")), modes.length > 1 && segments(modes.map((m) => [m, t("import.mode_" + m)]), im.mode, (m) => im.setMode(m), { id: "data-mode", "aria-label": t("import.where") })),
      im.mode === "new"
        ? h("div.wb-field", {}, h("div", { id: "data-name" }, h("input.wb-box", { type: "text", id: "data-name-field", "aria-label": t("data.name"), maxlength: 120, value: im.name || "", oninput: (e) => { im.name = e.target.value; }, onkeydown: (e) => { if (e.key === "Enter" && !e.isComposing) im.save(); } })),
          kind === "dictionary" && a?.proposed.taken ? h("small", { id: "data-taken" }, t("import.is_there", { name: plain }) + " ", h("button.wb-link", { type: "button", onclick: () => im.setMode("merge", plain) }, t("import.compare")), t("common.comma"), h("button.wb-link", { type: "button", onclick: () => im.setMode("replace", plain) }, t("import.replace_it"))) : null)
        : h("select.wb-box", { id: "data-into", "aria-label": t("import.which"), onchange: (e) => im.setMode(im.mode, e.target.value) }, names.map((name) => h("option", { value: name, selected: name === im.into }, name)))];
  };
  const saving = () => {
    const nothing = im.merging() && a?.plan?.nothing;
    const label = nothing ? t("import.save_nothing") : im.mode !== "new" && im.into ? t("import.save_" + im.mode, { name: im.into }) : t("import.save_" + kind);
    return h("div.wb-gap.tight", {}, WB.able(WB.button(im.saving ? t("import.saving") : label, im.save, "primary", { id: "data-save" }), im.saving || im.busy ? t("common.working") : !a || a.problem || im.problem ? t("why.save") : nothing ? label : null), im.saving && WB.bar(null, t("import.saving")));
  };
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const again = focused && (focused.id ? `#${focused.id}` : focused.dataset.key ? `[data-key="${focused.dataset.key}"]` : focused.dataset.value ? `[data-value="${focused.dataset.value}"]` : null);
  const typed = focused?.id === "data-name-field" ? [focused.selectionStart, focused.selectionEnd] : null;
  const open = root.querySelector("#data-how")?.open ?? false;
  if (!kind) { root.replaceChildren(); return; }
  root.replaceChildren(h("div.wb-import-form", {}, what(), where(),
    kind === "dictionary" && (table || !read.format) ? h("label.wb-tick", { id: "data-split" }, h("input", { type: "checkbox", checked: Boolean(im.how.split), onchange: (e) => im.set("split", e.target.checked) }), h("span", {}, t("data.split"), h("small", {}, t("data.split_help")))) : null,
    h("details.wb-more", { id: "data-how", open: open || Boolean(a?.problem) }, h("summary", {}, t("data.options")), h("div.wb-more-body", {}, OPTIONS[kind]())),
    saving()));
  if (again) { const node = root.querySelector(again); node?.focus({ preventScroll: true }); if (typed && node) node.setSelectionRange(...typed); }
};
