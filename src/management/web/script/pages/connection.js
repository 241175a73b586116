// One connection: its client, its traffic, its channels, and a button that closes it.
import { channel_table } from "../channel_table.js";
import { Charts } from "../charts.js";
import { confirm } from "../dialog.js";
import { h, replace } from "../dom.js";
import { any, bytes, date_time, number } from "../format.js";
import { local_list } from "../list.js";
import { api_path } from "../names.js";
import { badge, button, Facts, page_head, page_link, panel, state, table_panel } from "../parts.js";
import { given_name } from "./connections.js";

export function open(app, { name }) {
  const path = `connections/${api_path(name)}`;
  const badges = h("span", { class: "badges" });
  const facts = new Facts();
  const client = new Facts();
  const charts = new Charts([{ title: "Traffic", rates: true, in_bytes: true,
    series: [["recv_oct", "From client"], ["send_oct", "To client"]] }], () => app.refresh());
  const channels = channel_table(app, { id: "connection-channels", search: false, whose: "connection",
    list: local_list((signal) => app.api.get(`${path}/channels`, {}, signal)) });
  const close = button("Close connection", async () => {
    const sure = await confirm({ title: "Close this connection?", verb: "Close it",
      text: `${name}. Most clients connect again by themselves.` });
    if (sure) await app.act(() => app.api.delete(path), "Connection closed.", "#/connections");
  }, "danger");
  return {
    title: `Connection ${name}`,
    element: h("div", { class: "stack" },
      page_head({ title: name, crumbs: [["Connections", "connections"]], badges, actions: [close] }),
      h("div", { class: "columns" }, charts.element, panel("About", facts.element)),
      table_panel("Channels", channels.element),
      panel("Client", client.element)),
    async refresh(signal) {
      const connection = await app.api.get(path, charts.query, signal);
      replace(badges, state(connection.state), connection.ssl ? badge(connection.ssl_protocol ?? "TLS", "good") : null);
      charts.show(connection);
      facts.show([["Named by its client", given_name(connection)],
        ["Virtual host", connection.vhost ? page_link(connection.vhost, "vhosts", connection.vhost) : ""],
        ["User", app.may("administrator") && connection.user ? page_link(connection.user, "users", connection.user) :
          connection.user],
        ["Protocol", connection.protocol], ["Login by", connection.auth_mechanism],
        ["Connected at", date_time(connection.connected_at)],
        ["Heartbeat", connection.timeout ? `${connection.timeout} s` : "none"],
        ["Frames up to", bytes(connection.frame_max)], ["Channels up to", number(connection.channel_max)],
        ["Received", bytes(connection.recv_oct)], ["Sent", bytes(connection.send_oct)],
        ["TLS", connection.ssl ? [connection.ssl_protocol, connection.ssl_cipher].filter(Boolean).join(", ") : ""],
        ["Certificate of", connection.peer_cert_subject]]);
      client.show(Object.entries(connection.client_properties ?? {}).map(([key, value]) => [key, any(value)]));
      await channels.load(signal);
    },
  };
}
