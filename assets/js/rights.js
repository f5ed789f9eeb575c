// What the role of who is signed in does not allow is shown locked, with the reason. The server refuses it all the same.
(() => {
  const ORDER = ["viewer", "editor", "trainer"];
  const LEAST = { edit: "editor", train: "trainer" };
  // What is pressed or typed into. Anything else may say data-needs="edit" or "train" itself.
  const CONTROLS = {
    edit: [
      "#data-delete", "#data-accept", "#data-list [data-act=merge]", "#data-list [data-pair]", "#data-form button", "#data-form input", "#data-form select",
      "#synonyms-new", "#synonyms-paste", "#synonyms-undo", "#synonyms-redo", "#synonyms-live-switch", "#synonyms .wb-empty .wb-button.primary",
      ".wb-syn-add", ".wb-syn-x", "#synonyms-bulk [data-act]:not([data-act=clear])", "#synonyms-side [data-act=restore]", "#synonyms-side [data-act=undo]",
      "#synonyms-side [data-act=redo]", "#synonyms-side li .wb-icon", "dialog [data-pair]",
      "#pairs-save", "#pairs-stop", "#pairs-delete", "#pairs-accept", "#generate-start", "#generate-test", "#generate-forget", "#generate-key",
      "#pairs [data-act=cancel]", "#pairs [data-act=resume]", "#pairs [data-act=delete]",
      "#review-accept", "#review-reject", "#review-later", "#review-undo", "#review-undo-last", "#review-accept-all", "#review-reject-all", "#review-later-all",
      "#review-find", "#review-find-start", "#review-find-cancel", "#review-look-again",
      "#board-measure", "#board-add", "#board-add-model-run", "#board-add-hybrid-run", "#board-symmetric", "#board-note-save", "#board [data-act=note]",
      "#board [data-act=also]", "#board [data-act=wrong]", "#explore .wb-say", "#explore [data-act=synonyms]", "#explore [data-act=apart]", "#explore [data-act=unmark]",
      "#explore [data-act=merge]", "#map-act-rename", "#map-act-add", "#map-act-merge", "#map-act-move", "#map-act-standard", "#map-act-apart", "#map-form-do",
      "#map-picked-group", "#map-picked-apart", "#map-picked-suggest",
    ],
    train: ["#train-start", "#train-stop", "#train-resume", "#train-delete", "#train-runs-delete", "#recipe-save", "#recipe-delete", "#review-retrain", "#models-list [data-act=delete]"],
  };
  const PARTS = { edit: ["#data-file", "#data-second-file"], train: ["#vectors-panel"] }; // closed as a whole, with the reason above
  const NAMES = ["#synonyms-author", "#review-author"]; // where one may say who one is: whoever is signed in need not

  const state = { person: null };
  const locked = new Set();
  WB.person = () => state.person;
  WB.may = (right) => !WB.boot.signing_in || ORDER.indexOf(state.person?.role ?? "viewer") >= ORDER.indexOf(LEAST[right] ?? "viewer");
  WB.whyNot = (right) => WB.t(`accounts.no_${right}`, { role: WB.t("accounts." + (state.person?.role ?? "viewer")) }) + (WB.lang === "zh" ? "" : " ") + WB.t("accounts.ask_role");
  // For keys and clicks that are no button: whether it may go on; else the reason is said.
  WB.permitted = (right) => { if (!WB.may(right)) WB.note(WB.whyNot(right), "problem"); return WB.may(right); };
  if (!WB.boot.signing_in) return;

  const needs = (right) => [...CONTROLS[right], `[data-needs=${right}]`].join(",");
  const lock = (node, why) => {
    if (!node.disabled) { node.disabled = true; node.dataset.locked = "yes"; }
    if (node.title === why) return;
    node.dataset.unlockedTitle ??= node.title;
    node.title = why;
  };
  const unlock = (node) => {
    if (node.dataset.locked) node.disabled = false;
    if (node.dataset.unlockedTitle != null) node.title = node.dataset.unlockedTitle;
    delete node.dataset.locked;
    delete node.dataset.unlockedTitle;
  };
  const close = (part, right) => {
    const why = WB.may(right) ? null : WB.whyNot(right);
    const before = part.previousElementSibling?.classList.contains("wb-locked") ? part.previousElementSibling : null;
    part.inert = Boolean(why);
    if (!why) { before?.remove(); return; }
    if (before?.textContent === why) return;
    before?.remove();
    if (part.id !== "data-second-file") part.before(WB.h("p.wb-locked", { role: "note" }, why));
  };
  const apply = () => {
    for (const right of ["edit", "train"]) {
      const allowed = WB.may(right);
      if (allowed && !locked.delete(right)) continue;
      if (!allowed) locked.add(right);
      for (const node of document.querySelectorAll(needs(right))) if (allowed) unlock(node); else lock(node, WB.whyNot(right));
      for (const selector of PARTS[right]) { const part = document.querySelector(selector); if (part) close(part, right); }
    }
    for (const selector of NAMES) {
      const field = document.querySelector(selector);
      if (field && state.person && (field.value !== state.person.name || !field.readOnly)) { field.value = state.person.name; field.readOnly = true; }
    }
  };
  // Drawn anew, or unlocked by a script of its own: before it is painted it is locked again.
  new MutationObserver((changes) => { if (changes.length) apply(); })
    .observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled", "data-needs"] });
  WB.on("language", () => apply());

  WB.setPerson = (person) => {
    if (JSON.stringify(person) === JSON.stringify(state.person)) return;
    state.person = person;
    document.documentElement.dataset.role = person?.role ?? "viewer";
    apply();
    WB.emit("person");
  };
})();
