// The page's own small kit: texts, elements, asking the server, polling, notes, dialogs, plots.
// Terms and names only ever become text nodes: nothing here writes HTML.
window.WB = (() => {
  const boot = window.WB_BOOT;
  const listeners = {};
  const WB = { boot, lang: "en", views: {} };

  WB.on = (event, listener) => { (listeners[event] ||= []).push(listener); };
  WB.emit = (event, detail) => { for (const listener of listeners[event] || []) listener(detail); };

  WB.store = {
    get(key) { try { return localStorage.getItem("workbench." + key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem("workbench." + key, value); } catch { /* private window */ } },
  };

  // ---- texts
  WB.t = (key, values) => {
    let text = (boot.texts[WB.lang] || {})[key] ?? key;
    if (values) text = text.replace(/\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g, (whole, name, one, many) => { // as in localtext.py
      const value = String(values[name]);
      return !(name in values) ? whole : one === undefined ? value : value === "1" ? one : many;
    });
    return text;
  };
  WB.pick = (both) => (both == null ? "" : typeof both === "string" ? both : both[WB.lang] ?? both.en ?? "");

  // ---- elements
  WB.h = (tag, attributes, ...children) => {
    const [name, ...classes] = tag.split(".");
    const svg = ["svg", "path", "circle", "rect", "line", "text", "g"].includes(name);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name || "div");
    for (const c of classes) node.classList.add(c);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value == null || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "style") for (const [p, v] of Object.entries(value)) node.style.setProperty(p, v);
      else if (key === "value" && "value" in node) node.value = value;
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat(4).filter((child) => child != null && child !== false));
    return node;
  };

  WB.button = (label, onclick, kind = "", attributes = {}) =>
    WB.h("button.wb-button" + (kind ? "." + kind : ""), { type: "button", onclick, ...attributes }, label);

  // A control that can be used, or cannot and says why: its title is what a screen reader describes it with.
  WB.able = (node, reason) => { node.disabled = Boolean(reason); if (reason) node.title = reason; else node.removeAttribute("title"); return node; };

  WB.empty = (title, hint, ...actions) =>
    WB.h("div.wb-empty", {}, WB.h("div.wb-empty-title", {}, title), hint && WB.h("p", {}, hint),
      actions.length ? WB.h("div.wb-actions", {}, actions) : null);

  WB.bar = (fraction, label, attributes = {}) =>
    WB.h("div.wb-bar" + (fraction == null ? ".unknown" : ""), { role: "progressbar", "aria-label": label || "",
      "aria-valuenow": fraction == null ? null : Math.round(fraction * 100), ...attributes },
    WB.h("i", { style: fraction == null ? {} : { width: Math.max(0, Math.min(1, fraction)) * 100 + "%" } }));

  // A button that opens a list below it; it closes when the focus leaves it, and by Escape.
  WB.menu = (id, title, ...items) => WB.h("details.wb-menu", { id, open: document.getElementById(id)?.open,
    onfocusout: (e) => { if (!e.currentTarget.contains(e.relatedTarget)) e.currentTarget.removeAttribute("open"); },
    onkeydown: (e) => { if (e.key === "Escape") { e.currentTarget.removeAttribute("open"); e.currentTarget.firstChild.focus(); } } },
  WB.h("summary", { role: "button" }, title), WB.h("div.wb-menu-list", { tabindex: -1 }, items));

  WB.pager = (page, size, total, go) => {
    const pages = Math.max(1, Math.ceil(total / size));
    if (pages <= 1) return WB.h("div.wb-pager", {}, WB.t("common.page", { page: 1, pages: 1, total: WB.number(total) }));
    return WB.h("div.wb-pager", {},
      WB.button(WB.t("common.previous"), () => go(page - 1), "quiet", { disabled: page <= 0 }),
      WB.h("span", {}, WB.t("common.page", { page: page + 1, pages, total: WB.number(total) })),
      WB.button(WB.t("common.next"), () => go(page + 1), "quiet", { disabled: page >= pages - 1 }));
  };

  // ---- numbers, times, sizes
  const locale = () => (WB.lang === "zh" ? "zh-CN" : "en-GB");
  WB.number = (n, digits = 0) => Number(n).toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
  WB.percent = (n) => (n == null ? "–" : WB.number(n, 1));
  WB.duration = (seconds) => {
    const s = Math.max(0, Number(seconds) || 0);
    if (s < 1) return WB.t("unit.under_second");
    if (s < 90) return WB.t("unit.seconds", { n: Math.round(s) });
    if (s < 5400) return WB.t("unit.minutes", { n: Math.round(s / 60) });
    return WB.t("unit.hours", { n: WB.number(s / 3600, 1) });
  };
  WB.ago = (at) => {
    const s = Date.now() / 1000 - at;
    if (s < 90) return WB.t("unit.now");
    if (s < 5400) return WB.t("unit.minutes_ago", { n: Math.round(s / 60) });
    if (s < 129600) return WB.t("unit.hours_ago", { n: Math.round(s / 3600) });
    return WB.t("unit.days_ago", { n: Math.round(s / 86400) });
  };
  WB.bytes = (n) => { // as administrators set it: 200 MB are 200 * 1024 * 1024
    if (n == null) return "–";
    const [unit, of] = [["GB", 2 ** 30], ["MB", 2 ** 20], ["KB", 2 ** 10]].find(([, each]) => n >= each) || ["B", 1];
    const value = n / of;
    return `${WB.number(value, value < 100 && value !== Math.round(value) ? 1 : 0)} ${unit}`;
  };

  // ---- the server
  WB.Problem = class extends Error {};
  WB.ask = async (server, name, data = {}) => {
    let reply;
    try { reply = await server[name](data); } catch { throw new WB.Problem(WB.t("error.offline")); }
    if (reply && reply.error) throw new WB.Problem(WB.pick(reply.error));
    if (reply == null || typeof reply !== "object") throw new WB.Problem(WB.t("error.offline"));
    return reply;
  };
  // For a click: waits, shows what went wrong, and never starts twice.
  WB.act = async (button, work) => {
    if (button && button.disabled) return undefined;
    if (button) { button.disabled = true; button.classList.add("busy"); }
    try { return await work(); } catch (problem) { WB.note(problem.message, "problem"); return undefined; }
    finally { if (button) { button.disabled = false; button.classList.remove("busy"); } }
  };
  WB.visible = (node) => !document.hidden && node.isConnected && node.offsetParent !== null;
  // Repeats `work` while `node` is seen; it returns the seconds to wait, or null for `pause`.
  // `now` asks at once, and once more where an earlier question is under way: its answer may be older.
  WB.poll = (node, pause, work) => {
    let under = null;
    let next = 0;
    let hurries = 0;
    const look = async () => {
      const before = hurries;
      let wait = 4;
      try { wait = (await work()) ?? pause; } catch { /* asked again in a while */ }
      next = before === hurries ? Date.now() + wait * 1000 : 0;
      under = null;
    };
    const tick = () => (under || (Date.now() < next || !WB.visible(node) ? Promise.resolve() : (under = look())));
    setInterval(tick, 250);
    document.addEventListener("visibilitychange", tick);
    return { now() { hurries += 1; next = 0; return under ? under.then(tick) : tick(); } };
  };
  // Answers overtake one another. Asked before each question, both give a test for its answer. `newest`: only the last
  // question counts. `inOrder`: each answer counts that is no older than one that was taken.
  WB.newest = () => { let turn = 0; return () => { const mine = ++turn; return () => mine === turn; }; };
  WB.inOrder = () => { let turn = 0, taken = 0; return () => { const mine = ++turn; return () => mine > taken && Boolean((taken = mine)); }; };
  // Draws anew under the hand of who types: what has the focus has it again, with the place in its text.
  WB.keepFocus = (node, work) => {
    const had = node.contains(document.activeElement) ? document.activeElement : null;
    const { id, selectionStart: from, selectionEnd: to } = had || {};
    work();
    const now = id && !had.isConnected ? document.getElementById(id) : had;
    if (!now || now === document.activeElement) return;
    now.focus({ preventScroll: true });
    if (from != null && now.setSelectionRange) try { now.setSelectionRange(from, to); } catch { /* a number has no places */ }
  };

  // ---- notes and questions
  // `actions` are buttons in it: [{ label, run }]; each takes the note away.
  WB.note = (message, kind = "", actions = []) => {
    let shelf = document.querySelector(".wb-notes");
    if (!shelf) document.body.append((shelf = WB.h("div.wb-notes", { role: "status", "aria-live": "polite" })));
    const note = WB.h("div.wb-note" + (kind ? "." + kind : ""), {}, WB.h("span", {}, message),
      actions.map((action) => WB.h("button.wb-note-act", { type: "button", onclick: () => { note.remove(); action.run(); } }, action.label)),
      WB.h("button", { type: "button", "aria-label": WB.t("common.close"), onclick: () => note.remove() }, "×"));
    shelf.append(note);
    setTimeout(() => note.remove(), kind === "problem" ? 14000 : actions.length ? 10000 : 6000);
    return note;
  };
  WB.confirm = (title, message, actions) => new Promise((resolve) => {
    const dialog = WB.h("dialog.wb-dialog", {},
      WB.h("h3", {}, title), message && WB.h("p", {}, message),
      WB.h("div.wb-actions", {}, [...actions, { label: WB.t("common.cancel"), value: null }].map((action) =>
        WB.button(action.label, () => { dialog.close(); dialog.remove(); resolve(action.value); }, action.kind || "", { "data-choice": String(action.value) }))));
    dialog.addEventListener("cancel", () => { dialog.remove(); resolve(null); });
    WB.modal(dialog);
  });
  // Opens a dialog under the name of its heading; the focus goes into it, and back when it is gone.
  let dialogs = 0;
  WB.modal = (dialog) => {
    const from = document.activeElement;
    const title = dialog.querySelector("h2, h3");
    if (title && !dialog.hasAttribute("aria-label")) { title.id ||= `wb-dialog-${++dialogs}`; dialog.setAttribute("aria-labelledby", title.id); }
    document.body.append(dialog);
    dialog.showModal();
    const watch = new MutationObserver(() => {
      if (dialog.isConnected && dialog.open) return;
      watch.disconnect();
      const back = from?.isConnected ? from : from?.id && document.getElementById(from.id);
      if (!document.activeElement || document.activeElement === document.body) back?.focus?.({ preventScroll: true });
    });
    watch.observe(document.body, { childList: true });
    watch.observe(dialog, { attributes: true, attributeFilter: ["open"] });
  };
  // Says something to screen readers alone: that work has begun, or what came out. What comes within a moment is said
  // together; of the same thing (`about`) the newest alone. A new node is said although its words are those of before.
  const aloud = WB.h("div.wb-unseen", { id: "wb-aloud", role: "status", "aria-live": "polite" });
  const attach = () => { if (!aloud.isConnected) document.body.append(aloud); };
  const unsaid = new Map();
  let saying = 0;
  WB.say = (words, about = words) => {
    if (!words) return;
    attach();
    unsaid.delete(about);
    unsaid.set(about, words);
    saying ||= setTimeout(() => { saying = 0; aloud.replaceChildren(...[...unsaid.values()].map((each) => WB.h("p", {}, each))); unsaid.clear(); }, 80);
  };
  // The first few of many, for a sentence.
  WB.few = (names, most = 3) => names.slice(0, most).join(WB.lang === "zh" ? "、" : ", ") + (names.length > most ? " …" : "");
  WB.save = (name, mime, base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
    const link = WB.h("a", { href: url, download: name });
    document.body.append(link); link.click(); link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  };

  // ---- tabs and plots
  WB.go = (tab) => { document.getElementById(`tab-${tab}-button`)?.click(); window.scrollTo({ top: 0 }); };
  WB.explore = (term) => { WB.wantedTerm = term; WB.go("explore"); setTimeout(() => WB.emit("explore-term"), 400); };
  WB.colour = (name) => getComputedStyle(document.querySelector(".gradio-container") || document.body).getPropertyValue(name).trim();
  let plotting = null;
  WB.plotly = () => (plotting ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = boot.plotly;
    script.onload = () => resolve((WB.Plotly = window.Plotly));
    script.onerror = () => { plotting = null; reject(new WB.Problem(WB.t("error.offline"))); };
    document.head.append(script);
  }));

  // ---- views
  // A view that is told of the choosers of its tab, and is mounted while they are being filled, can be told late of how
  // they were before, or its value changes without a word. It looks by itself: a chooser that holds what it does not
  // know has all told anew, and a value that it has not heard of is told to whoever watches.
  const attentive = (root, { watch, ...context }) => {
    const value = () => JSON.stringify(context.props.value ?? null);
    const listeners = [];
    let heard = value();
    WB.poll(root, 2, () => {
      const chooser = root.closest("[role=tabpanel]")?.querySelector("[id$='-dictionary'] input");
      if (chooser?.value && !context.props.value?.dictionary) document.getElementById("shell-refresh")?.click();
      if (value() !== heard) { heard = value(); for (const listener of listeners) listener(); }
    });
    return { ...context, watch(key, then) {
      if (key === "value") listeners.push(then);
      return watch(key, (...given) => { if (key === "value") heard = value(); return then(...given); });
    } };
  };
  WB.mount = (name, context) => {
    const root = context.element.querySelector(".wb-view");
    if (!root || root.dataset.mounted) return;
    root.dataset.mounted = name;
    attach(); // readers notice a place that was there before its words
    const drawn = WB.views[name](root, context.element.closest(".wb-told") ? attentive(root, context) : context) || {};
    WB.on("language", () => drawn.draw?.());
    WB.on("theme", () => (drawn.recolour || drawn.draw)?.());
  };
  return WB;
})();
