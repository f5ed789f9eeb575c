// The form of the Train tab: a recipe, what it learns from, how long it takes, and the start.
// WB.training holds what is chosen; the editor of recipes works on the same.
WB.training = { recipe: null, draft: null, editing: false, desk: null, corpora: [], pair_sets: [], listeners: [] };
WB.training.changed = () => { for (const listener of WB.training.listeners) listener(); };
WB.training.find = (name) => WB.training.desk?.recipes.find((each) => each.name === name);
WB.training.spec = (name) => WB.training.desk?.stages.find((each) => each.name === name);
WB.training.copy = (stages) => JSON.parse(JSON.stringify(stages.map(({ stage, parameters }) => ({ stage, parameters }))));
WB.training.stages = () => WB.training.draft || WB.training.find(WB.training.recipe)?.stages || [];
WB.training.isChanged = () => {
  const { draft, recipe } = WB.training;
  const found = WB.training.find(recipe);
  return Boolean(draft) && (!found || JSON.stringify(WB.training.copy(draft)) !== JSON.stringify(WB.training.copy(found.stages)));
};
// What the form describes, as the server is told.
WB.training.wish = () => ({ recipe: WB.training.recipe, stages: WB.training.isChanged() ? WB.training.copy(WB.training.draft) : null });
WB.training.needs = () => {
  const kinds = WB.training.stages().flatMap((entry) => WB.training.spec(entry.stage)?.needs || []);
  return ["corpus", "labels", "triplets"].filter((kind) => kinds.includes(kind) || (kind === "corpus" && WB.training.mayRead()));
};
// Whether a stage reads raw text where there is some, and makes do with the dictionary's terms otherwise.
WB.training.mayRead = () => WB.training.stages().some((entry) => WB.training.spec(entry.stage)?.takes_corpus && entry.parameters.sources !== "terms");
WB.training.mustRead = () => WB.training.stages().some((entry) => WB.training.spec(entry.stage)?.needs.includes("corpus"));

