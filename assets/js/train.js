// The Train tab: the head of every tab, the estimate, the run that is looked at, and the list of runs.
WB.views.lead = (root, { props }) => {
  const draw = () => root.replaceChildren(WB.h("div.wb-lead", {},
    WB.h("h2", {}, WB.t(props.value.tab + ".title")), WB.h("p", {}, WB.t(props.value.tab + ".lead"))));
  draw();
  return { draw };
};

WB.views.estimate = (root, { props, watch }) => {
  const { h, t } = WB;
  const draw = () => {
    const v = props.value;
    if (!v || v.empty) { root.replaceChildren(h("div.wb-small", {}, t("train.estimate_none"))); return; }
    if (v.problem) { root.replaceChildren(h("div.wb-small.wb-warning", {}, WB.pick(v.problem))); return; }
    root.replaceChildren(h("div.wb-estimate", {},
      h("strong", {}, t("train.estimate", { time: WB.duration(v.seconds) })),
      h("span.wb-small", {}, [v.prepare ? t("train.estimate_prepare", { time: WB.duration(v.prepare) }) : null,
        v.encode >= 0.5 ? t("train.estimate_encode", { time: WB.duration(v.encode) }) : null,
        t("train.estimate_train", { time: WB.duration(v.train) })].filter(Boolean).join(t("common.comma"))),
      WB.pick(v.note) && h("span.wb-small", {}, WB.pick(v.note))));
  };
  draw();
  watch("value", draw);
  return { draw };
};

WB.stateChip = (run) => {
  const kind = { completed: "accent", running: "accent", starting: "accent", stopping: "warn", failed: "bad", interrupted: "warn" }[run.state];
  return WB.h("span.wb-chip" + (kind ? "." + kind : ""), { "data-state": run.state }, WB.t("state." + run.state, { place: run.place ?? "" }));
};

WB.views.run = (root, { server, props, watch }) => {
  const { h, t } = WB;
  let run = null;
  let wanted = "";
  let seq = 0;
  let known = false;
  let log = null;
  const samples = [];
  const top = h("div", { id: "train-progress" });
  const plots = h("div");
  const after = h("div", { id: "train-after" });
  const waits = h("p.wb-small.wb-hint", {});
  const card = h("div.wb-card.wb-gap", {}, top, waits, plots, after);
  let curves = null;

  const left = () => {
    if (samples.length < 2 || !run.total) return null;
    const [a, b] = [samples[0], samples[samples.length - 1]];
    const speed = (b.step - a.step) / (b.at - a.at);
    return speed > 0 ? (run.total - run.step) / speed : null;
  };
  const stop = async () => {
    if (run.state === "queued") return WB.act(null, () => WB.ask(server, "stop_run", { id: run.id, keep: false }).then(poller.now));
    const keep = await WB.confirm(t("train.stop_title", { name: run.name }), t("train.stop_text"), [
      { label: t("train.stop_keep"), value: true, kind: "primary" }, { label: t("train.stop_discard"), value: false, kind: "danger" }]);
    if (keep === null) return undefined;
    return WB.act(null, async () => { await WB.ask(server, "stop_run", { id: run.id, keep }); WB.emit("touch"); await poller.now(); });
  };
  const remove = async () => {
    const sure = await WB.confirm(t("train.delete_title", { name: run.name }), t("train.delete_text"),
      [{ label: t("common.delete"), value: true, kind: "danger" }]);
    if (!sure) return;
    await WB.act(null, async () => { await WB.ask(server, "delete_run", { id: run.id }); show(""); WB.emit("touch"); WB.emit("changed"); });
  };
  const showLog = async () => {
    if (log !== null) { log = null; draw(); return; }
    await WB.act(null, async () => { log = (await WB.ask(server, "read_log", { id: run.id })).log || t("train.log_empty"); draw(); });
  };

  const progress = () => {
    const waiting = run.state === "queued";
    const fraction = run.progress || (run.total && run.step ? run.step / run.total : null);
    const rest = left();
    const words = [WB.pick(run.phase), run.total && run.step ? t("train.step_of", { step: WB.number(run.step), total: WB.number(run.total) }) : null,
      run.started && run.active ? t("train.elapsed", { time: WB.duration(Date.now() / 1000 - run.started) }) : null,
      run.active && rest != null ? t("train.left", { time: WB.duration(rest) }) : null].filter(Boolean);
    return [waiting ? null : WB.bar(fraction, WB.pick(run.phase), { id: "train-bar" }),
      h("div.wb-row.spread", {}, h("span.wb-small", { id: "train-phase" }, words.join(" · ")),
        h("div.wb-row", {}, WB.button(t(waiting ? "train.unqueue" : "train.stop"), stop, "", { id: "train-stop", disabled: run.state === "stopping" })))];
  };
  const ending = () => {
    const kind = run.verdict ? run.verdict.kind : run.state === "failed" || run.state === "interrupted" ? "failed" : "plain";
    const words = run.verdict ? WB.pick(run.verdict.title) : WB.pick(run.message);
    const took = run.started && run.finished ? t("train.took", { time: WB.duration(run.finished - run.started) }) : null;
    const usable = run.state === "completed" || (run.state === "stopped" && run.scores);
    return [words && h("div.wb-verdict." + kind, { id: "train-verdict", "data-kind": kind }, h("i", { "aria-hidden": "true" }), h("div", {}, h("p.wb-verdict-title", {}, words),
      run.verdict && h("p", {}, WB.pick(run.verdict.numbers)), run.verdict && WB.pick(run.message) && h("p.wb-small", {}, WB.pick(run.message)))),
    h("div.wb-row.wrap", {},
      usable && WB.button(t("train.to_board"), () => WB.go("board"), "primary", { id: "train-to-board" }),
      usable && WB.button(t("train.to_explore"), () => { WB.emit("use-model", run.name); WB.go("explore"); }, "", { id: "train-to-explore" }),
      WB.button(t(log === null ? "train.log" : "train.log_hide"), showLog, "quiet", { id: "train-log" }),
      WB.button(t("train.delete"), remove, "quiet", { id: "train-delete" }),
      took && h("span.wb-small", {}, took)),
    log !== null && h("pre.wb-log", {}, log)];
  };
  const draw = () => {
    if (!known) { root.replaceChildren(h("div.wb-card", {}, WB.bar(null))); return; }
    if (!run) { root.replaceChildren(WB.empty(t("train.curve_empty"), t("train.curve_empty_hint"))); return; }
    if (card.parentNode !== root) root.replaceChildren(card);
    const live = run.active || run.state === "queued";
    top.replaceChildren(h("div.wb-gap.tight", {},
      h("div.wb-row.spread", {}, h("h3", { id: "train-run-name" }, run.name), WB.stateChip(run)), live ? progress() : null));
    after.replaceChildren(...(live ? [] : [h("div.wb-gap", {}, ending())]));
    if (!curves) { curves = WB.curves(plots); curves.redraw(); }
    plots.hidden = seq === 0;
    waits.textContent = t("train.curve_waits");
    waits.hidden = seq > 0 || !live;
  };
  const show = (id) => { wanted = id; run = null; seq = 0; log = null; known = false; samples.length = 0; curves?.clear(); poller.now(); };

  const poller = WB.poll(root, 1, async () => {
    const asked = wanted;
    let reply;
    try { reply = await WB.ask(server, "read_run", { id: asked, since: seq }); }
    catch (problem) { if (asked && !known) { wanted = ""; WB.store.set("run", ""); } throw problem; }
    if (asked !== wanted) return 0;
    known = true;
    const changed = JSON.stringify(reply.run) !== JSON.stringify(run) || !root.hasChildNodes() || root.querySelector(".wb-empty");
    const before = run?.state;
    run = reply.run;
    if (!run) { draw(); return 4; }
    if (!wanted) wanted = run.id;
    if (run.active && run.step) { samples.push({ at: Date.now() / 1000, step: run.step }); if (samples.length > 25) samples.shift(); }
    if (changed || run.active) draw();
    if (reply.seq > seq) { seq = reply.seq; if (!curves || plots.hidden) draw(); curves.add(reply.points); }
    WB.emit("run-shown", run.id);
    if (before && before !== run.state) WB.emit("touch");
    return run.active ? 0.8 : run.state === "queued" ? 1.5 : 5;
  });
  const choose = (id) => { WB.store.set("run", id); show(id); };
  WB.on("show-run", choose);
  watch("value", () => {
    const started = props.value && props.value.started;
    if (!started) return;
    WB.note(props.value.waits && started.place ? t("train.queued", { name: started.name, place: started.place }) : t("train.started", { name: started.name }));
    choose(started.id);
    WB.emit("touch");
    WB.emit("runs");
  });
  wanted = WB.store.get("run") || "";
  draw();
  poller.now();
  return { draw() { draw(); curves?.redraw(); }, recolour() { curves?.redraw(); } };
};

