// The bar at the top: name, what is being done, language, light or dark. Also the page's watch for changes.
WB.views.header = (root, { server, props, trigger, watch: changes }) => {
  const { h, t } = WB;
  let status = null;
  let offline = false;
  let stamp = null;

  const mark = () => h("svg.wb-mark", { viewBox: "0 0 32 32", "aria-hidden": "true" },
    h("rect", { width: 32, height: 32, rx: 8 }), h("circle", { cx: 12.6, cy: 16, r: 6.1 }),
    h("circle", { cx: 19.4, cy: 16, r: 6.1 }), h("circle", { cx: 16, cy: 16, r: 1.9, class: "dot" }));

  const state = () => {
    if (offline) return h("span.wb-state.problem", { id: "header-state" }, t("header.offline"));
    const run = status?.active;
    if (!run) return h("span.wb-state", { id: "header-state" }, h("i"), h("span", {}, t("header.idle")));
    const values = { name: run.name, percent: Math.round((run.fraction || 0) * 100), phase: WB.pick(run.phase) };
    const words = t(run.fraction ? "header.training" : "header.working", values)
      + (status.queued ? t("header.queued", { n: status.queued }) : "");
    return h("button.wb-state.busy", { id: "header-state", type: "button", title: values.phase,
      onclick: () => { WB.emit("show-run", run.id); WB.go("train"); } }, h("i"), h("span", {}, words));
  };
  const choice = (language, label) => h("button" + (WB.lang === language ? ".on" : ""), {
    type: "button", id: `language-${language}`, "aria-pressed": String(WB.lang === language),
    onclick: () => WB.setLanguage(language) }, label);

  // Who is signed in, and the way out: a form, so that it works without any script of ours.
  const who = () => {
    const person = status?.person;
    if (!person) return h("span", { id: "header-who", hidden: true });
    const role = t("accounts." + person.role);
    return h("form.wb-who", { id: "header-who", method: "post", action: "sign-out" },
      h("span.wb-who-name", { title: t("accounts.who", { name: person.name, role }) }, h("b", {}, person.name), h("small", {}, role)),
      h("button.wb-leave", { type: "submit", id: "sign-out" }, t("accounts.sign_out")));
  };
  // Signed out meanwhile, or taken off the list: nothing here is answered any more, so back to the door.
  const leave = async () => {
    if (!WB.boot.signing_in) return;
    const reply = await fetch("gradio_api/app_id", { redirect: "manual" }).catch(() => null);
    if (reply?.status === 401) location.replace("sign-in?ended");
  };

  const draw = () => root.replaceChildren(h("div.wb-header", {},
    h("div.wb-brand", {}, mark(), h("strong", { role: "heading", "aria-level": 1 }, t("product.name")), h("span", {}, t("product.other"))),
    h("div.wb-header-right", {}, state(), who(),
      h("div.wb-switch", { role: "group", "aria-label": t("header.language") }, choice("zh", "中"), choice("en", "EN")),
      h("button.wb-icon", { type: "button", id: "steps-open", title: t("steps.open"), "aria-label": t("steps.open"), onclick: () => WB.firstSteps?.() }, "?"),
      h("button.wb-icon", { type: "button", id: "theme-switch", title: t("header.theme"), "aria-label": t("header.theme"),
        onclick: () => WB.setDark(!WB.isDark()) }, h("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" },
        h("circle", { cx: 10, cy: 10, r: 7, class: "ring" }), h("path", { d: "M10 3 a7 7 0 0 1 0 14 z" }))))));

  let shown = "";
  const redrawState = () => {
    const key = JSON.stringify([offline, status, WB.lang]);
    if (key === shown) return;
    shown = key;
    root.querySelector("#header-state")?.replaceWith(state());
    root.querySelector("#header-who")?.replaceWith(who());
    const run = status?.active;
    document.title = (run?.fraction ? `${Math.round(run.fraction * 100)}% · ` : "") + t("product.name");
  };
  draw();
  const watch = WB.poll(root, 2, async () => {
    try { status = await WB.ask(server, "get_status"); offline = false; } catch { offline = true; redrawState(); await leave(); return 4; }
    WB.setPerson?.(status.person);
    redrawState();
    if (stamp !== null && stamp !== status.stamp) {
      document.getElementById("shell-refresh")?.click();
      WB.emit("changed");
    }
    stamp = status.stamp;
    return status.active ? 1.5 : 3;
  });
  // What all choosers of the page are to take: { dictionary, model, base }. Kept once they have taken it; wishes of
  // one moment travel together, since a dictionary brings models of its own.
  let wish = null;
  let turn = 0;
  const waiting = new Map();
  WB.use = (more) => {
    if (wish) { Object.assign(wish.names, more); return wish.kept; }
    const mine = ++turn;
    const kept = new Promise((done) => { waiting.set(mine, done); setTimeout(done, 5000); });
    wish = { names: { ...more }, kept };
    queueMicrotask(() => { const { names } = wish; wish = null; WB.emit("use", names); trigger("choose", { ...names, turn: mine }); });
    return kept;
  };
  changes("value", () => { for (const [each, done] of waiting) if (each <= (props.value?.turn || 0)) { waiting.delete(each); done(); } });
  WB.on("touch", () => watch.now());
  return { draw() { shown = ""; draw(); } };
};
