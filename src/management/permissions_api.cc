// Permissions and topic permissions.
#include "base/pattern.h"
#include "management/body_fields.h"
#include "management/list_answer.h"
#include "management/permissions_json.h"
#include "management/route.h"

namespace harrier::management {
namespace {

using broker::PermissionRule;
using broker::TopicPermissionRule;
using nlohmann::json;
using server::NodeDefinitions;

template <class Rule, class Condition>
http::Response list_rules(const Call& call, std::vector<Rule> (NodeDefinitions::*all)() const,
                          Condition&& condition) {
  std::vector<json> rows;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    for (const Rule& rule : (definitions.*all)())
      if (condition(rule)) rows.push_back(json_of(rule));
  });
  return list_answer(call, std::move(rows), "user");
}

void check_user(const Call& call, const std::string& name) {
  bool there = false;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    there = definitions.contains(server::key_of_user(name));
  });
  if (!there) throw not_found();
}

// As RabbitMQ: of a body that would give rights to nobody, or to nothing.
void check_subjects(const Call& call) {
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    if (!definitions.contains(server::key_of_user(call.parameter(1))) ||
        !definitions.contains(server::key_of_virtual_host(call.parameter(0))))
      throw bad_request("vhost_or_user_not_found");
  });
}

void check_pattern(const std::string& pattern) {
  if (const auto compiled = base::Pattern::compile(pattern); !compiled.ok())
    throw bad_request("invalid_regexp: " + compiled.error().message);
}

// ---- permissions

http::Response list_permissions(const Call& call) {
  return list_rules(call, &NodeDefinitions::permissions,
                    [](const PermissionRule&) { return true; });
}
http::Response list_permissions_of_host(const Call& call) {
  call.check_virtual_host(call.parameter(0));
  return list_rules(call, &NodeDefinitions::permissions, [&](const PermissionRule& rule) {
    return rule.virtual_host == call.parameter(0);
  });
}
http::Response list_permissions_of_user(const Call& call) {
  check_user(call, call.parameter(0));
  return list_rules(call, &NodeDefinitions::permissions,
                    [&](const PermissionRule& rule) { return rule.user == call.parameter(0); });
}

std::optional<PermissionRule> find_permission(const Call& call) {
  std::optional<PermissionRule> found;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    for (const PermissionRule& rule : definitions.permissions())
      if (rule.virtual_host == call.parameter(0) && rule.user == call.parameter(1)) found = rule;
  });
  return found;
}

http::Response get_permission(const Call& call) {
  const auto rule = find_permission(call);
  if (!rule) throw not_found();
  return object_answer(call, json_of(*rule));
}

http::Response put_permission(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"configure", "write", "read"});
  check_subjects(call);
  PermissionRule rule{call.parameter(1), call.parameter(0), fields.text("configure"),
                      fields.text("write"), fields.text("read")};
  for (const std::string* pattern : {&rule.configure, &rule.write, &rule.read})
    check_pattern(*pattern);
  const bool there = find_permission(call).has_value();
  call.apply_one(server::SetPermission{std::move(rule)});
  return done_answer(!there);
}

http::Response delete_permission(const Call& call) {
  if (!find_permission(call)) throw not_found();
  call.apply_one(server::ClearPermission{call.parameter(1), call.parameter(0)});
  return done_answer();
}

// ---- topic permissions

http::Response list_topic_permissions(const Call& call) {
  return list_rules(call, &NodeDefinitions::topic_permissions,
                    [](const TopicPermissionRule&) { return true; });
}
http::Response list_topic_permissions_of_host(const Call& call) {
  call.check_virtual_host(call.parameter(0));
  return list_rules(
      call, &NodeDefinitions::topic_permissions,
      [&](const TopicPermissionRule& rule) { return rule.virtual_host == call.parameter(0); });
}
http::Response list_topic_permissions_of_user(const Call& call) {
  check_user(call, call.parameter(0));
  return list_rules(
      call, &NodeDefinitions::topic_permissions,
      [&](const TopicPermissionRule& rule) { return rule.user == call.parameter(0); });
}

