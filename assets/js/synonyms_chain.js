// A chain drawn as the graph it is: terms as pills, pairs as lines; a click on a line cuts it.
// `WB.synonyms.drawChain` draws one for any tab; without `act` its lines are only there to be looked at.
WB.synonyms.drawChain = (() => {
  const { h, t } = WB;
  const LABEL = 26; // characters of a term in a pill
  const cut = (term) => ([...term].length > LABEL ? [...term].slice(0, LABEL - 1).join("") + "…" : term);
  const size = (term) => [...cut(term)].reduce((sum, c) => sum + (c.charCodeAt(0) > 0x2e7f ? 13.5 : 7.3), 0) + 22;

  // Springs along pairs, all terms push each other away; at the end pills that overlap are moved apart.
  const layOut = (terms, edges) => {
    const n = terms.length;
    const wide = terms.map(size);
    const x = terms.map((_, i) => Math.cos(i * 2.399963) * 26 * Math.sqrt(i + 1));
    const y = terms.map((_, i) => Math.sin(i * 2.399963) * 20 * Math.sqrt(i + 1));
    const rounds = n > 150 ? 120 : 300;
    for (let round = 0; round < rounds; round++) {
      const heat = 1 - round / rounds;
      const dx = new Float64Array(n), dy = new Float64Array(n);
      for (let a = 0; a < n; a++) {
        for (let b = a + 1; b < n; b++) {
          const ux = (x[a] - x[b]) / 1.7, uy = y[a] - y[b];
          const d2 = ux * ux + uy * uy + 1;
          const force = 5200 / d2;
          const d = Math.sqrt(d2);
          dx[a] += (ux / d) * force * 1.7; dy[a] += (uy / d) * force; dx[b] -= (ux / d) * force * 1.7; dy[b] -= (uy / d) * force;
        }
        dx[a] -= x[a] * 0.012; dy[a] -= y[a] * 0.03;
      }
      for (const [a, b] of edges) {
        const ux = x[a] - x[b], uy = y[a] - y[b];
        const d = Math.hypot(ux, uy) || 1;
        const pull = (d - (70 + (wide[a] + wide[b]) / 4)) * 0.08;
        dx[a] -= (ux / d) * pull; dy[a] -= (uy / d) * pull; dx[b] += (ux / d) * pull; dy[b] += (uy / d) * pull;
      }
      for (let i = 0; i < n; i++) { const d = Math.hypot(dx[i], dy[i]) || 1; const most = Math.min(d, 2 + 26 * heat); x[i] += (dx[i] / d) * most; y[i] += (dy[i] / d) * most; }
    }
    for (let round = 0; round < 60; round++) {
      let moved = false;
      for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) {
        const gapX = (wide[a] + wide[b]) / 2 + 12 - Math.abs(x[a] - x[b]);
        const gapY = 38 - Math.abs(y[a] - y[b]);
        if (gapX <= 0 || gapY <= 0) continue;
        moved = true;
        if (gapX < gapY) { const s = (x[a] < x[b] ? -1 : 1) * gapX * 0.5; x[a] += s; x[b] -= s; } else { const s = (y[a] < y[b] ? -1 : 1) * gapY * 0.5; y[a] += s; y[b] -= s; }
      }
      if (!moved) break;
    }
    return { x, y, wide };
  };

  return (found, act) => {
    const place = new Map(found.terms.map((term, i) => [found.keys[i], i]));
    const edges = found.edges.map((edge) => [place.get(edge.keys[0]), place.get(edge.keys[1]), edge]).filter(([a, b]) => a != null && b != null);
    const { x, y, wide } = layOut(found.terms, edges);
    const standards = new Set(found.standard_keys || found.edges.map((edge) => edge.keys[0]));
    const bridges = new Set(found.bridges);
    const left = Math.min(...x.map((v, i) => v - wide[i] / 2)) - 14, right = Math.max(...x.map((v, i) => v + wide[i] / 2)) + 14;
    const top = Math.min(...y) - 30, bottom = Math.max(...y) + 30;
    const lines = edges.map(([a, b, edge]) => {
      const at = { x1: x[a], y1: y[a], x2: x[b], y2: y[b] };
      const label = t("synonyms.cut_pair", { first: edge.pair[0], second: edge.pair[1] });
      const go = () => act(edge.pair);
      if (!act) return h("g", {}, h("line", { ...at, class: "line" }));
      return h("g.wb-syn-edge", { role: "button", tabindex: 0, "aria-label": label, onclick: go, onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); go(); } } },
        h("line", { ...at, class: "line" }), h("line", { ...at, class: "reach" }),
        h("g", { class: "knife", transform: `translate(${(x[a] + x[b]) / 2} ${(y[a] + y[b]) / 2})` }, h("circle", { r: 9 }), h("path", { d: "M-3.4 -3.4 3.4 3.4M3.4 -3.4-3.4 3.4" })));
    });
    const pills = found.terms.map((term, i) => h("g.wb-syn-pill" + (standards.has(found.keys[i]) ? ".standard" : "") + (bridges.has(term) ? ".bridge" : "") + (i ? "" : ".first"), { transform: `translate(${x[i]} ${y[i]})` },
      h("rect", { x: -wide[i] / 2, y: -14, width: wide[i], height: 28, rx: 14 }), h("text", { "text-anchor": "middle", y: 4.5 }, cut(term))));
    return h("svg.wb-syn-graph" + (found.terms.length > 60 ? ".large" : ""), { viewBox: `${left} ${top} ${right - left} ${bottom - top}`, style: { "--w": Math.round(right - left) + "px" }, role: "group", "aria-label": t("synonyms.chain_title") }, lines, pills);
  };
})();

