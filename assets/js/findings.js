// What was found in a dictionary or a file: problems by row, groups that look alike, chains drawn as graphs.
WB.findings = (() => {
  const { h, t } = WB;
  const SEVERITIES = ["error", "warning", "note"];
  const COLOUR = { error: "bad", warning: "warn", note: "plain" };
  const FIRST = 8;

  // `memory` keeps the filter and what is unfolded between two drawings; `again` draws anew.
  const problems = (v, memory, again, { id = "data-problems", title = "data.problems", clean = true } = {}) => {
    const total = SEVERITIES.reduce((sum, s) => sum + (v.counts[s] || 0), 0);
    if (!total) return clean ? h("div.wb-verdict.better", { id: id === "data-problems" ? "data-clean" : null }, h("i"), h("p", {}, t("data.clean"))) : null;
    const listed = v.problems.filter((p) => !memory.filter || p.severity === memory.filter);
    const shown = memory.all ? listed : listed.slice(0, FIRST);
    const chip = (s) => v.counts[s] ? h("button.wb-chip." + COLOUR[s] + (memory.filter === s ? ".on" : ""), { type: "button", id: `${id}-${s}`, "aria-pressed": String(memory.filter === s),
      onclick: () => { memory.filter = memory.filter === s ? null : s; again(); } }, `${t("data." + s)} ${WB.number(v.counts[s])}`) : null;
    return h("div.wb-gap.tight", { id },
      h("div.wb-row.wrap", {}, h("h3", {}, t(title)), SEVERITIES.map(chip)),
      h("ul.wb-problems", {}, shown.map((p) => h("li." + p.severity, { "data-code": p.code }, h("i", { title: t("data." + p.severity) }),
        h("b", {}, p.row ? t("data.row", { row: p.row }) : t("data.whole_file")), h("span", {}, WB.pick(p.text))))),
      listed.length > shown.length && WB.button(t("common.show_all") + ` (${WB.number(listed.length)})`, () => { memory.all = true; again(); }, "quiet"),
      memory.all && total > v.problems.length && h("p.wb-small", {}, t("data.more_problems", { shown: WB.number(v.problems.length), total: WB.number(total) })));
  };

  const likeness = (cluster) => cluster.kinds.map((kind) => t("check.kind_" + kind, { percent: cluster.similarity })).join(t("common.comma"));
  const quoted = (terms) => terms.map((term) => t("synonyms.quoted", { term })).join(t("synonyms.and"));
  const term = ({ term, groups }) => h("li", {}, h("b", {}, term), h("span.wb-small", {}, groups[0] === term ? t("check.is_standard") : t("check.in_group", { groups: quoted(groups.slice(0, 3)) })));
  // `merge(cluster, standards, button)` is there for what is saved; the first of the standards takes in the others.
  const clusters = (v, memory, again, merge = null) => {
    if (!v.clusters.length) return null;
    const shown = memory.clusters ? v.clusters : v.clusters.slice(0, FIRST);
    const card = (cluster) => {
      const into = cluster.into ?? cluster.standards[0];
      const order = [into, ...cluster.standards.filter((each) => each !== into)];
      const choose = h("select.wb-box.small", { "aria-label": t("check.merge"), onchange: (e) => { cluster.into = e.target.value; } }, cluster.standards.map((each) => h("option", { value: each, selected: each === into }, t("check.merge_into", { term: each }))));
      return h("li" + (cluster.merged ? ".done" : ""), {}, h("div.wb-grow", {}, h("ul.wb-alike", {}, cluster.terms.map(term)), h("span.wb-chip", {}, likeness(cluster))),
        cluster.merged ? h("span.wb-small", {}, t("check.merged", { term: cluster.merged })) : merge && h("div.wb-row.wrap.wb-merge", {}, choose,
          WB.button(t("check.merge"), (e) => merge(cluster, [cluster.into ?? order[0], ...cluster.standards.filter((each) => each !== (cluster.into ?? order[0]))], e.currentTarget), "", { "data-act": "merge" })));
    };
    return h("div.wb-gap.tight", { id: merge ? "check-alike" : "closer-alike" },
      h("div", {}, h("div.wb-row", {}, h("h3", {}, t("check.alike")), h("span.wb-chip", {}, WB.number(v.cluster_count))), h("p.wb-small", {}, t("check.alike_text"))),
      h("ul.wb-clusters", {}, shown.map(card)),
      v.clusters.length > shown.length && WB.button(t("common.show_all") + ` (${WB.number(v.clusters.length)})`, () => { memory.clusters = true; again(); }, "quiet"),
      memory.clusters && v.cluster_count > v.clusters.length && h("p.wb-small", {}, t("check.more_clusters", { n: WB.number(v.cluster_count - v.clusters.length) })));
  };

  // `cut([first, second])` and `edit(term)` are there for what is saved.
  const chains = (v, memory, again, { cut = null, edit = null } = {}) => {
    if (!v.chains.length) return null;
    memory.chain ??= null;
    const shown = memory.chains ? v.chains : v.chains.slice(0, FIRST);
    const line = (chain, place) => {
      const open = memory.chain === place;
      const words = chain.bridges.length ? t("check.chain", { n: WB.number(chain.standards.length), by: quoted(chain.bridges.slice(0, 3)) }) : t("check.chain_loose", { n: WB.number(chain.standards.length) });
      return h("li", {}, h("div.wb-row.spread.wrap", {}, h("div.wb-grow", {}, h("strong", {}, words), h("div.wb-small", {}, quoted(chain.standards.slice(0, 6)) + (chain.standards.length > 6 ? " …" : ""))),
        h("div.wb-row", {}, open && edit && WB.button(t("check.edit_chain"), () => edit(chain.standards[0]), "quiet"),
          WB.button(t(open ? "check.hide_chain" : "check.show_chain"), () => { memory.chain = open ? null : place; again(); }, "", { "data-act": "chain" }))),
      open && h("div.wb-syn-stage.wb-chain-stage", {}, WB.synonyms.drawChain(chain, cut)),
      open && chain.cut && h("p.wb-small", {}, t("check.chain_cut_off", { shown: WB.number(chain.terms.length), total: WB.number(chain.count) })));
    };
    return h("div.wb-gap.tight", { id: cut ? "check-chains" : "closer-chains" },
      h("div", {}, h("div.wb-row", {}, h("h3", {}, t("check.chains")), h("span.wb-chip", {}, WB.number(v.chain_count))), h("p.wb-small", {}, t(cut ? "check.chains_text" : "check.chains_plain"))),
      h("ul.wb-chains", {}, shown.map(line)),
      v.chains.length > shown.length && WB.button(t("common.show_all") + ` (${WB.number(v.chains.length)})`, () => { memory.chains = true; again(); }, "quiet"),
      v.chain_count > v.chains.length && h("p.wb-small", {}, t("check.more_chains", { shown: WB.number(v.chains.length), total: WB.number(v.chain_count) })));
  };

  // A line of coloured parts with its legend: [[name, count, words]].
  const stack = (parts) => {
    const total = parts.reduce((sum, [, n]) => sum + n, 0) || 1;
    return h("div.wb-stack.tall", { role: "img", "aria-label": parts.filter(([, n]) => n).map(([, n, words]) => `${WB.number(n)} ${words}`).join(t("common.comma")) },
      parts.filter(([, n]) => n).map(([name, n]) => h("i." + name, { style: { flex: String(Math.max(n / total, 0.012)) } })));
  };
  const waiting = (working, words) => h("div.wb-gap.tight", { role: "status" }, h("p.wb-small", {}, WB.pick(working?.words) || words), WB.bar(working?.fraction ?? null, words));
  return { problems, clusters, chains, stack, waiting, quoted };
})();
