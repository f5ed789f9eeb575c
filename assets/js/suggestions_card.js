// One suggestion in words: what is asked, both groups with their members, why it was proposed, what a yes does.
WB.pairs.reviewCard = (item, sign, into, acts) => {
  const { h, t } = WB;
  const d = item.details || {};
  const synonym = item.kind === "synonym";
  const close = [d.term, d.nearest];
  const own = WB.t("review.question_" + (synonym && item.what ? item.what : item.kind), { first: item.first, second: item.second });
  const term = (text, standard) => h((standard ? "strong" : "span") + ".wb-term" + (close.includes(text) ? ".close" : ""), { title: close.includes(text) ? t("review.close") : null }, text);
  const group = (found, title) => h("div.wb-review-group", {}, h("span.wb-small", {}, title),
    h("div.wb-terms", {}, term(found.standard, true), found.synonyms.map((text) => term(text, false)), found.more ? h("span.wb-small", {}, t("review.joins_more", { n: found.more })) : null));
  const none = (text) => h("div.wb-review-group.none", {}, h("span.wb-small", {}, text));
  const groups = () => {
    if (!synonym) return "";
    if (item.together && item.label >= 0.5) return h("div.wb-review-groups.one", { id: "review-groups" }, group(item.group, t("review.together")));
    if (item.label < 0.5 && item.group) return h("div.wb-review-groups" + (item.home ? "" : ".one"), { id: "review-groups" }, group(item.group, t("review.stands_in")), item.home && group(item.home, t("review.nearer")));
    const first = item.group ? group(item.group, t(item.other ? "review.group_of" : "review.joins", { term: item.first })) : none(t("review.no_group", { term: item.first }));
    const second = item.other ? group(item.other, t("review.group_of", { term: item.second })) : d.term ? none(t("review.loose", { term: item.second })) : null;
    return h("div.wb-review-groups" + (second ? "" : ".one"), { id: "review-groups" }, first, second);
  };
  const effect = () => {
    if (!synonym || item.state !== "waiting" || (item.together && item.label >= 0.5)) return "";
    const act = item.label < 0.5 ? "apart" : item.other && item.other.standard === item.second ? "merge" : "add";
    return h("p.wb-review-effect", {}, t("review.effect_" + act, { first: item.first, second: item.second }));
  };
  const why = [WB.pick(item.reason), item.score == null ? null : WB.term("probability", t("review.score", { n: WB.number(item.score * 100) })), d.term && (d.shared ? t("review.shared", { part: d.shared }) : t("review.shared_none")),
    item.dictionary && t("review.in_dictionary", { name: item.dictionary }), item.source && t("review.from_source", { name: item.source })].filter(Boolean);
  const use = () => (item.dictionary ? WB.use({ dictionary: item.dictionary }) : Promise.resolve());
  const link = (name, run) => WB.button(t("review.to_" + name), () => use().then(run), "quiet", { "data-act": name });
  const links = synonym && item.dictionary ? h("div.wb-review-links", {},
    link("explore", () => WB.explore(item.second)), link("map", () => WB.onMap(item.group ? item.first : item.second)), link("edit", () => WB.editTerm(item.first, item.dictionary))) : "";
  const long = Math.max(item.first.length, item.second.length) > 60;
  const label = t(`review.label_${item.kind === "question" ? "question_" : ""}${item.label >= 0.5 ? 1 : 0}`);
  return [
    h("div.wb-row.spread.wrap", {}, h("span.wb-review-ask", {}, own),
      h("div.wb-row.wrap", {}, links, item.state !== "waiting" ? h("span.wb-chip." + ({ accepted: "accent", rejected: "bad", later: "warn" }[item.state]), { id: "review-state" }, t("review.state_" + item.state)) : null,
        h("span.wb-chip", { id: "review-what" }, item.what ? t("review.kind_" + item.what) : label))),
    h("div.wb-review-texts" + (long ? ".long" : ""), {}, h("div", { id: "review-first" }, item.first), sign(item), h("div", { id: "review-second" }, item.second)),
    groups(), into || "",
    h("div.wb-review-because", {}, h("p.wb-review-why", { id: "review-why" }, why.flatMap((each, i) => (i ? [" · ", each] : [each]))), effect()),
    item.decided && item.state !== "waiting" ? h("p.wb-small", {}, t("review.by", { who: item.author || t("review.somebody"), when: WB.ago(item.decided) })) : "",
    acts];
};