WB.synonyms.chain = (ed) => {
  const { h, t } = WB;
  ed.chainDialog = async (id) => {
    let group = id;
    let dialog = null;
    const stage = h("div.wb-syn-stage", {}, WB.bar(null, t("common.loading")));
    const pairs = h("div");
    const sentence = h("p.wb-small");
    const act = async ([first, second]) => {
      const sure = await WB.confirm(t("synonyms.cut_title", { first, second }), t("synonyms.cut_text"), [{ label: t("synonyms.cut_do"), value: true, kind: "primary" }]);
      if (!sure || !(await ed.send({ edit: "mark_apart", first, second }))) return;
      ed.apart.refresh();
      await show();
    };
    const show = async () => {
      let found;
      try { found = await ed.ask("read_chain", { group }); } catch (problem) { if (dialog) dialog.close(); else WB.note(problem.message, "problem"); return; }
      const groups = found.groups.length;
      sentence.textContent = groups > 1 ? t("synonyms.chain_text", { groups, terms: found.terms.length, bridges: ed.list(found.bridges) }) + (found.cut ? " " + t("synonyms.chain_cut_off") : "") : t("synonyms.chain_alone");
      stage.replaceChildren(WB.synonyms.drawChain(found, act));
      requestAnimationFrame(() => stage.querySelector(".large .first")?.scrollIntoView({ block: "center", inline: "center" }));
      pairs.replaceChildren(h("details.wb-small", {}, h("summary", {}, t("synonyms.chain_pairs", { n: found.edges.length })), h("ul.wb-syn-pairs", { id: "synonyms-chain-pairs" }, found.edges.slice(0, 200).map(({ pair }) =>
        h("li", {}, h("span", {}, h("strong", {}, pair[0]), " — ", pair[1]), WB.button(t("synonyms.cut_edge"), () => act(pair), "quiet", { "data-pair": pair.join("|") }))))));
      group = found.groups.includes(group) ? group : found.groups[0] ?? group;
    };
    await show();
    if (!stage.querySelector("svg")) return;
    dialog = ed.dialog(t("synonyms.chain_title"), [sentence, h("div.wb-legend.wb-syn-legend", {}, h("span", {}, h("i", { class: "standard" }), t("synonyms.standard")), h("span", {}, h("i", { class: "bridge" }), t("synonyms.bridge")), h("span", {}, t("synonyms.chain_hint"))), stage, pairs], [], { id: "synonyms-chain", wide: true });
  };
};
