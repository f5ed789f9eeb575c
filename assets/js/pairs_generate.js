// Rows by a language model: its endpoint, what it is asked for, and the jobs. A key goes to the server and is
// forgotten here at once: it is never kept by the page.
WB.pairs.generate = (tab) => {
  const { h, t } = WB;
  const KINDS = ["synonym", "sentence_pair", "question"];
  const saved = (() => { try { return JSON.parse(WB.store.get("pairs.endpoint")) || {}; } catch { return {}; } })();
  const state = { address: String(saved.address || ""), model: String(saved.model || ""), kind: "synonym", terms: "", order: "fewest", corpus: "", texts: "", domain: "", count: 5, cap: 50,
    language: WB.lang, near: 92, script: "same", shortest: 0, longest: 0, judge: "", rank: 20, timeout: 120, temperature: 0.7, prompts: false, filters: false };
  const edited = {}; // "kind language" -> { system, text }, where the expert changed it
  const node = h("div.wb-pairs-generate");
  const endpoint = h("div.wb-card.wb-form", { id: "generate-endpoint" });
  const task = h("div.wb-card.wb-form", { id: "generate-task" });
  const jobsNode = h("div.wb-gap", { id: "generate-jobs" });
  const answer = h("div", { id: "generate-answer", role: "status" });
  const offered = h("datalist", { id: "generate-models" });
  let known = null;
  let jobs = null;
  let held = false;
  let keyField = null;

  // ---- the endpoint
  const remember = () => WB.store.set("pairs.endpoint", JSON.stringify({ address: state.address, model: state.model }));
  const ask = (name, data = {}) => tab.ask(name, { address: state.address.trim(), model: state.model.trim(), timeout: state.timeout, temperature: state.temperature, ...data });
  const say = (words, kind) => answer.replaceChildren(words ? h("div.wb-verdict." + kind, {}, h("i"), h("p", {}, words)) : "");
  const offer = (names) => offered.replaceChildren(...names.slice(0, 500).map((name) => h("option", { value: name })));
  // One question about the key at a time: whoever needs the key waits until it has arrived, also one that another event sent.
  let keyTurn = Promise.resolve();
  const inTurn = (work) => { const turn = keyTurn.then(work); keyTurn = turn.catch(() => {}); return turn; };
  const sendKey = () => inTurn(async () => {
    const key = keyField.value;
    if (!key) return;
    keyField.value = "";
    held = (await ask("set_key", { key })).has;
    drawKey();
  });
  const lookKey = () => inTurn(async () => {
    try { held = Boolean(state.address.trim()) && (await ask("has_key")).has; } catch { held = false; }
    drawKey();
  });
  const keyRow = h("div.wb-row");
  const drawKey = () => {
    keyField ||= h("input.wb-box.wb-grow", { type: "password", id: "generate-key", autocomplete: "new-password", maxlength: 4000 });
    keyField.onchange = () => sendKey().catch((problem) => say(problem.message, "worse"));
    keyField.placeholder = t(held ? "generate.key_held" : "generate.key_none");
    keyField.setAttribute("aria-label", t("generate.key"));
    if (!keyRow.contains(keyField)) keyRow.append(keyField);
    keyRow.querySelector("button")?.remove();
    if (held) keyRow.append(WB.button(t("generate.key_forget"), (e) => WB.act(e.currentTarget, async () => { held = (await ask("set_key", { key: "" })).has; drawKey(); if (!held) WB.note(t("generate.key_forgotten")); }), "quiet", { id: "generate-forget" }));
  };
  const test = (button) => WB.act(button, async () => {
    say(t("generate.testing"), "plain");
    const asked = state.address;
    try {
      await sendKey();
      const found = await ask("test_connection");
      if (asked !== state.address) return; // somebody types another address
      offer(found.models);
      if (found.seconds != null) say(t(found.sample ? "generate.test_ok" : "generate.test_silent", { model: state.model, seconds: WB.number(found.seconds, 2), sample: found.sample }), "better");
      else {
        say(found.models.length ? t("generate.test_models", { n: found.models.length }) : t("generate.test_no_models"), "better");
        const field = endpoint.querySelector("#generate-model");
        if (found.models.length === 1) { state.model = field.value = found.models[0]; remember(); drawStart(); }
        field.focus();
      }
    } catch (problem) { if (asked === state.address) say(problem.message, "worse"); }
  });
  const host = () => { try { return new URL(state.address.includes("://") ? state.address : "http:" + "//" + state.address).hostname; } catch { return ""; } };
  const foreign = h("p.wb-small.wb-warning", { id: "generate-foreign" });
  const drawForeign = () => {
    const name = host();
    foreign.hidden = !name || /^(127\.|localhost$|\[::1\]$)/.test(name);
    foreign.textContent = foreign.hidden ? "" : t("generate.elsewhere", { host: name });
  };
  const drawEndpoint = () => {
    const form = WB.form(state, (key) => { remember(); if (key === "address") { say(""); drawForeign(); clearTimeout(keyRow.timer); keyRow.timer = setTimeout(lookKey, 300); } drawStart(); });
    const address = form.text("address", { id: "generate-address", placeholder: known?.presets[0].address || "", inputmode: "url" });
    const choose = (preset) => { state.address = address.value = preset.address; remember(); say(""); drawForeign(); lookKey(); drawStart(); };
    endpoint.replaceChildren(h("div.wb-row.spread.wrap", {}, h("h3", {}, t("generate.endpoint")), h("div.wb-row", {}, (known?.presets || []).map((preset) => h("button.wb-chip.wb-example-chip", { type: "button", "data-preset": preset.name, title: preset.address, onclick: () => choose(preset) }, preset.name)))),
      h("p.wb-small", {}, t("generate.endpoint_help")),
      h("div.wb-two", {}, form.field(t("generate.address"), address),
        form.field(t("generate.model"), form.text("model", { id: "generate-model", list: "generate-models", maxlength: 200, placeholder: t("generate.model_placeholder") }))),
      h("div.wb-field", {}, h("span", {}, t("generate.key")), keyRow, h("small", {}, t("generate.key_help"))),
      foreign, h("div.wb-row", {}, WB.button(t("generate.test"), (e) => test(e.currentTarget), "", { id: "generate-test" })), answer, offered);
    drawKey();
    drawForeign();
  };

  // ---- what it is asked for
  const slot = () => `${state.kind} ${state.language}`;
  const original = () => known?.templates.find((each) => each.kind === state.kind && each.language === state.language) || { system: "", text: "" };
  const prompt = () => edited[slot()] || original();
  const start = h("div.wb-row.spread.wrap", {});
  const drawStart = () => start.replaceChildren(h("p.wb-small.wb-grow", {}, t("generate.promise")), WB.able(WB.button(t("generate.start"), (e) => begin(e.currentTarget), "primary", { id: "generate-start" }), state.address.trim() && state.model.trim() ? null : t("why.generate")));
  const begin = (button) => WB.act(button, async () => {
    await sendKey();
    const { system, text } = prompt();
    const { kind, terms, order, corpus, texts, domain, count, cap, language, near, script, shortest, longest, judge, rank } = state;
    const { job } = await ask("start_job", { kind, terms, order: kind === "synonym" ? order : "file", corpus, texts: corpus ? "" : texts, domain, count, cap, language, near, script, shortest, longest, judge, rank, system, prompt: text, dictionary: tab.dictionary || "" });
    WB.note(t("generate.started", { name: job.name }));
    await poller.now();
  });
  const drawPrompt = (form) => {
    const system = h("textarea.wb-box", { id: "generate-system", rows: 2, maxlength: 8000, spellcheck: "false" });
    const text = h("textarea.wb-box", { id: "generate-prompt", rows: 7, maxlength: 8000, spellcheck: "false" });
    const reset = WB.button(t("generate.reset"), () => { delete edited[slot()]; fill(); }, "quiet", { id: "generate-reset" });
    const fold = form.fold("prompts", "", h("div.wb-row.wrap", {}, h("span.wb-small", {}, t("generate.placeholders")), (known?.placeholders[state.kind] || []).map((name) => h("button.wb-chip.wb-example-chip", { type: "button", onclick: () => { text.setRangeText(`{${name}}`, text.selectionStart, text.selectionEnd, "end"); keep(); text.focus(); } }, `{${name}}`))),
      form.field(t("generate.prompt_text"), text), form.field(t("generate.system"), system),
      h("div.wb-row.spread", {}, h("label.wb-unit", {}, t("generate.prompt_language"), form.select("language", [["zh", t("language.zh")], ["en", t("language.en")]], { id: "generate-language" })), reset));
    const title = () => { fold.querySelector("summary").textContent = t(edited[slot()] ? "generate.prompt_edited" : "generate.prompt"); reset.disabled = !edited[slot()]; };
    const fill = () => { system.value = prompt().system; text.value = prompt().text; title(); };
    const keep = () => { const plain = original(); if (system.value === plain.system && text.value === plain.text) delete edited[slot()]; else edited[slot()] = { system: system.value, text: text.value }; title(); };
    system.addEventListener("input", keep);
    text.addEventListener("input", keep);
    fill();
    return fold;
  };
  let ownLanguage = false; // chosen by hand: it follows the dictionary until then
  const taskNow = () => {
    if (!ownLanguage && tab.dictionary) state.language = tab.choices.languages[tab.dictionary] === "en" ? "en" : "zh";
    const form = WB.form(state, (key) => { if (key === "language") ownLanguage = true; if (["kind", "corpus", "language", "judge"].includes(key)) drawTask(); });
    const material = state.kind === "synonym"
      ? [h("div.wb-two", {}, form.field(t("generate.domain"), form.text("domain", { id: "generate-domain", maxlength: 100, placeholder: t("generate.domain_placeholder") })),
        form.field(t("generate.order"), form.select("order", ["fewest", "file", "random"].map((each) => [each, t("generate.order_" + each)]), { id: "generate-order" }))),
      form.field(t("generate.terms"), form.area("terms", { id: "generate-terms", rows: 2, maxlength: 2000000 }))]
      : [h("div.wb-two", {}, form.field(t("generate.corpus"), form.select("corpus", [["", t("generate.corpus_none")], ...tab.choices.corpora.map((each) => [each.name, t("pairs.corpus_texts", { name: each.name, n: WB.number(each.texts) })])], { id: "generate-corpus" })),
        form.field(t("generate.domain"), form.text("domain", { id: "generate-domain", maxlength: 100, placeholder: t("generate.domain_placeholder") }))),
      state.corpus ? null : form.field(t("generate.texts"), form.area("texts", { id: "generate-texts", rows: 4, maxlength: 2000000 }))];
    task.replaceChildren(h("h3", {}, t("generate.task")), form.segments("kind", KINDS.map((kind) => [kind, t("generate.kind_" + kind)]), { id: "generate-kind", "aria-label": t("generate.task") }),
      h("p.wb-small", {}, t(`generate.kind_${state.kind}_help`, { dictionary: tab.dictionary || "" })), ...material.filter(Boolean),
      h("div.wb-two", {}, form.field(t("generate.count"), form.number("count", 1, 100, { id: "generate-count" })), form.field(t("generate.cap"), form.number("cap", 1, 100000, { id: "generate-cap" }))),
      drawPrompt(form),
      form.fold("filters", t("generate.filters"),
        h("div.wb-two", {}, form.field(t("generate.near"), form.number("near", 0, 100, { id: "generate-near" }), t("generate.near_help")), form.field(t("generate.script"), form.select("script", ["same", "any", "han", "latin"].map((each) => [each, t("generate.script_" + each)]), { id: "generate-script" }))),
        h("div.wb-two", {}, h("div.wb-field", {}, h("span", {}, t("generate.lengths")), h("div.wb-row", {}, form.number("shortest", 0, 10000, { "aria-label": t("generate.lengths") }), t("generate.to"), form.number("longest", 0, 10000, { "aria-label": t("generate.lengths") }))),
          form.field(t("generate.judge"), form.select("judge", [["", t("generate.judge_none")], ...tab.choices.models.map((each) => [each.id, WB.pick(each.title)])], { id: "generate-judge" }), state.judge ? t("generate.judge_help", { rank: state.rank }) : null)),
        h("div.wb-two", {}, state.judge && form.field(t("generate.rank"), form.number("rank", 1, 10000)), form.field(t("generate.timeout"), form.number("timeout", 1, 3600, { id: "generate-timeout" })), form.field(t("generate.temperature"), form.number("temperature", 0, 2, { step: "any" })))),
      start);
    drawStart();
  };
  const drawTask = () => WB.keepFocus(task, taskNow);

  // ---- jobs
  const act = (button, job, name) => WB.act(button, async () => { await tab.ask("job_act", { id: job.id, act: name }); await poller.now(); });
  const remove = async (job) => { if (await WB.confirm(t("generate.delete_title", { name: job.name }), t("generate.delete_text"), [{ label: t("common.delete"), value: true, kind: "danger" }])) act(null, job, "delete"); };
  const chip = (job) => h("span.wb-chip." + ({ completed: "accent", running: "accent", starting: "accent", stopping: "warn", failed: "bad", interrupted: "warn" }[job.state] || "plain"), {}, t("generate.state_" + job.state));
  const dropped = (job) => {
    const n = job.dropped.reduce((sum, each) => sum + each.n, 0);
    if (!n) return null;
    const id = "dropped " + job.id;
    return h("details.wb-dropped", { open: Boolean(state[id]), ontoggle: (e) => { state[id] = e.target.open; } }, h("summary", {}, t("generate.dropped", { n: WB.number(n) })),
      h("ul", {}, job.dropped.map((each) => h("li", {}, h("span", {}, WB.pick(each.text)), h("b", {}, WB.number(each.n))))));
  };
  const card = (job) => h("div.wb-card.wb-job", { "data-job": job.name, "data-state": job.state },
    h("div.wb-row.spread", {}, h("strong", {}, job.name), chip(job)),
    h("div.wb-faint", {}, [t("generate.kind_" + job.kind), job.model, WB.ago(job.created)].join(" · ")),
    job.active && WB.bar(job.progress, job.name),
    h("div.wb-job-counts", {}, h("span", {}, t("generate.requests", { used: WB.number(job.requests), cap: WB.number(job.cap) })), h("span", {}, t("generate.made", { n: WB.number(job.made) })), h("b", {}, t("generate.kept", { n: WB.number(job.kept) }))),
    dropped(job),
    WB.pick(job.message) && h("p.wb-job-says" + (job.state === "failed" ? ".bad" : ""), {}, WB.pick(job.message)),
    h("div.wb-row.wrap", {}, job.active && WB.button(t("generate.cancel"), (e) => act(e.currentTarget, job, "cancel"), "", { "data-act": "cancel", disabled: job.state === "stopping" }),
      job.kept > 0 && WB.button(t("generate.review"), () => tab.go("review"), job.active ? "" : "primary", { "data-act": "review" }),
      job.resumable && WB.button(job.requests >= job.cap ? t("generate.resume_more", { n: WB.number(job.cap) }) : t("generate.resume"), async (e) => { await WB.act(e.currentTarget, sendKey); act(null, job, "resume"); }, "", { "data-act": "resume" }),
      !job.active && WB.button(t("common.delete"), () => remove(job), "quiet", { "data-act": "delete" })));
  const drawJobs = () => {
    if (!jobs) { jobsNode.replaceChildren(h("h3.wb-section", {}, t("generate.jobs")), WB.bar(null, t("common.loading"))); return; }
    jobsNode.replaceChildren(h("h3.wb-section", {}, t("generate.jobs")), ...(jobs.length ? jobs.map(card) : [WB.empty(t("generate.jobs_none"), t("generate.jobs_none_hint"), WB.button(t("generate.test"), () => { const test = document.getElementById("generate-test"); test?.scrollIntoView({ block: "center" }); test?.focus(); }))]));
  };
  const poller = WB.poll(node, 3, async () => {
    const found = (await tab.ask("list_jobs")).jobs;
    if (JSON.stringify(found) !== JSON.stringify(jobs)) { jobs = found; drawJobs(); tab.refresh().catch(() => {}); }
    return jobs.some((job) => job.active) ? 0.6 : 3;
  });

  node.append(h("div.wb-gap", {}, endpoint, task), jobsNode);
  const draw = () => WB.keepFocus(node, () => { drawEndpoint(); drawTask(); drawJobs(); });
  return {
    node, draw,
    async shown() {
      if (!known) { try { known = await tab.ask("read_prompts"); draw(); } catch (problem) { WB.note(problem.message, "problem"); } }
      drawTask();
      lookKey();
      poller.now();
    },
    dictionary: drawTask,
    choices() { if (!task.contains(document.activeElement)) drawTask(); }, // not under the hand of who types
  };
};
