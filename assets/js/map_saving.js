// The map as a file: a picture of what is seen, or a page of its own that needs no network.
WB.map.saving = (map) => {
  const { h, t } = WB;
  const SCALE = 2;
  // What is seen as one figure of plotly: points, lines, names; both sides where there are two.
  const figure = () => {
    const sides = map.used();
    const width = map.stages.clientWidth, height = map.stages.clientHeight;
    const ink = WB.colour("--wb-ink");
    const data = [], annotations = [];
    const layout = { ...sides[0].layout(), width, height, paper_bgcolor: WB.colour("--wb-paper"), annotations };
    sides.forEach((d, k) => {
      const [x, y] = k ? ["x2", "y2"] : ["x", "y"];
      const domain = sides.length > 1 ? [k ? 0.51 : 0, k ? 1 : 0.49] : [0, 1];
      const axis = { visible: false, showgrid: false, zeroline: false };
      layout[k ? "xaxis2" : "xaxis"] = { ...axis, range: [...map.camera.x], domain, anchor: y };
      layout[k ? "yaxis2" : "yaxis"] = { ...axis, range: [...map.camera.y], anchor: x };
      for (const trace of [...map.lines.traces(d), ...d.traces()]) data.push({ ...trace, xaxis: x, yaxis: y });
      for (const { i, dx, dy } of d.named || []) annotations.push({ xref: x, yref: y, x: d.xs[i], y: d.ys[i], text: map.safe(map.shortTerm(map.data.terms[i])), showarrow: false, xanchor: "left", yanchor: "top", xshift: dx + 2, yshift: -dy, font: { size: 12, color: ink, family: WB.colour("--font") } });
      if (sides.length > 1) annotations.push({ xref: `${x} domain`, yref: `${y} domain`, x: 0.01, y: 0.99, text: map.safe(map.compare.nameOf(d.side)), showarrow: false, font: { size: 13, color: ink } });
    });
    return { data, layout, config: { displayModeBar: false } };
  };
  const picture = (format) => async () => {
    const Plotly = await WB.plotly();
    const { data, layout } = figure();
    const url = await Plotly.toImage({ data, layout }, { format, width: layout.width, height: layout.height, scale: format === "png" ? SCALE : 1 });
    const link = h("a", { href: url, download: `${map.chosen.dictionary}-map.${format}` });
    document.body.append(link);
    link.click();
    link.remove();
  };
  const page = async () => {
    const said = WB.note(t("map.html_working"));
    for (;;) {
      const reply = await map.ask("read_html", { by: WB.map.choices.by });
      if (reply.task?.error) throw new WB.Problem(WB.pick(reply.task.error));
      if (!reply.task) { said.remove(); WB.save(reply.name, "text/html", reply.data); return; }
      await new Promise((done) => setTimeout(done, 400));
    }
  };
  map.saving = { menu: () => WB.menu("map-save", t("map.save"), [["png", picture("png")], ["svg", picture("svg")], ["html", page]].map(([name, work]) => WB.button(t("map.save_" + name), (event) => WB.act(event.currentTarget, work), "quiet", { id: "map-save-" + name }))) };
};
