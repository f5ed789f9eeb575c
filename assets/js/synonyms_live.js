// What an edit does to the model, beside the list: the neighbours of the edited terms before and after.
WB.synonyms.live = (ed) => {
  const { h, t } = WB;
  const ROWS = 8;
  const MOST = 4; // terms that are looked at after one edit
  let on = WB.store.get("editor.live") !== "off";
  let state = null;
  let asked = [];
  let timer = 0;
  let watching = 0;
  const watches = WB.newest();
  let warmed = null;
  let shown = 0;

  const ask = async (terms) => {
    const name = ed.name;
    warmed = name;
    try { await ed.ask("live_request", { terms }); } catch (problem) { state = { state: "problem", message: problem.message, terms: [] }; paint(); return; }
    if (name === ed.name) { watch(); }
  };
  const watch = () => {
    clearTimeout(watching);
    const newest = watches();
    const name = ed.name;
    const look = async () => {
      if (name !== ed.name || !on) return;
      if (WB.visible(ed.root)) {
        let reply;
        try { reply = await ed.ask("live_state"); } catch { if (newest()) watching = setTimeout(look, 3000); return; }
        if (name !== ed.name || !newest()) return;
        state = reply;
        paint();
        if (state.state === "ready" && state.terms.length) ed.said(t("explore.neighbours_of", { term: state.terms[0].term }) + t("common.comma") + state.terms[0].after.slice(0, 5).map((hit) => hit.term).join(t("synonyms.and")));
        if (!["preparing", "training"].includes(state.state)) return;
      }
      watching = setTimeout(look, 350);
    };
    look();
  };
  // ---- what was edited: those terms are asked for once the hands rest
  const OF = {
    add_group: (e) => [e.standard, ...e.synonyms], add_synonyms: (e) => e.synonyms, rename: (e) => [e.new], delete_terms: (e) => e.terms, delete_groups: () => [], move: (e) => e.terms,
    split: (e) => [e.standard, ...e.terms.filter((term) => term !== e.standard)], merge: (e) => [ed.group(e.into)?.standard], make_standard: (e) => [e.term],
    mark_apart: (e) => [e.first, e.second], unmark_apart: (e) => [e.first, e.second], several: (e) => e.edits.flatMap((part) => OF[part.edit](part)), paste: (e) => e.rows.flat(), merge_pairs: () => [], set_label: () => [],
  };
  const touched = (terms) => {
    if (!on) return;
    asked = [...new Set([...terms, ...asked])].slice(0, MOST);
    if (ed.panelFor("live")) soon(); // else once the panel is opened: nobody waits for it now
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { const now = asked; asked = []; shown = 0; ask(now); }, 400);
  };

  // ---- drawing
  const row = (hit, i, side, all) => {
    const place = all.get(hit.term);
    const gone = side === "before" && place == null;
    const fresh = side === "after" && place == null;
    const by = place == null ? 0 : place - i;
    const words = fresh ? t("synonyms.live_new") : gone ? t("synonyms.live_gone") : side === "after" && by ? t(by > 0 ? "synonyms.live_up" : "synonyms.live_down", { n: Math.abs(by) }) : "";
    const sign = side !== "after" ? "" : fresh ? "+" : by > 0 ? "▲" : by < 0 ? "▼" : "";
    return h("li" + (hit.same_group ? ".same" : "") + (gone ? ".gone" : "") + (fresh ? ".fresh" : ""), { title: [hit.term, hit.standard !== hit.term ? t("map.of", { standard: hit.standard }) : t("synonyms.standard"), WB.number(hit.score, 3), words].filter(Boolean).join("\n") },
      h("span", {}, hit.term), sign && h("i", { class: by > 0 || fresh ? "up" : "down", "aria-label": words }, sign));
  };
  const lines = (before, places) => h("svg.wb-syn-lines", { viewBox: `0 0 30 ${ROWS * 26}`, preserveAspectRatio: "none", "aria-hidden": "true" }, before.map((hit, i) => {
    const to = places.get(hit.term);
    return to == null ? null : h("path", { d: `M0 ${i * 26 + 13} C14 ${i * 26 + 13} 16 ${to * 26 + 13} 30 ${to * 26 + 13}`, class: to < i ? "up" : to > i ? "down" : "" });
  }));
  const card = (one) => {
    const before = one.before.slice(0, ROWS), after = one.after.slice(0, ROWS);
    const was = new Map(one.before.map((hit, i) => [hit.term, i])), is = new Map(one.after.map((hit, i) => [hit.term, i]));
    const stays = JSON.stringify(before.map((hit) => hit.term)) === JSON.stringify(after.map((hit) => hit.term));
    return h("div.wb-syn-effect", { "data-term": one.term }, one.held_out && h("p.wb-small.wb-syn-held", {}, t("synonyms.live_held_out")), stays && h("p.wb-small", {}, t("synonyms.live_same")),
      h("div.wb-syn-slopes", {}, h("div", {}, h("h5", {}, t("synonyms.live_before")), h("ol", {}, before.map((hit, i) => row(hit, i, "before", is)))),
        lines(before, new Map([...is].filter(([, i]) => i < ROWS))), h("div", {}, h("h5", {}, t("synonyms.live_after")), h("ol", {}, after.map((hit, i) => row(hit, i, "after", was))))));
  };
  const busy = () => state && ["preparing", "training"].includes(state.state);
  const toggle = h("input", { type: "checkbox", role: "switch", id: "synonyms-live-switch" });
  toggle.checked = on;
  toggle.addEventListener("change", () => {
    on = toggle.checked;
    WB.store.set("editor.live", on ? "on" : "off");
    if (!on) { clearTimeout(timer); clearTimeout(watching); state = null; warmed = null; ed.ask("live_off").catch(() => {}); } else ed.live.warm();
    paint();
  });
  const body = h("div.wb-gap.tight", { id: "synonyms-live" });
  const paint = () => {
    if (!ed.panelFor("live")) return;
    if (!on) { body.replaceChildren(h("p.wb-small", {}, t("synonyms.live_is_off"))); return; }
    const terms = state?.terms || [];
    const parts = [];
    if (busy()) parts.push(h("div.wb-gap.tight", {}, WB.bar(state.progress || null, t("synonyms.live_" + state.state)), h("p.wb-small", {}, t("synonyms.live_" + state.state) + " " + WB.duration(state.seconds))));
    if (state?.state === "problem") parts.push(h("div.wb-verdict.worse", {}, h("i"), h("p", {}, WB.pick(state.message))));
    if (terms.length) {
      shown = Math.min(shown, terms.length - 1);
      parts.push(terms.length > 1 ? h("div.wb-syn-effects", { role: "tablist" }, terms.map((one, i) => h("button.wb-chip" + (i === shown ? ".on.accent" : ""), { type: "button", role: "tab", "aria-selected": String(i === shown), onclick: () => { shown = i; paint(); } }, one.term))) : h("strong", {}, t("explore.neighbours_of", { term: terms[0].term })));
      parts.push(h("div" + (busy() ? ".wb-dim" : ""), {}, card(terms[shown])));
      if (state.state === "ready") parts.push(h("p.wb-faint", { id: "synonyms-live-done" }, t("synonyms.live_done", { seconds: WB.number(state.seconds, 1), model: state.title ? WB.pick(state.title) : state.model })));
    } else if (state?.state === "ready") parts.push(h("p.wb-small", {}, t("synonyms.live_ready")));
    if (!parts.length) parts.push(h("p.wb-small", {}, t("synonyms.live_idle")));
    body.replaceChildren(...parts);
  };
  ed.live = {
    draw(panel) {
      toggle.checked = on;
      panel.replaceChildren(h("label.wb-syn-switch", {}, h("span", {}, t("synonyms.live_switch")), toggle), h("p.wb-small", {}, t("synonyms.live_help")), body);
      if (on && asked.length) soon();
      paint();
    },
    edited(edit) { const terms = (OF[edit.edit]?.(edit) || []).filter(Boolean); if (terms.length || edit.edit.startsWith("delete") || (edit.edit === "several" && edit.edits.some((part) => part.edit !== "set_label"))) touched(terms); },
    touched,
    // The base is encoded at the first sign of an edit, so that the answer to it is quick.
    warm() { if (on && ed.panelFor("live") && ed.name && warmed !== ed.name) ask([]); },
    reset() { clearTimeout(timer); clearTimeout(watching); state = null; asked = []; warmed = null; paint(); },
  };
};
