// All exchanges: searched, sorted and paged by the server.
import { args, check, form, select, text } from "../form.js";
import { h } from "../dom.js";
import { server_list } from "../list.js";
import { api_path, exchange_label, page_hash } from "../names.js";
import { badge, exchange_link, fold, page_head, page_link } from "../parts.js";
import { exchange_features } from "../queue_features.js";
import { rate_column } from "../rates.js";
import { Table } from "../table.js";

const COLUMNS = [
  { key: "vhost", title: "Virtual host", sort: "vhost", text: (x) => x.vhost,
    node: (x) => page_link(x.vhost, "vhosts", x.vhost) },
  { key: "name", title: "Name", sort: "name", name: true, text: (x) => exchange_label(x.name),
    node: (x) => exchange_link(x.vhost, x.name) },
  { key: "type", title: "Type", sort: "type", text: (x) => x.type },
  { key: "features", title: "Features", fields: ["durable", "auto_delete", "internal", "arguments", "policy"],
    text: (x) => exchange_features(x).map(([word]) => word).join(" "),
    node: (x) => h("span", {}, exchange_features(x).map(([word, title]) => badge(word, "", title))) },
  rate_column("publish_in", "In", "Published to the exchange"),
  rate_column("publish_out", "Out", "Routed from the exchange to queues"),
];

export function open(app) {
  const table = new Table({
    id: "exchanges", label: "exchanges", columns: app.vhost === "" ? COLUMNS : COLUMNS.slice(1),
    list: server_list(app.api, () => app.list_path("exchanges")), always: ["name", "vhost"],
    row_key: (x) => `${x.vhost}\0${x.name}`, sort: "name",
    empty: "There are no exchanges.", refresh: () => app.refresh(),
  });
  return {
    title: "Exchanges",
    element: h("div", { class: "stack" }, page_head({ title: "Exchanges" }),
      h("section", { class: "panel", "aria-label": "Exchanges" }, table.element), add_exchange(app)),
    refresh: (signal) => table.load(signal),
  };
}

function add_exchange(app) {
  return fold("Add an exchange", form({
    fields: [
      select("vhost", "Virtual host", app.vhosts, { value: app.first_vhost }),
      text("name", "Name", { required: true }),
      select("type", "Type", ["direct", "fanout", "topic", "headers"]),
      select("durable", "Durability", [["true", "Durable"], ["false", "Transient"]]),
      check("auto_delete", "Delete after the last binding"),
      check("internal", "Internal: only bindings reach it"),
      args("arguments", "Arguments", { "alternate-exchange": "string" }),
    ],
    submit: "Add exchange",
    async action({ vhost, name, durable, ...rest }) {
      await app.api.put(`exchanges/${api_path(vhost, name)}`, { ...rest, durable: durable === "true" });
      app.notices.say(`Exchange “${name}” is declared.`);
      app.go(page_hash("exchanges", vhost, name));
    },
  }));
}
