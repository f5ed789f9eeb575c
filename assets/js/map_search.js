// Find a term and fly to it: what is typed is ringed, and the best of what is found stands in a list.
WB.map.search = (map) => {
  const { h, t } = WB;
  const RINGED = 200;
  const LISTED = 8;
  const field = h("input.wb-input", { type: "search", id: "map-search", maxlength: 500, role: "combobox", "aria-expanded": "false", "aria-controls": "map-hits", autocomplete: "off", spellcheck: "false" });
  const found = h("span.wb-small", { id: "map-found" });
  const pick = WB.button("", () => { close(); map.select.pick(all()); }, "quiet", { id: "map-pick-found", hidden: true });
  const list = h("div.wb-atlas-hits", { role: "listbox", id: "map-hits", hidden: true });
  const node = h("div.wb-atlas-search", {}, field, found, pick, list);
  let hits = []; // the first of what is found
  let total = 0; // of everything that is found
  let at = -1;
  // Every term that is found, however many: only so many are ringed and listed.
  const all = () => { const wanted = field.value.trim().toLowerCase(); return map.data.lower.flatMap((term, i) => (term.includes(wanted) ? [i] : [])); };
  const count = () => WB.number(total);
  const look = () => {
    const wanted = field.value.trim().toLowerCase();
    hits = [];
    total = 0;
    at = -1;
    const { data } = map;
    if (wanted && data) {
      data.lower ||= data.terms.map((term) => term.toLowerCase());
      for (let i = 0; i < data.n; i++) if (data.lower[i].includes(wanted) && ++total <= RINGED) hits.push(i);
      const exact = data.lower.indexOf(wanted);
      if (exact >= 0 && !hits.includes(exact)) hits.push(exact);
      const order = (i) => (data.lower[i] === wanted ? 0 : data.lower[i].startsWith(wanted) ? 1 : 2) * 1000 + Math.min(999, data.lower[i].length);
      hits.sort((a, b) => order(a) - order(b));
    }
    map.found = hits;
    found.textContent = wanted ? (hits.length ? t("map.found", { n: count() }) : t("common.nothing_found", { search: map.shortTerm(field.value.trim()) })) : "";
    pick.hidden = hits.length < 2;
    drawList();
    map.paint();
  };
  const tell = () => { if (hits.length) map.said(t("map.told_found", { n: count(), first: WB.few(hits.map((i) => map.data.terms[i])) })); else map.said(found.textContent); };
  const drawList = () => {
    const open = hits.length > 0 && document.activeElement === field;
    list.hidden = !open;
    field.setAttribute("aria-expanded", String(open));
    field.setAttribute("aria-activedescendant", at >= 0 ? `map-hit-${at}` : "");
    list.replaceChildren(...hits.slice(0, LISTED).map((i, k) => h("div" + (k === at ? ".on" : ""), { role: "option", id: `map-hit-${k}`, "aria-selected": String(k === at), onmousedown: (event) => { event.preventDefault(); take(i); } },
      h("b", { dir: "auto" }, map.data.terms[i]), map.data.standard[i] ? null : h("small", { dir: "auto" }, map.data.groups[map.data.group[i]]))));
  };
  const close = () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); };
  const take = (i) => { close(); map.choose(i, true); };
  field.addEventListener("input", () => { clearTimeout(field.timer); field.timer = setTimeout(() => { look(); tell(); }, 90); });
  field.addEventListener("focus", drawList);
  field.addEventListener("blur", () => setTimeout(close, 120));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && hits.length) { event.preventDefault(); at = Math.max(0, Math.min(at + by, Math.min(hits.length, LISTED) - 1)); drawList(); }
    else if (event.key === "Enter") { clearTimeout(field.timer); const chosen = at; look(); if (hits.length) take(hits[Math.max(0, chosen)]); }
    else if (event.key === "Escape") { event.preventDefault(); field.value = ""; look(); }
  });
  map.search = {
    node: () => { field.placeholder = t("map.search"); field.setAttribute("aria-label", t("map.search")); pick.textContent = t("map.pick_found"); return node; },
    again: look,
    clear: () => { field.value = ""; look(); },
    goTo(term) {
      field.value = term;
      look();
      close();
      const i = map.at(term) >= 0 ? map.at(term) : hits[0] ?? -1;
      if (i >= 0) map.choose(i, true); else map.said(found.textContent);
    },
  };
};
