// Bindings in a table, and the form that makes one.
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { is_empty, pairs } from "./format.js";
import { args, form, select, text } from "./form.js";
import { local_list } from "./list.js";
import { api_path, exchange_label, exchange_segment } from "./names.js";
import { button, exchange_link, queue_link } from "./parts.js";
import { Table } from "./table.js";

export const binding_path = ({ vhost, source, destination, destination_type }) =>
  `bindings/${api_path(vhost, "e", exchange_segment(source))}/` +
  `${destination_type === "queue" ? "q" : "e"}/${api_path(destination)}`;

// side: "source" shows where bindings come from, "destination" where they lead.
export function binding_table(app, { id, side, load }) {
  const unbind = (row) => async () => {
    const from = exchange_label(row.source);
    const sure = await confirm({ title: "Remove this binding?", verb: "Unbind",
      text: `From ${from} to ${row.destination}, routing key “${row.routing_key}”.` });
    if (sure) {
      await app.act(() => app.api.delete(`${binding_path(row)}/${api_path(row.properties_key)}`), "Unbound.");
    }
  };
  const other = side === "source" ?
    { key: "source", title: "From exchange", sort: "source", name: true, text: (b) => exchange_label(b.source),
      node: (b) => (b.source === "" ? h("span", { class: "muted" }, exchange_label("")) :
        exchange_link(b.vhost, b.source)) } :
    { key: "destination", title: "To", sort: "destination", name: true,
      text: (b) => `${b.destination_type} ${b.destination}`,
      node: (b) => h("span", {}, h("span", { class: "muted" }, `${b.destination_type} `),
        b.destination_type === "queue" ? queue_link({ vhost: b.vhost, name: b.destination }) :
          exchange_link(b.vhost, b.destination)) };
  return new Table({
    id, label: side === "source" ? "bindings to this" : "bindings from this",
    columns: [other,
      { key: "routing_key", title: "Routing key", sort: "routing_key", text: (b) => b.routing_key,
        node: (b) => h("span", { class: "name" }, b.routing_key) },
      { key: "arguments", title: "Arguments", text: (b) => (is_empty(b.arguments) ? "" : pairs(b.arguments)) },
      { key: "unbind", actions: true, text: (b) => (b.source === "" ? "" : "unbind"),
        node: (b, now) => (b.source === "" ? h("span", {}) : button("Unbind", () => unbind(now())())) }],
    list: local_list(load, (b) => `${b.source} ${b.destination} ${b.routing_key}`),
    row_key: (b) => [b.source, b.destination_type, b.destination, b.properties_key].join("\0"),
    empty: "There are no bindings.", refresh: () => app.refresh(), compact: true,
  });
}

// fixed: what the page's object is, {vhost, source} or {vhost, destination, destination_type}.
export function binding_form(app, fixed) {
  const fields = [];
  if (fixed.source === undefined) fields.push(text("source", "From exchange", { required: true }));
  else {
    fields.push(select("destination_type", "To", [["queue", "Queue"], ["exchange", "Exchange"]]),
      text("destination", "Named", { required: true }));
  }
  fields.push(text("routing_key", "Routing key"), args("arguments", "Arguments"));
  return form({ fields, submit: "Bind", async action(values) {
    const { routing_key, arguments: given, ...ends } = values;
    await app.api.post(binding_path({ ...fixed, ...ends }), { routing_key, arguments: given });
    app.refresh();
    return "Bound.";
  } });
}
