// The whole broker on one page.
import { Charts, stats_curve } from "../charts.js";
import { h, replace } from "../dom.js";
import { any, bytes, dig, duration, number, rate } from "../format.js";
import { page_hash } from "../names.js";
import { badge, Figures, note, page_head, page_link, panel } from "../parts.js";
import { MESSAGE_RATES } from "../rates.js";
import { NodeMeters } from "../node_meters.js";

const CHURN = [["connection_created", "Connections opened"], ["connection_closed", "Connections closed"],
  ["channel_created", "Channels opened"], ["channel_closed", "Channels closed"],
  ["queue_declared", "Queues declared"], ["queue_created", "Queues created"],
  ["queue_deleted", "Queues deleted"]];

const total = (key, label) => ({ label, link: page_hash(key), value: (o) => number(o.object_totals?.[key] ?? 0) });
const messages = (key, label) => ({ label, value: (o) => number(o.queue_totals?.[key] ?? 0) });
const stat = (key, label) => ({ label, value: (o) => rate(dig(o, `message_stats.${key}_details.rate`) ?? 0) });

function simple_table(label, heads, rows) {
  return h("div", { class: "table-wrap" }, h("table", { "aria-label": label },
    h("thead", {}, h("tr", {}, heads.map(([head, kind]) => h("th", { scope: "col", class: kind }, head)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, i) =>
      h("td", { class: heads[i][1] }, cell)))))));
}

export function open(app) {
  const figures = new Figures([messages("messages_ready", "Ready"), messages("messages_unacknowledged", "Unacked"),
    messages("messages", "Total messages"), stat("publish", "Publish"), stat("deliver_get", "Deliver / get"),
    stat("ack", "Ack")]);
  const totals = new Figures([total("connections", "Connections"), total("channels", "Channels"),
    total("exchanges", "Exchanges"), total("queues", "Queues"),
    { label: "Consumers", value: (o) => number(o.object_totals?.consumers ?? 0) }]);
  const charts = new Charts([
    { title: "Queued messages", rates: false, series: [["queue_totals.messages_ready", "Ready"],
      ["queue_totals.messages_unacknowledged", "Unacked"], ["queue_totals.messages", "Total"]] },
    stats_curve("Message rates", MESSAGE_RATES)], () => app.refresh());
  const alarms = h("div", { class: "stack" });
  const nodes = h("div", { class: "stack" });
  const listeners = h("div", {});
  const churn = h("div", {});
  const element = h("div", { class: "stack" }, page_head({ title: "Overview" }), alarms, figures.element,
    charts.element, totals.element, nodes,
    h("div", { class: "columns" }, flush("Listeners", listeners), flush("Churn", churn)));
  const shown_nodes = new Map();

  function show_nodes(list) {
    for (const node of list) {
      if (!shown_nodes.has(node.name)) shown_nodes.set(node.name, node_panel(node.name));
      shown_nodes.get(node.name).show(node);
    }
    if (nodes.childElementCount !== list.length) {
      replace(nodes, list.map((node) => shown_nodes.get(node.name).element));
    }
    replace(alarms, list.flatMap(alarms_of).map((words) => note(words, "bad")));
  }

  return {
    title: "Overview",
    element,
    async refresh(signal) {
      const [overview, list] = await Promise.all([app.api.get("overview", charts.query, signal),
        app.may("monitoring") ? app.api.get("nodes", {}, signal) : []]);
      figures.show(overview);
      totals.show(overview);
      charts.show(overview);
      show_nodes(list);
      replace(listeners, listener_table(overview));
      replace(churn, churn_table(overview.churn_rates ?? {}));
    },
  };
}

function flush(title, content) {
  const made = panel(title, content);
  made.querySelector(".body").classList.add("flush");
  return made;
}

function alarms_of(node) {
  const words = [];
  if (node.running === false) words.push(`Node ${node.name} is not running.`);
  if (node.mem_alarm) words.push(`Memory alarm: ${bytes(node.mem_used)} used of ${bytes(node.mem_limit)} ` +
    `on ${node.name}. Publishers are held until there is room.`);
  if (node.disk_free_alarm) words.push(`Disk alarm: ${bytes(node.disk_free)} free on ${node.name}, ` +
    `the limit is ${bytes(node.disk_free_limit)}. Publishers are held until there is room.`);
  return words;
}

function node_panel(name) {
  const meters = new NodeMeters();
  const side = h("span", { class: "muted" });
  const element = panel(`Node ${name}`, meters.element);
  element.side.append(side, page_link("Details", "nodes", name));
  return { element, show(node) {
    meters.show(node);
    side.textContent = node.uptime === undefined ? "" : `up ${duration(node.uptime)}`;
  } };
}

const tls_badge = (listener) => (listener.tls || /ssl|amqps|https/.test(listener.protocol) ? badge("TLS", "good") : "");

function listener_table({ listeners = [], contexts = [] }) {
  const rows = listeners.map((one) => [[any(one.protocol), " ", tls_badge(one)], any(one.ip_address), any(one.port)]);
  if (!listeners.some((one) => String(one.protocol).startsWith("http"))) {
    rows.push(...contexts.map((one) => [any(one.description), any(one.ip), any(one.port)]));
  }
  if (rows.length === 0) return h("p", { class: "empty" }, "None is told to this user.");
  return simple_table("Listeners", [["Protocol"], ["Address"], ["Port", "number"]], rows);
}

function churn_table(rates) {
  return simple_table("Churn", [["What"], ["Since the start", "number"], ["Now", "number"]],
    CHURN.map(([key, label]) => [label, number(rates[key] ?? 0), rate(rates[`${key}_details`]?.rate ?? 0)]));
}

