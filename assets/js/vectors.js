// Word vectors on the Models tab: what the upload is for, and the form of a file that has arrived.
WB.views.vectors_head = (root) => {
  const { h, t } = WB;
  const draw = () => root.replaceChildren(h("div.wb-gap.tight", {}, h("h3.wb-section", {}, t("vectors.title")), h("p.wb-soft", {}, t("vectors.lead")), h("p.wb-small", {}, t("vectors.large"))));
  draw();
  return { draw };
};

WB.views.vectors = (root, { server, props, watch, trigger }) => {
  const { h, t } = WB;
  let file = null; // what has arrived: its token, name and size
  let form = null; // what is filled in
  let working = null, problem = null, done = null, attempts = 0;
  const memory = {};
  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const run = async () => {
    if (!file || working) return;
    const wish = { token: file.token, ...form, attempt: ++attempts };
    working = {}; problem = null; done = null;
    draw();
    try {
      for (;;) {
        const reply = await WB.ask(server, "import_vectors", wish);
        if (reply.problem) { problem = WB.pick(reply.problem); break; }
        if (reply.done) { done = { ...reply.done, name: wish.name }; break; }
        working = reply.working;
        draw();
        await pause(0.4);
      }
    } catch (error) { problem = error.message; }
    working = null;
    if (!done) { draw(); return; }
    WB.note(t("vectors.done", { name: done.name, words: WB.number(done.words), dimension: done.dimension }));
    WB.ask(server, "forget_vectors", { token: wish.token }).catch(() => {});
    file = null;
    draw();
    trigger("taken", {});
    WB.emit("touch");
    WB.emit("changed");
  };
  const field = (label, control, help) => h("label.wb-field", {}, h("span", {}, label), control, help && h("small", {}, help));
  const fields = () => h("div.wb-gap", { id: "vectors-fields" },
    h("div.wb-two", {},
      field(t("vectors.name"), h("input.wb-box", { type: "text", id: "vectors-name", maxlength: 80, value: form.name, oninput: (e) => { form.name = e.target.value; } })),
      field(t("vectors.pooling"), h("select.wb-box", { id: "vectors-pooling", onchange: (e) => { form.pooling = e.target.value; } },
        ["sif", "mean"].map((way) => h("option", { value: way, selected: way === form.pooling }, t("vectors.pooling_" + way))))),
      field(t("vectors.most"), h("input.wb-box", { type: "number", id: "vectors-most", min: 1, max: file.limit, step: 1, value: form.most, oninput: (e) => { form.most = Math.min(file.limit, Math.max(1, Math.round(Number(e.target.value)) || 1)); } }), t("vectors.most_help"))),
    h("div.wb-row", {}, WB.button(t(working ? "vectors.importing" : "vectors.import"), run, "primary", { id: "vectors-import", disabled: Boolean(working) }),
      working && h("div.wb-grow", {}, WB.bar(working.fraction ?? null, t("vectors.importing")), h("p.wb-small", {}, WB.pick(working.words)))));
  const report = () => h("div.wb-gap.tight", { id: "vectors-done" },
    h("div.wb-verdict.better", {}, h("i"), h("p", {}, t("vectors.done", { name: done.name, words: WB.number(done.words), dimension: done.dimension }))),
    done.more && h("p.wb-small", {}, t("vectors.more")),
    WB.findings.problems(done, memory, draw, { id: "vectors-problems", title: "vectors.problems", clean: false }));
  const draw = () => WB.keepFocus(root, () => root.replaceChildren(h("div.wb-gap", {}, file && fields(),
    problem && h("div.wb-verdict.worse", { id: "vectors-problem" }, h("i"), h("p", {}, problem)), done && report())));
  watch("value", () => {
    const arrived = props.value;
    if (!arrived?.token) { if (!working) { file = null; problem = null; draw(); } return; }
    file = arrived;
    form = { name: arrived.name, pooling: "sif", most: arrived.most };
    problem = done = null;
    draw();
  });
  draw();
  return { draw };
};