WB.views.runs = (root, { server }) => {
  const { h, t } = WB;
  let data = null;
  let shown = "";
  let all = false;
  const gain = (run) => {
    if (!run.scores || run.scores.on !== "test") return "–";
    const before = run.scores.base["recall@1"], after = run.scores.best["recall@1"];
    return h("span" + (after > before + 0.05 ? ".wb-up" : after < before - 0.05 ? ".wb-down" : ""), {}, `${WB.percent(before)} → ${WB.percent(after)}`);
  };
  const row = (run) => h("tr.pickable" + (run.id === shown ? ".on" : ""), { "data-run": run.id, tabindex: 0,
    onclick: () => { WB.emit("show-run", run.id); window.scrollTo({ top: 0, behavior: "smooth" }); },
    onkeydown: (e) => { if (e.key === "Enter") WB.emit("show-run", run.id); } },
  h("td", {}, h("strong", {}, run.name)), h("td", {}, WB.stateChip(run)), h("td", {}, run.dictionary), h("td", {}, WB.pick(data.models[run.base]) || run.base),
  h("td", {}, WB.pick(data.recipes[run.recipe]) || run.recipe), h("td.num", {}, gain(run)), h("td.num.wb-soft", {}, WB.ago(run.created)));
  const draw = () => {
    if (!data || !data.runs.length) { root.replaceChildren(); return; }
    const runs = all ? data.runs : data.runs.slice(0, 8);
    root.replaceChildren(h("div.wb-card.wb-below", {}, h("h3", {}, t("train.runs")), h("div.wb-scroll", {}, h("table.wb-table", {},
      h("thead", {}, h("tr", {}, ["name", "state", "dictionary", "base", "recipe"].map((c) => h("th", {}, t("train.col_" + c))), h("th.num", {}, t("train.col_gain")), h("th.num", {}, t("train.col_when")))),
      h("tbody", {}, runs.map(row)))),
    data.runs.length > runs.length && h("div.wb-pager", {}, WB.button(t("common.show_all"), () => { all = true; draw(); }, "quiet"))));
  };
  const poller = WB.poll(root.parentElement, 2, async () => {
    const reply = await WB.ask(server, "list_runs");
    if (JSON.stringify(reply) !== JSON.stringify(data)) { data = reply; draw(); }
    return reply.runs.some((run) => run.active || run.state === "queued") ? 1.5 : 6;
  });
  WB.on("run-shown", (id) => { if (id !== shown) { shown = id; draw(); } });
  for (const event of ["runs", "changed", "touch"]) WB.on(event, () => poller.now());
  return { draw };
};