WB.views.recipes = (root, { server, props, watch }) => {
  const { h, t } = WB;
  const training = WB.training;
  const MAIN = ["instant", "finetune"];
  const form = { dictionary: "", base: "", name: "", seed: 0, budget: 0, open: false };
  const BUDGETS = [60, 120, 300, 600, 1800, 3600]; // seconds
  let times = {};
  let estimate = { empty: true };
  let turn = 0;
  let timer = 0;
  training.ask = (name, data = {}) => WB.ask(server, name, data);
  const cards = h("div", { id: "train-recipe" });
  const material = h("div", { id: "train-material" });
  const box = h("div", { id: "train-estimate" });
  const limit = h("label.wb-budget");
  const fold = h("details.wb-more", { id: "train-advanced", ontoggle: (e) => { form.open = e.target.open; } });
  const start = WB.button("", () => begin(), "primary", { id: "train-start" });
  start.classList.add("wide");
  const edit = WB.button("", () => { training.editing = !training.editing; training.draft ||= training.copy(training.stages()); if (!training.editing && !training.isChanged()) training.draft = null; training.changed(); }, "quiet", { id: "train-edit" });
  const undo = WB.button("", () => { training.draft = training.editing ? training.copy(training.find(training.recipe).stages) : null; training.changed(); }, "quiet", { id: "train-undo" });
  const whole = h("div.wb-train-form", {}, cards, material, fold, limit, h("div.wb-train-foot", {}, box, start));

  // ---- recipes
  const choose = async (name) => {
    if (name === training.recipe) return;
    if (training.isChanged()) {
      const sure = await WB.confirm(t("recipes.lose_title", { name: WB.pick(training.find(training.recipe)?.title) || training.recipe }), t("recipes.lose_text"), [{ label: t("recipes.lose"), value: true, kind: "danger" }]);
      if (!sure) return;
    }
    training.recipe = name;
    training.draft = training.editing ? training.copy(training.find(name).stages) : null;
    training.changed();
  };
  const time = (name) => (times[name] == null ? null : h("span.wb-recipe-time", {}, t("train.about", { time: WB.duration(times[name]) })));
  const marks = (recipe) => [recipe.own && h("span.wb-chip", {}, t("train.own")), recipe.name === training.recipe && training.isChanged() && h("span.wb-chip.warn", { "data-mark": "changed" }, t("train.changed"))];
  const radio = (recipe, kind, ...children) => h("button." + kind + (recipe.name === training.recipe ? ".on" : ""), { type: "button", role: "radio", "data-recipe": recipe.name,
    "aria-checked": String(recipe.name === training.recipe), tabindex: recipe.name === training.recipe ? 0 : -1, title: kind === "wb-way" ? WB.pick(recipe.help) : null, onclick: () => choose(recipe.name) }, children);
  const about = (recipe) => h("div.wb-way-about", { id: "train-recipe-about" }, h("p", {}, WB.pick(recipe.help)),
    h("p.wb-way-needs", {}, [...recipe.needs.filter((kind) => kind !== "dictionary").map((kind) => h("span.wb-chip", {}, t("train.needs_" + kind))), time(recipe.name)]));
  const drawCards = () => {
    const { recipes } = training.desk;
    const large = recipes.filter((each) => MAIN.includes(each.name));
    const more = recipes.filter((each) => !MAIN.includes(each.name));
    const focused = cards.contains(document.activeElement) ? document.activeElement.dataset.recipe : null;
    const chosen = more.find((each) => each.name === training.recipe);
    cards.replaceChildren(h("div.wb-recipes", { role: "radiogroup", "aria-label": t("train.recipe") }, h("div.wb-row.spread.wb-recipe-head", {}, h("div.wb-form-label", {}, WB.term("recipe", t("train.recipe"), { id: "train-what-recipe" })), h("div.wb-train-links", {}, undo, edit)),
      h("div.wb-recipe-cards", {}, large.map((each) => radio(each, "wb-recipe", h("strong", {}, WB.pick(each.title), marks(each)), h("span", {}, WB.pick(each.help)), time(each.name)))),
      more.length > 0 && h("div.wb-ways", { id: "train-more-ways" }, h("span.wb-small", {}, t("train.more_ways")), more.map((each) => radio(each, "wb-way", WB.pick(each.title), marks(each))))),
    ...(chosen ? [about(chosen)] : []));
    if (focused) cards.querySelector(`[data-recipe="${CSS.escape(focused)}"]`)?.focus();
  };
  cards.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = [...cards.querySelectorAll("[role=radio]")];
    const next = all[(all.findIndex((each) => each.dataset.recipe === training.recipe) + by + all.length) % all.length];
    choose(next.dataset.recipe).then(() => cards.querySelector(".on")?.focus());
  });

  // ---- what it learns from besides the dictionary
  const offered = (kind) => (kind === "corpus" ? training.desk.corpora : training.desk.pair_sets.filter((each) => each.kind === kind));
  const picked = (kind) => (kind === "corpus" ? training.corpora : training.pair_sets);
  const size = (kind, n) => t(kind === "corpus" ? "train.texts" : kind === "labels" ? "train.rows" : "train.triplet_rows", { n: WB.number(n) });
  const sets = () => { // chosen, still there, and wanted by the stages
    const needs = training.needs();
    const names = (kinds) => kinds.filter((kind) => needs.includes(kind)).flatMap((kind) => offered(kind).filter((each) => picked(kind).includes(each.name) && each.trusted !== false).map((each) => each.name));
    return { corpora: names(["corpus"]), pair_sets: names(["labels", "triplets"]) };
  };
  const chooser = (kind) => {
    const list = offered(kind);
    const ways = kind === "corpus" ? [["data", "train.import_corpus"]] : [...(kind === "labels" ? [["pairs", "train.make_labels"]] : []), ["data", "train.import_labels"]];
    const links = h("p.wb-small", {}, ways.map(([tab, key], i) => [i ? " · " : "", h("button.wb-link", { type: "button", "data-way": tab, onclick: () => WB.go(tab) }, t(key))]));
    const tick = (each) => {
      const key = kind === "corpus" ? "corpora" : "pair_sets";
      const distrust = each.trusted === false;
      return h("label.wb-tick", { "data-set": each.name }, h("input", { type: "checkbox", checked: !distrust && training[key].includes(each.name), disabled: distrust,
        onchange: (e) => { training[key] = e.target.checked ? [...training[key], each.name] : training[key].filter((name) => name !== each.name); training.changed(); } }),
      h("span", {}, each.name, h("small", {}, size(kind, each.size), distrust && [" · ", t("train.not_trusted"), " ", h("button.wb-link", { type: "button", onclick: () => WB.go("pairs") }, t("train.look_at_it"))])));
    };
    return h("section.wb-material", { "data-kind": kind }, h("div.wb-form-label", {}, t("train.choose_" + kind), kind === "corpus" && !training.mustRead() ? h("span.wb-optional", {}, t("train.optional_corpus")) : null),
      list.length ? h("div.wb-material-list", {}, list.map(tick)) : h("p.wb-small", {}, t("train.no_" + kind)), links);
  };
  const drawMaterial = () => {
    const focused = material.contains(document.activeElement) ? document.activeElement.closest("[data-set]")?.dataset.set : null;
    for (const kind of training.needs()) { // the only one there is need not be looked for
      const usable = offered(kind).filter((each) => each.trusted !== false);
      const key = kind === "corpus" ? "corpora" : "pair_sets";
      const seen = `seen_${kind}`;
      if (usable.length === 1 && !training[seen] && !training[key].includes(usable[0].name)) training[key] = [...training[key], usable[0].name];
      if (usable.length) training[seen] = true;
    }
    material.replaceChildren(...training.needs().map(chooser));
    material.hidden = !material.hasChildNodes();
    if (focused) material.querySelector(`[data-set="${CSS.escape(focused)}"] input`)?.focus();
  };

  // ---- how long, and the start
  const drawEstimate = () => {
    const v = estimate;
    if (v.empty) box.replaceChildren(h("div.wb-small", {}, t("train.estimate_none")));
    else if (v.problem) box.replaceChildren(h("div.wb-small.wb-warning", {}, WB.pick(v.problem)));
    else box.replaceChildren(h("div.wb-estimate", {},
      h("strong", {}, t("train.estimate", { time: WB.duration(v.seconds) })),
      h("span.wb-small", {}, [[v.prepare ? t("train.estimate_prepare", { time: WB.duration(v.prepare) }) : null,
        v.encode >= 0.5 ? t("train.estimate_encode", { time: WB.duration(v.encode) }) : null,
        t("train.estimate_train", { time: WB.duration(v.train) }), v.measure >= 0.5 ? t("train.estimate_measure", { time: WB.duration(v.measure) }) : null].filter(Boolean).join(t("common.comma")), WB.pick(v.note)].filter(Boolean).join(" · ")), planned(v)));
  };
  const planned = (v) => v.budget && h("div.wb-plan", { id: "train-plan" }, v.changes.length === 0 && v.fits ? h("span.wb-small", {}, t("train.budget_fits")) : null,
    v.changes.map((each) => h("span.wb-chip", {}, t("train.budget_change", { stage: WB.pick(each.stage), parameter: WB.pick(each.parameter), before: each.before, after: each.after }))),
    v.fits ? null : h("span.wb-small.wb-warning", {}, t("train.budget_tight", { time: WB.duration(v.seconds) })));
  const drawBudget = () => {
    const time = (seconds) => (seconds < 3600 ? t("unit.minutes", { n: seconds / 60 }) : t("unit.hours", { n: seconds / 3600 }));
    limit.replaceChildren(h("span", {}, t("train.budget")), h("select.wb-box", { id: "train-budget", title: t("train.budget_help"), onchange: (e) => { form.budget = Number(e.target.value); readEstimate(0); } },
      [0, ...BUDGETS].map((seconds) => h("option", { value: seconds, selected: seconds === form.budget }, seconds ? time(seconds) : t("train.budget_none")))));
  };
  const message = () => ({ dictionary: form.dictionary, base: form.base, ...training.wish(), ...sets(), budget: form.budget });
  const readEstimate = (pause = 200) => {
    clearTimeout(timer);
    const mine = ++turn;
    timer = setTimeout(async () => {
      if (!training.desk || !training.recipe) return;
      let found;
      try { found = await training.ask("read_estimate", message()); } catch (problem) { found = { problem: problem.message }; }
      if (mine === turn) { estimate = found; drawEstimate(); }
    }, pause);
  };
  const readTimes = async () => {
    const asked = `${form.dictionary}\n${form.base}`;
    if (!form.dictionary || !form.base) { times = {}; return; }
    try {
      const found = await training.ask("read_times", { dictionary: form.dictionary, base: form.base });
      if (asked === `${form.dictionary}\n${form.base}`) { times = found.times; if (training.desk) drawCards(); }
    } catch { /* the cards do without */ }
  };
  // The choosers tell this form by way of the server, and other tabs tell the choosers so: a quick click must not
  // start what was chosen before. `due` is what another tab asked for and is not here yet.
  const HEARD = 10_000; // milliseconds
  let due = null;
  WB.on("use", ({ dictionary, base }) => { due = { dictionary, base, until: Date.now() + HEARD }; });
  const field = (name) => document.querySelector(`#train-${name} input`)?.value || null;
  const told = () => {
    const [dictionary, base] = [field("dictionary"), field("base")];
    const both = training.desk?.models[form.base];
    const titles = both && typeof both === "object" ? Object.values(both) : [both];
    return (dictionary === null || dictionary === form.dictionary) && (base === null || base === form.base || titles.includes(base));
  };
  const awaited = () => due && Date.now() < due.until && ["dictionary", "base"].some((name) => due[name] && due[name] !== form[name]);
  const heard = async () => {
    for (const end = Date.now() + HEARD; Date.now() < end && (awaited() || !told());) await new Promise((go) => setTimeout(go, 50));
    due = null;
    if (field("dictionary") !== null && field("dictionary") !== form.dictionary) throw new WB.Problem(t("error.offline"));
  };
  const begin = () => WB.act(start, async () => {
    await heard();
    const { name } = form;
    const { run, waits } = await training.ask("start_run", { ...message(), name, seed: form.seed });
    if (form.name === name) { form.name = ""; drawFold(); }
    training.editing = false;
    if (!training.isChanged()) training.draft = null;
    training.changed();
    WB.note(waits && run.place ? t("train.queued", { name: run.name, place: run.place }) : t("train.started", { name: run.name }));
    WB.emit("show-run", run.id); WB.emit("touch"); WB.emit("runs");
    window.scrollTo({ top: 0, behavior: "smooth" });
  });
  const drawFold = () => {
    fold.open = form.open;
    fold.replaceChildren(h("summary", {}, t("train.advanced")), h("div.wb-more-body", {},
      h("label.wb-field", {}, h("span", {}, t("train.name")), h("input.wb-box", { type: "text", id: "train-name", maxlength: 80, value: form.name, placeholder: t("train.name_hint"), oninput: (e) => { form.name = e.target.value; } })),
      h("label.wb-field", {}, h("span", {}, WB.term("seed", t("train.seed"))), h("input.wb-box.number", { type: "number", id: "train-seed", min: 0, max: 2147483647, step: 1, value: form.seed, oninput: (e) => { const n = e.target.valueAsNumber; e.target.classList.toggle("bad", !Number.isInteger(n) || n < 0); if (Number.isInteger(n) && n >= 0) form.seed = n; } }), h("small", {}, t("train.seed_help")))));
  };

  const draw = () => {
    if (!training.desk) { root.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    if (whole.parentNode !== root) root.replaceChildren(whole);
    drawCards(); drawMaterial(); drawEstimate();
    start.textContent = t("train.start");
    edit.textContent = t(training.editing ? "train.edit_close" : "train.edit");
    edit.setAttribute("aria-expanded", String(training.editing));
    undo.textContent = t("train.undo_changes");
    undo.hidden = !training.isChanged() || !training.find(training.recipe);
  };
  const asking = WB.inOrder();
  const refresh = async () => {
    const current = asking();
    const reply = await training.ask("read_desk");
    if (!current()) return;
    const same = JSON.stringify(reply) === JSON.stringify(training.desk);
    training.desk = reply;
    if (!training.find(training.recipe) && !training.draft) training.recipe = reply.recipes[0].name;
    if (!same) { training.changed(); readTimes(); }
  };
  training.refresh = refresh;
  // The form as a run had it: "Retry with changes".
  training.fill = async (run) => {
    if (!training.desk) { try { await refresh(); } catch (problem) { WB.note(problem.message, "problem"); return; } }
    const known = training.find(run.recipe);
    training.recipe = known ? run.recipe : training.desk.recipes[0].name;
    training.draft = training.copy(run.stages).filter((entry) => training.spec(entry.stage));
    training.editing = true;
    training.corpora = [...run.corpora];
    training.pair_sets = [...run.pair_sets];
    form.seed = run.seed;
    WB.use({ dictionary: run.dictionary, base: run.base });
    drawFold();
    training.changed();
    WB.note(t("train.filled_in", { name: run.name }));
    window.scrollTo({ top: 0, behavior: "smooth" });
  };
  training.listeners.push(() => { draw(); readEstimate(); });
  const chosen = () => {
    const next = props.value || {};
    const [dictionary, base] = [next.dictionary || "", next.base || ""];
    if (dictionary === form.dictionary && base === form.base) return;
    Object.assign(form, { dictionary, base });
    training.base = form.base;
    training.changed();
    readTimes();
  };
  const poller = WB.poll(root, 20, refresh);
  for (const event of ["changed", "tab"]) WB.on(event, () => poller.now());
  watch("value", chosen);
  drawFold();
  drawBudget();
  draw();
  chosen();
  poller.now();
  return { draw() { drawFold(); drawBudget(); draw(); } };
};
