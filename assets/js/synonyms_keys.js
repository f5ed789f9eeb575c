// The editor's keys, and the dialog that lists them. Keys that type something never get here.
WB.synonyms.keys = (ed) => {
  const { h, t } = WB;
  const LIST = [["↑ ↓ · j k", "rows"], ["← →", "terms"], ["Enter", "edit"], ["Esc", "cancel"], ["a", "add"], ["n", "new"], ["x · Shift", "pick"], ["Shift ↑ ↓", "pick_rows"],
    ["m", "move"], ["Ctrl X · Ctrl V", "cut"], ["s", "split"], ["g", "merge"], ["t", "standard"], ["u", "apart"], ["l", "labels"], ["c", "chain"], ["Delete", "remove"], ["Ctrl C · Ctrl V", "paste"],
    ["Ctrl Z", "undo"], ["Ctrl Y · Ctrl Shift Z", "redo"], ["/", "search"], ["[ · ]", "pages"], ["?", "help"]];
  ed.keysDialog = () => ed.dialog(t("synonyms.keys"), [h("dl.wb-syn-keys", {}, LIST.map(([keys, name]) => h("div", {}, h("dt", {}, keys.split(" · ").map((key) => h("kbd", {}, key))), h("dd", {}, t("synonyms.key_" + name)))))], [], { id: "synonyms-keys-dialog", wide: true });

  // With a Chinese input method on, the marks come full-width, and letters by their place on the keyboard alone.
  const MARKS = { "\uff1f": "?", "\u3001": "/", "\u3010": "[", "\u3011": "]", "\uff0b": "+" };
  const name = (event) => MARKS[event.key] || (event.key === "Process" && /^Key[A-Z]$/.test(event.code) ? event.code[3].toLowerCase() : event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key);
  const typing = (node) => node?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable=true]");
  const elsewhere = () => !ed.name || !WB.visible(ed.root) || document.querySelector("dialog[open]");
  const sideways = (by, extend) => {
    const here = ed.here();
    if (!here) return;
    const at = Math.max(0, Math.min(here.at + by, here.group.synonyms.length));
    if (extend) for (const each of [here.at, at]) if (each) ed.pick(here.group.id, here.group.synonyms[each - 1], true);
    ed.moveTo(here.group.id, at);
  };
  const upright = (by, extend) => {
    if (extend && ed.cursor) ed.choose(ed.cursor.group, true);
    ed.step(by);
    if (extend && ed.cursor) ed.choose(ed.cursor.group, true);
  };
  const pick = () => {
    const here = ed.here();
    if (!here) return;
    if (here.at) ed.pick(here.group.id, here.term); else ed.choose(here.group.id);
    ed.focus();
  };
  const page = (by) => { const to = ed.page + by; if (to >= 0 && to * ed.size < ed.total) ed.goPage(to); };
  // Anywhere in the tab.
  const ANYWHERE = {
    "/": () => { ed.searchField.focus(); ed.searchField.select(); },
    "?": () => ed.keysDialog(), n: () => ed.newGroup(), j: () => ed.step(ed.table.contains(document.activeElement) ? 1 : 0), k: () => ed.step(ed.table.contains(document.activeElement) ? -1 : 0),
    "[": () => page(-1), "]": () => page(1),
    a: () => { const here = ed.here(); if (here) ed.addField(here.group); },
    x: pick, m: () => ed.act.move(), s: () => ed.act.split(), g: () => ed.act.merge(), t: () => ed.act.standard(), u: () => ed.act.apart(),
    l: () => ed.labels.open(),
    c: () => { const here = ed.here(); if (here) ed.chainDialog(here.group.id); },
    Escape: () => { if (ed.chosen.size || ed.picked.size || ed.cut) ed.unpick(); },
  };
  // On a term of the list.
  const ON_LIST = {
    ArrowDown: (e) => upright(1, e.shiftKey), ArrowUp: (e) => upright(-1, e.shiftKey), ArrowRight: (e) => sideways(1, e.shiftKey), ArrowLeft: (e) => sideways(-1, e.shiftKey),
    Home: () => sideways(-1e6), End: () => sideways(1e6), PageDown: () => upright(10), PageUp: () => upright(-10),
    Enter: () => { const here = ed.here(); if (here) ed.renameField(here.group, here.at); }, F2: () => ON_LIST.Enter(),
    "+": () => ANYWHERE.a(), " ": pick, Delete: () => ed.act.remove(), Backspace: () => ed.act.remove(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || elsewhere()) return;
    const command = event.ctrlKey || event.metaKey;
    const target = event.target;
    if (command && !event.altKey && !typing(target)) {
      const key = event.key.toLowerCase();
      const way = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
      if (way) { event.preventDefault(); ed.travel(way); }
      if (key === "a" && ed.table.contains(target)) { event.preventDefault(); for (const group of ed.groups) ed.choose(group.id, true); ed.focus(); }
      return;
    }
    if (command || event.altKey) return;
    if (target === ed.searchField && ["ArrowDown", "Enter", "Escape"].includes(event.key)) {
      event.preventDefault();
      if (event.key === "Escape" && ed.searchField.value) { ed.searchField.value = ""; ed.searchField.dispatchEvent(new Event("input")); } else ed.focus();
      return;
    }
    if (typing(target)) return;
    const onList = ed.table.contains(target);
    const button = target.closest?.("button, summary, a");
    const pressed = name(event);
    const work = (onList && !button && ON_LIST[pressed]) || ANYWHERE[pressed];
    if (!work) return;
    event.preventDefault();
    work(event);
  });

  // ---- the clipboard
  const mine = () => !elsewhere() && !typing(document.activeElement) && (document.activeElement === document.body || ed.root.contains(document.activeElement));
  const line = (group) => [group.standard, ...group.synonyms].join("\t");
  const copied = () => {
    if (ed.chosen.size) return ed.chosenGroups().map(line).join("\n");
    const picked = ed.pickedTerms().flatMap(([, terms]) => terms);
    if (picked.length) return picked.join("\n");
    const here = ed.here();
    return here ? (here.at ? here.term : line(here.group)) : "";
  };
  document.addEventListener("copy", (event) => {
    if (!mine() || String(getSelection())) return;
    event.clipboardData.setData("text/plain", copied());
    event.preventDefault();
    ed.tell(t("synonyms.copied"));
  });
  document.addEventListener("cut", (event) => {
    if (!mine()) return;
    const here = ed.here();
    const [found] = ed.pickedTerms();
    const [group, terms] = found || (here?.at ? [here.group, [here.term]] : []);
    if (!group) return;
    event.clipboardData.setData("text/plain", terms.join("\n"));
    event.preventDefault();
    ed.cut = { group: group.id, terms };
    ed.redraw(group.id);
    ed.tell(t("synonyms.cut", { terms: ed.list(terms) }));
  });
  document.addEventListener("paste", (event) => {
    if (!mine()) return;
    const text = event.clipboardData.getData("text/plain");
    const from = ed.cut && ed.group(ed.cut.group);
    const here = ed.here();
    event.preventDefault();
    if (from && text === ed.cut.terms.join("\n")) {
      const { terms } = ed.cut;
      ed.cut = null;
      if (here && here.group.id !== from.id) ed.move([[from, terms]], here.group); else ed.redraw(from.id);
    } else if (text.trim()) ed.pasteDialog(text);
  });
};
