#include "broker/access_control.h"

#include <array>
#include <optional>
#include <utility>

#include "broker/token_grant.h"

namespace harrier::broker {
namespace {

constexpr std::string_view kDefaultExchange = "amq.default";

std::string_view name_of(Permission permission) {
  switch (permission) {
    case Permission::kConfigure: return "configure";
    case Permission::kWrite: return "write";
    case Permission::kRead: break;
  }
  return "read";
}

// Compiles the patterns of one snapshot, each once: the same few stand in most rules.
class RuleCompiler {
 public:
  template <class Rule>
  void compile(const Rule& rule, std::string_view permission, const std::string& source,
               base::Pattern& target) {
    auto pattern = compiled(source);
    if (pattern) {
      target = std::move(pattern).value();
    } else {
      note(rule, permission, pattern.error());
    }
  }
  void compile_topic(const TopicPermissionRule& rule, std::string_view permission,
                     const std::string& source, base::Pattern& target) {
    const std::array<base::PatternVariable, 2> variables{
        {{"username", rule.user}, {"vhost", rule.virtual_host}}};
    const auto expanded = base::expand_pattern(source, variables);
    if (!expanded) return note(rule, permission, expanded.error());
    compile(rule, permission, *expanded, target);
  }
  // The first that went wrong.
  const std::optional<base::Error>& error() const { return error_; }

 private:
  base::Result<base::Pattern> compiled(const std::string& source) {
    if (const auto known = patterns_.find(source); known != patterns_.end()) return known->second;
    auto pattern = base::Pattern::compile(source);
    if (pattern) patterns_.emplace(source, *pattern);
    return pattern;
  }
  template <class Rule>
  void note(const Rule& rule, std::string_view permission, const base::Error& error) {
    if (error_) return;
    std::string text(permission);
    text.append(" permission of user '").append(rule.user).append("' in vhost '");
    error_ = base::Error{text.append(rule.virtual_host).append("': ").append(error.message)};
  }

  std::map<std::string, base::Pattern> patterns_;
  std::optional<base::Error> error_;
};

amqp::CheckedStatus refuse(const Actor& actor, Permission permission, std::string what,
                           std::string_view virtual_host) {
  std::string detail(name_of(permission));
  detail.append(" access to ").append(what).append(" in vhost '").append(virtual_host);
  detail.append("' refused for user '").append(actor.user).append("'");
  return amqp::refuse(amqp::ReplyCode::kAccessRefused, std::move(detail));
}

std::string quoted(std::string_view kind, std::string_view name) {
  return std::string(kind).append(" '").append(name).append("'");
}

// What it is called in permissions.
std::string_view asked_name(std::string_view kind, std::string_view name) {
  return name.empty() && kind == "exchange" ? kDefaultExchange : name;
}

}  // namespace

base::Result<AccessControlRef> AccessControl::create(
    const std::vector<PermissionRule>& rules, const std::vector<TopicPermissionRule>& topic_rules) {
  auto made = std::make_shared<AccessControl>();
  RuleCompiler compiler;
  for (const PermissionRule& rule : rules) {
    Grant& grant = made->grants_[rule.user][rule.virtual_host];
    compiler.compile(rule, "configure", rule.configure, grant.configure);
    compiler.compile(rule, "write", rule.write, grant.write);
    compiler.compile(rule, "read", rule.read, grant.read);
  }
  for (const TopicPermissionRule& rule : topic_rules) {
    TopicGrant topic;
    compiler.compile_topic(rule, "topic write", rule.write, topic.write);
    compiler.compile_topic(rule, "topic read", rule.read, topic.read);
    made->topics_[rule.user][rule.virtual_host].insert_or_assign(rule.exchange, std::move(topic));
  }
  if (compiler.error()) return base::fail(*compiler.error());
  return AccessControlRef(std::move(made));
}

bool AccessControl::Grant::matches(Permission permission, std::string_view name) const {
  switch (permission) {
    case Permission::kConfigure: return configure.matches(name);
    case Permission::kWrite: return write.matches(name);
    case Permission::kRead: return read.matches(name);
  }
  return false;
}

const AccessControl::Grant* AccessControl::find(const Actor& actor,
                                                std::string_view virtual_host) const {
  const auto user = grants_.find(actor.user);
  if (user == grants_.end()) return nullptr;
  const auto host = user->second.find(virtual_host);
  return host == user->second.end() ? nullptr : &host->second;
}

bool AccessControl::may_enter(const Actor& actor, std::string_view virtual_host) const {
  if (actor.grant != nullptr) return actor.grant->may_enter(virtual_host);
  return find(actor, virtual_host) != nullptr;
}

bool AccessControl::allows(const Actor& actor, Permission permission, std::string_view name,
                           std::string_view virtual_host) const {
  if (actor.grant != nullptr) return actor.grant->allows(permission, virtual_host, name);
  const Grant* const grant = find(actor, virtual_host);
  return grant != nullptr && grant->matches(permission, name);
}

amqp::CheckedStatus AccessControl::check(const Actor& actor, Permission permission,
                                         std::string_view kind, std::string_view name,
                                         std::string_view virtual_host) const {
  name = asked_name(kind, name);
  if (allows(actor, permission, name, virtual_host)) return base::Done{};
  return refuse(actor, permission, quoted(kind, name), virtual_host);
}

amqp::CheckedStatus AccessControl::check_any(const Actor& actor, std::string_view kind,
                                             std::string_view name,
                                             std::string_view virtual_host) const {
  name = asked_name(kind, name);
  for (const Permission each : {Permission::kConfigure, Permission::kWrite, Permission::kRead})
    if (allows(actor, each, name, virtual_host)) return base::Done{};
  return refuse(actor, Permission::kConfigure, quoted(kind, name), virtual_host);
}

bool AccessControl::allows_topic(const Actor& actor, Permission permission,
                                 std::string_view exchange, std::string_view routing_key,
                                 std::string_view virtual_host) const {
  if (actor.grant != nullptr)
    return actor.grant->allows_topic(permission, virtual_host, exchange, routing_key);
  const auto user = topics_.find(actor.user);
  if (user == topics_.end()) return true;
  const auto host = user->second.find(virtual_host);
  if (host == user->second.end()) return true;
  const auto topic = host->second.find(exchange);
  if (topic == host->second.end()) return true;
  const bool reads = permission == Permission::kRead;
  return (reads ? topic->second.read : topic->second.write).matches(routing_key);
}

amqp::CheckedStatus AccessControl::check_topic(const Actor& actor, Permission permission,
                                               std::string_view exchange,
                                               std::string_view routing_key,
                                               std::string_view virtual_host) const {
  if (allows_topic(actor, permission, exchange, routing_key, virtual_host)) return base::Done{};
  return refuse(actor, permission,
                quoted("topic", routing_key) + " in " + quoted("exchange", exchange), virtual_host);
}

}  // namespace harrier::broker
