// The saved pair sets: a list, a look inside the chosen one, export, acceptance, deletion.
WB.pairs.sets = (tab) => {
  const { h, t } = WB;
  const node = h("div.wb-gap", { id: "pairs-sets" });
  let list = null;
  let open = null;
  let inside = null;
  let page = 0;
  let asked = 0;
  const body = h("div", { id: "pairs-rows" });
  const field = h("input.wb-input.grow", { type: "search", id: "pairs-search", maxlength: 200 });
  field.addEventListener("input", () => { page = 0; clearTimeout(field.timer); field.timer = setTimeout(load, 220); });

  const load = async () => {
    if (!open) return;
    const mine = ++asked;
    try {
      const reply = await tab.ask("read_set", { name: open, search: field.value, page });
      if (mine === asked) inside = reply;
    } catch (problem) { if (mine === asked) { WB.note(problem.message, "problem"); inside = null; } }
    if (mine === asked) drawRows();
  };
  const look = (name) => {
    open = open === name ? null : name;
    inside = null; page = 0; field.value = "";
    draw();
    load();
  };
  const save = (button, format) => WB.act(button, async () => {
    const file = await tab.ask("export_set", { name: open, format });
    WB.save(`${open.replace(/[\\/:*?"<>|]/g, "-")}.${format}`, file.mime, file.base64);
  });
  const remove = async (info) => {
    if (!await WB.confirm(t("pairs.delete_title", { name: info.name }), t("pairs.delete_text", { n: WB.number(info.rows) }), [{ label: t("common.delete"), value: true, kind: "danger" }])) return;
    await WB.act(null, async () => { await tab.ask("delete_set", { name: info.name }); open = null; await refresh(); });
  };
  const accept = (button, info) => WB.act(button, async () => {
    await tab.ask("accept_set", { name: info.name });
    WB.note(t("pairs.accepted", { name: info.name }));
    await refresh();
  });

  const made = (info) => {
    const from = info.made;
    if (!from) return info.reviewed ? t("pairs.made_reviewed") : t("pairs.made_file", { source: info.source });
    return [t("pairs.made_from", from), t("pairs.positives_" + (from.positives || "standard_synonym")), from.templates && t("pairs.made_templates", { n: from.templates }), from.corpus && t("pairs.made_corpus", from), from.model && t("pairs.made_model", { model: tab.title(from.model) })].filter(Boolean).join(t("common.comma"));
  };
  const label = (pair, kind) => h("span.wb-label" + (pair.label >= 0.5 ? ".yes" : ""), {}, kind === "scores" ? WB.number(pair.label, 2) : pair.label);
  const drawRows = () => {
    const info = list?.find((each) => each.name === open);
    if (!info) return;
    if (!inside) { body.replaceChildren(WB.bar(null, t("common.loading"))); return; }
    if (!inside.total) { body.replaceChildren(h("p.wb-small", {}, field.value.trim() ? t("common.nothing_found", { search: field.value.trim() }) : t("pairs.empty_set"))); return; }
    const triplets = info.kind === "triplets";
    body.replaceChildren(h("table.wb-table", {}, h("thead", {}, h("tr", {}, !triplets && h("th", {}, t(info.kind === "scores" ? "pairs.col_score" : "pairs.col_label")), h("th", {}, t("pairs.col_a")), h("th", {}, t("pairs.col_b")), triplets && h("th", {}, t("pairs.col_negative")))),
      h("tbody", {}, inside.rows.map((pair) => h("tr", {}, !triplets && h("td", {}, label(pair, info.kind)), h("td", {}, pair.a), h("td", {}, pair.b), triplets && h("td", {}, pair.negative))))),
    WB.pager(page, inside.size, inside.total, (to) => { page = to; load(); }));
  };
  const detail = (info) => {
    field.placeholder = t("pairs.search", { name: info.name });
    field.setAttribute("aria-label", field.placeholder);
    return h("div.wb-card.wb-gap", { id: "pairs-inside" },
      h("div.wb-row.wrap.spread", {}, h("h3", {}, info.name), h("div.wb-row.wrap", {},
        ["csv", "xlsx", "jsonl"].map((format) => WB.button(t("pairs.export_" + format), (e) => save(e.currentTarget, format), "", { id: "pairs-export-" + format })),
        WB.button(t("common.delete"), () => remove(info), "danger", { id: "pairs-delete" }))),
      !info.trusted && h("div.wb-verdict.worse", {}, h("i"), h("div.wb-grow", {}, h("p", {}, t("pairs.untrusted_text"))), WB.button(t("pairs.accept"), (e) => accept(e.currentTarget, info), "primary", { id: "pairs-accept" })),
      info.notes.length ? h("ul.wb-pairs-notes", {}, info.notes.map((note) => h("li", {}, WB.pick(note)))) : null,
      h("div.wb-row", {}, field), body);
  };
  const row = (info) => h("tr.pickable" + (info.name === open ? ".on" : ""), { "data-name": info.name, tabindex: 0, onclick: () => look(info.name), onkeydown: (e) => { if (e.key === "Enter") look(info.name); } },
    h("td.wb-set-name", {}, h("strong", {}, info.name)), h("td.wb-nowrap", {}, t("pairs.kind_" + info.kind)), h("td.num", {}, WB.number(info.rows)), h("td.num", {}, WB.number(info.positives)),
    h("td", {}, h("span.wb-chip." + (info.trusted ? "plain" : "warn"), { title: info.trusted ? null : t("pairs.untrusted_text") }, t(info.trusted ? "pairs.trusted" : "pairs.untrusted"))),
    h("td.wb-small", {}, made(info), info.author ? t("pairs.made_by", { who: info.author }) : ""), h("td.num.wb-soft", {}, WB.ago(info.created)));
  const draw = () => WB.keepFocus(node, listNow);
  const listNow = () => {
    if (!list) { node.replaceChildren(); return; }
    if (!list.length) { node.replaceChildren(WB.empty(t("pairs.sets_none"), t("pairs.sets_none_hint"), WB.button(t("pairs.save"), () => { const save = document.getElementById("pairs-save"); save?.scrollIntoView({ block: "center" }); save?.focus(); }))); return; }
    const info = list.find((each) => each.name === open);
    node.replaceChildren(h("div.wb-card", {}, h("h3", {}, t("pairs.sets")), h("div.wb-scroll", {}, h("table.wb-table", { id: "pairs-list" },
      h("thead", {}, h("tr", {}, h("th", {}, t("pairs.col_name")), h("th", {}, t("pairs.col_kind")), h("th.num", {}, t("pairs.col_rows")), h("th.num", {}, t("pairs.col_positives")), h("th", {}, t("pairs.col_trusted")), h("th", {}, t("pairs.col_made")), h("th.num", {}, t("pairs.col_when")))),
      h("tbody", {}, list.map(row))))), ...(info ? [detail(info)] : []));
    drawRows();
  };
  const listing = WB.inOrder();
  const refresh = async () => {
    const current = listing();
    const found = (await tab.ask("list_sets")).sets;
    if (!current()) return;
    if (JSON.stringify(found) === JSON.stringify(list)) return;
    list = found;
    if (open && !list.some((each) => each.name === open)) open = null;
    draw();
    load();
  };
  return { node, draw, refresh, has: (name) => Boolean(list?.some((info) => info.name === name)) };
};
