// Above the queue: look for suggestions, how good they were, train again. It asks the server for all of its state,
// so that a page that is loaded again shows what goes on.
WB.pairs.loop = (tab, { found }) => {
  const { h, t } = WB;
  const WHATS = ["merges", "strays", "pairs", "corpus"];
  const wish = { what: ["merges", "strays", "pairs"], corpora: [], by: "mixed", most: 500, model: "", ...JSON.parse(WB.store.get("review.find") || "{}") };
  let data = null;
  let open = ""; // which panel is: "find", "figures" or none
  let asked = false; // a look of this page is under way: its end fills the queue anew
  const newest = WB.newest();
  const strip = h("div.wb-loop-strip");
  const panel = h("div.wb-loop-panel.wb-card", { hidden: true });
  const node = h("div.wb-loop", { id: "review-loop" }, strip, panel);
  const busy = () => Boolean(data?.find && !data.find.done);
  const remember = () => WB.store.set("review.find", JSON.stringify({ what: wish.what, corpora: wish.corpora, by: wish.by, most: wish.most }));

  // ---- reading
  const read = async () => {
    const name = tab.dictionary;
    if (!name) return 4;
    const fresh = newest();
    const reply = await tab.ask("read_loop", { dictionary: name });
    if (!fresh() || name !== tab.dictionary) return 1;
    const before = data;
    data = reply;
    if (JSON.stringify(before) !== JSON.stringify(data)) draw();
    if (asked && data.find?.done) { asked = false; found(); }
    return busy() || data.labels.latest?.busy ? 1 : 5;
  };
  const poller = WB.poll(node, 5, read);
  WB.on("changed", () => poller.now());

  // ---- acts
  const start = (button, model) => WB.act(button, async () => {
    const what = wish.what.filter((each) => each !== "corpus" || wish.corpora.length);
    remember();
    const reply = await tab.ask("start_find", { dictionary: tab.dictionary, model, what, corpora: wish.corpora, by: wish.by, most: wish.most });
    asked = true;
    data = { ...data, find: reply.find };
    show("");
    poller.now();
  });
  const cancel = (button) => WB.act(button, async () => { await tab.ask("cancel_find", { dictionary: tab.dictionary }); await poller.now(); });
  const retrain = (button) => WB.act(button, async () => {
    const run = await tab.ask("retrain", { dictionary: tab.dictionary });
    WB.note(t("review.retrain_started", { name: run.name }), "", [{ label: t("review.show_run"), run: () => showRun(run.id) }]);
    WB.emit("touch");
    WB.emit("runs");
    await poller.now();
  });
  const showRun = (id) => { WB.emit("show-run", id); WB.go("train"); };
  const show = (name) => { open = open === name ? "" : name; draw(); };

  // ---- the strip: three quiet cells
  const cell = (name, title, body, act) => h("section.wb-loop-cell", { "data-cell": name }, h("div.wb-loop-words", {}, h("h4", { title }, title), body), act);
  const line = (words, attributes = {}, kind = "") => h("p.wb-small" + kind, { title: words, ...attributes }, words);
  const finding = () => {
    const find = data.find;
    const toggle = WB.button(t("review.find"), () => show("find"), open === "find" ? "" : "primary", { id: "review-find", "aria-expanded": String(open === "find") });
    if (busy()) return cell("find", t("review.finding", { model: tab.title(find.model) }),
      h("div.wb-gap.tight", {}, WB.bar(find.fraction || null, t("review.finding", { model: find.model }), { id: "review-find-bar" }), h("span.wb-small", {}, find.stopping ? t("review.find_stopping") : WB.pick(find.words) || t("common.working"))),
      WB.button(t("common.cancel"), (e) => cancel(e.currentTarget), "quiet", { id: "review-find-cancel", disabled: find.stopping }));
    const r = find?.result;
    const said = find?.error ? WB.pick(find.error) : r ? t(r.new ? "review.find_done" : "review.find_nothing", { new: WB.number(r.new), found: WB.number(r.found) }) + (r.withdrawn ? " " + t("review.find_withdrawn", { n: WB.number(r.withdrawn) }) : "") : t("review.find_hint");
    return cell("find", t("review.find_title"), line(said, { id: "review-find-said" }, find?.error && !find.stopping ? ".bad" : ""), toggle);
  };
  const judged = () => {
    const all = data.figures.total;
    const title = all.few ? t("review.figures_few_title") : t("review.figures_title", { p: WB.number(all.precision * 100) });
    const body = line(all.few ? t(all.decided ? "review.figures_few" : "review.figures_none", { n: all.decided, accepted: all.accepted }) : t("review.figures_of", { n: WB.number(all.decided) }));
    return cell("figures", title, body, all.decided ? [all.few ? null : WB.pairs.sparkline(data.figures.windows), WB.button(t("review.figures"), () => show("figures"), "quiet", { id: "review-figures", "aria-expanded": String(open === "figures") })] : null);
  };
  const learning = () => {
    const l = data.labels;
    const run = l.latest;
    if (run?.busy) return cell("train", t("review.retraining", { name: run.name }), h("div.wb-gap.tight", {}, WB.bar(run.fraction, run.name), h("span.wb-small", {}, WB.pick(run.phase))), WB.button(t("review.show_run"), () => showRun(run.id), "quiet", { id: "review-show-run" }));
    const fresh = run?.state === "completed" && data.find && data.find.model !== run.name;
    const body = line(l.best ? t(l.new ? "review.labels_of" : "review.labels_none", { synonyms: WB.number(l.synonyms), marks: WB.number(l.marks), model: l.best }) : t("review.labels_first"), { id: "review-labels" });
    const again = fresh && !busy() && !l.new ? WB.button(t("review.look_again", { model: run.name }), (e) => start(e.currentTarget, run.name), "primary", { id: "review-look-again" }) : null;
    return cell("train", l.best ? t("review.labels", { n: WB.number(l.new) }) : t("review.labels_no_model"), body,
      again || WB.able(WB.button(t(l.best ? "review.retrain" : "review.train"), (e) => retrain(e.currentTarget), "", { id: "review-retrain" }), l.best && !l.new && !l.removed ? t("why.retrain", { model: l.best }) : null));
  };

  // ---- the form
  const form = () => {
    const models = tab.choices.models.map((m) => [m.id, WB.pick(m.title)]);
    if (!models.some(([id]) => id === wish.model)) wish.model = data.model;
    const control = WB.form(wish, () => drawStart());
    const go = WB.button(t("review.find_start"), (e) => start(e.currentTarget, wish.model), "primary", { id: "review-find-start" });
    const tick = (list, value, label, help, more = {}) => h("label.wb-tick", {}, h("input", { type: "checkbox", checked: wish[list].includes(value), onchange: (e) => { wish[list] = e.target.checked ? [...wish[list], value] : wish[list].filter((each) => each !== value); if (value === "corpus") drawPanel(); drawStart(); }, ...more }), h("span", {}, label, help && h("small", {}, help)));
    const corpora = tab.choices.corpora;
    wish.corpora = wish.corpora.filter((name) => corpora.some((c) => c.name === name));
    const drawStart = () => { WB.able(go, wish.what.some((each) => each !== "corpus" || wish.corpora.length) ? null : t("why.find")); };
    drawStart();
    return [h("div.wb-loop-form", {},
      h("div.wb-loop-choices", {}, control.field(t("common.model"), control.select("model", models, { id: "review-find-model" })),
        control.field(WB.term("uncertainty", t("review.find_by")), control.select("by", ["probability", "uncertainty", "mixed"].map((each) => [each, t("review.by_" + each)]), { id: "review-find-by" }), t("review.find_by_help")),
        control.field(t("review.find_most"), control.number("most", 1, 20000, { id: "review-find-most" }))),
      h("div.wb-loop-what", { role: "group", "aria-label": t("review.find_what") },
        WHATS.map((each) => tick("what", each, t("review.kind_" + each), t("review.what_" + each), { id: "review-find-" + each, disabled: each === "corpus" && !corpora.length })),
        wish.what.includes("corpus") && corpora.length ? h("div.wb-loop-corpora", {}, corpora.map((c) => tick("corpora", c.name, c.name, null, { "data-corpus": c.name }))) : null)),
    h("div.wb-row.wb-loop-go", {}, go, WB.button(t("common.close"), () => show("find"), "quiet"), h("span.wb-small", {}, t("review.find_time")))];
  };
  const drawPanel = () => WB.keepFocus(panel, () => {
    panel.hidden = !open || !data;
    panel.replaceChildren(...(panel.hidden ? [] : open === "find" ? form() : WB.pairs.figures(data.figures, () => show("figures"))));
  });
  const draw = () => {
    if (!data) { strip.replaceChildren(WB.bar(null, t("common.loading"))); drawPanel(); return; }
    WB.keepFocus(strip, () => strip.replaceChildren(finding(), judged(), learning()));
    if (!panel.contains(document.activeElement)) drawPanel();
  };
  return { node, draw() { draw(); drawPanel(); }, now() { poller.now(); }, dictionary() { data = null; open = ""; asked = false; draw(); poller.now(); } };
};
