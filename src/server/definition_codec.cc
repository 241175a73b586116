#include "server/definition_codec.h"

#include <optional>
#include <utility>

#include "amqp/table_lookup.h"

namespace harrier::server {
namespace {

using amqp::FieldTable;
using amqp::flag_in;
using amqp::TableView;
using amqp::text_in;
using store::NodeDefinitionKind;

void add_texts(FieldTable& table, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  amqp::FieldArray array;
  for (const std::string& text : texts)
    array.add_string(text);
  table.add_array(name, array);
}

std::vector<std::string> texts_in(TableView table, std::string_view name) {
  std::vector<std::string> texts;
  const auto value = table.find(name);
  if (!value || value->type != 'A') return texts;
  for (const amqp::FieldValue& item : value->array())
    if (item.is_string()) texts.emplace_back(item.bytes);
  return texts;
}

using MaybeNumber = std::optional<std::uint64_t>;

void add_number(FieldTable& table, std::string_view name, const MaybeNumber& number) {
  if (number) table.add_long(name, static_cast<std::int64_t>(*number));
}

MaybeNumber number_in(TableView table, std::string_view name) {
  const auto value = table.find(name);
  if (!value || !value->is_integer() || value->integer() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value->integer());
}

void add_rates(FieldTable& table, const broker::PublishRateLimits& rates) {
  add_number(table, "publish_rate_max", rates.messages);
  add_number(table, "publish_byte_rate_max", rates.bytes);
}

broker::PublishRateLimits rates_in(TableView table) {
  return {number_in(table, "publish_rate_max"), number_in(table, "publish_byte_rate_max")};
}

constexpr std::pair<std::string_view, MaybeNumber broker::TenantLimits::*> kTenantLimits[] = {
    {"connections_max", &broker::TenantLimits::connections_max},
    {"channels_max", &broker::TenantLimits::channels_max},
    {"consumers_max", &broker::TenantLimits::consumers_max},
    {"queues_max", &broker::TenantLimits::queues_max},
    {"exchanges_max", &broker::TenantLimits::exchanges_max},
    {"bindings_max", &broker::TenantLimits::bindings_max},
    {"message_size_max", &broker::TenantLimits::message_size_max},
    {"stored_bytes_max", &broker::TenantLimits::stored_bytes_max}};

}  // namespace

DefinitionKey key_of_user(const std::string& name) { return {NodeDefinitionKind::kUser, {name}}; }

FieldTable encode(const UserDefinition& user) {
  FieldTable table;
  if (!user.password_hash.empty()) table.add_string("password_hash", user.password_hash);
  if (user.configured_password) table.add_boolean("configured_password", true);
  add_texts(table, "tags", user.tags);
  if (user.loopback_only) table.add_boolean("loopback_only", true);
  return table;
}

UserDefinition decode_user(const DefinitionKey& key, TableView value) {
  return {key.parts[0], text_in(value, "password_hash"), flag_in(value, "configured_password"),
          texts_in(value, "tags"), flag_in(value, "loopback_only")};
}

DefinitionKey key_of_virtual_host(const std::string& name) {
  return {NodeDefinitionKind::kVirtualHost, {name}};
}

FieldTable encode(const VirtualHostDescription& host) {
  FieldTable table;
  if (!host.description.empty()) table.add_string("description", host.description);
  add_texts(table, "tags", host.tags);
  if (host.deleting) table.add_boolean("deleting", true);
  return table;
}

VirtualHostDescription decode_virtual_host(const DefinitionKey& key, TableView value) {
  return {key.parts[0], text_in(value, "description"), texts_in(value, "tags"),
          flag_in(value, "deleting")};
}

DefinitionKey key_of_permission(const std::string& user, const std::string& virtual_host) {
  return {NodeDefinitionKind::kPermission, {user, virtual_host}};
}

FieldTable encode(const broker::PermissionRule& rule) {
  FieldTable table;
  table.add_string("configure", rule.configure);
  table.add_string("write", rule.write);
  table.add_string("read", rule.read);
  return table;
}

broker::PermissionRule decode_permission(const DefinitionKey& key, TableView value) {
  return {key.parts[0], key.parts[1], text_in(value, "configure"), text_in(value, "write"),
          text_in(value, "read")};
}

DefinitionKey key_of_topic_permission(const std::string& user, const std::string& virtual_host,
                                      const std::string& exchange) {
  return {NodeDefinitionKind::kTopicPermission, {user, virtual_host, exchange}};
}

FieldTable encode(const broker::TopicPermissionRule& rule) {
  FieldTable table;
  table.add_string("write", rule.write);
  table.add_string("read", rule.read);
  return table;
}

broker::TopicPermissionRule decode_topic_permission(const DefinitionKey& key, TableView value) {
  return {key.parts[0], key.parts[1], key.parts[2], text_in(value, "write"),
          text_in(value, "read")};
}

NodeDefinitionKind kind_of(broker::PolicyKind kind) {
  return kind == broker::PolicyKind::kUser ? NodeDefinitionKind::kPolicy
                                           : NodeDefinitionKind::kOperatorPolicy;
}

DefinitionKey key_of_policy(broker::PolicyKind kind, const std::string& virtual_host,
                            const std::string& name) {
  return {kind_of(kind), {virtual_host, name}};
}

FieldTable encode(const broker::Policy& policy) {
  FieldTable table;
  table.add_string("pattern", policy.pattern);
  table.add_string("apply-to", broker::name_of(policy.apply_to));
  table.add_long("priority", policy.priority);
  table.add_table("definition", policy.definition.view());
  return table;
}

broker::Policy decode_policy(const DefinitionKey& key, TableView value) {
  broker::Policy policy;
  policy.name = key.parts[1];
  policy.pattern = text_in(value, "pattern");
  const auto apply_to = broker::parse_apply_to(text_in(value, "apply-to"));
  if (apply_to.ok()) policy.apply_to = *apply_to;
  const auto priority = value.find("priority");
  if (priority && priority->is_integer()) policy.priority = priority->integer();
  const auto definition = value.find("definition");
  if (definition && definition->type == 'F') policy.definition = FieldTable(definition->table());
  return policy;
}

DefinitionKey key_of_limits(const std::string& virtual_host) {
  return {NodeDefinitionKind::kVirtualHostLimit, {virtual_host}};
}

FieldTable encode(const broker::TenantLimits& limits) {
  FieldTable table;
  for (const auto& [name, member] : kTenantLimits)
    add_number(table, name, limits.*member);
  add_rates(table, limits.publish_rate);
  if (limits.quota_action == broker::QuotaAction::kReject) table.add_boolean("reject", true);
  return table;
}

broker::TenantLimits decode_tenant_limits(TableView value) {
  broker::TenantLimits limits;
  for (const auto& [name, member] : kTenantLimits)
    limits.*member = number_in(value, name);
  limits.publish_rate = rates_in(value);
  if (flag_in(value, "reject")) limits.quota_action = broker::QuotaAction::kReject;
  return limits;
}

DefinitionKey key_of_user_limits(const std::string& user) {
  return {NodeDefinitionKind::kUserLimit, {user}};
}

FieldTable encode(const broker::UserLimits& limits) {
  FieldTable table;
  add_number(table, "connections_max", limits.connections_max);
  add_number(table, "channels_max", limits.channels_max);
  add_number(table, "consumers_max", limits.consumers_max);
  add_number(table, "message_size_max", limits.message_size_max);
  add_rates(table, limits.publish_rate);
  return table;
}

broker::UserLimits decode_user_limits(TableView value) {
  return {number_in(value, "connections_max"), number_in(value, "channels_max"),
          number_in(value, "consumers_max"), number_in(value, "message_size_max"), rates_in(value)};
}

FieldTable encode_json(const std::string& json) {
  FieldTable table;
  table.add_string("json", json);
  return table;
}

std::string decode_json(TableView value) { return text_in(value, "json"); }

}  // namespace harrier::server
