#include "server/definition_codec.h"

namespace harrier::server {
namespace {

using amqp::FieldTable;
using amqp::TableView;
using store::NodeDefinitionKind;

std::string text_in(TableView table, std::string_view name) {
  const auto value = table.find(name);
  return value && value->is_string() ? std::string(value->bytes) : std::string();
}

bool flag_in(TableView table, std::string_view name) {
  const auto value = table.find(name);
  return value && value->type == 't' && value->boolean();
}

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

FieldTable encode_json(const std::string& json) {
  FieldTable table;
  table.add_string("json", json);
  return table;
}

std::string decode_json(TableView value) { return text_in(value, "json"); }

}  // namespace harrier::server
