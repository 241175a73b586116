// One user: tags, password, permissions, limits.
import { confirm_by_typing } from "../dialog.js";
import { h, replace } from "../dom.js";
import { any, pairs } from "../format.js";
import { api_path } from "../names.js";
import { badge, button, Facts, fold, page_head, panel, table_panel } from "../parts.js";
import { permission_form, permission_table, topic_permission_form, topic_permission_table } from
  "../permission_tables.js";
import { user_form, user_tags } from "../user_form.js";

export function open(app, { name }) {
  const path = `users/${api_path(name)}`;
  const badges = h("span", { class: "badges" });
  const facts = new Facts();
  const change = h("div", {});
  const permissions = permission_table(app, { id: "user-permissions", without: "user",
    load: (signal) => app.api.get(`${path}/permissions`, {}, signal) });
  const topics = topic_permission_table(app, { id: "user-topics", without: "user",
    load: (signal) => app.api.get(`${path}/topic-permissions`, {}, signal) });
  const remove = button("Delete", async () => {
    const sure = await confirm_by_typing({ title: "Delete this user?", name, verb: "Delete",
      text: "Permissions go with the user. Connections that are open are closed." });
    if (sure) await app.act(() => app.api.delete(path), `User “${name}” is deleted.`, "#/users");
  }, "danger");
  let known = null;

  return {
    title: `User ${name}`,
    element: h("div", { class: "stack" },
      page_head({ title: name, crumbs: [["Users", "users"]], badges, actions: [remove] }),
      panel("About", facts.element), table_panel("Permissions", permissions.element),
      fold("Set permissions", permission_form(app, { user: name })),
      table_panel("Topic permissions", topics.element),
      fold("Set a topic permission", topic_permission_form(app, { user: name })),
      fold("Change tags or password", change)),
    async refresh(signal) {
      const user = await app.api.get(path, {}, signal);
      replace(badges, user_tags(user).map((tag) => badge(tag, tag === "administrator" ? "warn" : "")));
      facts.show([["Password", user.password_hash ? "set" : "none"], ["Hashed by", any(user.hashing_algorithm)],
        ["Limits", pairs(user.limits)]]);
      // The form keeps what is typed until the user itself has become another.
      if (JSON.stringify(user) !== known) replace(change, user_form(app, user));
      known = JSON.stringify(user);
      await Promise.all([permissions.load(signal), topics.load(signal)]);
    },
  };
}
