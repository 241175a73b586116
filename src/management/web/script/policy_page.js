// The page of one policy, of either kind.
import { h } from "./dom.js";
import { button, Facts, fold, page_head, panel } from "./parts.js";
import { delete_policy, policy_form, policy_path } from "./policy_form.js";

export function policy_page(app, kind, { vhost, name }) {
  const facts = new Facts();
  const change = h("div", {});
  let known = null;
  const remove = button("Delete", () => delete_policy(app, kind, { vhost, name }, "#/policies"), "danger");
  return {
    title: `${kind.one} ${name}`,
    element: h("div", { class: "stack" }, page_head({ title: name, crumbs: [["Policies", "policies"], [vhost, "vhosts", vhost]], actions: [remove] }),
      panel("About", facts.element), fold(`Change this ${kind.one}`, change)),
    async refresh(signal) {
      const policy = await app.api.get(policy_path(kind, vhost, name), {}, signal);
      facts.show([["Virtual host", vhost], ["Pattern", policy.pattern], ["Applies to", policy["apply-to"]],
        ["Priority", policy.priority], ["Definition", h("pre", {}, JSON.stringify(policy.definition, null, 1))]]);
      if (JSON.stringify(policy) !== known) change.replaceChildren(policy_form(app, kind, policy));
      known = JSON.stringify(policy);
    },
  };
}
