// One exchange: its rates, its bindings in both directions, publishing to it.
import { binding_form, binding_table } from "../bindings.js";
import { Charts, stats_curve } from "../charts.js";
import { confirm_by_typing } from "../dialog.js";
import { h, replace } from "../dom.js";
import { pairs } from "../format.js";
import { api_path, exchange_label } from "../names.js";
import { badge, button, Facts, fold, page_head, page_link, panel, table_panel } from "../parts.js";
import { publish_form } from "../publish_form.js";
import { exchange_features } from "../queue_features.js";
import { EXCHANGE_RATES } from "../rates.js";

export function open(app, { vhost, name: segment }) {
  const name = segment === "amq.default" ? "" : segment;
  const path = `exchanges/${api_path(vhost, segment)}`;
  const is_own = name === "" || name.startsWith("amq.");
  const badges = h("span", { class: "badges" });
  const facts = new Facts();
  const charts = new Charts([stats_curve("Message rates", EXCHANGE_RATES)], () => app.refresh());
  const load = (side) => (signal) => app.api.get(`${path}/bindings/${side}`, {}, signal);
  const to = binding_table(app, { id: "exchange-to", side: "destination", load: load("source") });
  const from = binding_table(app, { id: "exchange-from", side: "source", load: load("destination") });
  const remove = button("Delete", async () => {
    const sure = await confirm_by_typing({ title: "Delete this exchange?", name, verb: "Delete",
      text: "Its bindings go with it. Publishing to it is an error afterwards." });
    if (sure) await app.act(() => app.api.delete(path), `Exchange “${name}” is deleted.`, "#/exchanges");
  }, "danger");

  return {
    title: `Exchange ${exchange_label(name)}`,
    element: h("div", { class: "stack" },
      page_head({ title: exchange_label(name), crumbs: [["Exchanges", "exchanges"], [vhost, "vhosts", vhost]],
        badges, actions: is_own ? [] : [remove] }),
      h("div", { class: "columns" }, charts.element, panel("About", facts.element)),
      name === "" ? h("p", { class: "note" }, "Every queue is bound to this exchange by its own name.") :
        [table_panel("Bindings from this exchange", to.element), table_panel("Bindings to this exchange", from.element),
          fold("Add a binding from this exchange", binding_form(app, { vhost, source: name }))],
      fold("Publish a message", publish_form(app, { vhost, exchange: name }))),
    async refresh(signal) {
      const exchange = await app.api.get(path, charts.query, signal);
      replace(badges, badge(exchange.type));
      facts.show([["Virtual host", page_link(vhost, "vhosts", vhost)],
        ["Features", h("span", {}, exchange_features(exchange).map(([word, title]) => badge(word, "", title)))],
        ["Arguments", pairs(exchange.arguments)],
        ["Policy", exchange.policy ? page_link(exchange.policy, "policies", vhost, exchange.policy) : ""]]);
      charts.show(exchange);
      if (name !== "") await Promise.all([to.load(signal), from.load(signal)]);
    },
  };
}
