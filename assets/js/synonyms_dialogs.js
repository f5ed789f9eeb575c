// The editor's dialogs: one to find a group, one to choose from a few, and the one for a conflict.
WB.synonyms.dialogs = (ed) => {
  const { h, t } = WB;

  // Esc and the backdrop close it; the cursor of the list gets the focus back.
  ed.dialog = (title, body, actions, { id = null, wide = false, onclose = null } = {}) => {
    const close = () => { if (!node.isConnected) return; node.close(); node.remove(); onclose?.(); if (!document.querySelector("dialog[open]")) ed.focus(); };
    const node = h("dialog.wb-dialog.wb-syn-dialog" + (wide ? ".wide" : ""), { id, "aria-label": title },
      h("div.wb-row.spread", {}, h("h3", {}, title), h("button.wb-icon", { type: "button", "aria-label": t("common.close"), onclick: close }, "×")),
      h("div.wb-syn-dialog-body", {}, body), actions.length ? h("div.wb-actions", {}, actions) : null);
    node.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
    node.addEventListener("mousedown", (event) => { if (event.target === node) close(); });
    document.body.append(node);
    node.showModal();
    return { node, close };
  };

  // A few things to choose from: [[value, title, more]]. Gives the value, or null.
  ed.chooseDialog = (title, words, options, action) => new Promise((resolve) => {
    let value = options[0][0];
    let settled = false;
    const settle = (result) => { if (!settled) { settled = true; resolve(result); } };
    const accept = () => { settle(value); dialog.close(); };
    const list = h("div.wb-syn-options", { role: "radiogroup", "aria-label": title }, options.map(([each, name, more], i) => h("label", {},
      h("input", { type: "radio", name: "synonyms-choice", value: String(i), checked: i === 0, onchange: () => { value = each; } }), h("span", {}, h("strong", {}, name), more && h("small", {}, more)))));
    list.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); accept(); } });
    const dialog = ed.dialog(title, [h("p.wb-small", {}, words), list], [WB.button(action, accept, "primary", { "data-choice": "yes" }), WB.button(t("common.cancel"), () => dialog.close(), "quiet")], { id: "synonyms-choose-dialog", onclose: () => settle(null) });
    list.querySelector("input").focus();
  });

  // Search as you type for a group; arrows and Enter, or a click.
  let last = null;
  const findGroup = (title, words, without, take) => {
    let found = [];
    let at = 0;
    let turn = 0;
    let fresh = false; // whether what is listed belongs to what is typed
    let entered = false; // Enter came before the list did
    const list = h("div.wb-syn-results", { role: "listbox", id: "synonyms-results" });
    const input = h("input.wb-input", { type: "search", id: "synonyms-find-group", maxlength: 200, placeholder: t("synonyms.find_group"), "aria-label": t("synonyms.find_group"), role: "combobox", "aria-expanded": "true", "aria-controls": "synonyms-results", autocomplete: "off" });
    const choose = (group) => { last = group.id; dialog.close(); take(group); };
    const draw = () => {
      list.replaceChildren(...found.map((group, i) => h("div" + (i === at ? ".on" : ""), { role: "option", id: `synonyms-result-${i}`, "aria-selected": String(i === at), "data-group": group.id, onclick: () => choose(group) },
        h("strong", {}, group.standard), h("span", {}, group.synonyms.slice(0, 6).join(t("synonyms.and"))))));
      if (!found.length) list.replaceChildren(h("p.wb-small", {}, input.value.trim() ? t("common.nothing_found", { search: input.value.trim() }) : t("common.loading")));
      input.setAttribute("aria-activedescendant", found.length ? `synonyms-result-${at}` : "");
      list.querySelector(".on")?.scrollIntoView({ block: "nearest" });
    };
    const search = async () => {
      const mine = ++turn;
      try {
        const reply = await ed.ask("find_groups", { search: input.value.trim(), first: last });
        if (mine !== turn) return;
        found = reply.groups.filter((group) => !without.includes(group.id));
        at = 0;
        fresh = true;
        draw();
        if (entered && found[0]) choose(found[0]);
        entered = false;
      } catch (problem) { entered = false; WB.note(problem.message, "problem"); }
    };
    input.addEventListener("input", () => { fresh = entered = false; turn += 1; clearTimeout(input.timer); input.timer = setTimeout(search, 120); });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") { event.preventDefault(); dialog.close(); } // and not just empty the field
      else if (by) { event.preventDefault(); at = Math.max(0, Math.min(at + by, found.length - 1)); draw(); }
      else if (event.key === "Enter" && !fresh) { event.preventDefault(); entered = Boolean(input.value.trim()); } // what was listed before is not meant
      else if (event.key === "Enter" && found[at]) { event.preventDefault(); choose(found[at]); }
    });
    const dialog = ed.dialog(title, [h("p.wb-small", {}, words), input, list], [], { id: "synonyms-group-dialog" });
    draw();
    input.focus();
    search();
  };
  ed.moveDialog = (terms) => {
    const names = ed.list(terms.flatMap(([, some]) => some));
    findGroup(t("synonyms.move_title"), t("synonyms.move_text", { terms: names }), terms.length === 1 ? [terms[0][0].id] : [], (group) => ed.move(terms, group));
  };
  ed.mergeDialog = (group) => findGroup(t("synonyms.merge_into_title"), t("synonyms.merge_into_text", { term: group.standard }), [group.id], (into) => ed.merge([group.id], into.id));

  // ---- somebody else changed the same group
  const reads = (title, group) => h("div.wb-syn-reads", {}, h("div.wb-small", {}, title), group
    ? [h("strong", {}, group.standard), h("div.wb-terms", {}, group.synonyms.map((term) => h("span.wb-term", {}, term)))]
    : h("em", {}, t("synonyms.gone")));
  const wish = (edit) => {
    const name = (id) => ed.group(id)?.standard ?? "";
    if (edit.edit === "several") return edit.edits.map(wish).join(t("common.semicolon"));
    const values = { ...edit, terms: ed.list(edit.terms || edit.synonyms || []), to: name(edit.to), into: name(edit.into), names: ed.list((edit.groups || []).map(name)) };
    return t("synonyms.wish_" + edit.edit, values);
  };
  ed.conflictDialog = (edit, conflict, basedOn) => {
    const now = new Map(conflict.groups.map((group) => [group.id, group]));
    const pairs = conflict.ids.map((id) => [ed.group(id), now.get(id)]).filter(([seen, present]) => (seen || present) && JSON.stringify([seen?.standard, seen?.synonyms]) !== JSON.stringify([present?.standard, present?.synonyms]));
    const theirs = async () => { dialog.close(); ed.closeField(); ed.unpick(); await ed.load(); ed.history.refresh(); ed.focus(); };
    const mine = async () => { dialog.close(); ed.closeField(); await ed.send(edit, { basedOn, force: true }); ed.load(); };
    const body = [h("p", {}, WB.pick(conflict.message)),
      pairs.map(([seen, present]) => h("div.wb-syn-versus", {}, reads(t("synonyms.as_seen"), seen), reads(t("synonyms.as_now"), present))),
      edit && h("p.wb-syn-wish", {}, t("synonyms.your_wish"), h("strong", {}, wish(edit)))];
    const dialog = ed.dialog(t("synonyms.conflict"), body, [
      WB.button(t(edit ? "synonyms.take_theirs" : "synonyms.look_again"), theirs, "primary", { "data-choice": "theirs" }),
      edit && WB.button(t("synonyms.mine_all_the_same"), mine, "", { "data-choice": "mine" })].filter(Boolean), { id: "synonyms-conflict", wide: true });
    dialog.node.querySelector("[data-choice=theirs]").focus();
  };
};
