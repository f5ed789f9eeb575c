// How many of the decided suggestions were accepted: a line over time, bars by source, by kind and by score.
WB.pairs.sparkline = (points) => {
  const { h } = WB;
  const w = 96, high = 26;
  const x = (i) => (points.length < 2 ? w / 2 : 3 + (i * (w - 6)) / (points.length - 1));
  const y = (p) => 3 + (1 - p) * (high - 6);
  return h("svg.wb-spark", { viewBox: `0 0 ${w} ${high}`, width: w, height: high, "aria-hidden": "true" },
    h("path", { d: points.map((p, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(p.precision).toFixed(1)}`).join("") }), h("circle", { cx: x(points.length - 1), cy: y(points.at(-1).precision), r: 2.6 }));
};
WB.pairs.figures = (f, close) => {
  const { h, t } = WB;
  const W = 600, H = 220, L = 40, B = 22, T = 8;
  const shown = { by: WB.store.get("review.figures") === "days" ? "days" : "windows" };
  const date = (at, time) => new Date(at * 1000).toLocaleString(WB.lang === "zh" ? "zh-CN" : "en-GB", time ? { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" } : { month: "numeric", day: "numeric" });
  const said = (s) => t(s.few ? "review.share_few" : "review.share", { p: WB.number(s.precision * 100), low: WB.number(s.low * 100), high: WB.number(s.high * 100), accepted: WB.number(s.accepted), n: WB.number(s.decided) });
  const under = h("p.wb-small", { id: "review-figures-point", "aria-live": "polite" });
  const chart = () => {
    const points = f[shown.by].slice(-40);
    const x = (i) => L + ((i + 0.5) * (W - L - 8)) / Math.max(points.length, 6);
    const y = (p) => T + (1 - p) * (H - T - B);
    const tell = (p) => () => under.replaceChildren((shown.by === "days" ? date(p.start) : `${date(p.start, true)} – ${date(p.end, true)}`) + " · " + said(p));
    under.replaceChildren(t("review.figures_help"));
    const band = points.length > 1 ? `M${points.map((p, i) => `${x(i)} ${y(p.high)}`).join("L")}L${points.map((p, i) => `${x(i)} ${y(p.low)}`).reverse().join("L")}Z` : "";
    return h("svg.wb-figures-chart", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": t("review.figures_over_time") },
      [0, 0.5, 1].map((p) => [h("line", { x1: L, x2: W - 4, y1: y(p), y2: y(p) }), h("text", { x: L - 8, y: y(p) + 4, "text-anchor": "end" }, WB.number(p * 100) + "%")]),
      band && h("path", { d: band, class: "band" }),
      h("path", { d: points.map((p, i) => `${i ? "L" : "M"}${x(i)} ${y(p.precision)}`).join(""), class: "line" }),
      points.map((p, i) => h("circle" + (p.few ? ".few" : ""), { cx: x(i), cy: y(p.precision), r: 4.5, tabindex: 0, "aria-label": said(p), onmouseenter: tell(p), onfocus: tell(p) })),
      points.length ? [h("text", { x: x(0), y: H - 4, "text-anchor": "middle" }, date(points[0].start)), points.length > 1 ? h("text", { x: x(points.length - 1), y: H - 4, "text-anchor": "middle" }, date(points.at(-1).end)) : null] : null);
  };
  const holder = h("div", {}, chart());
  const control = WB.form(shown, () => { WB.store.set("review.figures", shown.by); holder.replaceChildren(chart()); });
  const bar = (name, s, extra) => h("li", {}, h("span", { title: name }, name), h("i" + (s.few ? ".few" : ""), { style: { "--share": (s.precision * 100).toFixed(1) + "%" } }, extra == null ? null : h("u", { style: { left: (extra * 100).toFixed(1) + "%" }, title: t("review.expected", { p: WB.number(extra * 100) }) })),
    h("b", {}, s.few ? "" : WB.number(s.precision * 100) + "%"), h("em", {}, `${WB.number(s.accepted)} / ${WB.number(s.decided)}`));
  const list = (title, rows, help) => (rows.length ? h("div", {}, h("h4", {}, title), h("ul.wb-figures-bars", {}, rows), help && h("p.wb-small", {}, help)) : null);
  const bands = f.bands.filter((b) => b.decided);
  return [h("div.wb-row.spread.wrap", {}, h("strong", {}, t("review.figures_over_time")),
    h("div.wb-row", {}, control.segments("by", [["windows", t("review.figures_windows", { n: f.window })], ["days", t("review.figures_days")]], { id: "review-figures-by", "aria-label": t("review.figures_over_time") }), WB.button(t("common.close"), close, "quiet"))),
  h("div.wb-figures-desk", {}, h("div.wb-gap.tight", {}, h("p", { id: "review-figures-total" }, said(f.total)), holder, under),
  h("div.wb-figures-lists", {}, list(t("review.figures_sources"), [...f.sources.map((s) => bar(s.name || t("review.source_gone"), s)), ...f.whats.filter((s) => s.what).map((s) => bar(t("review.kind_" + s.what), s))]),
    list(t("review.figures_scores"), bands.map((s) => bar(`${WB.number(s.from * 100)}–${WB.number(s.to * 100)}%`, s, s.expected)), t("review.figures_scores_help"))))];
};
