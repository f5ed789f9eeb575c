// Pasting a block from a spreadsheet: what would come of it is shown first, then it is one step.
WB.synonyms.paste = (ed) => {
  const { h, t } = WB;
  const SHOWN = 60;

  // Cells by tabs, rows by lines; a cell in quotes may hold both, as spreadsheets copy them.
  const table = (text) => {
    const rows = [[]];
    let cell = "";
    let quoted = false;
    const end = () => { rows[rows.length - 1].push(cell.trim()); cell = ""; };
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (quoted) { if (c !== '"') cell += c; else if (text[i + 1] === '"') { cell += '"'; i++; } else quoted = false; }
      else if (c === '"' && cell === "") quoted = true;
      else if (c === "\t") end();
      else if (c === "\n") { end(); rows.push([]); }
      else if (c !== "\r") cell += c;
    }
    end();
    if (quoted) return text.split(/\r?\n/).map((line) => line.split("\t").map((each) => each.trim()));
    return rows;
  };
  // Lines without tabs but with separators are read as rows as well: "standard: a, b" or "standard,a,b".
  const read = (text) => {
    let rows = table(text).filter((row) => row.some(Boolean));
    if (rows.length && rows.every((row) => row.length === 1)) {
      const split = rows.map(([line]) => ed.several(line.replace(/^([^:：=]+)(:|：|=>|=)\s*/, "$1\t")));
      if (split.every((row) => row.length > 1)) rows = split;
    }
    return rows.map((row) => (row[0] ? [row[0], ...row.slice(1).filter(Boolean)] : row));
  };

  ed.pasteDialog = (text = "") => {
    let rows = [];
    let turn = 0;
    let typed = false;
    const here = ed.here()?.group;
    const area = h("textarea.wb-syn-area", { id: "synonyms-paste-text", rows: 6, placeholder: t("synonyms.paste_here"), "aria-label": t("synonyms.paste_here"), spellcheck: "false" });
    area.value = text;
    const preview = h("div.wb-syn-preview", { id: "synonyms-paste-preview", "aria-live": "polite" });
    const accept = WB.button(t("synonyms.paste_do"), () => WB.act(accept, async () => {
      const single = rows.every((row) => row.length === 1);
      let done;
      try { done = await ed.send({ edit: "paste", rows, ...(single ? { group: here.id } : {}) }, { own: true }); }
      catch (problem) { preview.replaceChildren(h("div.wb-verdict.worse", {}, h("i"), h("p", {}, problem.message))); return; }
      if (done !== false) dialog.close();
    }), "primary", { "data-choice": "yes", disabled: true });
    const mark = (term, row) => h("span.wb-term" + (row.known.includes(term) ? ".known" : row.elsewhere.includes(term) ? ".elsewhere" : ".fresh"),
      { title: row.known.includes(term) ? t("synonyms.paste_known") : row.elsewhere.includes(term) ? t("synonyms.paste_elsewhere") : null }, term);
    const draw = (reply) => {
      preview.replaceChildren(
        h("p.wb-small", {}, [t("synonyms.paste_counts", { rows: WB.number(rows.length), groups: WB.number(reply.groups), terms: WB.number(reply.terms) }),
          reply.known && t("synonyms.paste_n_known", { n: WB.number(reply.known) }), reply.elsewhere && t("synonyms.paste_n_elsewhere", { n: WB.number(reply.elsewhere) }),
          reply.looked < rows.length && t("synonyms.paste_looked", { n: WB.number(reply.looked) })].filter(Boolean).join(" ")),
        h("div.wb-syn-preview-rows", {}, h("table.wb-table", {}, h("thead", {}, h("tr", {}, h("th", { style: { width: "32%" } }, t("data.group_standard")), h("th", {}, t("data.group_synonyms")))),
          h("tbody", {}, reply.rows.slice(0, SHOWN).map((row) => h("tr", {}, h("td", {}, h("strong", {}, row.standard), row.there ? h("span.wb-chip.after", {}, t("synonyms.paste_there")) : h("span.wb-chip.accent.after", {}, t("synonyms.paste_new"))),
            h("td", {}, h("div.wb-terms", {}, row.synonyms.slice(0, 40).map((term) => mark(term, row))))))))));
      accept.disabled = !reply.groups && !reply.terms;
      if (text && !typed && !accept.disabled) accept.focus(); // pasted by a key: the next key adds it
    };
    const look = async () => {
      const mine = ++turn;
      rows = read(area.value);
      accept.disabled = true;
      if (!rows.length) { preview.replaceChildren(h("p.wb-small", {}, t("synonyms.paste_shape"))); return; }
      const single = rows.every((row) => row.length === 1);
      if (single && !here) { preview.replaceChildren(h("p.wb-small", {}, t("synonyms.paste_shape"))); return; }
      const block = single ? [[here.standard, ...rows.map(([term]) => term)]] : rows;
      try { const reply = await ed.ask("preview_paste", { rows: block }); if (mine === turn) draw(reply); }
      catch (problem) { if (mine === turn) preview.replaceChildren(h("div.wb-verdict.worse", {}, h("i"), h("p", {}, problem.message))); }
    };
    area.addEventListener("input", () => { typed = true; turn += 1; accept.disabled = true; clearTimeout(area.timer); area.timer = setTimeout(look, 200); });
    area.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !accept.disabled) accept.click(); });
    const dialog = ed.dialog(t("synonyms.paste_title"), [h("p.wb-small", {}, here ? t("synonyms.paste_text", { term: here.standard }) : t("synonyms.paste_shape")), area, preview],
      [accept, WB.button(t("common.cancel"), () => dialog.close(), "quiet")], { id: "synonyms-paste-dialog", wide: true });
    look();
    area.focus();
  };
};
