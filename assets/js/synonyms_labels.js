// The panel of the labels: what the term under the cursor, or what is chosen, is sorted by; and how that is changed.
WB.synonyms.labels = (ed) => {
  const { h, t } = WB;
  const MOST = 5; // columns
  const NEW = "\u0000new"; // no value can be that: values have no control characters
  let known = null; // column -> [[value, number of terms], ...]
  let at = -1; // the version that `known` is of
  let wanted = false; // whether the first field is to have the focus once it is there
  let typing = null; // the column that a new value is typed for; "" while a new column is named

  const asking = WB.inOrder();
  const load = async () => {
    const current = asking();
    const name = ed.name;
    const reply = await ed.ask("read_labels");
    if (name !== ed.name || !current()) return;
    known = new Map(reply.columns);
    at = reply.version;
    paint();
  };
  // Whose labels are shown: what is picked or chosen, else the term at the cursor; a standard term stands for all of its synonyms.
  const target = () => {
    const picked = ed.pickedTerms().map(([group, terms]) => ({ group, terms }));
    const whole = ed.chosenGroups().filter((group) => !ed.picked.has(group.id)).map((group) => ({ group, terms: [] }));
    if (picked.length || whole.length) return [...picked, ...whole];
    const here = ed.here();
    return here ? [{ group: here.group, terms: here.at ? [here.term] : [] }] : [];
  };
  const termsOf = ({ group, terms }) => (terms.length ? terms : group.synonyms);
  const valuesOf = (parts, column) => new Set(parts.flatMap((part) => termsOf(part).map((term) => part.group.labels[column]?.[term] || "")));
  const set = async (parts, column, value) => {
    typing = null;
    const edits = parts.map(({ group, terms }) => ({ edit: "set_label", group: group.id, terms, column, value }));
    await ed.send(edits.length > 1 ? { edit: "several", edits } : edits[0]);
    paint();
  };

  const box = h("div.wb-syn-labels", { id: "synonyms-labels" });
  const names = (parts) => {
    const [{ group, terms }] = parts;
    const n = parts.reduce((sum, part) => sum + termsOf(part).length, 0);
    if (parts.length > 1 || terms.length > 1) return [h("strong", {}, t("synonyms.n_terms", { n })), h("span.wb-small", {}, ed.list(parts.flatMap(termsOf)))];
    return terms.length ? [h("strong", {}, terms[0]), h("span.wb-small", {}, t("synonyms.labels_of", { term: group.standard }))] : [h("strong", {}, group.standard), h("span.wb-small", {}, t("synonyms.labels_all", { n }))];
  };
  // Enter keeps what is typed, Esc does not; a half-typed character of an input method keeps its keys.
  const field = (attributes, done, leave) => {
    const input = h("input.wb-input", { type: "text", maxlength: 100, autocomplete: "off", spellcheck: "false", ...attributes });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter") { event.preventDefault(); if (input.value.trim()) done(input.value.trim()); }
      else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); leave(); }
    });
    return input;
  };
  const leave = (id) => () => { typing = null; paint(); document.getElementById(id)?.focus(); };
  const column = (parts, name, i) => {
    const id = `synonyms-label-${i}`;
    const title = h("label", { for: id }, name);
    const values = valuesOf(parts, name);
    const one = values.size === 1 ? [...values][0] : null;
    if (typing === name) {
      const input = field({ id, placeholder: t("synonyms.labels_new_here") }, (value) => set(parts, name, value), leave(id));
      return h("div.wb-syn-label", {}, title, input);
    }
    const choices = known.get(name) || [];
    const select = h("select.wb-select", { id, "data-column": name, disabled: !WB.may("edit"), onchange: () => {
      if (select.value === NEW) { typing = name; paint(); document.getElementById(id)?.focus(); } else set(parts, name, select.value);
    } }, one == null && h("option", { value: "\u0000mixed", disabled: true }, t("synonyms.labels_mixed", { values: [...values].map((value) => value || t("synonyms.labels_none")).join(t("synonyms.and")) })),
    h("option", { value: "" }, t("synonyms.labels_none")), choices.map(([value, n]) => h("option", { value }, t("synonyms.labels_value", { value, n: WB.number(n) }))), h("option", { value: NEW }, t("synonyms.labels_new")));
    select.value = one ?? "\u0000mixed";
    return h("div.wb-syn-label", {}, title, select);
  };
  const adding = (parts) => {
    if (!WB.may("edit") || known.size >= MOST) return null;
    if (typing !== "") return WB.button(t("synonyms.labels_column"), () => { typing = ""; paint(); document.getElementById("synonyms-label-name").focus(); }, "quiet", { id: "synonyms-label-add" });
    const value = field({ id: "synonyms-label-value", placeholder: t("synonyms.labels_new_here"), "aria-label": t("synonyms.labels_new_here") }, (text) => { if (name.value.trim()) set(parts, name.value.trim(), text); else name.focus(); }, leave("synonyms-label-add"));
    const name = field({ id: "synonyms-label-name", placeholder: t("synonyms.labels_name"), "aria-label": t("synonyms.labels_name") }, () => value.focus(), leave("synonyms-label-add"));
    return h("div.wb-syn-label", {}, name, value);
  };
  let drawn = "";
  const paint = () => {
    if (!ed.panelFor("labels")) { drawn = ""; return; }
    const parts = known && ed.ready ? target() : [];
    const now = JSON.stringify([ed.name, at, typing, WB.lang, known && [...known], parts.map(({ group, terms }) => [group.id, group.standard, termsOf({ group, terms }), terms.length, group.labels])]);
    if (now === drawn && box.isConnected) return; // the same as it stands there: a list that is open stays open
    drawn = now;
    if (!known) { box.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    if (!parts.length) { box.replaceChildren(h("p.wb-small", {}, t("synonyms.labels_nothing"))); return; }
    WB.keepFocus(box, () => box.replaceChildren(h("div.wb-syn-label-head", {}, names(parts)),
      known.size ? h("div.wb-syn-label-list", {}, [...known.keys()].map((name, i) => column(parts, name, i))) : h("p.wb-small", {}, t("synonyms.labels_empty")),
      ...[adding(parts)].filter(Boolean), h("p.wb-faint", {}, t("synonyms.labels_help"))));
    if (wanted) box.querySelector("select, button")?.focus();
    wanted = false;
  };
  let waiting = false;
  const follow = () => {
    if (waiting || !ed.panelFor("labels")) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      if (typing != null && !box.contains(document.activeElement)) typing = null; // the cursor went on
      paint();
      if (known && at !== ed.version && ed.ready) load().catch(() => {});
    });
  };
  ed.labels = {
    draw(panel) { drawn = ""; typing = null; panel.replaceChildren(box); paint(); load().catch(() => {}); },
    reset() { known = null; at = -1; typing = null; if (ed.panelFor("labels")) { paint(); load().catch(() => {}); } },
    follow,
    open() { ed.side = "labels"; WB.store.set("editor.side", "labels"); wanted = true; ed.drawSide(); },
  };
  // What a row says of it: each value once.
  ed.labelWords = (group) => [...new Set(Object.values(group.labels).flatMap((values) => Object.values(values)))];
};
