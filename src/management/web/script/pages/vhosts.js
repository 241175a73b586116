// All virtual hosts.
import { h } from "../dom.js";
import { any, bytes, dig, number } from "../format.js";
import { form, select, text } from "../form.js";
import { local_list } from "../list.js";
import { api_path } from "../names.js";
import { badge, fold, page_head, page_link } from "../parts.js";
import { rate_column } from "../rates.js";
import { Table } from "../table.js";

export const tags_of = (vhost) => {
  const tags = vhost.tags ?? vhost.metadata?.tags ?? [];
  return Array.isArray(tags) ? tags : String(tags).split(",").filter((tag) => tag !== "");
};

const count = (key, title, long) => ({ key, title, long, number: true, sort: key, text: (v) => number(v[key] ?? 0) });
const traffic = (key, title) => ({ key, title, number: true, sort: `${key}_details.rate`, optional: true,
  text: (v) => `${bytes(dig(v, `${key}_details.rate`) ?? 0)}/s` });

const COLUMNS = [
  { key: "name", title: "Name", sort: "name", name: true, text: (v) => v.name,
    node: (v) => page_link(v.name, "vhosts", v.name) },
  { key: "description", title: "Description", text: (v) => v.description ?? "" },
  { key: "tags", title: "Tags", text: (v) => tags_of(v).join(", "),
    node: (v) => h("span", {}, tags_of(v).map((tag) => badge(tag))) },
  { key: "default_queue_type", title: "Default queue type", text: (v) => any(v.default_queue_type), optional: true },
  count("messages_ready", "Ready"), count("messages_unacknowledged", "Unacked"), count("messages", "Total"),
  rate_column("publish", "Publish"), rate_column("deliver_get", "Deliver / get"),
  traffic("recv_oct", "From clients"), traffic("send_oct", "To clients"),
];

export function open(app) {
  const table = new Table({ id: "vhosts", label: "virtual hosts", columns: COLUMNS,
    list: local_list((signal) => app.api.get("vhosts", {}, signal)), row_key: (v) => v.name, sort: "name",
    empty: "There are no virtual hosts.", refresh: () => app.refresh() });
  return {
    title: "Virtual hosts",
    element: h("div", { class: "stack" }, page_head({ title: "Virtual hosts" }),
      h("section", { class: "panel", "aria-label": "Virtual hosts" }, table.element),
      app.may("administrator") ? fold("Add a virtual host", vhost_form(app)) : null),
    refresh: (signal) => table.load(signal),
  };
}

function vhost_form(app) {
  return form({
    fields: [text("name", "Name", { required: true }), text("description", "Description"),
      text("tags", "Tags", { hint: "Separated by commas" }),
      select("default_queue_type", "Default queue type", [["", "Not set"], "classic", "quorum"])],
    submit: "Add virtual host",
    async action({ name, ...rest }) {
      if (rest.default_queue_type === "") delete rest.default_queue_type;
      await app.api.put(`vhosts/${api_path(name)}`, rest);
      app.refresh_vhosts();
      return `Virtual host “${name}” is there.`;
    },
  });
}
