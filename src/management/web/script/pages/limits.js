// Limits of virtual hosts and of users, and what quotas are used.
import { confirm } from "../dialog.js";
import { h } from "../dom.js";
import { any } from "../format.js";
import { form, integer, select, text } from "../form.js";
import { local_list } from "../list.js";
import { api_path } from "../names.js";
import { button, fold, page_head, page_link, table_panel } from "../parts.js";
import { RecordTable } from "../record_table.js";
import { Table } from "../table.js";

const KINDS = [
  { path: "vhost-limits", owner: "vhost", page: "vhosts", label: "Virtual host", title: "Limits of virtual hosts",
    names: ["max-connections", "max-queues"] },
  { path: "user-limits", owner: "user", page: "users", label: "User", title: "Limits of users",
    names: ["max-connections", "max-channels"] },
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

export function open(app) {
  const tables = KINDS.map((kind) => limit_table(app, kind));
  const quotas = new RecordTable("Quotas", "No virtual host has a quota.");
  return {
    title: "Limits",
    element: h("div", { class: "stack" }, page_head({ title: "Limits" }),
      KINDS.map((kind, i) => [table_panel(kind.title, tables[i].element),
        fold(kind.owner === "vhost" ? "Set a limit of a virtual host" : "Set a limit of a user", limit_form(app, kind))]),
      table_panel("Quotas and how much of them is used", quotas.element)),
    async refresh(signal) {
      await Promise.all([...tables.map((table) => table.load(signal)),
        app.api.get("quotas", {}, signal).then((answer) => quotas.show(answer), (failure) => {
          if (failure.status !== 404) throw failure;
          quotas.element.replaceChildren(h("p", { class: "empty" }, "This server has no quotas."));
        })]);
    },
  };
}
