// Policies, and the operator's above them.
import { h } from "../dom.js";
import { fold, page_head, table_panel } from "../parts.js";
import { OPERATOR_POLICY, POLICY, policy_form, policy_table } from "../policy_form.js";

export function open(app) {
  const is_operator = app.may("administrator");
  const users = policy_table(app, POLICY, { may_change: true });
  const operators = policy_table(app, OPERATOR_POLICY, { may_change: is_operator });
  return {
    title: "Policies",
    element: h("div", { class: "stack" }, page_head({ title: "Policies" }),
      table_panel("Policies", users.element), fold("Add a policy", policy_form(app, POLICY)),
      table_panel("Operator policies", operators.element),
      is_operator ? fold("Add an operator policy", policy_form(app, OPERATOR_POLICY)) : null),
    refresh: (signal) => Promise.all([users.load(signal), operators.load(signal)]),
  };
}
