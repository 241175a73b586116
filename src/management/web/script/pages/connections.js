// All connections.
import { h } from "../dom.js";
import { any, bytes, date_time, dig, number } from "../format.js";
import { server_list } from "../list.js";
import { badge, page_head, page_link, state } from "../parts.js";
import { Table } from "../table.js";

export const client_of = ({ client_properties: own = {} }) =>
  [own.product ?? own.platform, own.version].filter(Boolean).join(" ");

// What the client calls itself, where it says so.
export const given_name = (connection) =>
  connection.user_provided_name ?? connection.client_properties?.connection_name ?? "";

const traffic = (key, title, long) => ({ key, title, long, number: true, sort: `${key}_details.rate`,
  text: (c) => `${bytes(dig(c, `${key}_details.rate`) ?? 0)}/s` });

const COLUMNS = [
  { key: "vhost", title: "Virtual host", sort: "vhost", text: (c) => any(c.vhost) },
  { key: "name", title: "Name", sort: "name", name: true, text: (c) => `${c.name} ${given_name(c)}`,
    fields: ["name", "user_provided_name", "client_properties"],
    node: (c) => h("span", {}, page_link(c.name, "connections", c.name),
      given_name(c) ? [h("br"), h("span", { class: "muted" }, given_name(c))] : null) },
  { key: "user", title: "User", sort: "user", text: (c) => any(c.user) },
  { key: "state", title: "State", sort: "state", text: (c) => any(c.state), node: (c) => state(c.state) },
  { key: "ssl", title: "TLS", sort: "ssl", text: (c) => (c.ssl ? "yes" : "no"), fields: ["ssl", "ssl_protocol"],
    node: (c) => (c.ssl ? badge(c.ssl_protocol ?? "TLS", "good") : h("span", { class: "muted" }, "no")) },
  { key: "protocol", title: "Protocol", sort: "protocol", text: (c) => any(c.protocol), optional: true },
  { key: "channels", title: "Channels", number: true, sort: "channels", text: (c) => number(c.channels) },
  traffic("recv_oct", "From client", "Bytes received per second"),
  traffic("send_oct", "To client", "Bytes sent per second"),
  { key: "client", title: "Client", text: client_of, fields: ["client_properties"] },
  { key: "connected_at", title: "Since", sort: "connected_at", text: (c) => date_time(c.connected_at), optional: true },
];

export function open(app) {
  const noun = () => (app.vhost === "" ? "connections" : `vhosts/${encodeURIComponent(app.vhost)}/connections`);
  const table = new Table({
    id: "connections", label: "connections", columns: COLUMNS, list: server_list(app.api, noun), always: ["name"],
    row_key: (c) => c.name, empty: "Nobody is connected.", refresh: () => app.refresh(), sort: "name",
  });
  return {
    title: "Connections",
    element: h("div", { class: "stack" }, page_head({ title: "Connections" }),
      h("section", { class: "panel", "aria-label": "Connections" }, table.element)),
    refresh: (signal) => table.load(signal),
  };
}
