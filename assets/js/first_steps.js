// The strip of first steps: what is done stands in the home folder; who dismisses it does not see it again.
WB.views.first_steps = (root, { server }) => {
  const { h, t } = WB;
  const TABS = { data: "data", synonyms: "synonyms", train: "train", board: "board", try: "explore" };
  const host = root.closest(".wb-host");
  let steps = null;
  let wanted = WB.store.get("steps") !== "dismissed";
  let asked = false; // by the question mark of the header
  let begun = false; // there was something to do while this page was open
  const dismiss = () => {
    wanted = asked = false;
    WB.store.set("steps", "dismissed");
    draw();
    document.getElementById("steps-open")?.focus();
  };
  const step = ([name, done], i, next) => {
    const now = i === next;
    return h("li", {}, h("button.wb-step" + (done ? ".done" : now ? ".next" : ""), { type: "button", id: "step-" + name, title: t("steps.help_" + name), "data-done": String(done), "aria-current": now ? "step" : null,
      onclick: () => WB.go(TABS[name]) },
    h("i", { "aria-hidden": "true" }, done ? "✓" : i + 1), h("span", {}, t("steps." + name)), h("span.wb-unseen", {}, t("steps." + (done ? "done" : now ? "next" : "todo")))));
  };
  const draw = () => {
    const next = steps ? steps.findIndex(([, done]) => !done) : -1;
    begun ||= next >= 0;
    const shown = Boolean(steps) && (asked || (wanted && begun));
    host.hidden = !shown;
    if (!shown) { root.replaceChildren(); return; }
    WB.keepFocus(root, () => root.replaceChildren(h("nav.wb-steps", { "aria-label": t("steps.title") }, h("strong", {}, t("steps.title")),
      h("ol", {}, steps.map((each, i) => step(each, i, next))), next < 0 && h("span.wb-small", { role: "status" }, t("steps.all_done")),
      h("button.wb-icon", { type: "button", id: "steps-dismiss", title: t("steps.dismiss"), "aria-label": t("steps.dismiss"), onclick: dismiss }, "×"))));
  };
  const again = () => look().catch(() => { /* asked again with the next change */ });
  let read = "";
  const look = async () => {
    const reply = await WB.ask(server, "read_steps");
    const now = JSON.stringify(reply.steps);
    if (now === read) return;
    read = now;
    steps = reply.steps;
    draw();
  };
  WB.firstSteps = async () => {
    asked = wanted = true;
    WB.store.set("steps", "");
    await again();
    draw();
    window.scrollTo({ top: 0 });
    (root.querySelector(".next") || root.querySelector(".wb-step"))?.focus();
  };
  host.hidden = true;
  WB.on("changed", again);
  WB.on("tab", again);
  WB.on("use", () => setTimeout(again, 1500));
  again();
  return { draw };
};
