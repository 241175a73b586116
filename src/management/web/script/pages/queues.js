// All queues: searched, sorted and paged by the server.
import { h } from "../dom.js";
import { any, bytes, date_time, number, percent } from "../format.js";
import { args, check, form, select, text } from "../form.js";
import { server_list } from "../list.js";
import { api_path, page_hash } from "../names.js";
import { badge, fold, page_head, page_link, queue_link, state } from "../parts.js";
import { QUEUE_ARGUMENTS, queue_features, queue_state } from "../queue_features.js";
import { rate_column } from "../rates.js";
import { Table } from "../table.js";

const count = (key, title, long, more = {}) => ({ key, title, long, number: true, sort: key,
  text: (queue) => number(queue[key]), ...more });

const COLUMNS = [
  { key: "vhost", title: "Virtual host", sort: "vhost", text: (q) => q.vhost,
    node: (q) => page_link(q.vhost, "vhosts", q.vhost) },
  { key: "name", title: "Name", sort: "name", name: true, text: (q) => q.name, node: queue_link },
  { key: "type", title: "Type", sort: "type", text: (q) => any(q.type) },
  { key: "features", title: "Features", fields: ["durable", "auto_delete", "exclusive", "arguments",
    "effective_policy_definition", "policy", "operator_policy"],
  text: (q) => queue_features(q).map(([word]) => word).join(" "),
  node: (q) => h("span", {}, queue_features(q).map(([word, title]) => badge(word, "", title))) },
  { key: "policy", title: "Policy", sort: "policy", text: (q) => q.policy ?? "",
    node: (q) => (q.policy ? page_link(q.policy, "policies", q.vhost, q.policy) : h("span", {})), optional: true },
  { key: "state", title: "State", sort: "state", fields: ["state", "idle_since", "paused"],
    text: (q) => queue_state(q), node: (q) => state(queue_state(q)) },
  count("messages_ready", "Ready", "Messages ready to be delivered"),
  count("messages_unacknowledged", "Unacked", "Delivered and not yet acknowledged"),
  count("messages", "Total", "Ready and unacked"),
  rate_column("publish", "In", "Published into the queue"),
  rate_column("deliver_get", "Out", "Delivered and got"),
  rate_column("ack", "Ack", "Acknowledged"),
  rate_column("redeliver", "Redelivered", "Delivered again", { optional: true }),
  count("consumers", "Consumers", "Consumers", { optional: true }),
  { key: "consumer_utilisation", title: "Utilisation", long: "How much of the time consumers could take messages",
    number: true, sort: "consumer_utilisation", optional: true, text: (q) => percent(q.consumer_utilisation) },
  { key: "message_bytes", title: "Bytes", long: "Bytes of message bodies", number: true, sort: "message_bytes",
    optional: true, text: (q) => bytes(q.message_bytes) },
  { key: "memory", title: "Memory", number: true, sort: "memory", optional: true, text: (q) => bytes(q.memory) },
  { key: "idle_since", title: "Idle since", sort: "idle_since", optional: true, text: (q) => date_time(q.idle_since) },
];

export function open(app) {
  const table = new Table({
    id: "queues", label: "queues", columns: app.vhost === "" ? COLUMNS : COLUMNS.slice(1),
    list: server_list(app.api, () => app.list_path("queues")),
    always: ["name", "vhost"], row_key: (queue) => `${queue.vhost}\0${queue.name}`, sort: "name",
    empty: "There are no queues yet.", refresh: () => app.refresh(),
  });
  return {
    title: "Queues",
    element: h("div", { class: "stack" }, page_head({ title: "Queues" }),
      h("section", { class: "panel", "aria-label": "Queues" }, table.element), add_queue(app)),
    refresh: (signal) => table.load(signal),
  };
}

function add_queue(app) {
  return fold("Add a queue", form({
    fields: [
      select("vhost", "Virtual host", app.vhosts, { value: app.first_vhost }),
      text("name", "Name", { required: true }),
      select("type", "Type", [["", "Default of the virtual host"], "classic", "quorum"]),
      select("durable", "Durability", [["true", "Durable"], ["false", "Transient"]]),
      check("auto_delete", "Delete after the last consumer"),
      args("arguments", "Arguments", QUEUE_ARGUMENTS),
    ],
    submit: "Add queue",
    async action({ vhost, name, type, durable, auto_delete, arguments: given }) {
      const body = { durable: durable === "true", auto_delete,
        arguments: { ...(type ? { "x-queue-type": type } : {}), ...given } };
      await app.api.put(`queues/${api_path(vhost, name)}`, body);
      app.notices.say(`Queue “${name}” is declared.`);
      app.go(page_hash("queues", vhost, name));
    },
  }));
}
