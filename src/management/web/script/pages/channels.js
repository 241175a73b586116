// All channels.
import { channel_table } from "../channel_table.js";
import { h } from "../dom.js";
import { server_list } from "../list.js";
import { page_head } from "../parts.js";

export function open(app) {
  const noun = () => (app.vhost === "" ? "channels" : `vhosts/${encodeURIComponent(app.vhost)}/channels`);
  const table = channel_table(app, { id: "channels", list: server_list(app.api, noun), always: ["name"] });
  return {
    title: "Channels",
    element: h("div", { class: "stack" }, page_head({ title: "Channels" }),
      h("section", { class: "panel", "aria-label": "Channels" }, table.element)),
    refresh: (signal) => table.load(signal),
  };
}
