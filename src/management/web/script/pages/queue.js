// One queue: how it is doing, who feeds it, who eats from it, what lies in it.
import { binding_form, binding_table } from "../bindings.js";
import { Charts, stats_curve } from "../charts.js";
import { consumer_table } from "../consumers.js";
import { h, replace } from "../dom.js";
import { any, bytes, date_time, duration, number, pairs, percent } from "../format.js";
import { api_path } from "../names.js";
import { badge, Facts, Figures, fold, page_head, page_link, panel, table_panel, state } from "../parts.js";
import { publish_form } from "../publish_form.js";
import { move_form, QueueButtons, redrive_form } from "../queue_actions.js";
import { queue_features, queue_state } from "../queue_features.js";
import { browse_view, get_form } from "../queue_messages.js";
import { QUEUE_RATES } from "../rates.js";

const figure = (key, label, words = number) => ({ label, value: (queue) => words(queue[key] ?? 0) });

export function open(app, { vhost, name }) {
  const path = `queues/${api_path(vhost, name)}`;
  const buttons = new QueueButtons(app, vhost, name);
  const badges = h("span", { class: "badges" });
  const figures = new Figures([figure("messages_ready", "Ready"), figure("messages_unacknowledged", "Unacked"),
    figure("messages", "Total"), figure("message_bytes", "Bytes", bytes), figure("consumers", "Consumers"),
    { label: "Utilisation", value: (q) => percent(q.consumer_utilisation) }]);
  const charts = new Charts([
    { title: "Queued messages", series: [["messages_ready", "Ready"], ["messages_unacknowledged", "Unacked"],
      ["messages", "Total"]] },
    stats_curve("Message rates", QUEUE_RATES)], () => app.refresh());
  const facts = new Facts();
  let queue = {};
  const consumers = consumer_table(app, { id: "queue-consumers", of: "queue",
    load: async () => queue.consumer_details ?? [] });
  const bindings = binding_table(app, { id: "queue-bindings", side: "source",
    load: (signal) => app.api.get(`${path}/bindings`, {}, signal) });
  const head = page_head({ title: name, crumbs: [["Queues", "queues"], [vhost, "vhosts", vhost]],
    badges, actions: buttons.buttons });

  return {
    title: `Queue ${name}`,
    element: h("div", { class: "stack" }, head, figures.element, charts.element,
      panel("About", facts.element), table_panel("Consumers", consumers.element), table_panel("Bindings", bindings.element),
      fold("Bind to an exchange", binding_form(app, { vhost, destination: name, destination_type: "queue" })),
      fold("Publish a message", publish_form(app, { vhost, exchange: "", routing_key: name })),
      fold("Get messages", get_form(app, vhost, name)),
      fold("Browse messages", browse_view(app, vhost, name)),
      fold("Move messages", move_form(app, vhost, name)),
      fold("Redrive dead letters", redrive_form(app, vhost, name))),
    async refresh(signal) {
      queue = await app.api.get(path, charts.query, signal);
      const word = queue_state(queue);
      buttons.show(word === "paused");
      replace(badges, badge(any(queue.type)), state(word));
      figures.show(queue);
      charts.show(queue);
      facts.show(facts_of(queue));
      await Promise.all([consumers.load(signal), bindings.load(signal)]);
    },
  };
}

// Of seconds.
const age = (seconds) => (Number.isFinite(seconds) ? duration(seconds * 1000) : "");

function facts_of(queue) {
  const policy = (name, noun) => (name ? page_link(name, noun, queue.vhost, name) : "");
  return [
    ["Virtual host", page_link(queue.vhost, "vhosts", queue.vhost)],
    ["Features", h("span", {}, queue_features(queue).map(([word, title]) => badge(word, "", title)))],
    ["Arguments", pairs(queue.arguments)],
    ["Policy", policy(queue.policy, "policies")],
    ["Operator policy", policy(queue.operator_policy, "operator_policies")],
    ["Effective policy", pairs(queue.effective_policy_definition)],
    ["Node", queue.node],
    ["Exclusive consumer", queue.exclusive_consumer_tag],
    ["Idle since", queue.idle_since ? date_time(queue.idle_since) : ""],
    ["Oldest ready for", age(queue.oldest_ready_age)], ["Oldest unacked for", age(queue.oldest_unacked_age)],
    ["Oldest message from", queue.head_message_timestamp ? date_time(queue.head_message_timestamp * 1000) : ""],
    ["Bytes ready / unacked", `${bytes(queue.message_bytes_ready)} / ${bytes(queue.message_bytes_unacknowledged)}`],
    ["In memory", `${number(queue.messages_ram)} messages, ${bytes(queue.message_bytes_ram)}`],
    ["Persistent", `${number(queue.messages_persistent)} messages, ${bytes(queue.message_bytes_persistent)}`],
    ["Process memory", bytes(queue.memory)],
  ];
}
