// The choosers at the right of the dropdowns: what the colours say, and with which model the map is compared.
WB.map.COLOURS = ["group", "component", "part", "language", "frequency", "rank", "cluster"];
WB.map.choices = { by: WB.store.get("map.by"), corpus: WB.store.get("map.corpus") || "", against: WB.store.get("map.against") || "" };
if (!WB.map.COLOURS.includes(WB.map.choices.by)) WB.map.choices.by = "group";
WB.map.titles = {}; // model -> its name

WB.views.mapchoices = (root, { server }) => {
  const { h, t } = WB;
  const { choices } = WB.map;
  let offered = { models: [], corpora: [] };
  const change = (what) => (event) => {
    choices[what] = event.target.value;
    WB.store.set("map." + what, choices[what]);
    draw();
    WB.emit("map-choices", what);
  };
  const field = (label, id, value, options, onchange) => {
    const select = h("select.wb-box", { id, onchange }, options.map(([each, words, off]) => h("option", { value: each, disabled: off }, words)));
    select.value = value;
    return h("label.wb-field", {}, h("span", {}, label), select);
  };
  const draw = () => WB.keepFocus(root, () => root.replaceChildren(h("div.wb-atlas-choices", {},
    field(t("map.colour"), "map-by", choices.by, WB.map.COLOURS.map((by) => [by, t("map.by_" + by) + (by === "frequency" && !offered.corpora.length ? t("map.needs_corpus") : ""), by === "frequency" && !offered.corpora.length]), change("by")),
    choices.by === "frequency" && offered.corpora.length > 1 ? field(t("map.corpus"), "map-corpus", choices.corpus, offered.corpora.map((name) => [name, name]), change("corpus")) : null,
    field(t("map.against"), "map-against", choices.against, [["", t("map.against_none")], ...offered.models.map((model) => [model.id, WB.pick(model.title)])], change("against")))));
  const load = async () => {
    try { offered = await WB.ask(server, "read_choices"); } catch { return; }
    WB.map.titles = Object.fromEntries(offered.models.map((model) => [model.id, model.title]));
    if (!offered.corpora.includes(choices.corpus)) choices.corpus = offered.corpora[0] || "";
    if (choices.by === "frequency" && !offered.corpora.length) { choices.by = "group"; WB.emit("map-choices", "by"); }
    if (choices.against && !offered.models.some((model) => model.id === choices.against)) { choices.against = ""; WB.emit("map-choices", "against"); }
    draw();
  };
  WB.on("changed", load);
  draw();
  load();
  return { draw };
};
