// Who may use which routing keys of a topic exchange.
import { h } from "../dom.js";
import { fold, page_head } from "../parts.js";
import { topic_permission_form, topic_permission_table } from "../permission_tables.js";

export function open(app) {
  const path = () => (app.vhost === "" ? "topic-permissions" :
    `vhosts/${encodeURIComponent(app.vhost)}/topic-permissions`);
  const table = topic_permission_table(app, { id: "topic-permissions",
    load: (signal) => app.api.get(path(), {}, signal) });
  return {
    title: "Topic permissions",
    element: h("div", { class: "stack" }, page_head({ title: "Topic permissions" }),
      h("section", { class: "panel", "aria-label": "Topic permissions" }, table.element),
      fold("Set a topic permission", topic_permission_form(app))),
    refresh: (signal) => table.load(signal),
  };
}
