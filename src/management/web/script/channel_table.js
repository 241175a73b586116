// Channels in a table, of the whole broker or of one connection.
import { h } from "./dom.js";
import { any, number } from "./format.js";
import { badge, page_link, state } from "./parts.js";
import { rate_column } from "./rates.js";
import { Table } from "./table.js";

const count = (key, title, long, more = {}) => ({ key, title, long, number: true, sort: key,
  text: (c) => number(c[key]), ...more });

const mode_of = (c) => [c.confirm ? "C" : "", c.transactional ? "T" : ""].join("");

const COLUMNS = [
  { key: "name", title: "Channel", sort: "name", name: true, text: (c) => c.name,
    node: (c) => page_link(c.name, "channels", c.name) },
  { key: "vhost", title: "Virtual host", sort: "vhost", text: (c) => any(c.vhost) },
  { key: "user", title: "User", sort: "user", text: (c) => any(c.user) },
  { key: "mode", title: "Mode", text: mode_of, fields: ["confirm", "transactional"],
    node: (c) => h("span", {}, c.confirm ? badge("C", "", "confirms") : null,
      c.transactional ? badge("T", "", "transactions") : null) },
  { key: "state", title: "State", sort: "state", text: (c) => any(c.state), fields: ["state", "idle_since"],
    node: (c) => state(c.state) },
  count("messages_unconfirmed", "Unconfirmed", "Published and not yet confirmed"),
  count("prefetch_count", "Prefetch", "Unacked messages that each consumer may have"),
  count("messages_unacknowledged", "Unacked", "Delivered and not yet acknowledged"),
  count("consumer_count", "Consumers", "Consumers", { optional: true }),
  rate_column("publish", "Publish"),
  rate_column("confirm", "Confirm", "Confirmed", { optional: true }),
  rate_column("deliver_get", "Deliver / get"),
  rate_column("ack", "Ack"),
];

// whose: "connection" leaves out what is the same for all of its channels.
export function channel_table(app, { id, list, search = true, whose, always = null }) {
  const columns = whose === "connection" ? COLUMNS.filter((c) => c.key !== "vhost" && c.key !== "user") : COLUMNS;
  return new Table({ id, label: "channels", columns, list, search, always, row_key: (c) => c.name, sort: "name",
    empty: "There are no channels.", refresh: () => app.refresh(), compact: whose === "connection" });
}
