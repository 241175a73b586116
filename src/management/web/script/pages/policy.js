// One policy.
import { POLICY } from "../policy_form.js";
import { policy_page } from "../policy_page.js";

export const open = (app, parameters) => policy_page(app, POLICY, parameters);
