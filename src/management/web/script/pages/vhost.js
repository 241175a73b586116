// One virtual host: its messages, who may use it, its limits.
import { Charts, stats_curve } from "../charts.js";
import { confirm_by_typing } from "../dialog.js";
import { h, replace } from "../dom.js";
import { any, number, pairs } from "../format.js";
import { api_path } from "../names.js";
import { badge, button, Facts, Figures, fold, page_head, panel, table_panel } from "../parts.js";
import { permission_form, permission_table, topic_permission_form, topic_permission_table } from
  "../permission_tables.js";
import { MESSAGE_RATES } from "../rates.js";
import { tags_of } from "./vhosts.js";

const figure = (key, label) => ({ label, value: (v) => number(v[key] ?? 0) });

export function open(app, { name }) {
  const path = `vhosts/${api_path(name)}`;
  const badges = h("span", { class: "badges" });
  const facts = new Facts();
  const figures = new Figures([figure("messages_ready", "Ready"), figure("messages_unacknowledged", "Unacked"),
    figure("messages", "Total")]);
  const charts = new Charts([
    { title: "Queued messages", series: [["messages_ready", "Ready"], ["messages_unacknowledged", "Unacked"],
      ["messages", "Total"]] },
    stats_curve("Message rates", MESSAGE_RATES)], () => app.refresh());
  const rules = app.may("administrator") ? {
    permissions: permission_table(app, { id: "vhost-permissions", without: "vhost",
      load: (signal) => app.api.get(`${path}/permissions`, {}, signal) }),
    topics: topic_permission_table(app, { id: "vhost-topics", without: "vhost",
      load: (signal) => app.api.get(`${path}/topic-permissions`, {}, signal) }),
  } : null;
  // One by itself is for administrators; others find theirs in the list, without samples.
  async function find(signal) {
    if (app.may("administrator")) return app.api.get(path, charts.query, signal);
    const found = (await app.api.get("vhosts", {}, signal)).find((vhost) => vhost.name === name);
    if (!found) throw new Error("There is no such virtual host, or it is not yours to see.");
    return found;
  }
  const remove = button("Delete", async () => {
    const sure = await confirm_by_typing({ title: "Delete this virtual host?", name, verb: "Delete",
      text: "Everything in it goes: queues with their messages, exchanges, permissions, policies." });
    if (sure) await app.act(() => app.api.delete(path), `Virtual host “${name}” is deleted.`, "#/vhosts");
  }, "danger");

  return {
    title: `Virtual host ${name}`,
    element: h("div", { class: "stack" },
      page_head({ title: name, crumbs: [["Virtual hosts", "vhosts"]], badges,
        actions: app.may("administrator") ? [remove] : [] }),
      figures.element, charts.element, panel("About", facts.element),
      rules ? [table_panel("Permissions", rules.permissions.element),
        fold("Set permissions", permission_form(app, { vhost: name })),
        table_panel("Topic permissions", rules.topics.element),
        fold("Set a topic permission", topic_permission_form(app, { vhost: name }))] : null),
    async refresh(signal) {
      const [vhost, limits] = await Promise.all([find(signal),
        rules ? app.api.get(`vhost-limits/${api_path(name)}`, {}, signal) : []]);
      replace(badges, tags_of(vhost).map((tag) => badge(tag)));
      figures.show(vhost);
      charts.show(vhost);
      facts.show([["Description", vhost.description], ["Default queue type", any(vhost.default_queue_type)],
        ["Tracing", vhost.tracing ? "on" : "off"],
        ["Limits", limits.map((one) => pairs(one.value)).filter(Boolean).join(", ")],
        ["State", pairs(vhost.cluster_state)]]);
      if (rules) await Promise.all([rules.permissions.load(signal), rules.topics.load(signal)]);
    },
  };
}
