// Policies and operator policies.
#include "management/body_fields.h"
#include "management/list_answer.h"
#include "management/route.h"
#include "server/definitions_values.h"

namespace harrier::management {
namespace {

using broker::PolicyKind;
using nlohmann::json;
using server::NodeDefinitions;

json policy_row(const NodeDefinitions::HostedPolicy& hosted) {
  const broker::Policy& policy = hosted.policy;
  return {{"vhost", hosted.virtual_host},
          {"name", policy.name},
          {"pattern", policy.pattern},
          {"apply-to", std::string(broker::name_of(policy.apply_to))},
          {"definition", server::json_of_table(policy.definition.view())},
          {"priority", policy.priority}};
}

std::vector<NodeDefinitions::HostedPolicy> policies_of(const Call& call, PolicyKind kind) {
  std::vector<NodeDefinitions::HostedPolicy> policies;
  call.look_at_definitions(
      [&](const NodeDefinitions& definitions) { policies = definitions.policies(); });
  std::erase_if(policies, [kind](const auto& hosted) { return hosted.kind != kind; });
  return policies;
}

template <PolicyKind kind>
http::Response list_all(const Call& call) {
  std::vector<json> rows;
  for (const auto& hosted : policies_of(call, kind))
    if (call.may_see(hosted.virtual_host)) rows.push_back(policy_row(hosted));
  return list_answer(call, std::move(rows));
}

template <PolicyKind kind>
http::Response list_of_host(const Call& call) {
  std::vector<json> rows;
  for (const auto& hosted : policies_of(call, kind))
    if (hosted.virtual_host == call.parameter(0)) rows.push_back(policy_row(hosted));
  return list_answer(call, std::move(rows));
}

std::optional<NodeDefinitions::HostedPolicy> find_policy(const Call& call, PolicyKind kind) {
  for (const auto& hosted : policies_of(call, kind))
    if (hosted.virtual_host == call.parameter(0) && hosted.policy.name == call.parameter(1))
      return hosted;
  return std::nullopt;
}

template <PolicyKind kind>
http::Response get_policy(const Call& call) {
  const auto hosted = find_policy(call, kind);
  if (!hosted) throw not_found();
  return object_answer(call, policy_row(*hosted));
}

template <PolicyKind kind>
http::Response put_policy(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"pattern", "definition"});
  call.check_virtual_host(call.parameter(0));
  server::SetPolicy change{call.parameter(0), kind, {}};
  broker::Policy& policy = change.policy;
  policy.name = call.parameter(1);
  policy.pattern = fields.text("pattern");
  policy.definition = fields.table("definition");
  policy.priority = fields.number("priority", 0);
  const auto apply_to = broker::parse_apply_to(fields.text("apply-to", "all"));
  if (!apply_to.ok()) throw bad_request("Validation failed\n\n" + apply_to.error().message + "\n");
  policy.apply_to = *apply_to;
  const bool there = find_policy(call, kind).has_value();
  call.apply_one(std::move(change));
  return done_answer(!there);
}

template <PolicyKind kind>
http::Response delete_policy(const Call& call) {
  if (!find_policy(call, kind)) throw not_found();
  call.apply_one(server::ClearPolicy{call.parameter(0), kind, call.parameter(1)});
  return done_answer();
}

}  // namespace

void add_policies_routes(Routes& routes) {
  constexpr Need kPolicies = Need::kPolicies;
  constexpr Need kAdmin = Need::kAdministrator;
  constexpr PolicyKind kUser = PolicyKind::kUser;
  constexpr PolicyKind kOperator = PolicyKind::kOperator;
  routes.insert(routes.end(),
                {{"GET", "/api/policies", kPolicies, list_all<kUser>, "Policies.", "", "Policy[]"},
                 {"GET", "/api/policies/{vhost}", kPolicies, list_of_host<kUser>,
                  "Policies of a virtual host.", "", "Policy[]"},
                 {"GET", "/api/policies/{vhost}/{name}", kPolicies, get_policy<kUser>,
                  "One policy.", "", "Policy"},
                 {"PUT", "/api/policies/{vhost}/{name}", kPolicies, put_policy<kUser>,
                  "Sets a policy (docs/operations/policies.md).", "PolicyPut", ""},
                 {"DELETE", "/api/policies/{vhost}/{name}", kPolicies, delete_policy<kUser>,
                  "Deletes it.", "", ""},
                 {"GET", "/api/operator-policies", kPolicies, list_all<kOperator>,
                  "Operator policies.", "", "Policy[]"},
                 {"GET", "/api/operator-policies/{vhost}", kPolicies, list_of_host<kOperator>,
                  "Those of a virtual host.", "", "Policy[]"},
                 {"GET", "/api/operator-policies/{vhost}/{name}", kPolicies, get_policy<kOperator>,
                  "One operator policy.", "", "Policy"},
                 {"PUT", "/api/operator-policies/{vhost}/{name}", kAdmin, put_policy<kOperator>,
                  "Sets an operator policy.", "PolicyPut", ""},
                 {"DELETE", "/api/operator-policies/{vhost}/{name}", kAdmin,
                  delete_policy<kOperator>, "Deletes it.", "", ""}});
}

}  // namespace harrier::management
