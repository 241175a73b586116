// Which page has which address: RabbitMQ's addresses where it has such a page.
const load = (name) => () => import(`./pages/${name}.js`);

export const ROUTES = [
  ["", load("overview")],
  ["nodes/:name", load("node")],
  ["connections", load("connections")],
  ["connections/:name", load("connection")],
  ["channels", load("channels")],
  ["channels/:name", load("channel")],
  ["exchanges", load("exchanges")],
  ["exchanges/:vhost/:name", load("exchange")],
  ["queues", load("queues")],
  ["queues/:vhost/:name", load("queue")],
  ["vhosts", load("vhosts")],
  ["vhosts/:name", load("vhost")],
  ["users", load("users")],
  ["users/:name", load("user")],
  ["permissions", load("permissions")],
  ["topic-permissions", load("topic_permissions")],
  ["policies", load("policies")],
  ["policies/:vhost/:name", load("policy")],
  ["operator_policies/:vhost/:name", load("operator_policy")],
  ["limits", load("limits")],
  ["definitions", load("definitions")],
  ["log", load("log")],
  ["audit", load("audit")],
];

// [heading, [[label, segments, tag that sees it, field of object_totals], …]]
export const RAIL = [
  [null, [
    ["Overview", [], "management"],
    ["Connections", ["connections"], "management", "connections"],
    ["Channels", ["channels"], "management", "channels"],
    ["Exchanges", ["exchanges"], "management", "exchanges"],
    ["Queues", ["queues"], "management", "queues"],
  ]],
  ["Access", [
    ["Virtual hosts", ["vhosts"], "management"],
    ["Users", ["users"], "administrator"],
    ["Permissions", ["permissions"], "administrator"],
    ["Topic permissions", ["topic-permissions"], "administrator"],
  ]],
  ["Rules", [
    ["Policies", ["policies"], "policymaker"],
    ["Limits", ["limits"], "administrator"],
  ]],
  ["Node", [
    ["Definitions", ["definitions"], "administrator"],
    ["Log", ["log"], "monitoring"],
    ["Audit", ["audit"], "administrator"],
  ]],
];
