#include "server/definitions_writer.h"

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "harrier/version.h"
#include "server/definitions_values.h"

namespace harrier::server {
namespace {

using nlohmann::json;

// Base64 of RabbitMQ's salt of 4 octets and a digest of 64.
constexpr std::size_t kSha512HashSize = 92;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

class Writer {
 public:
  Writer(const DefinitionsDocument& document, DefinitionsForm form)
      : document_(document), own_(form == DefinitionsForm::kOwn) {
    for (const SetUserLimits& of : document.user_limits)
      user_limits_.insert_or_assign(of.user, of.limits);
  }

  WrittenDefinitions write();

 private:
  void begin(const char* section);
  void end() { out_.json.append("\n ]"); }
  void item(const json& value) {
    out_.json.append(std::exchange(first_, false) ? "\n  " : ",\n  ").append(text_of(value));
  }
  void leave_out(std::string what) { out_.left_out.push_back(std::move(what)); }
  // JSON has texts, not octets.
  bool sayable(const char* kind, std::initializer_list<std::string_view> names);
  void put_table(json& object, const char* key, amqp::TableView table, const std::string& whose);

  void write_head();
  void write_users();
  bool put_password(json& object, const UserDefinition& user);
  void put_user_limits(json& object, const UserDefinition& user);
  void write_virtual_hosts();
  void write_permissions();
  void write_parameters();
  json limits_of(const SetVirtualHostLimits& limits);
  json policy_of(const NodeDefinitions::HostedPolicy& hosted);
  void write_policies();
  void write_exchanges();
  void write_queues();
  void write_bindings();

