// users, policies and operator_policies: who may do what, and what holds for which names.
#include <array>
#include <set>

#include "config/options_table.h"
#include "config/pattern_row.h"
#include "config/row.h"

namespace harrier::config {
namespace {

void check_permission(Section& section, UserOptions& /*user*/, PermissionOptions& permission) {
  check_pattern(section, "configure", permission.configure, {});
  check_pattern(section, "write", permission.write, {});
  check_pattern(section, "read", permission.read, {});
}

Table permission_table() {
  using O = PermissionOptions;
  return table<O>({
      text("virtual_host", &O::virtual_host,
           {"The virtual host; it must stand in virtual_hosts, once for each user.",
            "Most brokers have one."}),
      pattern("configure", &O::configure,
              {"Names that may be declared and deleted: true (.*), false (^$) or a pattern that is "
               "searched for in the name.",
               "Who lists a virtual host mostly means all of it."}),
      pattern("write", &O::write,
              {"Names that may be published to and bound to.", "As for configure."}),
      pattern("read", &O::read,
              {"Names that may be consumed, got and purged, or bound from.", "As for configure."}),
  });
}

void check_topic_permission(Section& section, UserOptions& user,
                            TopicPermissionOptions& permission) {
  const std::array<base::PatternVariable, 2> variables{
      {{"username", user.name}, {"vhost", permission.virtual_host}}};
  check_pattern(section, "write", permission.write, variables);
  check_pattern(section, "read", permission.read, variables);
  if (permission.exchange.empty()) section.error(nullptr, "a topic permission needs an exchange");
}

Table topic_permission_table() {
  using O = TopicPermissionOptions;
  return table<O>({
      text("virtual_host", &O::virtual_host,
           {"The virtual host; it must stand in virtual_hosts.", "Most brokers have one."}),
      text("exchange", &O::exchange,
           {"A topic exchange; once for each user and virtual host.",
            "One that is not listed takes every key."})
          .is_needed(),
      pattern("write", &O::write,
              {"Routing keys to publish with; {username} and {vhost} stand for the names.",
               "What is not narrowed stays open."}),
      pattern("read", &O::read,
              {"Routing keys to bind with; likewise.", "What is not narrowed stays open."}),
  });
}

void check_user(Section& section, const UserOptions& user) {
  if (user.name.empty()) section.error(nullptr, "a user needs a name");
  if (user.password.empty() == user.password_hash.empty())
    section.error(nullptr, "a user needs either a password or a password_hash");
}

void check_policy(Section& section, PolicyOptions& policy) {
  policy.origin = section.origin();
  if (policy.name.empty()) section.error(nullptr, "a policy needs a name");
  if (!section.has("pattern")) section.error(nullptr, "a policy needs a pattern");
}

std::string definition_text(const PolicyOptions& policy) {
  std::string text = "{";
  for (const auto& [key, value] : policy.definition) {
    text.append(text.size() == 1 ? "" : ", ").append(yaml_text(key)).append(": ");
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      text.append(std::to_string(*number));
    } else if (const auto* truth = std::get_if<bool>(&value)) {
      text.append(*truth ? "true" : "false");
    } else {
      text.append(yaml_quoted(std::get<std::string>(value)));
    }
  }
  return text.append("}");
}

Table policy_table() {
  using O = PolicyOptions;
  return table<O>({
      text("virtual_host", &O::virtual_host,
           {"The virtual host; it must stand in virtual_hosts.", "Most brokers have one."}),
      text("name", &O::name, {"Once in its virtual host.", "Clients never see it."}).is_needed(),
      text("pattern", &O::pattern,
           {"A regular expression, found anywhere in the names of queues and exchanges.",
            "Anchor it with ^ and $ for whole names."},
           base::Pattern::kSourceMax)
          .is_needed(),
      choice<O, std::string>("apply_to", &O::apply_to,
                             {{"all", "all"},
                              {"queues", "queues"},
                              {"exchanges", "exchanges"},
                              {"classic_queues", "classic_queues"},
                              {"quorum_queues", "quorum_queues"},
                              {"streams", "streams"}},
                             {"What it is for; there are no streams yet.", "RabbitMQ's."}),
      integer("priority", &O::priority, INT32_MIN, INT32_MAX,
              {"Of those that match the highest applies, among equals the first by name.",
               "RabbitMQ's."}),
      leaf<O>(
          "definition", "keys and values",
          [](Section& section, O& owner) { section.scalar_map("definition", owner.definition); },
          definition_text,
          {"Keys of docs/operations/policies.md; a plain number is a number, a quoted one a text.",
           "A policy without a key changes nothing and is refused."})
          .is_needed(),
  });
}

void check_permissions(Section& top, const std::set<std::string>& hosts, const UserOptions& user) {
  const auto check = [&](const std::string& host, bool first, const std::string& where) {
    if (!hosts.contains(host)) {
      top.error("users", "the user '" + user.name + "' has permissions in the virtual host '" +
                             host + "', which virtual_hosts does not list");
    } else if (!first) {
      top.error("users", "the user '" + user.name + "' has permissions " + where + " twice");
    }
  };
  std::set<std::string> entered;
  for (const PermissionOptions& permission : user.permissions) {
    const std::string& host = permission.virtual_host;
    check(host, entered.insert(host).second, "in the virtual host '" + host + "'");
  }
  std::set<std::pair<std::string, std::string>> topics;
  for (const TopicPermissionOptions& permission : user.topic_permissions) {
    const std::string& host = permission.virtual_host;
    check(host, topics.emplace(host, permission.exchange).second,
          "for the exchange '" + permission.exchange + "' in the virtual host '" + host + "'");
  }
}

void check_policies(Section& top, const char* key, const std::set<std::string>& hosts,
                    const std::vector<PolicyOptions>& policies) {
  std::set<std::pair<std::string, std::string>> names;
  for (const PolicyOptions& policy : policies) {
    if (!names.emplace(policy.virtual_host, policy.name).second)
      top.error(key, "the policy '" + policy.name + "' stands twice");
    if (!hosts.contains(policy.virtual_host))
      top.error(key, "the policy '" + policy.name + "' is for the virtual host '" +
                         policy.virtual_host + "', which virtual_hosts does not list");
  }
}

void check_tenants(Section& top, const std::set<std::string>& hosts,
                   const std::vector<NamedTenantLimitOptions>& tenants) {
  std::set<std::string> limited;
  for (const NamedTenantLimitOptions& tenant : tenants) {
    if (!hosts.contains(tenant.name))
      top.error("limits", "limits.virtual_hosts names the virtual host '" + tenant.name +
                              "', which virtual_hosts does not list");
    if (!limited.insert(tenant.name).second)
      top.error("limits", "limits.virtual_hosts names '" + tenant.name + "' twice");
  }
}

}  // namespace

