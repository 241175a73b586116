// Permissions and topic permissions in tables, and the forms that set them. `user` or `vhost` says
// whose page it is: that column is left out, and the form does not ask.
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { form, select, text } from "./form.js";
import { local_list } from "./list.js";
import { api_path, exchange_label } from "./names.js";
import { button, page_link } from "./parts.js";
import { Table } from "./table.js";

const pattern = (key, title) => ({ key, title, sort: key, text: (p) => p[key],
  node: (p) => h("span", { class: "name" }, p[key] === "" ? "(nothing)" : p[key]) });

const who = [
  { key: "user", title: "User", sort: "user", name: true, text: (p) => p.user,
    node: (p) => page_link(p.user, "users", p.user) },
  { key: "vhost", title: "Virtual host", sort: "vhost", name: true, text: (p) => p.vhost,
    node: (p) => page_link(p.vhost, "vhosts", p.vhost) }];

function clear_column(app, title, words, path) {
  return { key: "clear", actions: true, text: () => "clear",
    node: (row, now) => button("Clear", async () => {
      const sure = await confirm({ title, verb: "Clear", text: words(now()) });
      if (sure) await app.act(() => app.api.delete(path(now())), "Cleared.");
    }) };
}

export function permission_table(app, { id, load, without }) {
  return new Table({
    id, label: "permissions",
    columns: [...who.filter((column) => column.key !== without),
      pattern("configure", "Configure"), pattern("write", "Write"), pattern("read", "Read"),
      clear_column(app, "Clear these permissions?", (p) => `${p.user} may then do nothing in ${p.vhost}.`,
        (p) => `permissions/${api_path(p.vhost, p.user)}`)],
    list: local_list(load, (p) => `${p.user} ${p.vhost}`), row_key: (p) => `${p.user}\0${p.vhost}`,
    empty: "No permissions are set.", refresh: () => app.refresh(), compact: without !== undefined,
  });
}

export function topic_permission_table(app, { id, load, without }) {
  return new Table({
    id, label: "topic permissions",
    columns: [...who.filter((column) => column.key !== without),
      { key: "exchange", title: "Exchange", sort: "exchange", text: (p) => exchange_label(p.exchange) },
      pattern("write", "Write"), pattern("read", "Read"),
      clear_column(app, "Clear this topic permission?",
        (p) => `${p.user} may then use any routing key of ${exchange_label(p.exchange)}.`,
        (p) => `topic-permissions/${api_path(p.vhost, p.user)}${p.exchange === "" ? "" : `/${api_path(p.exchange)}`}`)],
    list: local_list(load, (p) => `${p.user} ${p.vhost} ${p.exchange}`),
    row_key: (p) => [p.user, p.vhost, p.exchange].join("\0"),
    empty: "No topic permissions are set.", refresh: () => app.refresh(), compact: without !== undefined,
  });
}

function who_fields(app, { user, vhost }) {
  return [
    user === undefined ? text("user", "User", { required: true }) : null,
    vhost === undefined ? select("vhost", "Virtual host", app.vhosts, { value: app.first_vhost }) : null,
  ].filter((field) => field !== null);
}

export function permission_form(app, fixed = {}) {
  return form({
    fields: [...who_fields(app, fixed),
      text("configure", "Configure", { value: ".*", hint: "Regular expression of names" }),
      text("write", "Write", { value: ".*" }), text("read", "Read", { value: ".*" })],
    submit: "Set permissions",
    async action(values) {
      const { vhost, user, ...patterns } = { ...values, ...fixed };
      await app.api.put(`permissions/${api_path(vhost, user)}`, patterns);
      app.refresh();
      return "Set.";
    },
  });
}

export function topic_permission_form(app, fixed = {}) {
  return form({
    fields: [...who_fields(app, fixed), text("exchange", "Exchange", { required: true, value: "amq.topic" }),
      text("write", "Write", { value: ".*", hint: "Regular expression of routing keys" }),
      text("read", "Read", { value: ".*" })],
    submit: "Set topic permission",
    async action(values) {
      const { vhost, user, ...body } = { ...values, ...fixed };
      await app.api.put(`topic-permissions/${api_path(vhost, user)}`, body);
      app.refresh();
      return "Set.";
    },
  });
}
