// The Models tab: tuned models with export and delete, base models with what they are good for.
WB.views.models = (root, { server, props, watch, trigger }) => {
  const { h, t } = WB;
  let models = null;
  let packing = null;
  let packed = null; // the name of what was packed, until the download button has it
  const title = (id) => WB.pick(models.find((m) => m.id === id)?.title) || id;
  const imported = (model) => model.id.startsWith("vectors:"); // word vectors from a file
  const pack = (id) => { packing = id; draw(); trigger("pack", { model: id }); };
  const remove = async (model) => {
    const name = WB.pick(model.title);
    const sure = await WB.confirm(t("models.delete_title", { name }), t(imported(model) ? "vectors.delete_text" : "train.delete_text"), [{ label: t("common.delete"), value: true, kind: "danger" }]);
    if (sure) await WB.act(null, async () => { await WB.ask(server, "delete_model", { model: model.id }); WB.emit("touch"); await refresh(); });
  };
  const facts = (m) => [m.base && t("models.from", { base: title(m.base) }), m.languages.map((l) => t("language." + (["zh", "en", "mixed"].includes(l) ? l : "multi"))).filter((x, i, all) => all.indexOf(x) === i).join(" · "),
    m.dimension && t("models.dimension", { n: m.dimension }), m.size && WB.bytes(m.size), m.licence && t("models.licence", { licence: m.licence })].filter(Boolean).join("  ·  ");
  const card = (m) => h("div.wb-card.wb-modelcard", { "data-model": m.id }, h("div.wb-gap.tight", {},
    h("div.wb-row.wrap", {}, h("h3", {}, WB.pick(m.title)), m.default && h("span.wb-chip.accent", {}, t("models.default")),
      m.kind === "base" && h("span.wb-chip", {}, t(m.ready ? "models.ready" : "models.unpack"))),
    WB.pick(m.note) && h("p.wb-soft", {}, WB.pick(m.note)), h("p.wb-small", {}, facts(m))),
  h("div.wb-row.wrap", {},
    m.kind === "tuned" ? [WB.button(t("models.try"), () => WB.use({ model: m.id }).then(() => WB.go("explore")), "", { "data-act": "try" }),
      WB.button(t(packing === m.id ? "models.exporting" : "models.export"), () => pack(m.id), "primary", { "data-act": "export", disabled: packing !== null }),
      WB.button(t("common.delete"), () => remove(m), "danger", { "data-act": "delete" })]
      : [imported(m) && WB.button(t("models.try"), () => WB.use({ model: m.id }).then(() => WB.go("explore")), "", { "data-act": "try" }),
        WB.button(t("models.train"), () => WB.use({ base: m.id }).then(() => WB.go("train")), "", { "data-act": "train" }),
        imported(m) && WB.button(t("common.delete"), () => remove(m), "danger", { "data-act": "delete" })]));
  const draw = () => {
    if (!models) { root.replaceChildren(h("div.wb-card", {}, WB.bar(null, t("common.loading")))); return; }
    const tuned = models.filter((m) => m.kind === "tuned"), base = models.filter((m) => m.kind === "base");
    root.replaceChildren(h("div.wb-gap", {}, h("h3.wb-section", {}, t("models.tuned")),
      tuned.length ? tuned.map(card) : WB.empty(t("models.none"), t("models.none_hint"), WB.button(t("common.go_train"), () => WB.go("train"), "primary")),
      h("h3.wb-section", {}, t("models.base")), base.map(card)));
  };
  const refresh = async () => { const reply = (await WB.ask(server, "list_models")).models; if (JSON.stringify(reply) !== JSON.stringify(models)) { models = reply; draw(); } };
  const poller = WB.poll(root, 20, refresh);
  WB.on("changed", () => poller.now());
  watch("value", () => {
    const v = props.value;
    if (v?.packed) { packed = v.packed; return; }
    const name = v?.ready == null ? null : packed;
    packing = packed = null;
    draw();
    if (!name) return;
    WB.note(t("models.exported", { name }));
    const place = document.getElementById("models-download"); // Gradio's own button has the zip
    (place?.querySelector("a, button") || place)?.click();
  });
  draw();
  return { draw };
};
