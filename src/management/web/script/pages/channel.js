// One channel: its rates and its consumers.
import { Charts, stats_curve } from "../charts.js";
import { consumer_table } from "../consumers.js";
import { h, replace } from "../dom.js";
import { date_time, number } from "../format.js";
import { api_path } from "../names.js";
import { badge, Facts, Figures, page_head, page_link, panel, state, table_panel } from "../parts.js";
import { MESSAGE_RATES } from "../rates.js";

const figure = (key, label) => ({ label, value: (channel) => number(channel[key] ?? 0) });

export function open(app, { name }) {
  const badges = h("span", { class: "badges" });
  const facts = new Facts();
  const figures = new Figures([figure("messages_unacknowledged", "Unacked"), figure("messages_unconfirmed", "Unconfirmed"),
    figure("messages_uncommitted", "Uncommitted"), figure("acks_uncommitted", "Acks uncommitted"),
    figure("consumer_count", "Consumers")]);
  const charts = new Charts([stats_curve("Message rates", MESSAGE_RATES)], () => app.refresh());
  let channel = {};
  const consumers = consumer_table(app, { id: "channel-consumers", of: "channel",
    load: async () => channel.consumer_details ?? [] });
  return {
    title: `Channel ${name}`,
    element: h("div", { class: "stack" }, page_head({ title: name, crumbs: [["Channels", "channels"]], badges }),
      figures.element, h("div", { class: "columns" }, charts.element, panel("About", facts.element)),
      table_panel("Consumers", consumers.element)),
    async refresh(signal) {
      channel = await app.api.get(`channels/${api_path(name)}`, charts.query, signal);
      const connection = channel.connection_details?.name;
      replace(badges, state(channel.state), channel.confirm ? badge("confirms") : null,
        channel.transactional ? badge("transactions") : null);
      figures.show(channel);
      charts.show(channel);
      facts.show([["Connection", connection ? page_link(connection, "connections", connection) : ""],
        ["Virtual host", channel.vhost ? page_link(channel.vhost, "vhosts", channel.vhost) : ""],
        ["User", channel.user], ["Number", channel.number],
        ["Prefetch of each consumer", channel.prefetch_count || "no limit"],
        ["Prefetch of the channel", channel.global_prefetch_count || "no limit"],
        ["Idle since", channel.idle_since ? date_time(channel.idle_since) : ""]]);
      await consumers.load(signal);
    },
  };
}
