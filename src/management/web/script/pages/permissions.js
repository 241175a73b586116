// Who may do what where.
import { h } from "../dom.js";
import { fold, page_head } from "../parts.js";
import { permission_form, permission_table } from "../permission_tables.js";

export function open(app) {
  const path = () => (app.vhost === "" ? "permissions" : `vhosts/${encodeURIComponent(app.vhost)}/permissions`);
  const table = permission_table(app, { id: "permissions", load: (signal) => app.api.get(path(), {}, signal) });
  return {
    title: "Permissions",
    element: h("div", { class: "stack" }, page_head({ title: "Permissions" }),
      h("section", { class: "panel", "aria-label": "Permissions" }, table.element),
      fold("Set permissions", permission_form(app))),
    refresh: (signal) => table.load(signal),
  };
}
