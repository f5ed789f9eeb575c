// The saved dictionaries: a list, and a page-by-page look inside the chosen one.
WB.views.dictionaries = (root, { server }) => {
  const { h, t } = WB;
  let list = null;
  let open = null;
  let inside = null;
  let counts = null;
  let page = 0;
  let search = "";
  let asked = 0;
  const body = h("div", { id: "data-groups" });
  const field = h("input.wb-input.grow", { type: "search", id: "data-search", maxlength: 200 });
  field.addEventListener("input", () => { search = field.value; page = 0; clearTimeout(field.timer); field.timer = setTimeout(load, 220); });

  const load = async () => {
    if (!open) return;
    const turn = ++asked;
    try {
      const reply = await WB.ask(server, "read_groups", { name: open, search, page });
      if (turn !== asked) return;
      inside = reply;
    } catch (problem) { if (turn === asked) { WB.note(problem.message, "problem"); inside = null; } }
    drawGroups();
  };
  const look = async (name) => {
    open = open === name ? null : name;
    inside = counts = null; page = 0; search = ""; field.value = "";
    draw();
    if (!open) return;
    load();
    try { const reply = await WB.ask(server, "read_split", { name }); if (open === name) { counts = reply.counts; draw(); } } catch { /* the groups are there without it */ }
  };
  const save = (button, format) => WB.act(button, async () => {
    const file = await WB.ask(server, "export_dictionary", { name: open, format });
    WB.save(`${open.replace(/[\\/:*?"<>|]/g, "-")}.${format}`, file.mime, file.base64);
  });
  const remove = async () => {
    const name = open;
    const sure = await WB.confirm(t("data.delete_title", { name }), t("data.delete_text"), [{ label: t("common.delete"), value: true, kind: "danger" }]);
    if (!sure) return;
    await WB.act(null, async () => { await WB.ask(server, "delete_dictionary", { name }); open = null; WB.emit("touch"); await refresh(); });
  };

  const drawGroups = () => {
    if (!inside) { body.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    if (!inside.total) { body.replaceChildren(h("p.wb-small", {}, t("common.nothing_found", { search }))); return; }
    body.replaceChildren(h("table.wb-table", {}, h("thead", {}, h("tr", {}, h("th", { style: { width: "34%" } }, t("data.group_standard")), h("th", {}, t("data.group_synonyms")))),
      h("tbody", {}, inside.groups.map(([standard, synonyms]) => h("tr", {}, h("td", {}, h("strong", {}, standard)),
        h("td", {}, h("div.wb-terms", {}, synonyms.map((s) => h("span.wb-term", {}, s)))))))),
    WB.pager(page, inside.size, inside.total, (to) => { page = to; load(); }));
  };
  const detail = () => {
    field.placeholder = t("data.search", { name: open });
    field.setAttribute("aria-label", field.placeholder);
    return h("div.wb-card.wb-gap.wb-below", { id: "data-inside" },
      h("div.wb-row.wrap.spread", {}, h("h3", {}, open), h("div.wb-row.wrap", {},
        WB.button(t("data.train_with"), () => { WB.emit("use-dictionary", open); WB.go("train"); }, "primary", { id: "data-train" }),
        WB.button(t("data.export_csv"), (e) => save(e.currentTarget, "csv"), "", { id: "data-export-csv" }),
        WB.button(t("data.export_xlsx"), (e) => save(e.currentTarget, "xlsx"), "", { id: "data-export-xlsx" }),
        WB.button(t("common.delete"), remove, "danger", { id: "data-delete" }))),
      counts && h("p.wb-small", { id: "data-split-line" }, t("data.split_line", Object.fromEntries(Object.entries(counts).map(([k, n]) => [k, WB.number(n)])))),
      h("div.wb-row", {}, field), body);
  };
  const row = (d) => h("tr.pickable" + (d.name === open ? ".on" : ""), { "data-name": d.name, tabindex: 0, onclick: () => look(d.name), onkeydown: (e) => { if (e.key === "Enter") look(d.name); } },
    h("td", {}, h("strong", {}, d.name), d.sample ? h("span.wb-chip.after", {}, t("data.sample")) : null),
    h("td.num", {}, WB.number(d.pairs)), h("td.num", {}, WB.number(d.standards)), h("td.num", {}, WB.number(d.terms)),
    h("td", {}, t("language." + d.language)), h("td.num", {}, d.version), h("td.num.wb-soft", {}, WB.ago(d.created)));
  const draw = () => {
    if (!list) { root.replaceChildren(h("div.wb-card.wb-below", {}, WB.bar(null, t("common.loading")))); return; }
    if (!list.length) { root.replaceChildren(h("div.wb-below", {}, WB.empty(t("data.list_none"), t("data.list_none_hint")))); return; }
    const columns = ["pairs", "standards", "terms"].map((c) => h("th.num", {}, t("data.col_" + c)));
    root.replaceChildren(h("div.wb-card.wb-below", {}, h("h3", {}, t("data.list")), h("div.wb-scroll", {}, h("table.wb-table", {},
      h("thead", {}, h("tr", {}, h("th", {}, t("data.col_name")), columns, h("th", {}, t("data.col_language")), h("th.num", {}, t("data.col_version")), h("th.num", {}, t("data.col_when")))),
      h("tbody", {}, list.map(row))))), ...(open ? [detail()] : []));
    if (open) drawGroups();
  };
  const refresh = async () => {
    const reply = await WB.ask(server, "list_dictionaries");
    list = reply.dictionaries;
    if (open && !list.some((d) => d.name === open)) open = null;
    draw();
    if (open) load();
  };
  const poller = WB.poll(root, 3600, refresh);
  WB.on("changed", async (detail) => { await poller.now(); if (detail?.open && open !== detail.open) look(detail.open); });
  draw();
  return { draw };
};
