// All users.
import { h } from "../dom.js";
import { local_list } from "../list.js";
import { badge, fold, page_head, page_link } from "../parts.js";
import { Table } from "../table.js";
import { user_form, user_tags } from "../user_form.js";

export function open(app) {
  let allowed = new Map();
  const table = new Table({
    id: "users", label: "users",
    columns: [
      { key: "name", title: "Name", sort: "name", name: true, text: (u) => u.name,
        node: (u) => page_link(u.name, "users", u.name) },
      { key: "tags", title: "Tags", text: (u) => user_tags(u).join(", "),
        node: (u) => h("span", {}, user_tags(u).map((tag) => badge(tag, tag === "administrator" ? "warn" : ""))) },
      { key: "vhosts", title: "May use", text: (u) => (allowed.get(u.name) ?? []).join("  ") || "nothing",
        node: (u) => (allowed.has(u.name) ? h("span", {}, allowed.get(u.name).map((v) => badge(v))) :
          badge("no virtual host", "warn")) },
      { key: "password", title: "Password", text: (u) => (u.password_hash ? "yes" : "none") },
    ],
    list: local_list(async (signal) => {
      const [users, permissions] = await Promise.all([app.api.get("users", {}, signal),
        app.api.get("permissions", {}, signal)]);
      allowed = new Map();
      for (const { user, vhost } of permissions) {
        if (!allowed.has(user)) allowed.set(user, []);
        allowed.get(user).push(vhost);
      }
      return users;
    }),
    row_key: (u) => u.name, sort: "name", empty: "There are no users.", refresh: () => app.refresh(),
  });
  return {
    title: "Users",
    element: h("div", { class: "stack" }, page_head({ title: "Users" }),
      h("section", { class: "panel", "aria-label": "Users" }, table.element),
      fold("Add a user", user_form(app))),
    refresh: (signal) => table.load(signal),
  };
}
