// The table and the form of policies; operator policies differ by their noun and their keys.
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { pairs } from "./format.js";
import { args, form, integer, select, text } from "./form.js";
import { local_list } from "./list.js";
import { api_path } from "./names.js";
import { button, page_link } from "./parts.js";
import { Table } from "./table.js";

const APPLY_TO = [["all", "Exchanges and queues"], ["exchanges", "Exchanges"], ["queues", "Queues"],
  ["classic_queues", "Classic queues"], ["quorum_queues", "Quorum queues"]];
const OPERATOR_KEYS = { "message-ttl": "number", expires: "number", "max-length": "number",
  "max-length-bytes": "number", "delivery-limit": "number", overflow: "string" };
const KEYS = { ...OPERATOR_KEYS, "dead-letter-exchange": "string", "dead-letter-routing-key": "string",
  "alternate-exchange": "string", "dead-letter-strategy": "string", "queue-mode": "string" };

// api: the noun in the API; page: the one in addresses, RabbitMQ's.
export const POLICY = { api: "policies", page: "policies", one: "policy", keys: KEYS };
export const OPERATOR_POLICY = { api: "operator-policies", page: "operator_policies", one: "operator policy",
  keys: OPERATOR_KEYS };

export const policy_path = (kind, vhost, name) => `${kind.api}/${api_path(vhost, name)}`;

// leave_for: the page to go to afterwards.
export async function delete_policy(app, kind, { vhost, name }, leave_for) {
  const sure = await confirm({ title: `Delete this ${kind.one}?`, verb: "Delete",
    text: `${name} in ${vhost}. What it held to goes back to its own arguments at once.` });
  if (sure) await app.act(() => app.api.delete(policy_path(kind, vhost, name)), `Deleted: ${name}.`, leave_for);
}

export function policy_table(app, kind, { may_change }) {
  return new Table({
    id: kind.page, label: kind === POLICY ? "policies" : "operator policies",
    columns: [
      { key: "vhost", title: "Virtual host", sort: "vhost", text: (p) => p.vhost },
      { key: "name", title: "Name", sort: "name", name: true, text: (p) => p.name,
        node: (p) => page_link(p.name, kind.page, p.vhost, p.name) },
      { key: "pattern", title: "Pattern", sort: "pattern", text: (p) => p.pattern,
        node: (p) => h("span", { class: "name" }, p.pattern) },
      { key: "apply-to", title: "Applies to", sort: "apply-to", text: (p) => p["apply-to"] },
      { key: "definition", title: "Definition", text: (p) => pairs(p.definition) },
      { key: "priority", title: "Priority", number: true, sort: "priority", text: (p) => String(p.priority) },
      ...(may_change ? [{ key: "delete", actions: true, text: () => "delete",
        node: (p, now) => button("Delete", () => delete_policy(app, kind, now())) }] : []),
    ],
    list: local_list((signal) => app.api.get(app.list_path(kind.api), {}, signal), (p) => `${p.name} ${p.pattern}`),
    row_key: (p) => `${p.vhost}\0${p.name}`, sort: "name", refresh: () => app.refresh(), compact: true,
    empty: kind === POLICY ? "There are no policies." : "There are no operator policies.",
  });
}

// policy: the one to change; without it the form makes a new one.
export function policy_form(app, kind, policy) {
  const of = policy ?? { pattern: "", priority: 0, "apply-to": "all", definition: {} };
  const naming = policy ? [] : [select("vhost", "Virtual host", app.vhosts, { value: app.first_vhost }),
    text("name", "Name", { required: true })];
  return form({
    fields: [...naming,
      text("pattern", "Pattern", { required: true, value: of.pattern, placeholder: "^orders\\.",
        hint: "Regular expression of names" }),
      select("apply-to", "Applies to", kind === POLICY ? APPLY_TO : APPLY_TO.filter(([to]) => to.endsWith("queues")),
        { value: kind === POLICY || of["apply-to"] !== "all" ? of["apply-to"] : "queues" }),
      integer("priority", "Priority", { value: String(of.priority) }),
      args("definition", "Definition", kind.keys, of.definition)],
    submit: policy ? `Change ${kind.one}` : `Add ${kind.one}`, keep: policy !== undefined,
    async action(values) {
      const { vhost, name, ...body } = { ...(policy ? { vhost: policy.vhost, name: policy.name } : {}), ...values };
      await app.api.put(policy_path(kind, vhost, name), { ...body, priority: body.priority ?? 0 });
      app.refresh();
      return policy ? "Changed." : `Set: ${name}.`;
    },
  });
}
