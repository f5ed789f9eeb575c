// Explore: a list that is pasted, or a column of a file. A field for both, used by neighbours and by matching.
// `taken` is told of a list that the server holds now: { id, title, count }.
WB.exploring.table = (tab, changed) => {
  const { h, t } = WB;
  const table = { way: "file", text: "", file: null, column: -1, look: null, problem: null, busy: false };
  let turn = 0;
  table.clear = () => { turn += 1; Object.assign(table, { file: null, column: -1, look: null, problem: null, busy: false }); changed(); };
  table.look_ = async () => {
    const mine = ++turn;
    Object.assign(table, { busy: true, problem: null });
    changed();
    try {
      const reply = await tab.until("look_table", { token: table.file.token, column: table.column }, () => {}, () => mine === turn);
      if (mine !== turn) return;
      table.look = reply.answer;
      table.column = reply.answer.place;
    } catch (problem) { if (mine === turn) Object.assign(table, { problem: problem.message, look: null }); }
    if (mine !== turn) return;
    table.busy = false;
    changed();
    WB.say(table.problem || t("explore.told_list", { name: table.file.file, n: table.look.rows }), "list");
  };
  table.arrived = (file) => { Object.assign(table, { way: "file", file, column: -1, look: null }); table.look_(); };
  // The field of Gradio that sends files is out of sight: ours hands them on to it.
  const hand = (files) => {
    if (!files?.length) return;
    const file = files[0];
    if (file.size > tab.choices.most_bytes) { WB.note(t("explore.file_too_large", { most: WB.bytes(tab.choices.most_bytes) }), "problem"); return; }
    const kinds = tab.choices.file_types;
    if (kinds.length && !kinds.some((ending) => file.name.toLowerCase().endsWith(ending))) { WB.note(t("explore.file_kind", { file: file.name, kinds: kinds.join(" ") }), "problem"); return; }
    const field = document.querySelector("#explore-file input[type=file]");
    if (!field) { WB.note(t("error.offline"), "problem"); return; }
    const carrier = new DataTransfer();
    carrier.items.add(file);
    field.files = carrier.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    Object.assign(table, { busy: true, problem: null });
    changed();
    // Gradio says itself what it refuses; the field is free again then.
    const mine = ++turn;
    setTimeout(() => { if (mine === turn && !table.file) { table.busy = false; changed(); } }, 90000);
  };
  const drop = () => {
    const zone = h("button.wb-explore-drop", { type: "button", "data-act": "choose-file",
      onclick: () => { const own = h("input", { type: "file", accept: tab.choices.file_types.join(","), onchange: (e) => hand(e.target.files) }); own.click(); },
      ondragover: (e) => { e.preventDefault(); zone.classList.add("over"); }, ondragleave: () => zone.classList.remove("over"),
      ondrop: (e) => { e.preventDefault(); zone.classList.remove("over"); hand(e.dataTransfer.files); } },
    h("strong", {}, t("explore.drop")), h("span.wb-small", {}, t("explore.drop_kinds")));
    return zone;
  };
  table.fields = (prefix) => [
    h("div.wb-segments.small.fill", { role: "radiogroup", id: prefix + "-way", "aria-label": t("explore.way") }, ["file", "paste"].map((way) => h("button" + (table.way === way ? ".on" : ""), { type: "button", role: "radio", "aria-checked": String(table.way === way), "data-value": way, onclick: () => { table.way = way; changed(); } }, t("explore.way_" + way)))),
    table.way === "paste" && h("textarea.wb-box", { id: prefix + "-text", rows: 7, dir: "auto", spellcheck: "false", placeholder: t("explore.paste_help"), "aria-label": t("explore.way_paste"), value: table.text, oninput: (e) => { table.text = e.target.value; } }),
    table.way === "file" && (table.busy ? tab.waiting({ words: { zh: WB.boot.texts.zh["explore.reading"], en: WB.boot.texts.en["explore.reading"] } }) : !table.file ? drop() : h("div.wb-gap.tight", { id: prefix + "-table" },
      h("div.wb-row.spread", {}, h("div.wb-grow", {}, h("strong.wb-explore-name", {}, table.file.file), table.look && h("div.wb-small", {}, t("explore.rows", { n: WB.number(table.look.rows) }))),
        WB.button(t("explore.other_file"), table.clear, "quiet", { id: prefix + "-other" })),
      table.look && h("label.wb-field", {}, h("span", {}, t("explore.column")), h("select.wb-box", { id: prefix + "-column", onchange: (e) => { table.column = Number(e.target.value); table.look_(); } },
        table.look.columns.map((name, i) => h("option", { value: i, selected: i === table.look.place }, name)))),
      table.look && h("ul.wb-explore-sample", {}, table.look.sample.map((cell) => h("li", {}, tab.word(cell)))))),
    table.problem && tab.problem(table.problem)];
  table.ready = () => (table.way === "paste" ? Boolean(table.text.trim()) : Boolean(table.look) && !table.busy);
  table.wish = () => (table.way === "paste" ? { text: table.text } : { token: table.file.token, column: table.column });
  return table;
};

WB.exploring.list = (tab, taken) => {
  const { h, t } = WB;
  const node = h("div.wb-explore-list", { id: "explore-list" });
  let kept = null;
  const table = WB.exploring.table(tab, () => draw());
  const keep = async () => {
    try { kept = await tab.ask("keep_list", table.wish()); } catch (problem) { table.problem = problem.message; draw(); WB.say(problem.message, "list"); return; }
    table.problem = null;
    draw();
    WB.say(t("explore.told_list", { name: kept.title || t("explore.list_pasted"), n: kept.count }), "list");
    taken(kept);
  };
  const draw = () => WB.keepFocus(node, () => node.replaceChildren(...(kept ? [
    h("div.wb-row.spread", {}, h("span", {}, h("strong", {}, kept.title || t("explore.list_pasted")), " ", h("span.wb-small", {}, t("explore.list_count", { n: WB.number(kept.count) }))),
      WB.button(t("explore.list_other"), () => { kept = null; table.clear(); taken(null); }, "quiet", { id: "explore-list-other" }))] : [
    ...table.fields("explore-list").filter(Boolean), h("div", {}, WB.button(t("explore.list_take"), (e) => WB.act(e.currentTarget, async () => { if (!table.ready()) throw new WB.Problem(t("explore.match_nothing")); await keep(); }), "primary", { id: "explore-list-take" }))])));
  return { node, draw, file: (file) => table.arrived(file) };
};
