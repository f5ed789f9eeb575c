// This computer and its limits, on the Models tab: disk, memory, limits and how to change them, a backup to download.
WB.views.limits = (root, { server, props, watch, trigger }) => {
  const { h, t } = WB;
  const KINDS = ["database", "runs", "models", "caches", "uploads", "other"];
  let state = null, scope = "everything", working = null, done = null;
  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const size = WB.bytes;
  const shown = (limit) => {
    if (!limit.value && limit.zero) return WB.pick(limit.zero);
    if (limit.unit === "bytes") return size(limit.value);
    if (limit.unit === "seconds") return WB.duration(limit.value);
    return limit.unit === "characters" ? t("limits.characters", { n: WB.number(limit.value) }) : WB.number(limit.value);
  };
  const backUp = async () => {
    if (working) return;
    const wanted = scope;
    working = { fraction: 0 }; done = null;
    draw();
    try {
      await WB.ask(server, "backup_start", { scope: wanted });
      for (;;) {
        const reply = await WB.ask(server, "backup_state", { scope: wanted });
        if (reply.problem) throw new WB.Problem(WB.pick(reply.problem));
        if (reply.done) { done = reply.done; break; }
        if (reply.none) throw new WB.Problem(t("limits.gone"));
        working = reply.working;
        draw();
        await pause(0.4);
      }
      trigger("collect", { token: done.token });
    } catch (problem) { working = null; draw(); WB.note(problem.message, "problem"); }
  };
  const disk = () => {
    const { kinds, free, total, used } = state.disk;
    const there = KINDS.filter((kind) => kinds[kind] > 0);
    return h("div.wb-gap.tight", { id: "limits-disk" },
      h("div.wb-row.spread.wrap", {}, h("span", {}, t("limits.used", { used: size(used) })), h("span.wb-small", {}, t("limits.disk_free", { free: size(free), total: size(total) }))),
      h("div.wb-stack.tall", { role: "img", "aria-label": there.map((kind) => `${t("limits.kind_" + kind)} ${size(kinds[kind])}`).join(t("common.comma")) },
        there.map((kind) => h("i.limits-" + kind, { style: { flex: `${kinds[kind]} 1 0` } }))),
      h("div.wb-stack-legend", {}, there.map((kind) => h("span", { "data-kind": kind }, h("i.limits-" + kind), t("limits.kind_" + kind), h("b", {}, size(kinds[kind]))))));
  };
  const machine = () => h("dl.wb-limits-machine", {},
    h("dt", {}, t("limits.memory")), h("dd", {}, t("limits.memory_free", { free: size(state.memory.free), total: size(state.memory.total) })),
    h("dt", {}, t("limits.cores")), h("dd", {}, WB.number(state.cores)));
  const table = () => h("div.wb-gap.tight", {},
    h("div.wb-scroll", { tabindex: 0, role: "region", "aria-label": t("limits.limit") }, h("table.wb-table", { id: "limits-table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("limits.limit")), h("th.num", { scope: "col" }, t("limits.value")), h("th", { scope: "col" }, t("limits.how")))),
      h("tbody", {}, state.limits.map((limit) => h("tr", { "data-limit": limit.field },
        h("td", {}, WB.pick(limit.title)), h("td.num", {}, shown(limit)),
        h("td", {}, h("span.wb-limits-how", {}, h("code", {}, limit.option), h("span.wb-small", {}, t("limits.or")), h("code", {}, limit.variable)))))))),
    h("p.wb-small", {}, t("limits.help", { example: "serve --max-upload 500MB" })));
  const backup = () => h("div.wb-gap.tight", { id: "limits-backup" },
    h("h3", {}, t("limits.backup")), h("p.wb-small", {}, t("limits.backup_lead")),
    h("div.wb-row.wrap", {},
      h("select.wb-box", { id: "limits-scope", "aria-label": t("limits.backup_what"), disabled: Boolean(working), onchange: (e) => { scope = e.target.value; } },
        state.scopes.map((each) => h("option", { value: each, selected: each === scope }, t("limits.scope", { what: t("limits.scope_" + each), size: size(state.backup[each]) })))),
      WB.button(t(working ? "limits.backing_up" : "limits.back_up"), backUp, "", { id: "limits-back-up", "data-needs": "train", disabled: Boolean(working) }),
      working && h("div.wb-grow", {}, WB.bar(working.fraction ?? null, t("limits.backing_up")), h("p.wb-small", {}, WB.pick(working.words)))));
  const draw = () => WB.keepFocus(root, () => root.replaceChildren(h("div.wb-gap", {},
    h("div.wb-gap.tight", {}, h("h3.wb-section", {}, t("limits.title")), h("p.wb-soft", {}, t("limits.lead"))),
    h("div.wb-card.wb-gap", {}, state ? [disk(), machine(), table(), backup()] : WB.bar(null, t("common.loading"))))));
  let soon = true; // the first answer may tell of a while ago: what is used is counted anew behind it
  const poller = WB.poll(root, 30, async () => {
    const pause = soon ? 3 : 30;
    soon = false;
    const reply = await WB.ask(server, "read_limits");
    if (JSON.stringify(reply) === JSON.stringify(state)) return pause;
    state = reply;
    if (document.activeElement?.id !== "limits-scope") draw(); // an open list would close
    return pause;
  });
  WB.on("tab", () => { soon = true; poller.now(); });
  WB.on("changed", () => poller.now());
  watch("value", () => {
    if (props.value?.failed == null && props.value?.ready == null) return;
    const made = props.value?.ready == null ? null : done;
    working = done = null;
    draw();
    if (!made) return;
    WB.note(t("limits.backed_up", { size: size(made.size) }));
    const place = document.getElementById("limits-download"); // Gradio's own button has the file
    (place?.querySelector("a, button") || place)?.click();
  });
  draw();
  return { draw };
};