bool is_wanted(const Call& call, const TopicPermissionRule& rule, bool with_exchange) {
  return rule.virtual_host == call.parameter(0) && rule.user == call.parameter(1) &&
         (!with_exchange || rule.exchange == call.parameter(2));
}

bool has_topic_permission(const Call& call, bool with_exchange, const std::string& exchange) {
  bool found = false;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    for (const TopicPermissionRule& rule : definitions.topic_permissions())
      if (is_wanted(call, rule, false) && (!with_exchange || rule.exchange == exchange))
        found = true;
  });
  return found;
}

// A list, as RabbitMQ: a rule for each exchange.
http::Response get_topic_permissions(const Call& call) {
  if (!has_topic_permission(call, false, {})) throw not_found();
  return list_rules(call, &NodeDefinitions::topic_permissions,
                    [&](const TopicPermissionRule& rule) { return is_wanted(call, rule, false); });
}

http::Response put_topic_permission(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"exchange", "write", "read"});
  check_subjects(call);
  TopicPermissionRule rule{call.parameter(1), call.parameter(0), fields.text("exchange"),
                           fields.text("write"), fields.text("read")};
  const bool there = has_topic_permission(call, true, rule.exchange);
  call.apply_one(server::SetTopicPermission{std::move(rule)});
  return done_answer(!there);
}

http::Response delete_topic_permissions(const Call& call) {
  if (!has_topic_permission(call, false, {})) throw not_found();
  call.apply_one(server::ClearTopicPermission{call.parameter(1), call.parameter(0), {}});
  return done_answer();
}

http::Response delete_topic_permission(const Call& call) {
  if (!has_topic_permission(call, true, call.parameter(2))) throw not_found();
  call.apply_one(
      server::ClearTopicPermission{call.parameter(1), call.parameter(0), call.parameter(2)});
  return done_answer();
}

}  // namespace

void add_permissions_routes(Routes& routes) {
  constexpr Need kAdmin = Need::kAdministrator;
  routes.insert(
      routes.end(),
      {{"GET", "/api/permissions", kAdmin, list_permissions, "All permissions.", "",
        "Permission[]"},
       {"GET", "/api/vhosts/{vhost}/permissions", kAdmin, list_permissions_of_host,
        "Who may enter a virtual host.", "", "Permission[]"},
       {"GET", "/api/users/{user}/permissions", kAdmin, list_permissions_of_user,
        "What a user may enter.", "", "Permission[]"},
       {"GET", "/api/permissions/{vhost}/{user}", kAdmin, get_permission,
        "A user's permission in a virtual host.", "", "Permission"},
       {"PUT", "/api/permissions/{vhost}/{user}", kAdmin, put_permission,
        "Gives a permission, or replaces it.", "PermissionPut", ""},
       {"DELETE", "/api/permissions/{vhost}/{user}", kAdmin, delete_permission,
        "Takes it away and closes the user's connections there.", "", ""},
       {"GET", "/api/topic-permissions", kAdmin, list_topic_permissions, "All topic permissions.",
        "", "TopicPermission[]"},
       {"GET", "/api/vhosts/{vhost}/topic-permissions", kAdmin, list_topic_permissions_of_host,
        "Those of a virtual host.", "", "TopicPermission[]"},
       {"GET", "/api/users/{user}/topic-permissions", kAdmin, list_topic_permissions_of_user,
        "Those of a user.", "", "TopicPermission[]"},
       {"GET", "/api/topic-permissions/{vhost}/{user}", kAdmin, get_topic_permissions,
        "Those of a user in a virtual host, one for each exchange.", "", "TopicPermission[]"},
       {"PUT", "/api/topic-permissions/{vhost}/{user}", kAdmin, put_topic_permission,
        "Sets the one for the body's exchange.", "TopicPermissionPut", ""},
       {"DELETE", "/api/topic-permissions/{vhost}/{user}", kAdmin, delete_topic_permissions,
        "Takes all of them away.", "", ""},
       {"DELETE", "/api/topic-permissions/{vhost}/{user}/{exchange}", kAdmin,
        delete_topic_permission, "Takes the one for an exchange away.", "", ""}});
}

}  // namespace harrier::management
