// Limits of virtual hosts and of users, and what quotas are used.
import { confirm } from "../dialog.js";
import { h } from "../dom.js";
import { any } from "../format.js";
import { form, integer, select, text } from "../form.js";
import { local_list } from "../list.js";
import { api_path } from "../names.js";
import { badge, button, fold, page_head, page_link, table_panel } from "../parts.js";
import { Table } from "../table.js";

const KINDS = [
  { path: "vhost-limits", owner: "vhost", page: "vhosts", label: "Virtual host", title: "Limits of virtual hosts",
    names: ["max-connections", "max-queues", "max-channels", "max-consumers", "max-exchanges", "max-bindings",
      "max-message-size", "max-stored-bytes", "max-publish-rate", "max-publish-byte-rate"] },
  { path: "user-limits", owner: "user", page: "users", label: "User", title: "Limits of users",
    names: ["max-connections", "max-channels", "max-consumers", "max-message-size", "max-publish-rate",
      "max-publish-byte-rate"] },
];

// One row for each limit: {owner, name, value}.
const rows_of = (kind, answer) => answer.flatMap((one) =>
  Object.entries(one.value ?? {}).map(([name, value]) => ({ owner: one[kind.owner], name, value })));

function limit_table(app, kind) {
  const remove = async ({ owner, name }) => {
    const sure = await confirm({ title: "Remove this limit?", verb: "Remove", text: `${name} of ${owner}.` });
    if (sure) await app.act(() => app.api.delete(`${kind.path}/${api_path(owner, name)}`), "Removed.");
  };
  return new Table({
    id: kind.path, label: kind.title.toLowerCase(),
    columns: [
      { key: "owner", title: kind.label, sort: "owner", name: true, text: (l) => l.owner,
        node: (l) => page_link(l.owner, kind.page, l.owner) },
      { key: "name", title: "Limit", sort: "name", text: (l) => l.name },
      { key: "value", title: "Value", sort: "value", number: true, text: (l) => any(l.value) },
      { key: "remove", actions: true, text: () => "remove", node: (l, now) => button("Remove", () => remove(now())) }],
    list: local_list(async (signal) => rows_of(kind, await app.api.get(kind.path, {}, signal)), (l) => l.owner),
    row_key: (l) => `${l.owner}\0${l.name}`, empty: "No limits are set.", refresh: () => app.refresh(), compact: true,
  });
}

function limit_form(app, kind) {
  return form({
    fields: [kind.owner === "vhost" ? select("owner", kind.label, app.vhosts, { value: app.first_vhost }) :
      text("owner", kind.label, { required: true }),
    select("name", "Limit", kind.names),
    integer("value", "Value", { required: true, hint: "−1 is none" })],
    submit: "Set limit",
    async action({ owner, name, value }) {
      await app.api.put(`${kind.path}/${api_path(owner, name)}`, { value });
      app.refresh();
      return "Set.";
    },
  });
}

// {vhosts: [{vhost, limits, used, publishers_held}], users: …} → one row for each limit.
const quota_rows = ({ vhosts = [], users = [] }) =>
  [...vhosts.map((one) => ["virtual host", one.vhost, one]), ...users.map((one) => ["user", one.user, one])]
    .flatMap(([of, owner, { limits = {}, used = {}, publishers_held }]) =>
      Object.entries(limits).map(([limit, value]) =>
        ({ of, owner, limit, value, used: used[limit.replace(/^max-/, "")], held: publishers_held })));

export function open(app) {
  const tables = KINDS.map((kind) => limit_table(app, kind));
  let in_effect = null;
  const quotas = new Table({
    id: "quotas", label: "limits in effect",
    columns: [
      { key: "of", title: "Of", sort: "of", text: (q) => q.of },
      { key: "owner", title: "Name", sort: "owner", name: true, text: (q) => q.owner },
      { key: "limit", title: "Limit", sort: "limit", text: (q) => q.limit },
      { key: "value", title: "Value", number: true, sort: "value", text: (q) => any(q.value) },
      { key: "used", title: "Used", number: true, sort: "used", text: (q) => any(q.used) },
      { key: "held", title: "Publishers", text: (q) => (q.held ? "held" : ""),
        node: (q) => (q.held ? badge("held", "warn") : h("span", {})) }],
    list: local_list(async () => quota_rows(in_effect ?? {}), (q) => q.owner),
    row_key: (q) => [q.of, q.owner, q.limit].join("\0"), empty: "No limits are in effect.",
    refresh: () => app.refresh(), compact: true,
  });
  return {
    title: "Limits",
    element: h("div", { class: "stack" }, page_head({ title: "Limits" }),
      KINDS.map((kind, i) => [table_panel(kind.title, tables[i].element),
        fold(kind.owner === "vhost" ? "Set a limit of a virtual host" : "Set a limit of a user", limit_form(app, kind))]),
      table_panel("Limits in effect, the configuration’s included", quotas.element)),
    async refresh(signal) {
      await Promise.all([...tables.map((table) => table.load(signal)),
        app.api.get("quotas", {}, signal).then((answer) => { in_effect = answer; }, (failure) => {
          if (failure.status !== 404) throw failure;
        })]);
      await quotas.load(signal);
    },
  };
}
