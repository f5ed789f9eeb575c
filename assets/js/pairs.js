// The Pairs tab: a switch between its three parts, and the small form kit that they share.
// Each part is a function that is given the tab and answers { node, draw, shown, dictionary }.
WB.pairs = {};

// ---- form controls: each keeps its value in `state[key]` and says when it changed
WB.form = (state, changed) => {
  const { h } = WB;
  const set = (key, value) => { if (state[key] !== value) { state[key] = value; changed(key); } };
  const form = {};
  form.field = (label, control, help) => h("label.wb-field", {}, h("span", {}, label), control, help && h("small", {}, help));
  form.text = (key, attributes = {}) => h("input.wb-box", { type: "text", value: state[key], maxlength: 500, spellcheck: "false", autocomplete: "off", oninput: (e) => set(key, e.target.value), ...attributes });
  form.area = (key, attributes = {}) => h("textarea.wb-box", { rows: 3, spellcheck: "false", value: state[key], oninput: (e) => set(key, e.target.value), ...attributes });
  form.number = (key, low, high, attributes = {}) => h("input.wb-box.number", { type: "number", min: low, max: high, step: 1, value: state[key],
    oninput: (e) => { const n = e.target.valueAsNumber; const fine = Number.isFinite(n) && n >= low && n <= high && (attributes.step === "any" || Number.isInteger(n)); e.target.classList.toggle("bad", !fine); if (fine) set(key, n); },
    onchange: (e) => { e.target.value = state[key]; e.target.classList.remove("bad"); }, ...attributes });
  form.check = (key, label, help, attributes = {}) => h("label.wb-tick", {}, h("input", { type: "checkbox", checked: Boolean(state[key]), onchange: (e) => set(key, e.target.checked), ...attributes }), h("span", {}, label, help && h("small", {}, help)));
  form.select = (key, options, attributes = {}) => {
    const node = h("select.wb-box", { onchange: (e) => set(key, e.target.value), ...attributes });
    node.fill = (list) => {
      node.replaceChildren(...list.map(([value, name]) => h("option", { value }, name)));
      if (!list.some(([value]) => value === state[key])) state[key] = list[0]?.[0] ?? "";
      node.value = state[key];
    };
    node.fill(options);
    return node;
  };
  form.segments = (key, options, attributes = {}) => {
    const node = h("div.wb-segments.small.fill", { role: "radiogroup", ...attributes });
    const draw = () => node.replaceChildren(...options.map(([value, name]) => h("button" + (state[key] === value ? ".on" : ""), { type: "button", role: "radio", "aria-checked": String(state[key] === value), "data-value": value,
      onclick: () => { set(key, value); draw(); node.querySelector(".on")?.focus(); } }, name)));
    node.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const at = options.findIndex(([value]) => value === state[key]) + by;
      if (options[at]) { set(key, options[at][0]); draw(); node.querySelector(".on")?.focus(); }
    });
    draw();
    return node;
  };
  form.fold = (key, title, ...children) => h("details.wb-more", { open: Boolean(state[key]), id: "fold-" + key, ontoggle: (e) => { state[key] = e.target.open; } }, h("summary", {}, title), h("div.wb-more-body", {}, children));
  return form;
};

WB.views.pairs = (root, { server, props, watch }) => {
  const { h, t } = WB;
  const PARTS = ["make", "generate", "review"];
  const tab = { root, dictionary: null, part: WB.store.get("pairs.part"), choices: { models: [], corpora: [], languages: {}, waiting: 0 } };
  if (!PARTS.includes(tab.part)) tab.part = "make";
  tab.ask = (name, data = {}) => WB.ask(server, name, data);
  tab.title = (model) => WB.pick(tab.choices.models.find((m) => m.id === model)?.title) || model;
  tab.author = () => WB.store.get("editor.author") || "";

  const head = h("div.wb-segments.wb-pairs-parts", { role: "tablist", id: "pairs-parts" });
  const body = h("div", { id: "pairs-body" });
  const aside = h("div.wb-pairs-aside");
  const parts = { make: WB.pairs.make(tab), generate: WB.pairs.generate(tab), review: WB.pairs.review(tab) };

  const drawHead = () => {
    const focused = head.contains(document.activeElement);
    head.setAttribute("aria-label", t("pairs.parts"));
    head.replaceChildren(...PARTS.map((name) => h("button" + (tab.part === name ? ".on" : ""), { type: "button", role: "tab", id: `pairs-part-${name}`, "aria-selected": String(tab.part === name), onclick: () => tab.go(name) },
      t("pairs.part_" + name), name === "review" && tab.choices.waiting ? h("b", {}, WB.number(tab.choices.waiting)) : null)));
    if (focused) head.querySelector(".on")?.focus();
  };
  tab.go = (name) => {
    tab.part = name;
    WB.store.set("pairs.part", name);
    draw(false);
    parts[name].shown();
  };
  tab.waiting = (n) => { if (n !== tab.choices.waiting) { tab.choices.waiting = n; drawHead(); } };
  let known = false;
  tab.refresh = async () => {
    const found = await tab.ask("read_choices");
    if (!known) { known = true; if (!tab.dictionary) draw(); }
    const before = JSON.stringify({ ...tab.choices, waiting: 0 });
    const waits = tab.choices.waiting;
    tab.choices = found;
    if (waits !== found.waiting) drawHead();
    if (before !== JSON.stringify({ ...found, waiting: 0 })) for (const part of Object.values(parts)) part.choices?.();
  };
  const draw = (all = true) => {
    if (!tab.dictionary) { root.replaceChildren(known ? WB.empty(t("common.no_dictionary"), null, WB.button(t("common.go_data"), () => WB.go("data"), "primary")) : WB.bar(null, t("common.loading"))); return; }
    if (all) for (const part of Object.values(parts)) part.draw();
    drawHead();
    body.replaceChildren(parts[tab.part].node);
    aside.replaceChildren(parts[tab.part].aside || "");
    root.replaceChildren(h("div.wb-row.wrap.spread.wb-pairs-head", {}, head, aside), body);
  };
  const chosen = () => {
    const name = props.value?.dictionary || null;
    if (name === tab.dictionary) return;
    tab.dictionary = name;
    draw();
    for (const part of Object.values(parts)) part.dictionary?.();
    parts[tab.part].shown();
  };
  const poller = WB.poll(root, 5, tab.refresh);
  WB.on("changed", () => poller.now());
  // From any tab: open a part.
  WB.on("pairs-part", (name) => { if (PARTS.includes(name)) tab.go(name); });
  watch("value", chosen);
  draw();
  chosen();
  return { draw, recolour: () => {} };
};
