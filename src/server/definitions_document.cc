#include "server/definitions_document.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "auth/stored_password.h"
#include "auth/strict_json.h"
#include "server/definitions_item.h"
#include "server/definitions_values.h"

namespace harrier::server {
namespace {

using nlohmann::json;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Reader {
 public:
  Reader(const json& top, const DefinitionsParsing& parsing)
      : top_(std::in_place, top, "", "the file", findings_), own_host_(parsing.virtual_host) {}

  base::Result<DefinitionsDocument> read();

 private:
  using Read = void (Reader::*)(DefinitionsItem& item);

  void read_top();
  void each(const char* section, Read read_item);
  // The item's virtual host, or the file's.
  std::string host_of(DefinitionsItem& item);
  void warn(const DefinitionsItem& item, const std::string& what) {
    document_.warnings.push_back(item.place() + " " + what);
  }

  void read_user(DefinitionsItem& item);
  void read_password(DefinitionsItem& item, UserDefinition& user);
  void read_user_limits(const std::string& user, const json& value, const std::string& place);
  void read_virtual_host(DefinitionsItem& item);
  void describe(DefinitionsItem& item, VirtualHostDescription& host);
  void read_limits(const std::string& host, const json& value, const std::string& place);
  void read_permission(DefinitionsItem& item);
  void read_topic_permission(DefinitionsItem& item);
  void read_parameter(DefinitionsItem& item);
  void read_global_parameter(DefinitionsItem& item);
  void read_policy(DefinitionsItem& item);
  void read_operator_policy(DefinitionsItem& item);
  void add_policy(DefinitionsItem& item, const std::string& host, const std::string& name,
                  broker::PolicyKind kind);
  void read_exchange(DefinitionsItem& item);
  void read_queue(DefinitionsItem& item);
  void read_binding(DefinitionsItem& item);

  DefinitionsFindings findings_;
  DefinitionsDocument document_;
  std::optional<DefinitionsItem> top_;
  std::string own_host_;
  bool own_host_used_ = false;
};

// ---- the file

base::Result<DefinitionsDocument> Reader::read() {
  // RabbitMQ's: where a file of one virtual host came from.
  const std::string origin = top_->short_text("original_vhost_name");
  if (own_host_.empty()) own_host_ = origin;
  each("users", &Reader::read_user);
  each("vhosts", &Reader::read_virtual_host);
  each("permissions", &Reader::read_permission);
  each("topic_permissions", &Reader::read_topic_permission);
  each("global_parameters", &Reader::read_global_parameter);
  each("policies", &Reader::read_policy);
  each("operator_policies", &Reader::read_operator_policy);
  each("parameters", &Reader::read_parameter);
  each("exchanges", &Reader::read_exchange);
  each("queues", &Reader::read_queue);
  each("bindings", &Reader::read_binding);
  read_top();
  top_.reset();
  if (!findings_.error.empty()) return base::fail(findings_.error);
  std::string unknown;
  for (const std::string& key : findings_.unknown)
    unknown.append(unknown.empty() ? "" : ", ").append(key);
  if (!unknown.empty()) document_.warnings.push_back("keys that mean nothing here: " + unknown);
  return std::move(document_);
}

void Reader::read_top() {
  top_->pass({"rabbit_version", "rabbitmq_version", "product_name", "product_version",
              "rabbitmq_definition_format", "original_cluster_name", "explanation",
              "harrier_version"});
  VirtualHostDescription own{own_host_, {}, {}, false};
  describe(*top_, own);
  if (own_host_used_) document_.virtual_hosts.push_back(own);
  if (const json* const limits = top_->find("limits"); limits != nullptr && own_host_used_)
    read_limits(own_host_, *limits, "limits");
}

void Reader::each(const char* section, Read read_item) {
  const json* const items = top_->find(section);
  if (items == nullptr) return;
  if (!items->is_array())
    return top_->complain(std::string("has ") + section + " that are no list");
  for (std::size_t index = 0; index != items->size() && findings_.error.empty(); ++index) {
    DefinitionsItem item((*items)[index], section,
                         std::string(section) + "[" + std::to_string(index) + "]", findings_);
    if (findings_.error.empty()) (this->*read_item)(item);
  }
}

std::string Reader::host_of(DefinitionsItem& item) {
  std::string host = item.short_text("vhost");
  if (!host.empty()) return host;
  if (own_host_.empty()) {
    item.complain("has no vhost, and the file does not say which one it is of");
  } else {
    own_host_used_ = true;
  }
  return own_host_;
}

// ---- users

void Reader::read_user(DefinitionsItem& item) {
  UserDefinition user;
  user.name = item.name("name");
  user.tags = item.words("tags");
  user.loopback_only = item.flag("loopback_only", user.name == "guest");
  if (!item.has("loopback_only")) document_.loopback_unsaid.insert(user.name);
  user.configured_password = item.flag("configured_password", false);
  read_password(item, user);
  if (const json* const limits = item.find("limits"))
    read_user_limits(user.name, *limits, item.place() + ".limits");
  document_.users.push_back(std::move(user));
}

void Reader::read_password(DefinitionsItem& item, UserDefinition& user) {
  const std::string algorithm = item.short_text("hashing_algorithm");
  user.password_hash = item.text("password_hash");
  if (user.password_hash.empty()) return;
  const bool scram = user.password_hash.starts_with('$');
  const bool known = scram ? algorithm.empty() || algorithm == "scram"
                           : algorithm.empty() || algorithm == "rabbit_password_hashing_sha256" ||
                                 algorithm == "rabbit_password_hashing_sha512";
  if (!known)
    return item.complain("'" + user.name + "' has the hashing_algorithm '" + algorithm +
                         "'; what can be read is rabbit_password_hashing_sha256 and _sha512");
  const auto parsed = auth::StoredPassword::parse(user.password_hash);
  if (!parsed.ok()) item.complain("'" + user.name + "': " + parsed.error().message);
}

void Reader::read_user_limits(const std::string& user, const json& value,
                              const std::string& place) {
  const json object = object_of(value);
  DefinitionsItem item(object, "users.limits", place, findings_);
  broker::UserLimits limits;
  limits.connections_max = item.limit("max-connections");
  limits.channels_max = item.limit("max-channels");
  // Ours.
  limits.consumers_max = item.limit("max-consumers");
  limits.message_size_max = item.limit("max-message-size");
  limits.publish_rate = {item.limit("max-publish-rate"), item.limit("max-publish-byte-rate")};
  if (limits != broker::UserLimits()) document_.user_limits.push_back({user, limits});
}

// ---- virtual hosts

void Reader::read_virtual_host(DefinitionsItem& item) {
  VirtualHostDescription host;
  host.name = item.name("name");
  describe(item, host);
  if (const json* const limits = item.find("limits"))
    read_limits(host.name, *limits, item.place() + ".limits");
  document_.virtual_hosts.push_back(std::move(host));
}

// Older releases have at the top what stands in `metadata` since.
void Reader::describe(DefinitionsItem& item, VirtualHostDescription& host) {
  const auto take = [&](DefinitionsItem& from) {
    if (std::string text = from.text("description"); !text.empty()) host.description = text;
    if (std::vector<std::string> tags = from.words("tags"); !tags.empty()) host.tags = tags;
    const std::string type = from.text("default_queue_type");
    if (!type.empty() && type != "classic" && type != "undefined")
      warn(from, "has the default_queue_type " + type + ", which is not applied");
    from.pass({"tracing", "cluster_state", "protected_from_deletion"});
  };
  take(item);
  const json* const metadata = item.find("metadata");
  if (metadata == nullptr) return;
  const json object = object_of(*metadata);
  DefinitionsItem inner(object, "vhosts.metadata", item.place() + ".metadata", findings_);
  take(inner);
}

void Reader::read_limits(const std::string& host, const json& value, const std::string& place) {
  const json object = object_of(value);
  DefinitionsItem item(object, "vhosts.limits", place, findings_);
  broker::TenantLimits limits;
  limits.connections_max = item.limit("max-connections");
  limits.queues_max = item.limit("max-queues");
  // Ours.
  limits.channels_max = item.limit("max-channels");
  limits.consumers_max = item.limit("max-consumers");
  limits.exchanges_max = item.limit("max-exchanges");
  limits.bindings_max = item.limit("max-bindings");
  limits.message_size_max = item.limit("max-message-size");
  limits.stored_bytes_max = item.limit("max-stored-bytes");
  limits.publish_rate = {item.limit("max-publish-rate"), item.limit("max-publish-byte-rate")};
  const std::string action = item.text("quota-action", "hold");
  if (action != "hold" && action != "reject")
    item.complain("has a quota-action that is neither hold nor reject");
  if (action == "reject") limits.quota_action = broker::QuotaAction::kReject;
  if (limits != broker::TenantLimits()) document_.limits.push_back({host, limits});
}

// ---- permissions, policies, parameters

void Reader::read_permission(DefinitionsItem& item) {
  document_.permissions.push_back({item.name("user"), host_of(item), item.text("configure"),
                                   item.text("write"), item.text("read")});
}

void Reader::read_topic_permission(DefinitionsItem& item) {
  document_.topic_permissions.push_back({item.name("user"), host_of(item), item.name("exchange"),
                                         item.text("write"), item.text("read")});
}

void Reader::read_parameter(DefinitionsItem& item) {
  const std::string component = item.name("component");
  const std::string host = host_of(item);
  const std::string name = item.name("name");
  const json* const value = item.find("value");
  if (value == nullptr) return item.complain("has no value");
  if (component == "vhost-limits") return read_limits(host, *value, item.place() + ".value");
  if (component == "operator_policy") {
    const json object = object_of(*value);
    DefinitionsItem policy(object, "parameters.value", item.place() + ".value", findings_);
    return add_policy(policy, host, name, broker::PolicyKind::kOperator);
  }
  document_.parameters.push_back({component, host, name, value->dump()});
}

void Reader::read_global_parameter(DefinitionsItem& item) {
  std::string name = item.name("name");
  const json* const value = item.find("value");
  if (value == nullptr) return item.complain("has no value");
  document_.global_parameters.push_back({std::move(name), value->dump()});
}

void Reader::read_policy(DefinitionsItem& item) {
  add_policy(item, host_of(item), item.name("name"), broker::PolicyKind::kUser);
}

void Reader::read_operator_policy(DefinitionsItem& item) {
  add_policy(item, host_of(item), item.name("name"), broker::PolicyKind::kOperator);
}

void Reader::add_policy(DefinitionsItem& item, const std::string& host, const std::string& name,
                        broker::PolicyKind kind) {
  broker::Policy policy;
  policy.name = name;
  policy.pattern = item.text("pattern");
  if (!item.has("pattern")) item.complain("has no pattern");
  const auto apply_to = broker::parse_apply_to(item.text("apply-to", "all"));
  if (apply_to.ok()) {
    policy.apply_to = *apply_to;
  } else {
    item.complain("'" + name + "': " + apply_to.error().message);
  }
  policy.priority = item.number("priority", 0);
  policy.definition = item.table("definition");
  document_.policies.push_back({host, kind, std::move(policy)});
}

// ---- exchanges, queues, bindings

void Reader::read_exchange(DefinitionsItem& item) {
  HostedExchange exchange;
  exchange.virtual_host = host_of(item);
  broker::ExchangeDeclaration& declaration = exchange.declaration;
  declaration.name = item.short_text("name");
  declaration.durable = item.flag("durable", true);
  declaration.auto_delete = item.flag("auto_delete", false);
  declaration.internal = item.flag("internal", false);
  declaration.arguments = item.table("arguments");
  const std::string type = item.short_text("type", "direct");
  // The broker's own are everywhere.
  if (declaration.name.empty() || declaration.name.starts_with("amq.")) return;
  const auto known = broker::exchange_type_named(type);
  if (!known)
    return warn(item,
                "'" + declaration.name + "' is left out: there is no exchange type '" + type + "'");
  declaration.type = *known;
  document_.exchanges.push_back(std::move(exchange));
}

void Reader::read_queue(DefinitionsItem& item) {
  HostedQueue queue;
  queue.virtual_host = host_of(item);
  broker::QueueDeclaration& declaration = queue.declaration;
  declaration.name = item.name("name");
  declaration.durable = item.flag("durable", true);
  declaration.auto_delete = item.flag("auto_delete", false);
  declaration.arguments = item.table("arguments");
  // RabbitMQ 4 names the type besides, some tools only here.
  const std::string type = item.short_text("type");
  if (!type.empty() && type != "classic" && !declaration.arguments.view().find("x-queue-type"))
    declaration.arguments.add_string("x-queue-type", type);
  document_.queues.push_back(std::move(queue));
}

void Reader::read_binding(DefinitionsItem& item) {
  HostedBinding binding;
  binding.virtual_host = host_of(item);
  binding.source = item.short_text("source");
  binding.destination = item.name("destination");
  const std::string kind = item.text("destination_type", "queue");
  if (kind == "exchange") {
    binding.destination_kind = broker::RoutingTarget::Kind::kExchange;
  } else if (kind != "queue") {
    item.complain("has a destination_type that is neither queue nor exchange");
  }
  binding.routing_key = item.short_text("routing_key");
  binding.arguments = item.table("arguments");
  item.pass({"properties_key"});
  // Every queue has the one from the default exchange.
  if (!binding.source.empty()) document_.bindings.push_back(std::move(binding));
}

// In one order whatever the walk met, and each once.
template <class Item, class Key>
void sort_each_once(std::vector<Item>& items, Key&& key) {
  std::sort(items.begin(), items.end(),
            [&](const Item& a, const Item& b) { return key(a) < key(b); });
  const auto same = [&](const Item& a, const Item& b) { return key(a) == key(b); };
  items.erase(std::unique(items.begin(), items.end(), same), items.end());
}

}  // namespace

base::Result<DefinitionsDocument> parse_definitions(base::Bytes text,
                                                    const DefinitionsParsing& parsing) {
  if (text.size() > parsing.size_max)
    return base::fail("is larger than limits.definitions.file_size_max allows: " +
                      std::to_string(parsing.size_max) + " octets");
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const auto top = auth::parse_strict_json(text, DefinitionsParsing::kDepthMax);
  if (!top.ok()) return base::fail(top.error());
  return Reader(*top, parsing).read();
}

DefinitionsDocument document_of(const NodeDefinitions& definitions) {
  DefinitionsDocument document;
  document.users = definitions.users();
  document.permissions = definitions.permissions();
  document.topic_permissions = definitions.topic_permissions();
  document.policies = definitions.policies();
  document.user_limits = definitions.user_limits();
  document.parameters = definitions.parameters();
  document.global_parameters = definitions.global_parameters();
  for (VirtualHostDescription& host : definitions.virtual_hosts()) {
    if (host.deleting) continue;
    if (const auto limits = definitions.limits_of_virtual_host(host.name))
      document.limits.push_back({host.name, *limits});
    document.virtual_hosts.push_back(std::move(host));
  }
  return document;
}

void put_in_order(DefinitionsDocument& document) {
  sort_each_once(document.exchanges, [](const HostedExchange& of) {
    return std::tie(of.virtual_host, of.declaration.name);
  });
  sort_each_once(document.queues, [](const HostedQueue& of) {
    return std::tie(of.virtual_host, of.declaration.name);
  });
  sort_each_once(document.bindings, [](const HostedBinding& of) {
    return std::tuple(std::string_view(of.virtual_host), std::string_view(of.source),
                      of.destination_kind, std::string_view(of.destination),
                      std::string_view(of.routing_key), of.arguments.view().bytes());
  });
}

}  // namespace harrier::server
