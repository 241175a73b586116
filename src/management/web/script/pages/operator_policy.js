// One operator policy.
import { OPERATOR_POLICY } from "../policy_form.js";
import { policy_page } from "../policy_page.js";

export const open = (app, parameters) => policy_page(app, OPERATOR_POLICY, parameters);
