// Terms of art explained where they stand: a note that opens by pointing, by the keyboard and by touch.
// `data-gloss` names an entry of the glossary, `data-tip` carries a text of its own.
(() => {
  const { h } = WB;
  const MARKED = "[data-gloss], [data-tip]";
  const LABELS = { // labels that Gradio draws: the component's id -> the term in its label
    "train-base": "base_model", "explore-model": "embedding", "explore-second": "embedding", "map-model": "embedding", "map-method": "layout", "train-dictionary": "split", "board-dictionary": "split",
  };
  const shelf = h("div", { id: "wb-glossary", hidden: true }); // what screen readers say of a term
  const note = h("div.wb-gloss-note", { id: "wb-gloss-note", role: "tooltip", popover: "manual" });
  let of = null;
  let timer = 0;
  let watching = 0;

  const described = (id) => {
    if (!shelf.isConnected) document.body.append(shelf, note);
    if (!document.getElementById("term-" + id)) shelf.append(h("span", { id: "term-" + id }, WB.t(`term.${id}.text`)));
    return "term-" + id;
  };
  // Attributes that explain a control that is there anyway, such as the head of a column.
  WB.gloss = (id) => (id ? { "data-gloss": id, "aria-describedby": described(id) } : {});
  // The same for a node that is drawn already.
  WB.glossOn = (node, id) => { for (const [key, value] of Object.entries(WB.gloss(id))) node.setAttribute(key, value); return node; };
  // A word that can be asked what it means.
  WB.term = (id, label, attributes = {}) => h("button.wb-gloss", { type: "button", ...WB.gloss(id), ...attributes }, label ?? WB.t("term." + id));
  // A question mark with a text of its own; `about` is what it explains.
  WB.tip = (text, about) => h("button.wb-tip", { type: "button", "data-tip": text, "aria-label": WB.t("common.what_is", { name: about }) }, "?");

  const place = () => {
    const at = of.getBoundingClientRect();
    const { offsetWidth: wide, offsetHeight: high } = note;
    const below = at.bottom + 8 + high <= innerHeight || at.top < high + 8;
    note.style.left = Math.max(8, Math.min(at.left, innerWidth - wide - 8)) + "px";
    note.style.top = Math.max(8, below ? at.bottom + 6 : at.top - high - 6) + "px";
  };
  const close = () => {
    clearTimeout(timer);
    clearInterval(watching);
    if (!of) return;
    if (of.dataset.tip) of.removeAttribute("aria-describedby");
    if (of.classList.contains("wb-gloss")) of.setAttribute("aria-expanded", "false");
    of = null;
    if (note.matches(":popover-open")) note.hidePopover();
  };
  const show = (node) => {
    if (of === node) return clearTimeout(timer);
    close();
    if (!note.isConnected) document.body.append(shelf, note);
    of = node;
    const { gloss: term, tip } = node.dataset;
    note.replaceChildren(...(term ? [h("strong", {}, WB.t("term." + term)), WB.t(`term.${term}.text`)] : [tip]));
    if (tip) node.setAttribute("aria-describedby", note.id);
    if (node.classList.contains("wb-gloss")) node.setAttribute("aria-expanded", "true");
    note.showPopover();
    place();
    watching = setInterval(() => { if (!of?.isConnected) close(); }, 250); // views draw anew
  };
  const later = (work, wait) => { clearTimeout(timer); timer = setTimeout(work, wait); };

  const marked = (event) => event.target.closest?.(MARKED);
  let touched = false;
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const node = marked(event);
    if (node) { if (of !== node) later(() => show(node), of ? 60 : 220); else clearTimeout(timer); }
    else if (note.contains(event.target)) clearTimeout(timer);
    else if (of && document.activeElement !== of) later(close, 200);
    else clearTimeout(timer);
  });
  document.addEventListener("focusin", (event) => {
    const node = marked(event);
    if (node?.matches(":focus-visible") && event.target === node) show(node);
    else if (of && !note.contains(event.target)) close();
  });
  document.addEventListener("focusout", (event) => { if (event.target === of) close(); });
  document.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; }, true);
  document.addEventListener("click", (event) => {
    const node = marked(event);
    if (!node) { if (!note.contains(event.target)) close(); return; }
    const asks = node.matches(".wb-gloss, .wb-tip");
    if (asks) { event.preventDefault(); event.stopPropagation(); }
    if (asks && of === node && !touched && event.detail) return; // the pointer has opened it already
    if (asks && of === node) close();
    else if (asks || touched) show(node);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && of) { event.preventDefault(); event.stopPropagation(); close(); return; }
    const node = event.target.closest?.("span.wb-gloss");
    if (node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); if (of === node) close(); else show(node); }
  }, true);
  addEventListener("scroll", () => of && close(), { capture: true, passive: true });
  addEventListener("resize", close);

  // Gradio writes its labels itself and later than the tab is opened; their words are made to answer as ours do.
  const label = () => {
    for (const [id, term] of Object.entries(LABELS)) {
      const node = document.querySelector(`#${id} span[data-testid="block-info"]`);
      if (!node || node.dataset.gloss) continue;
      node.classList.add("wb-gloss");
      for (const [key, value] of Object.entries({ role: "button", tabindex: 0, ...WB.gloss(term) })) node.setAttribute(key, value);
    }
  };
  const labelSoon = () => { for (const wait of [0, 300, 1000, 3000]) setTimeout(label, wait); };
  WB.on("tab", labelSoon);
  WB.on("language", () => { close(); for (const each of shelf.children) each.textContent = WB.t(`term.${each.id.slice(5)}.text`); });
  labelSoon();
  setTimeout(label, 8000);
})();
