// All runs: where each stands, which is looked at, and which are laid over one another.
WB.views.runs = (root, { server }) => {
  const { h, t } = WB;
  let data = null;
  let shown = "";
  let all = false;
  let ticked = [];
  const gain = (run) => {
    if (run.verdict?.kept) return [h("span.wb-down", {}, run.verdict.drop ? `${WB.percent(run.verdict.drop[0])} → ${WB.percent(run.verdict.drop[1])}` : "±0"), h("span.wb-chip.bad.after", {}, t(run.verdict.fell ? "train.kept_base" : "train.idle_base"))];
    if (!run.scores || run.scores.on !== "test") return run.verdict?.fell ? h("span.wb-chip.bad", {}, t("train.fell")) : "–";
    const before = run.scores.base["recall@1"], after = run.scores.best["recall@1"];
    const fell = after < before - 0.05;
    return [h("span" + (after > before + 0.05 ? ".wb-up" : fell ? ".wb-down" : ""), {}, `${WB.percent(before)} → ${WB.percent(after)}`), fell && h("span.wb-chip.bad.after", {}, t("train.fell"))];
  };
  const tick = (id, on) => {
    ticked = on ? [...ticked, id] : ticked.filter((each) => each !== id);
    WB.emit("runs-chosen", ticked);
    draw();
  };
  const remove = async (e) => {
    const button = e.currentTarget;
    const sure = await WB.confirm(t("train.delete_many_title", { n: ticked.length }), t("train.delete_many_text"), [{ label: t("common.delete"), value: true, kind: "danger" }]);
    if (!sure) return;
    await WB.act(button, async () => {
      await WB.ask(server, "delete_runs", { ids: ticked });
      if (ticked.includes(shown)) WB.emit("show-run", "");
      ticked = [];
      WB.emit("runs-chosen", ticked); WB.emit("touch"); WB.emit("changed");
      await poller.now();
    });
  };
  const state = (run) => {
    const live = run.active && run.state !== "stopping";
    const fraction = run.progress || (run.total && run.step ? run.step / run.total : null);
    return [WB.stateChip(run), run.warnings.length > 0 && h("span.wb-chip.bad.after", { title: run.warnings.map(WB.pick).join("\n"), "data-mark": "warned" }, t("train.warned")), live && h("div.wb-run-progress", {}, WB.bar(fraction, WB.pick(run.phase)), h("small", {}, WB.pick(run.phase)))];
  };
  const row = (run) => h("tr.pickable" + (run.id === shown ? ".on" : "") + (run.verdict?.fell ? ".fell" : ""), { "data-run": run.id, tabindex: 0,
    onclick: (e) => { if (e.target.closest("label, input")) return; WB.emit("show-run", run.id); window.scrollTo({ top: 0, behavior: "smooth" }); },
    onkeydown: (e) => { if (e.key === "Enter" && e.target === e.currentTarget) WB.emit("show-run", run.id); } },
  h("td.wb-tick-cell", {}, h("label", {}, h("input", { type: "checkbox", "aria-label": t("train.choose_run", { name: run.name }), checked: ticked.includes(run.id), onchange: (e) => tick(run.id, e.target.checked) }))),
  h("td", {}, h("strong", {}, run.name)), h("td", {}, state(run)), h("td", {}, run.dictionary), h("td", {}, WB.pick(data.models[run.base]) || run.base),
  h("td", {}, WB.pick(data.recipes[run.recipe]) || run.recipe, run.changed && h("span.wb-chip.after", {}, t("train.changed"))), h("td.num", {}, gain(run)), h("td.num.wb-soft", {}, WB.ago(run.created)));
  const draw = () => {
    if (!data || !data.runs.length) { root.replaceChildren(); return; }
    const focused = root.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.run : null;
    const onTick = document.activeElement?.type === "checkbox";
    const runs = all ? data.runs : data.runs.slice(0, 8);
    const head = ticked.length ? [h("span.wb-small", {}, t("train.runs_chosen", { n: ticked.length })),
      WB.button(t("train.runs_clear"), () => { ticked = []; WB.emit("runs-chosen", ticked); draw(); }, "quiet", { id: "train-runs-clear" }),
      WB.button(t("train.runs_delete"), remove, "quiet", { id: "train-runs-delete" })]
      : data.runs.length > 1 ? h("span.wb-small", {}, t("train.runs_hint")) : null;
    root.replaceChildren(h("div.wb-card.wb-below", {}, h("div.wb-row.spread.wb-runs-head", {}, h("h3", {}, t("train.runs")), h("div.wb-row", {}, head)), h("div.wb-scroll", {}, h("table.wb-table.wb-runs", {},
      h("thead", {}, h("tr", {}, h("th"), ["name", "state", "dictionary", "base", "recipe"].map((c) => h("th", {}, t("train.col_" + c))), h("th.num", {}, t("train.col_gain")), h("th.num", {}, t("train.col_when")))),
      h("tbody", {}, runs.map(row)))),
    data.runs.length > runs.length && h("div.wb-pager", {}, WB.button(t("common.show_all"), () => { all = true; draw(); }, "quiet"))));
    if (focused) root.querySelector(`tr[data-run="${focused}"]${onTick ? " input" : ""}`)?.focus({ preventScroll: true });
  };
  const poller = WB.poll(root.parentElement, 2, async () => {
    const reply = await WB.ask(server, "list_runs");
    const ids = reply.runs.map((run) => run.id);
    ticked = ticked.filter((id) => ids.includes(id));
    if (JSON.stringify(reply) !== JSON.stringify(data)) { data = reply; draw(); }
    return reply.runs.some((run) => run.active || run.state === "queued") ? 1.5 : 6;
  });
  WB.on("run-shown", (id) => { if (id !== shown) { shown = id; draw(); } });
  for (const event of ["runs", "changed", "touch"]) WB.on(event, () => poller.now());
  return { draw };
};
