// The editor of recipes: the data path, the stages in their order with their parameters, files, and a comparison.
WB.views.recipe_editor = (root) => {
  const { h, t } = WB;
  const training = WB.training;
  const open = new Set(); // entries of the draft whose parameters are shown
  const part = { name: "", compare: null, differences: null, importing: false };
  const title = (entry) => WB.pick(training.spec(entry.stage)?.title) || entry.stage;
  const recipeTitle = () => WB.pick(training.find(training.recipe)?.title) || training.recipe;
  const different = (entry, parameter) => entry.parameters[parameter.name] !== parameter.default;
  const changed = () => { part.differences = null; training.changed(); if (part.compare) compare(part.compare); };

  // ---- base -> stage -> stage -> model, and what each learns from
  const path = () => {
    const base = WB.pick(training.desk.models[training.base]) || training.base || t("recipes.base");
    const arrow = () => h("span.wb-path-arrow", { "aria-hidden": "true" }, "→");
    return h("div.wb-path", { role: "list", id: "recipe-path" }, h("div.wb-path-end", { role: "listitem" }, h("b", {}, base), h("small", {}, t("recipes.base"))),
      training.draft.map((entry) => h("div.wb-path-step", { role: "listitem" }, arrow(), h("span.wb-path-stage", {}, h("b", {}, title(entry)), h("small", {}, (training.spec(entry.stage)?.needs || []).map((kind) => t("recipes." + kind)).join(" + "))))),
      h("div.wb-path-step", { role: "listitem" }, arrow(), h("span.wb-path-end", {}, h("b", {}, t("recipes.model")))));
  };

  // ---- one stage
  const GLOSS = { instant_map: "instant_map", in_batch: "in_batch", hard_negatives: "hard_negatives", simcse: "simcse", mlm: "mlm", retromae: "retromae", cosent: "cosent", lora: "lora", merge: "merge",
    reranker: "reranker", retrofitting: "postprocessing", synonym_adjustment: "postprocessing", counter_fitting: "postprocessing", word_vectors: "word_vectors", contrastive_triplet: "triplet" };
  const move = (i, by) => { const [entry] = training.draft.splice(i, 1); training.draft.splice(i + by, 0, entry); changed(); root.querySelector(`[data-place="${i + by}"] [data-act=${by < 0 ? "up" : "down"}]`)?.focus(); };
  const icon = (act, label, sign, onclick, disabled) => h("button.wb-icon", { type: "button", "data-act": act, "aria-label": label, title: label, onclick, disabled }, sign);
  const stage = (entry, i) => {
    const spec = training.spec(entry.stage);
    const many = spec.parameters.length;
    const moved = spec.parameters.filter((each) => different(entry, each)).length;
    const shown = open.has(entry) || (training.draft.length === 1 && !open.has("none"));
    const toggle = (e) => { if (e.target.open) { open.add(entry); open.delete("none"); } else { open.delete(entry); if (training.draft.length === 1) open.add("none"); } };
    return h("li.wb-stage", { "data-stage": entry.stage, "data-place": i }, h("div.wb-row.spread", {},
      h("div.wb-stage-title", {}, h("b", {}, i + 1), h("strong", {}, GLOSS[entry.stage] ? WB.term(GLOSS[entry.stage], title(entry)) : title(entry)), spec.needs.length > 0 && h("small", {}, t("recipes.learns_from", { kinds: spec.needs.map((kind) => t("recipes." + kind)).join(" + ") }))),
      h("div.wb-stage-acts", {}, icon("up", t("recipes.up"), "↑", () => move(i, -1), i === 0), icon("down", t("recipes.down"), "↓", () => move(i, 1), i === training.draft.length - 1),
        icon("remove", t("recipes.remove"), "×", () => { open.delete(entry); training.draft.splice(i, 1); changed(); }))),
    h("p.wb-small", {}, WB.pick(spec.help)),
    many ? h("details.wb-more", { open: shown, ontoggle: toggle }, h("summary", {}, moved ? t("recipes.parameters_changed", { n: many, changed: moved }) : t("recipes.parameters", { n: many })),
      WB.parameterForm(spec, entry.parameters, () => { open.add(entry); setTimeout(changed); }, `recipe-${i}-`)) : h("p.wb-small", {}, t("recipes.no_parameters")));
  };

  // ---- adding
  const group = (spec) => ["triplets", "labels", "corpus"].find((kind) => spec.needs.includes(kind)) || (spec.takes_corpus ? "corpus" : spec.needs.length ? "dictionary" : "nothing");
  const add = () => {
    const list = h("div.wb-stage-menu");
    const search = h("input.wb-input", { type: "search", placeholder: t("recipes.add_search"), "aria-label": t("recipes.add_search"), id: "recipe-add-search" });
    const dialog = h("dialog.wb-dialog.wide.wb-view", { id: "recipe-add-menu" }, h("h3", {}, t("recipes.add_title")), search, list, h("div.wb-actions", {}, WB.button(t("common.cancel"), () => dialog.remove())));
    const take = (spec) => { const entry = { stage: spec.name, parameters: Object.fromEntries(spec.parameters.map((each) => [each.name, each.default])) }; training.draft.push(entry); dialog.remove(); changed(); };
    const fill = () => {
      const wanted = search.value.trim().toLowerCase();
      const fits = (spec) => !wanted || `${spec.name} ${WB.pick(spec.title)} ${WB.pick(spec.help)} ${spec.source}`.toLowerCase().includes(wanted);
      const found = training.desk.stages.filter(fits);
      list.replaceChildren(...["dictionary", "labels", "triplets", "corpus", "nothing"].map((kind) => [kind, found.filter((spec) => group(spec) === kind)]).filter(([, specs]) => specs.length).map(([kind, specs]) =>
        h("section", { "data-group": kind }, h("h4", {}, t("recipes.group_" + kind)), specs.map((spec) => h("button.wb-stage-choice", { type: "button", "data-stage": spec.name, onclick: () => take(spec) },
          h("strong", {}, WB.pick(spec.title)), h("span", {}, WB.pick(spec.help)), spec.source && h("small", {}, t("recipes.source", { source: spec.source })))))));
      if (!found.length) list.append(h("p.wb-small", {}, t("common.nothing_found", { search: search.value })));
    };
    search.addEventListener("input", fill);
    dialog.addEventListener("close", () => dialog.remove());
    fill();
    WB.modal(dialog);
  };

  // ---- saving, files, comparing
  const save = async (button) => {
    const name = part.name.trim();
    if (!name) { root.querySelector("#recipe-name")?.focus(); return; }
    const known = training.find(name);
    if (known?.own && !(await WB.confirm(t("recipes.replace_title", { name }), t("recipes.replace_text"), [{ label: t("recipes.replace"), value: true, kind: "primary" }]))) return;
    await WB.act(button, async () => {
      const reply = await training.ask("save_recipe", { name, help: root.querySelector("#recipe-help").value, stages: training.copy(training.draft), replace: Boolean(known?.own) });
      await training.refresh();
      training.recipe = reply.name;
      training.draft = training.copy(training.find(reply.name).stages);
      part.name = "";
      training.changed();
      WB.note(t("recipes.saved", { name: reply.name }));
    });
  };
  const remove = async () => {
    const name = training.recipe;
    if (!(await WB.confirm(t("recipes.delete_title", { name }), t("recipes.delete_text"), [{ label: t("common.delete"), value: true, kind: "danger" }]))) return;
    await WB.act(null, async () => { await training.ask("delete_recipe", { name }); training.draft = null; training.editing = false; training.recipe = null; await training.refresh(); training.changed(); });
  };
  const export_ = (e) => WB.act(e.currentTarget, async () => {
    const { yaml } = await training.ask("export_recipe", training.wish());
    const bytes = new TextEncoder().encode(yaml);
    WB.save(`${training.recipe.replace(/[\\/:*?"<>|]/g, "-")}.yaml`, "application/yaml", btoa(String.fromCharCode(...bytes)));
  });
  const take = (button, yaml) => WB.act(button, async () => {
    const { recipe } = await training.ask("import_recipe", { yaml });
    open.clear();
    part.importing = false;
    part.name = recipe.name;
    training.draft = training.copy(recipe.stages);
    training.changed();
    WB.note(t("recipes.imported", { name: recipe.name }));
  });
  const importing = () => {
    const area = h("textarea.wb-box", { rows: 7, id: "recipe-yaml", spellcheck: "false", placeholder: t("recipes.import_text"), "aria-label": t("recipes.import") });
    const file = h("input", { type: "file", accept: ".yaml,.yml,.txt", id: "recipe-file", hidden: true, onchange: async (e) => { const [one] = e.target.files; if (one) { area.value = await one.text(); await take(null, area.value); } } });
    return h("div.wb-gap.tight", { id: "recipe-import-form" }, area, file, h("div.wb-row", {}, WB.button(t("recipes.import_use"), (e) => take(e.currentTarget, area.value), "primary", { id: "recipe-import-use" }), WB.button(t("recipes.import_file"), () => file.click())));
  };
  const compare = async (other) => {
    part.compare = other;
    if (!other) { part.differences = null; draw(); return; }
    await WB.act(null, async () => { const { differences } = await training.ask("compare_recipes", { ...training.wish(), other }); if (part.compare === other) { part.differences = differences; draw(); } });
  };
  const value = (it) => (it === true ? t("recipes.yes") : it === false ? t("recipes.no") : it == null ? t("recipes.absent") : typeof it === "object" ? WB.pick(it) : String(it));
  const comparison = () => {
    const others = training.desk.recipes.filter((each) => each.name !== training.recipe || training.isChanged());
    const select = h("select.wb-box", { id: "recipe-compare", "aria-label": t("recipes.compare_with"), onchange: (e) => compare(e.target.value) }, h("option", { value: "" }, t("recipes.compare_with") + " …"), others.map((each) => h("option", { value: each.name }, WB.pick(each.title))));
    select.value = part.compare || "";
    const rows = part.differences;
    return [select, rows && (rows.length ? h("div.wb-scroll", {}, h("table.wb-table", { id: "recipe-differences" },
      h("thead", {}, h("tr", {}, h("th", {}, t("recipes.col_place")), h("th", {}, t("recipes.col_parameter")), h("th", {}, t("recipes.col_this")), h("th", {}, WB.pick(training.find(part.compare)?.title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("td", {}, `${row.place}. ${WB.pick(row.stage)}`), h("td", {}, row.parameter ? WB.pick(row.parameter) : t("recipes.whole_stage")), h("td", {}, value(row.first)), h("td", {}, value(row.second))))))) : h("p.wb-small", { id: "recipe-differences" }, t("recipes.same")))];
  };

  const draw = () => {
    if (!training.editing || !training.draft || !training.desk) { root.replaceChildren(); return; }
    const kept = ["recipe-name", "recipe-help", "recipe-yaml"].map((id) => [id, root.querySelector("#" + id)?.value]);
    const at = document.activeElement && root.contains(document.activeElement) ? document.activeElement.id : "";
    const selection = at && document.activeElement.selectionStart;
    const own = training.find(training.recipe)?.own;
    root.replaceChildren(h("div.wb-card.wb-gap.wb-recipe-editor", { id: "recipe-editor" },
      h("div", {}, h("div.wb-row.spread", {}, h("h3", {}, t("recipes.edit_title", { name: recipeTitle() })), icon("close", t("common.close"), "×", () => { training.editing = false; if (!training.isChanged()) training.draft = null; training.changed(); })), h("p.wb-small", {}, t("recipes.edit_lead"))),
      path(), h("ol.wb-stages", { id: "recipe-stages" }, training.draft.map(stage)),
      training.draft.length ? null : h("p.wb-warning", {}, t("recipes.empty")),
      h("div.wb-row.wrap", {}, WB.button("+ " + t("recipes.add"), add, "", { id: "recipe-add" }), h("span.wb-grow"),
        WB.button(t("recipes.export"), export_, "quiet", { id: "recipe-export", disabled: !training.draft.length }), WB.button(t("recipes.import"), () => { part.importing = !part.importing; draw(); }, "quiet", { id: "recipe-import", "aria-expanded": String(part.importing) }),
        own && WB.button(t("recipes.delete"), remove, "quiet", { id: "recipe-delete" })),
      part.importing && importing(),
      h("div.wb-recipe-foot", {}, h("section", {}, h("h4", {}, t("recipes.save")), h("div.wb-row", {},
        h("input.wb-box", { type: "text", id: "recipe-name", maxlength: 80, placeholder: t("recipes.name"), "aria-label": t("recipes.name"), value: part.name, oninput: (e) => { part.name = e.target.value; } }),
        WB.button(t("recipes.save_short"), (e) => save(e.currentTarget), "", { id: "recipe-save" })),
      h("input.wb-box", { type: "text", id: "recipe-help", maxlength: 400, placeholder: t("recipes.sentence"), "aria-label": t("recipes.sentence") })),
      h("section", {}, h("h4", {}, t("recipes.compare")), comparison()))));
    for (const [id, text] of kept) { const node = root.querySelector("#" + id); if (node && text && id !== "recipe-name") node.value = text; }
    if (at) { const node = document.getElementById(at); node?.focus(); if (selection != null && node?.setSelectionRange && node.type === "text") node.setSelectionRange(selection, selection); }
  };
  training.listeners.push(draw);
  draw();
  return { draw };
};

// A form for the parameters of a stage, generated from the registry; `changed` is called once `values` were set.
WB.parameterForm = (spec, values, changed, prefix) => {
  const { h, t } = WB;
  const said = (value) => (value === true ? t("recipes.yes") : value === false ? t("recipes.no") : String(value));
  const set = (parameter, value) => { if (values[parameter.name] !== value) { values[parameter.name] = value; changed(); } };
  const number = (parameter) => h("input.wb-box", { type: "number", min: parameter.low, max: parameter.high, step: parameter.kind === "int" ? 1 : "any", value: values[parameter.name],
    oninput: (e) => { e.target.classList.toggle("bad", !fits(parameter, e.target.valueAsNumber)); },
    onchange: (e) => { const n = e.target.valueAsNumber; if (fits(parameter, n)) set(parameter, n); } });
  const fits = (parameter, n) => Number.isFinite(n) && (parameter.low == null || n >= parameter.low) && (parameter.high == null || n <= parameter.high) && (parameter.kind !== "int" || Number.isInteger(n));
  const control = (parameter) => {
    if (parameter.kind === "bool") return h("input", { type: "checkbox", checked: values[parameter.name] === true, onchange: (e) => set(parameter, e.target.checked) });
    if (parameter.kind !== "choice") return number(parameter);
    const select = h("select.wb-box", { onchange: (e) => set(parameter, e.target.value) }, parameter.choices.map((choice) => h("option", { value: choice }, choice)));
    select.value = values[parameter.name];
    return select;
  };
  return h("div.wb-parameters", {}, spec.parameters.map((parameter) => {
    const range = parameter.low != null && parameter.high != null ? t("recipes.range", { low: parameter.low, high: parameter.high }) : null;
    const tip = [WB.pick(parameter.help), range, t("recipes.default_is", { value: said(parameter.default) })].filter(Boolean).join(" · ");
    const node = control(parameter);
    node.id = prefix + parameter.name;
    node.dataset.parameter = parameter.name;
    node.setAttribute("aria-description", tip);
    return h("div.wb-parameter" + (parameter.kind === "bool" ? ".bool" : ""), {}, h("label", {}, h("span", {}, WB.pick(parameter.title), WB.tip(tip, WB.pick(parameter.title))), node),
      values[parameter.name] !== parameter.default && h("button.wb-link", { type: "button", "data-default": parameter.name, onclick: () => set(parameter, parameter.default) }, t("recipes.default", { value: said(parameter.default) })));
  }));
};
