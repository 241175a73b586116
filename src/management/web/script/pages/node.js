// One node: what it uses, where it keeps things, how it runs.
import { h, replace } from "../dom.js";
import { any, duration } from "../format.js";
import { api_path } from "../names.js";
import { NodeMeters } from "../node_meters.js";
import { badge, Facts, page_head, panel } from "../parts.js";

export function open(app, { name }) {
  const meters = new NodeMeters();
  const facts = new Facts();
  const plugins = h("div", {});
  return {
    title: `Node ${name}`,
    element: h("div", { class: "stack" }, page_head({ title: name, crumbs: [["Overview"]] }),
      panel("In use", meters.element), h("div", { class: "columns" },
        panel("Node", facts.element), panel("Parts", plugins))),
    async refresh(signal) {
      const node = await app.api.get(`nodes/${api_path(name)}`, {}, signal);
      meters.show(node);
      facts.show([["Running", node.running], ["Type", node.type], ["Up for", duration(node.uptime)],
        ["Process", node.os_pid], ["Processors", node.processors], ["Run queue", node.run_queue],
        ["Rates", node.rates_mode], ["Being drained", node.being_drained],
        ["Data directory", node.db_dir], ["Configuration", (node.config_files ?? []).join(", ")],
        ["Log", (node.log_files ?? []).join(", ")]]);
      replace(plugins, (node.enabled_plugins ?? []).map((one) => badge(any(one))),
        (node.auth_mechanisms ?? []).filter((one) => one.enabled).map((one) => badge(any(one.name), "good")));
    },
  };
}
