// The consumers of a queue or of a channel.
import { any, number, pairs } from "./format.js";
import { h } from "./dom.js";
import { local_list } from "./list.js";
import { badge, page_link, queue_link } from "./parts.js";
import { Table } from "./table.js";

const yes = (value) => (value ? "yes" : "no");

// of: "queue" or "channel", whichever the page shows.
export function consumer_table(app, { id, of, load }) {
  const where = of === "queue" ?
    { key: "channel", title: "Channel", name: true, text: (c) => any(c.channel_details?.name),
      node: (c) => (c.channel_details?.name ? page_link(c.channel_details.name, "channels", c.channel_details.name) :
        h("span", {}, "–")) } :
    { key: "queue", title: "Queue", name: true, text: (c) => any(c.queue?.name),
      node: (c) => (c.queue ? queue_link(c.queue) : h("span", {}, "–")) };
  return new Table({
    id, label: "consumers", search: false,
    columns: [where,
      { key: "tag", title: "Consumer tag", sort: "consumer_tag", text: (c) => c.consumer_tag,
        node: (c) => h("span", { class: "name" }, c.consumer_tag) },
      { key: "ack", title: "Ack required", text: (c) => yes(c.ack_required) },
      { key: "exclusive", title: "Exclusive", text: (c) => yes(c.exclusive) },
      { key: "prefetch", title: "Prefetch", number: true, sort: "prefetch_count", text: (c) => number(c.prefetch_count) },
      { key: "active", title: "Active", text: (c) => any(c.activity_status ?? yes(c.active !== false)),
        node: (c) => (c.active === false ? badge(any(c.activity_status ?? "waiting"), "warn") :
          badge(any(c.activity_status ?? "active"), "good")) },
      { key: "arguments", title: "Arguments", text: (c) => pairs(c.arguments) }],
    list: local_list(load, (c) => c.consumer_tag),
    row_key: (c) => `${c.channel_details?.name}\0${c.consumer_tag}`,
    empty: "Nobody consumes.", refresh: () => app.refresh(), compact: true,
  });
}