  const DefinitionsDocument& document_;
  const bool own_;
  WrittenDefinitions out_;
  bool first_ = true;
  std::map<std::string, broker::UserLimits> user_limits_;
  std::set<std::string> users_left_out_;
};

WrittenDefinitions Writer::write() {
  write_head();
  write_users();
  write_virtual_hosts();
  write_permissions();
  write_parameters();
  write_policies();
  write_exchanges();
  write_queues();
  write_bindings();
  out_.json.append("\n}\n");
  return std::move(out_);
}

void Writer::write_head() {
  const std::string compatible(kCompatibleVersion);
  json head = {{"rabbit_version", compatible},
               {"rabbitmq_version", compatible},
               {"product_name", "HarrierMQ"},
               {"product_version", std::string(kVersion)},
               {"rabbitmq_definition_format", "cluster"}};
  std::string text = text_of(head);
  text.pop_back();
  out_.json = std::move(text);
}

void Writer::begin(const char* section) {
  out_.json.append(",\n \"").append(section).append("\": [");
  first_ = true;
}

bool Writer::sayable(const char* kind, std::initializer_list<std::string_view> names) {
  bool good = true;
  for (const std::string_view name : names)
    good = good && base::is_utf8(name);
  if (good) return true;
  std::string what = kind;
  for (const std::string_view name : names)
    what.append(" '").append(name).append("'");
  leave_out(what + ": a name is not UTF-8");
  return false;
}

void Writer::put_table(json& object, const char* key, amqp::TableView table,
                       const std::string& whose) {
  json value = json_of_table(table);
  // RabbitMQ is given what it would have written itself: the kinds of integers are lost there, too.
  if (own_ && !is_exact(value, table)) object[std::string(key) + "_hex"] = hex_of_table(table);
  if (!own_ && !is_text(table)) leave_out(whose + ": octets of " + key + " that are no UTF-8");
  object[key] = std::move(value);
}

// ---- users

void Writer::write_users() {
  begin("users");
  for (const UserDefinition& user : document_.users) {
    if (!sayable("user", {user.name})) continue;
    json object = {{"name", user.name}, {"tags", user.tags}};
    if (!put_password(object, user)) {
      users_left_out_.insert(user.name);
      continue;
    }
    put_user_limits(object, user);
    if (own_) object["loopback_only"] = user.loopback_only;
    item(object);
  }
  end();
}

bool Writer::put_password(json& object, const UserDefinition& user) {
  const bool scram = user.password_hash.starts_with('$');
  object["password_hash"] = user.password_hash;
  if (own_) {
    if (user.configured_password) object["configured_password"] = true;
    if (scram) object["hashing_algorithm"] = "scram";
  } else if (scram || user.configured_password) {
    leave_out("user '" + user.name + "' and the permissions: the password " +
              (scram ? "is kept as SCRAM keys, which RabbitMQ cannot read"
                     : "stands in the configuration alone"));
    return false;
  }
  if (!scram)
    object["hashing_algorithm"] = user.password_hash.size() == kSha512HashSize
                                      ? "rabbit_password_hashing_sha512"
                                      : "rabbit_password_hashing_sha256";
  return true;
}

void Writer::put_user_limits(json& object, const UserDefinition& user) {
  const auto found = user_limits_.find(user.name);
  broker::UserLimits limits;
  if (found != user_limits_.end()) limits = found->second;
  if (!own_) {
    limits.consumers_max = std::nullopt;
    limits.message_size_max = std::nullopt;
    limits.publish_rate = {};
    if (found != user_limits_.end() && limits != found->second)
      leave_out("user '" + user.name + "': limits that RabbitMQ does not have");
  }
  object["limits"] = json_of(limits);
}

void Writer::write_virtual_hosts() {
  begin("vhosts");
  for (const VirtualHostDescription& host : document_.virtual_hosts) {
    if (!sayable("vhost", {host.name})) continue;
    item({{"name", host.name},
          {"metadata", {{"description", host.description}, {"tags", host.tags}}}});
  }
  end();
}

void Writer::write_permissions() {
  begin("permissions");
  for (const broker::PermissionRule& rule : document_.permissions)
    if (!users_left_out_.contains(rule.user) &&
        sayable("permission", {rule.user, rule.virtual_host}))
      item({{"user", rule.user},
            {"vhost", rule.virtual_host},
            {"configure", rule.configure},
            {"write", rule.write},
            {"read", rule.read}});
  end();
  begin("topic_permissions");
  for (const broker::TopicPermissionRule& rule : document_.topic_permissions)
    if (!users_left_out_.contains(rule.user) &&
        sayable("topic permission", {rule.user, rule.virtual_host, rule.exchange}))
      item({{"user", rule.user},
            {"vhost", rule.virtual_host},
            {"exchange", rule.exchange},
            {"write", rule.write},
            {"read", rule.read}});
  end();
}

// ---- parameters and policies

json Writer::limits_of(const SetVirtualHostLimits& of) {
  if (own_) return json_of(of.limits);
  broker::TenantLimits known;
  known.connections_max = of.limits.connections_max;
  known.queues_max = of.limits.queues_max;
  if (known != of.limits)
    leave_out("vhost '" + of.virtual_host + "': limits that RabbitMQ does not have");
  return json_of(known);
}

json Writer::policy_of(const NodeDefinitions::HostedPolicy& hosted) {
  const broker::Policy& policy = hosted.policy;
  json object = {{"pattern", policy.pattern},
                 {"apply-to", std::string(name_of(policy.apply_to))},
                 {"priority", policy.priority}};
  put_table(object, "definition", policy.definition, "policy '" + policy.name + "'");
  return object;
}

void Writer::write_parameters() {
  begin("global_parameters");
  for (const SetGlobalParameter& parameter : document_.global_parameters)
    item({{"name", parameter.name},
          {"value", json::parse(parameter.json, nullptr, /*allow_exceptions=*/false)}});
  end();
  begin("parameters");
  const auto put = [this](const std::string& component, const std::string& host,
                          const std::string& name, json value) {
    if (sayable("parameter", {component, host, name}))
      item({{"component", component}, {"vhost", host}, {"name", name}, {"value", value}});
  };
  for (const SetParameter& parameter : document_.parameters)
    put(parameter.component, parameter.virtual_host, parameter.name,
        json::parse(parameter.json, nullptr, /*allow_exceptions=*/false));
  for (const SetVirtualHostLimits& of : document_.limits)
    if (json value = limits_of(of); !value.empty())
      put("vhost-limits", of.virtual_host, "limits", std::move(value));
  for (const NodeDefinitions::HostedPolicy& hosted : document_.policies)
    if (hosted.kind == broker::PolicyKind::kOperator)
      put("operator_policy", hosted.virtual_host, hosted.policy.name, policy_of(hosted));
  end();
}

void Writer::write_policies() {
  begin("policies");
  for (const NodeDefinitions::HostedPolicy& hosted : document_.policies) {
    if (hosted.kind != broker::PolicyKind::kUser ||
        !sayable("policy", {hosted.virtual_host, hosted.policy.name}))
      continue;
    json object = policy_of(hosted);
    object["vhost"] = hosted.virtual_host;
    object["name"] = hosted.policy.name;
    item(object);
  }
  end();
}

// ---- exchanges, queues, bindings

void Writer::write_exchanges() {
  begin("exchanges");
  for (const auto& [host, declaration] : document_.exchanges) {
    if (!sayable("exchange", {host, declaration.name})) continue;
    json object = {{"name", declaration.name},
                   {"vhost", host},
                   {"type", std::string(name_of(declaration.type))},
                   {"durable", declaration.durable},
                   {"auto_delete", declaration.auto_delete},
                   {"internal", declaration.internal}};
    put_table(object, "arguments", declaration.arguments, "exchange '" + declaration.name + "'");
    item(object);
  }
  end();
}

void Writer::write_queues() {
  begin("queues");
  for (const auto& [host, declaration] : document_.queues) {
    if (!sayable("queue", {host, declaration.name})) continue;
    const auto type = declaration.arguments.view().find("x-queue-type");
    json object = {{"name", declaration.name},
                   {"vhost", host},
                   {"type", type && type->is_string() ? std::string(type->bytes) : "classic"},
                   {"durable", declaration.durable},
                   {"auto_delete", declaration.auto_delete}};
    put_table(object, "arguments", declaration.arguments, "queue '" + declaration.name + "'");
    item(object);
  }
  end();
}

void Writer::write_bindings() {
  begin("bindings");
  for (const HostedBinding& binding : document_.bindings) {
    if (!sayable("binding",
                 {binding.virtual_host, binding.source, binding.destination, binding.routing_key}))
      continue;
    const bool to_queue = binding.destination_kind == broker::RoutingTarget::Kind::kQueue;
    json object = {{"vhost", binding.virtual_host},
                   {"source", binding.source},
                   {"destination", binding.destination},
                   {"destination_type", to_queue ? "queue" : "exchange"},
                   {"routing_key", binding.routing_key}};
    put_table(object, "arguments", binding.arguments,
              "binding '" + binding.source + "' to '" + binding.destination + "'");
    item(object);
  }
  end();
}

}  // namespace

WrittenDefinitions write_definitions(const DefinitionsDocument& document, DefinitionsForm form) {
  return Writer(document, form).write();
}

}  // namespace harrier::server
