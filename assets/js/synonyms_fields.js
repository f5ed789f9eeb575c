// Typing in place: renaming a term, adding synonyms, a new group. Nothing that is typed is lost by a refusal.
WB.synonyms.fields = (ed) => {
  const { h, t } = WB;
  // Several terms at once. A comma between two digits belongs to the term: 1,2-dichloroethane.
  ed.several = (text) => [...new Set(text.split(/[\n\r\t;；、，|]+|,(?!\d)|(?<!\d),/).map((term) => term.trim()).filter(Boolean))];
  const width = (text) => [...text].reduce((sum, c) => sum + (c.charCodeAt(0) > 0x2e7f ? 14.5 : 8.2), 0);
  const fit = (input) => { input.style.width = Math.max(90, Math.min(420, width(input.value || input.placeholder) + 26)) + "px"; };

  const make = (value, attributes) => {
    const input = h("input.wb-syn-input", { type: "text", value, maxlength: 20000, spellcheck: "false", autocomplete: "off", ...attributes });
    input.addEventListener("input", () => { fit(input); lookUp(input); });
    fit(input);
    return input;
  };
  const hint = () => h("span.wb-syn-hint", { role: "status" });
  const say = (words, kind = "") => {
    const node = ed.editing?.hint;
    if (!node) return;
    node.className = "wb-syn-hint" + (kind ? " " + kind : "");
    node.replaceChildren(words || "");
  };
  // While typing: how many terms it makes, and whether a term stands in another group already.
  let looking = 0;
  let looks = 0;
  const lookUp = (input) => {
    clearTimeout(looking);
    const mine = ++looks;
    const editing = ed.editing;
    if (!editing) return;
    const terms = editing.mode === "rename" || input === editing.name ? [input.value.trim()].filter(Boolean) : ed.several(input.value);
    const many = terms.length > 1 ? t("synonyms.will_add", { n: terms.length, terms: ed.list(terms) }) : "";
    say(many);
    if (!terms.length) return;
    looking = setTimeout(async () => {
      let found;
      try { found = (await ed.ask("find_terms", { terms: terms.slice(0, 8) })).found; } catch { return; }
      if (mine !== looks || ed.editing !== editing || editing.failed) return;
      const places = found.flatMap(({ term, groups }) => groups.filter((group) => group.id !== editing.group).map((group) => ({ term, group })));
      if (places.length && !(editing.mode === "rename" && terms[0] === editing.old)) say([t("synonyms.also_in", { term: places[0].term, standard: places[0].group.standard }), many].filter(Boolean).join("\n"), "warn");
    }, 220);
  };
  ed.meanwhile = (step) => say(t("synonyms.meanwhile", { who: step?.author || t("synonyms.somebody"), title: WB.pick(step?.title) }), "warn");

  const begin = (editing) => {
    ed.closeField();
    ed.editing = { basedOn: ed.version, hint: hint(), ...editing };
    ed.live.warm();
    return ed.editing;
  };
  ed.closeField = (focus = false) => {
    const editing = ed.editing;
    if (!editing) return;
    ed.editing = null;
    clearTimeout(looking);
    if (editing.mode === "new") { editing.row.remove(); if (!ed.groups.length) ed.drawList(); } else ed.redraw(editing.group);
    if (focus) ed.focus();
  };
  // Enter commits, Esc leaves; a half-typed character of an input method keeps its keys.
  const keys = (input, commit, more = {}) => {
    input.addEventListener("keydown", async (event) => {
      event.stopPropagation();
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter") { event.preventDefault(); await commit("enter", event.shiftKey); }
      else if (event.key === "Escape") { event.preventDefault(); ed.closeField(true); }
      else if (event.key === "Tab" && more.tab) more.tab(event);
    });
    input.addEventListener("blur", () => setTimeout(() => {
      const editing = ed.editing;
      if (!editing || editing.node?.contains(document.activeElement) || editing.row?.contains(document.activeElement)) return;
      if (!input.isConnected || editing.sending || editing.failed || !document.hasFocus() || document.querySelector("dialog[open]")) return;
      commit("blur", false);
    }, 120));
  };
  const trying = async (editing, work) => {
    if (editing.sending) return;
    editing.sending = true;
    editing.failed = false;
    editing.node?.classList.add("sending");
    try { await work(); } catch (problem) { editing.failed = true; say(problem.message, "bad"); editing.input.focus(); ed.said(problem.message); }
    finally { editing.sending = false; editing.node?.classList.remove("sending"); }
  };
  const mount = (editing) => { ed.redraw(editing.group); editing.input.focus(); };

  ed.renameField = (group, at) => {
    const old = at ? group.synonyms[at - 1] : group.standard;
    const editing = begin({ mode: "rename", group: group.id, at, old });
    const input = make(old, { "aria-label": t("synonyms.rename", { term: old }) });
    editing.input = input;
    editing.node = h("span.wb-syn-field" + (at ? "" : ".standard"), { role: "gridcell", "data-at": at }, input, editing.hint);
    const commit = (how) => trying(editing, async () => {
      const value = input.value.trim();
      if (value === old || (how === "blur" && !value)) { ed.closeField(how === "enter"); return; }
      const done = await ed.send({ edit: "rename", group: group.id, old, new: value }, { basedOn: editing.basedOn, own: true });
      if (done && ed.editing === editing) ed.closeField(how === "enter");
    });
    keys(input, commit, { tab: (event) => {
      const next = at + (event.shiftKey ? -1 : 1);
      if (next < 0 || next > group.synonyms.length) return;
      event.preventDefault();
      commit("tab").then(() => { const now = ed.group(group.id); if (now && !ed.editing) { ed.moveTo(now.id, next, false); ed.renameField(now, next); } });
    } });
    mount(editing);
    input.select();
  };
  ed.addField = (group, text = "") => {
    const editing = begin({ mode: "add", group: group.id, at: -1 });
    const input = make(text, { placeholder: t("synonyms.add_here"), "aria-label": t("synonyms.add_to", { term: group.standard }) });
    editing.input = input;
    editing.node = h("span.wb-syn-field", { role: "gridcell" }, input, editing.hint);
    ed.moveTo(group.id, group.synonyms.length, false);
    keys(input, (how, whole) => trying(editing, async () => {
      const terms = whole ? [input.value.trim()].filter(Boolean) : ed.several(input.value);
      if (!terms.length) { ed.closeField(how === "enter"); return; }
      const done = await ed.send({ edit: "add_synonyms", group: group.id, synonyms: terms }, { basedOn: editing.basedOn, own: true });
      if (!done || ed.editing !== editing) return;
      input.value = "";
      fit(input);
      const now = ed.group(group.id);
      if (now) ed.moveTo(group.id, now.synonyms.length, false);
      say("");
      if (how === "blur") ed.closeField(); // the field stays for the next one otherwise
    }));
    // A list that is pasted keeps its lines apart: an input would drop them.
    input.addEventListener("paste", (event) => {
      const pasted = event.clipboardData.getData("text/plain");
      if (!/[\n\t]/.test(pasted.trim())) return;
      event.preventDefault();
      const separated = pasted.trim().split(/[\n\r\t]+/).map((each) => each.trim()).filter(Boolean).join("、");
      input.setRangeText(separated, input.selectionStart, input.selectionEnd, "end");
      input.dispatchEvent(new Event("input"));
    });
    mount(editing);
  };
  ed.newGroup = (text = "") => {
    const editing = begin({ mode: "new", group: null });
    const name = make(text, { placeholder: t("synonyms.new_standard"), "aria-label": t("synonyms.new_standard"), id: "synonyms-new-standard" });
    const terms = make("", { placeholder: t("synonyms.new_synonyms"), "aria-label": t("synonyms.new_synonyms"), id: "synonyms-new-terms" });
    Object.assign(editing, { input: name, name });
    editing.row = h("div.wb-syn-row.new", { role: "row" }, h("span.wb-syn-tick"), h("span.wb-syn-name", {}, h("span.wb-syn-field.standard", { role: "gridcell" }, name)),
      h("span.wb-syn-terms", {}, h("span.wb-syn-field", { role: "gridcell" }, terms, editing.hint)), h("span.wb-syn-flags", {}, WB.button(t("common.cancel"), () => ed.closeField(true), "quiet")));
    const commit = (how, whole) => trying(editing, async () => {
      const standard = name.value.trim();
      const synonyms = whole ? [terms.value.trim()].filter(Boolean) : ed.several(terms.value);
      if (how === "blur") { if (!standard && !synonyms.length) ed.closeField(); return; } // what was typed stays until Enter or Esc
      if (!standard || !synonyms.length) { (standard ? terms : name).focus(); editing.input = standard ? terms : name; return; }
      const done = await ed.send({ edit: "add_group", standard, synonyms }, { own: true });
      if (!done) return;
      ed.closeField();
      ed.moveTo(done.groups[0].id, 0);
    });
    keys(name, commit);
    keys(terms, commit);
    ed.drawList();
    window.scrollTo({ top: 0 });
    (text ? terms : name).focus();
  };
};
