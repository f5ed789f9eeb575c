// The Train tab: the head of every tab, and the run that is looked at.
WB.views.lead = (root, { props }) => {
  const draw = () => root.replaceChildren(WB.h("div.wb-lead", {},
    WB.h("h2", {}, WB.t(props.value.tab + ".title")), WB.h("p", {}, WB.t(props.value.tab + ".lead"))));
  draw();
  return { draw };
};

WB.stateChip = (run) => {
  const kind = { completed: "accent", running: "accent", starting: "accent", stopping: "warn", failed: "bad", interrupted: "warn" }[run.state];
  return WB.h("span.wb-chip" + (kind ? "." + kind : ""), { "data-state": run.state }, WB.t("state." + run.state, { place: run.place ?? "" }));
};

WB.views.run = (root, { server }) => {
  const { h, t } = WB;
  const MOST = 6; // runs over one another
  const RELOAD = 5000; // points of a series, after which the curve is fetched anew, thinned
  let run = null;
  let wanted = "";
  let seq = 0;
  let known = false;
  let log = null; // null: the fold is closed
  let beside = []; // [{ id, seq, run }] laid over the first
  let samples = [];
  let recordFold = null; // kept while the run is looked at, open or not
  let looks = 0; // answers of an earlier look at a run do not count
  const top = h("div", { id: "train-progress" });
  const tiles = h("div");
  const plots = h("div");
  const end = h("div", { id: "train-end" });
  const after = h("div", { id: "train-after" });
  const waits = h("p.wb-small.wb-hint", {});
  const card = h("div.wb-card.wb-gap", {}, top, tiles, waits, end, plots, after);
  let curves = null;
  const ask = (name, data) => WB.ask(server, name, data);

  // ---- how fast, and what is left
  const speed = () => {
    if (samples.length < 2) return null;
    const [a, b] = [samples[0], samples.at(-1)];
    return b.at > a.at && b.step > a.step ? (b.step - a.step) / (b.at - a.at) : null;
  };
  const sample = () => {
    if (!run.active || !run.step) return;
    if (samples.length && samples.at(-1).step > run.step) samples = [];
    samples.push({ at: Date.now() / 1000, step: run.step });
    if (samples.length > 25) samples.shift();
  };

  const spell = (seconds) => {
    const n = Math.round(seconds);
    if (n < 60) return WB.duration(seconds);
    if (n < 3600) return n % 60 ? t("train.minutes_seconds", { m: Math.floor(n / 60), s: n % 60 }) : t("unit.minutes", { n: n / 60 });
    return t("train.hours_minutes", { h: Math.floor(n / 3600), m: Math.floor((n % 3600) / 60) });
  };
  const left = () => { const rate = speed(); return run.active && rate && run.total > run.step ? (run.total - run.step) / rate : null; };

  // ---- what can be done with it
  const stop = async () => {
    if (run.state === "queued") return WB.act(null, () => ask("stop_run", { id: run.id, keep: false }).then(poller.now));
    const keep = await WB.confirm(t("train.stop_title", { name: run.name }), t("train.stop_text"), [
      { label: t("train.stop_keep"), value: true, kind: "primary" }, { label: t("train.stop_discard"), value: false, kind: "danger" }]);
    if (keep === null) return undefined;
    return WB.act(null, async () => { await ask("stop_run", { id: run.id, keep }); WB.emit("touch"); await poller.now(); });
  };
  const remove = async () => {
    const sure = await WB.confirm(t("train.delete_title", { name: run.name }), t("train.delete_text"),
      [{ label: t("common.delete"), value: true, kind: "danger" }]);
    if (!sure) return;
    await WB.act(null, async () => { await ask("delete_run", { id: run.id }); WB.store.set("run", ""); show(""); WB.emit("touch"); WB.emit("changed"); });
  };
  const resume = (e) => WB.act(e.currentTarget, async () => { const { id } = run; await ask("resume_run", { id }); show(id); WB.emit("touch"); WB.emit("runs"); });
  const openLog = async (open) => {
    if (!open) { log = null; return; }
    const mine = looks;
    await WB.act(null, async () => { const found = (await ask("read_log", { id: run.id })).log; if (mine === looks) { log = found || t("train.log_empty"); draw(); } });
  };

  // ---- while it runs
  const progress = () => {
    const waiting = run.state === "queued";
    const fraction = run.progress || (run.total && run.step ? run.step / run.total : null);
    const rate = speed();
    const number = curves?.stage(run.id) || 1;
    const several = run.stages.length > 1 && run.active ? t("train.stage_of", { n: number, total: run.stages.length, title: WB.pick(run.stages[number - 1]?.title) }) : null;
    const words = [several, WB.pick(run.phase), !run.step && fraction ? WB.number(fraction * 100) + "%" : null, run.total && run.step ? t("train.step_of", { step: WB.number(run.step), total: WB.number(run.total) }) : null,
      run.started && run.active ? t("train.elapsed", { time: spell(Date.now() / 1000 - run.started) }) : null,
      run.estimate ? t("train.estimated", { time: spell(run.estimate) }) : null,
      run.budget ? t("train.within", { time: spell(run.budget) }) : null].filter(Boolean);
    return [waiting ? null : WB.bar(fraction, WB.pick(run.phase), { id: "train-bar" }),
      h("div.wb-row.spread", {}, h("span.wb-small", { id: "train-phase" }, words.join(" · ")),
        h("div.wb-row", {}, WB.button(t(waiting ? "train.unqueue" : "train.stop"), stop, "", { id: "train-stop", disabled: run.state === "stopping" }))),
    ];
  };
  // Said at once, and as loudly as a run that has come out worse; once, so it stays where it is while the rest is drawn.
  const alarm = h("div.wb-verdict.worse.wb-alarm", { id: "train-warnings", role: "alert" });
  const alarms = (live) => {
    if (!live || !run.warnings.length) { alarm.remove(); return; }
    const words = run.warnings.map(WB.pick);
    if (alarm.parentNode !== card) top.after(alarm);
    if (alarm.dataset.words === JSON.stringify(words)) return;
    alarm.dataset.words = JSON.stringify(words);
    alarm.replaceChildren(h("i", { "aria-hidden": "true" }), h("div.wb-grow", {}, words.map((each) => h("p", {}, each))));
  };
  const change = (now, before) => { const by = now - before; return h("span" + (by > 0.05 ? ".wb-up" : by < -0.05 ? ".wb-down" : ".wb-soft"), {}, (by > 0 ? "+" : by < 0 ? "−" : "±") + WB.number(Math.abs(by), 1)); };
  const figures = () => {
    const tile = (name, value, more, bad) => h("div.wb-figure-tile" + (bad ? ".bad" : ""), { "data-figure": name }, h("small", {}, { recall: "recall", retention: "retention" }[name] ? WB.term(name, t("train.figure_" + name), { id: "train-what-" + name }) : t("train.figure_" + name)), h("b", {}, value), more || null);
    const measured = (name, series) => {
      const [before, now] = curves ? curves.ends(run.id, series) : [];
      return now == null ? null : tile(name, WB.percent(now) + "%", h("span", {}, change(now, before), " ", h("span.wb-soft", {}, t("train.against", { value: WB.percent(before) }))), now < before - 1);
    };
    const pace = curves?.ends(run.id, "speed")[1];
    const time = left();
    const tiles = [measured("recall", "dev_recall@1"), measured("retention", "retention"),
      pace && run.active ? tile("speed", t("train.examples", { n: WB.number(pace, pace < 10 ? 1 : 0) })) : null,
      time == null ? null : tile("left", spell(time), run.stages.length > 1 ? h("span.wb-soft", {}, t("train.stage_of", { n: curves?.stage(run.id) || 1, total: run.stages.length, title: "" }).replace(/[：:]\s*$/, "")) : null)].filter(Boolean);
    return tiles.length > 0 && h("div.wb-figures", { id: "train-figures" }, tiles);
  };

  // ---- once it has ended
  const points = (n) => h("span" + (n > 0.05 ? ".wb-up" : n < -0.05 ? ".wb-down" : ".wb-soft"), {}, (n > 0 ? "+" : n < 0 ? "−" : "±") + WB.number(Math.abs(n), 1));
  const verdict = () => {
    const kind = run.verdict ? run.verdict.kind : run.state === "failed" || run.state === "interrupted" ? "failed" : "plain";
    const words = run.verdict ? WB.pick(run.verdict.title) : WB.pick(run.message);
    if (!words) return null;
    const drop = run.verdict?.drop;
    const fell = Boolean(drop);
    return h("div.wb-verdict." + kind + (fell ? ".fell" : ""), { id: "train-verdict", "data-kind": kind, role: kind === "worse" ? "alert" : "status" }, h("i", { "aria-hidden": "true" }),
      h("div.wb-grow", {}, h("p.wb-verdict-title", {}, words), run.verdict && h("p", {}, WB.pick(run.verdict.numbers)),
        run.verdict && !run.verdict.kept && WB.pick(run.message) && h("p.wb-small", {}, WB.pick(run.message))),
      fell && h("div.wb-fell", { "aria-hidden": "true" }, h("b", {}, "−" + WB.number(drop[0] - drop[1], 1)), h("span", {}, `${WB.percent(drop[0])} → ${WB.percent(drop[1])}`)));
  };
  const table = () => {
    if (!run.table) return null;
    const rows = run.table;
    const figure = (value) => h("td.num", {}, value == null ? "–" : WB.number(value, 1));
    return h("section", {}, h("div.wb-row", {}, h("h4", {}, t("train.stages_title")), h("span.wb-small", {}, t("train.stages_on_test"))),
      h("div.wb-scroll", {}, h("table.wb-table.wb-stage-table", { id: "train-stages" },
        h("thead", {}, h("tr", {}, h("th", {}, t("train.col_stage")), ["1", "5", "10"].map((k) => h("th.num", {}, WB.term("recall", "Recall@" + k, { id: "stages-head-" + k }))), h("th.num", {}, t("train.col_difference")))),
        h("tbody", {}, rows.map((row, i) => h("tr", {}, h("td", {}, i ? `${i}. ` : "", WB.pick(row.title)), ["1", "5", "10"].map((k) => figure(row[k])),
          h("td.num", {}, i && row["1"] != null && rows[0]["1"] != null ? points(row["1"] - rows[0]["1"]) : "")))))));
  };
  const took = () => {
    if (!run.started || !run.finished || run.attempt > 1) return null;
    const time = spell(run.finished - run.started);
    return h("span.wb-small", { id: "train-took" }, run.estimate && run.state === "completed" ? t("train.estimated_took", { estimate: spell(run.estimate), time }) : t("train.took", { time }));
  };
  const record = () => h("details.wb-more", { id: "train-record" }, h("summary", {}, t("train.record")), h("div.wb-more-body", {},
    h("div.wb-scroll", {}, h("table.wb-table.wb-record", {}, h("tbody", {}, run.record.map(([title, value]) => h("tr", {}, h("th", {}, WB.pick(title)), h("td", {}, value)))))),
    h("div", {}, WB.button(t("train.record_copy"), async () => {
      try { await navigator.clipboard.writeText(run.record.map(([title, value]) => `${WB.pick(title)}\t${value}`).join("\n")); WB.note(t("train.record_copied")); } catch { /* the text can be marked by hand */ }
    }, "quiet", { id: "train-record-copy" }))));
  const ending = () => {
    const usable = run.state === "completed" || (run.state === "stopped" && run.scores);
    const worse = run.verdict?.kind === "worse";
    const use = (tab) => () => WB.use({ dictionary: run.dictionary, model: run.name }).then(() => WB.go(tab));
    return [verdict(), alarms(),
      h("div.wb-row.wrap", {},
        usable && WB.button(t("train.to_board"), () => WB.use({ dictionary: run.dictionary }).then(() => WB.go("board")), worse ? "" : "primary", { id: "train-to-board" }),
        usable && WB.button(t("train.to_explore"), use("explore"), "", { id: "train-to-explore" }),
        usable && WB.button(t("train.to_map"), use("map"), "", { id: "train-to-map" }),
        run.resumable && WB.button(t("train.resume"), resume, usable ? "" : "primary", { id: "train-resume" }),
        WB.button(t("train.retry"), () => WB.training.fill(run), worse || !usable ? "" : "quiet", { id: "train-retry" }),
        WB.button(t("train.delete"), remove, "quiet", { id: "train-delete" })),
      table()];
  };
  const background = () => [run.why.length > 0 && h("section", {}, h("h4", {}, t("train.why")), h("ul.wb-why", { id: "train-why" }, run.why.map((line) => h("li", {}, WB.pick(line))))),
    recordFold || (recordFold = record()),
    h("details.wb-more", { id: "train-log", open: log !== null, ontoggle: (e) => { if (e.target.open === (log === null)) openLog(e.target.open); } }, h("summary", {}, t("train.log")), log !== null && h("pre.wb-log", {}, log))];

  const draw = () => {
    if (!known) { root.replaceChildren(h("div.wb-card", {}, WB.bar(null))); return; }
    if (!run) { root.replaceChildren(WB.empty(t("train.curve_empty"), t("train.curve_empty_hint"), WB.button(t("train.start"), () => document.getElementById("train-start")?.click(), "", { id: "train-first", "data-needs": "train" }))); return; }
    if (card.parentNode !== root) root.replaceChildren(card);
    const live = run.active || run.state === "queued";
    top.replaceChildren(h("div.wb-gap.tight", {},
      h("div.wb-row.spread", {}, h("h3", { id: "train-run-name" }, run.name), h("div.wb-row", {}, !live && took(), WB.stateChip(run))), live ? progress() : null));
    alarms(live);
    tiles.replaceChildren(...[live && run.state !== "queued" && figures()].filter(Boolean));
    tiles.hidden = !tiles.hasChildNodes();
    // The end stands above the curves: whether it was worth it comes first.
    end.replaceChildren(...(live ? [] : [h("div.wb-gap", {}, ending())]));
    after.replaceChildren(...(live ? [] : [h("div.wb-gap.tight", {}, background())]));
    for (const part of [end, after]) part.hidden = live;
    if (!curves) curves = WB.curves(plots);
    curves.show([run, ...beside.map((each) => each.run).filter(Boolean)].map(forCurves));
    plots.hidden = !curves.has(run.id) && !beside.some((each) => curves.has(each.id));
    waits.textContent = t("train.curve_waits");
    waits.hidden = !plots.hidden || !live;
  };
  // Which step of the last stage was kept: its epoch, counted in the steps that were planned.
  const forCurves = (each) => {
    const last = each.stages?.at(-1);
    const kept = last?.chosen?.epoch && !last.chosen.tried && last.parameters.epochs && each.total && !each.active ? (each.total * last.chosen.epoch) / last.parameters.epochs : null;
    return { id: each.id, name: each.name, stages: (each.stages || []).map((stage) => stage.title), kinds: (each.stages || []).map((stage) => stage.stage), kept };
  };

  // ---- asking
  const show = (id) => { looks += 1; wanted = id; run = null; seq = 0; log = null; known = false; samples = []; recordFold = null; if (id) curves?.clear(id); poller.now(); setTimeout(() => { if (!known) draw(); }, 350); };
  const poller = WB.poll(root, 1, async () => {
    const asked = wanted;
    const mine = looks;
    let reply;
    try { reply = await ask("read_run", { id: asked, since: seq }); }
    catch (problem) { if (mine === looks && asked && !known) { wanted = ""; WB.store.set("run", ""); } throw problem; }
    if (mine !== looks) return 0;
    known = true;
    if (reply.run && run && reply.run.attempt !== run.attempt) { show(run.id); return 0; } // what is done again is drawn anew
    const changed = JSON.stringify(reply.run) !== JSON.stringify(run) || !root.hasChildNodes() || root.querySelector(".wb-empty");
    const before = run?.state;
    run = reply.run;
    if (!run) { draw(); return 4; }
    if (!wanted) wanted = run.id;
    sample();
    curves ||= WB.curves(plots);
    if (reply.seq > seq) { seq = reply.seq; curves.add(run.id, reply.points); }
    if (changed || run.active) draw();
    if (curves.size(run.id) > RELOAD) { seq = 0; curves.clear(run.id); }
    await readBeside();
    WB.emit("run-shown", run.id);
    if (before && before !== run.state) WB.emit("touch");
    tell();
    return run.active ? 0.8 : run.state === "queued" ? 1.5 : 5;
  });
  // What a screen reader hears of the run that is looked at: each state, each quarter of the way.
  let heard = {};
  const tell = () => {
    const fraction = run.progress || (run.total && run.step ? run.step / run.total : 0);
    const phase = run.active && run.phase ? WB.pick(run.phase) : "";
    const now = { id: run.id, state: run.state, phase, quarter: run.active ? Math.floor(fraction * 4) : 0 };
    const before = heard;
    heard = now;
    if (before.id !== now.id) return; // somebody has just opened it, and reads
    const parts = [];
    if (now.state !== before.state) parts.push(root.querySelector(".wb-chip")?.textContent, root.querySelector(".wb-verdict-title")?.textContent);
    else if (now.phase === before.phase && now.quarter > before.quarter) parts.push(phase, WB.number(now.quarter * 25) + "%");
    const words = parts.filter(Boolean);
    if (words.length) WB.say([run.name, ...words].join(t("common.comma")), "run");
  };
  const readBeside = async () => {
    for (const each of beside) {
      if (each.done) continue;
      let reply;
      try { reply = await ask("read_curve", { id: each.id, since: each.seq }); } catch { each.done = true; continue; }
      if (!beside.includes(each)) return;
      const first = !each.run;
      Object.assign(each, { run: reply.run, seq: reply.seq, done: !reply.run.active && reply.run.state !== "queued" });
      curves.add(each.id, reply.points);
      if (first) draw();
    }
  };
  const besideNow = (id) => { curves?.clear(id); return { id, seq: 0, run: null, done: false }; }; // it may have been the first one
  const choose = (id) => { beside = beside.filter((each) => each.id !== id); WB.store.set("run", id); show(id); };
  WB.on("show-run", choose);
  WB.on("runs-chosen", (ids) => {
    const [first, ...others] = ids;
    const main = ids.includes(wanted) ? wanted : first;
    const over = ids.length > 1 ? [main, ...others, first].filter((id, i, list) => list.indexOf(id) === i && id !== main).slice(0, MOST - 1) : [];
    for (const each of beside) if (!over.includes(each.id)) curves?.clear(each.id);
    beside = over.map((id) => beside.find((each) => each.id === id) || besideNow(id));
    if (main && main !== wanted) { WB.store.set("run", main); show(main); } else { draw(); poller.now(); }
  });
  wanted = WB.store.get("run") || "";
  draw();
  poller.now();
  return { draw() { recordFold = null; draw(); curves?.redraw(); }, recolour() { curves?.redraw(); } };
};