Table user_table() {
  using O = UserOptions;
  return table<O>(
      {
          text("name", &O::name, {"Who logs in.", "RabbitMQ's first user."}).is_needed(),
          secret("password", &O::password,
                 {"Clear text; either this or password_hash.",
                  "Known to everyone, hence loopback_only; keep others in a file of their own."},
                 1024),
          secret("password_hash", &O::password_hash,
                 {"RabbitMQ's hash with SHA-256 or SHA-512, as it exports them, or SCRAM keys; see "
                  "docs/operations/authentication.md.",
                  "A password is enough for the first user."},
                 1024),
          text_list("tags", &O::tags,
                    {"Words told to operators' tools; no meaning for clients yet.",
                     "RabbitMQ's tag of its first user."}),
          boolean("loopback_only", &O::loopback_only,
                  {"Refused when the client is on another machine.",
                   "The password of guest is known to everyone."}),
          list<O, PermissionOptions>("permissions", &O::permissions, permission_table(),
                                     {"What the user may do; a virtual host that is not listed "
                                      "cannot be opened (530).",
                                      "Nobody may do what nobody granted."},
                                     check_permission),
          list<O, TopicPermissionOptions>(
              "topic_permissions", &O::topic_permissions, topic_permission_table(),
              {"Routing keys of topic exchanges; one that is not listed takes every key.",
               "Permissions are enough for most."},
              check_topic_permission),
          section("limits", &O::limits, user_limits_table(),
                  {"What the user may take of the node, over all connections; see "
                   "docs/operations/limits.md.",
                   ""}),
      },
      check_user);
}

Key policy_list(const char* name, std::vector<PolicyOptions> Options::*member, About about) {
  return list<Options, PolicyOptions>(
      name, member, policy_table(), std::move(about),
      [](Section& section, Options&, PolicyOptions& policy) { check_policy(section, policy); });
}

void check_names(Section& top, const Options& options) {
  std::set<std::string> hosts;
  for (const std::string& name : options.virtual_hosts) {
    if (name.empty()) top.error("virtual_hosts", "a name is empty");
    if (!hosts.insert(name).second) top.error("virtual_hosts", "'" + name + "' stands twice");
  }
  if (hosts.empty()) top.error("virtual_hosts", "at least one is needed");
  check_tenants(top, hosts, options.tenants);
  check_policies(top, "policies", hosts, options.policies);
  check_policies(top, "operator_policies", hosts, options.operator_policies);
  std::set<std::string> users;
  for (const UserOptions& user : options.users) {
    if (!users.insert(user.name).second)
      top.error("users", "the user '" + user.name + "' stands twice");
    check_permissions(top, hosts, user);
  }
}

}  // namespace harrier::config
