// What is saved, of four kinds behind a switch: a list of each, and below it a look inside the chosen one.
WB.views.data_lists = (root, { server }) => {
  const { h, t } = WB;
  const KINDS = ["dictionary", "pairs", "corpus", "retrieval"];
  const lists = { root, kind: WB.store.get("data.kind"), all: null, open: null, inside: null, page: 0, search: "", part: "queries" };
  if (!KINDS.includes(lists.kind)) lists.kind = "dictionary";
  let asked = 0;
  lists.ask = (name, data = {}) => WB.ask(server, name, { kind: lists.kind, ...data });
  lists.field = h("input.wb-input.grow", { type: "search", id: "data-search", maxlength: 200 });
  lists.field.addEventListener("input", () => { lists.search = lists.field.value; lists.page = 0; clearTimeout(lists.field.timer); lists.field.timer = setTimeout(lists.load, 220); });
  lists.body = h("div", { id: "data-groups" });
  lists.info = () => lists.all?.[lists.kind].find((info) => info.name === lists.open) || null;
  const details = WB.dataDetails(lists);

  lists.load = async () => {
    if (!lists.open) return;
    const mine = ++asked;
    const { open, kind, search, page } = lists;
    try {
      const reply = await lists.ask("read_inside", { name: open, search, page });
      if (mine !== asked || kind !== lists.kind) return;
      lists.inside = reply;
    } catch (problem) { if (mine !== asked) return; WB.note(problem.message, "problem"); lists.inside = null; }
    details.rows();
  };
  const look = (name) => {
    lists.open = lists.open === name ? null : name;
    Object.assign(lists, { inside: null, page: 0, search: "" });
    lists.field.value = "";
    details.opened();
    draw();
    lists.load();
  };
  const go = (kind) => {
    if (kind === lists.kind) return;
    Object.assign(lists, { kind, open: null, inside: null, page: 0, search: "" });
    lists.field.value = "";
    WB.store.set("data.kind", kind);
    details.opened();
    draw();
  };

  // ---- one list for each kind
  const num = (value) => h("td.num", {}, WB.number(value));
  const COLUMNS = {
    dictionary: [["pairs"], ["standards"], ["terms"], ["language", (d) => h("td", {}, t("language." + d.language))], ["version", (d) => h("td.num", {}, d.version), "num"]],
    pairs: [["kind", (d) => h("td", {}, t("lists.pairs_" + d.kind))], ["rows"], ["positives"]],
    corpus: [["texts"], ["characters"], ["unit", (d) => h("td", {}, t("lists.unit_" + d.unit))]],
    retrieval: [["queries"], ["passages"], ["answers"]],
  };
  const row = (d) => h("tr.pickable" + (d.name === lists.open ? ".on" : ""), { "data-name": d.name, tabindex: 0, onclick: () => look(d.name), onkeydown: (e) => { if (e.key === "Enter") look(d.name); } },
    h("td", {}, h("strong", {}, d.name), d.sample ? h("span.wb-chip.after", {}, t("lists.sample")) : null, d.trusted === false ? h("span.wb-chip.warn.after", {}, t("lists.untrusted")) : null),
    COLUMNS[lists.kind].map(([name, cell]) => (cell ? cell(d) : num(d[name]))), h("td.num.wb-soft", {}, WB.ago(d.created)));
  const table = (found) => h("div.wb-scroll", {}, h("table.wb-table", {},
    h("thead", {}, h("tr", {}, h("th", {}, t("lists.col_name")), COLUMNS[lists.kind].map(([name, cell, kind]) => h("th" + (cell && !kind ? "" : ".num"), {}, t("lists.col_" + name))), h("th.num", {}, t("lists.col_when")))),
    h("tbody", {}, found.map(row))));
  const draw = () => WB.keepFocus(root, listNow);
  const listNow = () => {
    if (!lists.all) { root.replaceChildren(h("div.wb-card.wb-below", {}, WB.bar(null, t("common.loading")))); return; }
    const found = lists.all[lists.kind];
    const info = lists.info();
    const head = h("div.wb-row.spread.wrap.wb-list-head", {}, h("h3", {}, t("lists.title")), h("div.wb-segments.small", { role: "tablist", id: "data-kinds" }, KINDS.map((kind) =>
      h("button" + (kind === lists.kind ? ".on" : ""), { type: "button", role: "tab", "aria-selected": String(kind === lists.kind), "data-kind": kind, ...WB.gloss({ pairs: "labelled_pairs", corpus: "corpus", retrieval: "retrieval_set" }[kind]), onclick: () => go(kind) }, t("lists.kind_" + kind), h("b.wb-count", {}, WB.number(lists.all[kind].length))))));
    root.replaceChildren(h("div.wb-card.wb-below", {}, head, found.length ? table(found) : WB.empty(t("lists.none_" + lists.kind), t("lists.hint_" + lists.kind), WB.button(t("recipes.import_file"), () => document.querySelector("#data-file input[type=file]")?.click(), "", { id: "data-choose", "data-needs": "edit" }))), ...(info ? [details.node(info)] : []));
    if (info) details.rows();
  };
  lists.draw = draw;
  const listing = WB.inOrder();
  lists.refresh = async () => {
    const current = listing();
    const found = await lists.ask("list_data");
    if (!current()) return;
    lists.all = found;
    if (lists.open && !lists.info()) lists.open = null;
    draw();
    lists.load();
  };
  const poller = WB.poll(root, 3600, lists.refresh);
  WB.on("changed", async (detail) => {
    if (detail?.kind) go(detail.kind);
    await poller.now();
    if (detail?.open && lists.open !== detail.open && lists.all?.[lists.kind].some((d) => d.name === detail.open)) look(detail.open);
  });
  draw();
  return { draw };
};
