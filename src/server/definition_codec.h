// What the journal keeps of each kind of node definition, as typed values and back.
//
// Role:   between NodeDefinitions, which has tables, and those who need rules, users, policies.
// Model:  a field that is missing has the value of a fresh struct, fields that are not known are
//         passed over: a newer version may have written them.
// Thread: pure functions.
// Spec:   docs/formats/journal.md, "Node definitions".
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "amqp/field_table.h"
#include "broker/access_control.h"
#include "broker/policy.h"
#include "broker/tenant_limits.h"
#include "store/node_definition.h"

namespace harrier::server {

struct DefinitionKey {
  store::NodeDefinitionKind kind = store::NodeDefinitionKind::kVirtualHost;
  std::vector<std::string> parts;

  auto operator<=>(const DefinitionKey&) const = default;
  bool operator==(const DefinitionKey&) const = default;
};

struct UserDefinition {
  std::string name;
  // StoredPassword::text(); empty: none.
  std::string password_hash;
  // The password stands in the configuration in clear and is not repeated here.
  bool configured_password = false;
  std::vector<std::string> tags;
  bool loopback_only = false;
};
DefinitionKey key_of_user(const std::string& name);
amqp::FieldTable encode(const UserDefinition& user);
UserDefinition decode_user(const DefinitionKey& key, amqp::TableView value);

struct VirtualHostDescription {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  // Its end was decided and goes on at the next start, if it has to.
  bool deleting = false;
};
DefinitionKey key_of_virtual_host(const std::string& name);
amqp::FieldTable encode(const VirtualHostDescription& host);
VirtualHostDescription decode_virtual_host(const DefinitionKey& key, amqp::TableView value);

DefinitionKey key_of_permission(const std::string& user, const std::string& virtual_host);
amqp::FieldTable encode(const broker::PermissionRule& rule);
broker::PermissionRule decode_permission(const DefinitionKey& key, amqp::TableView value);

DefinitionKey key_of_topic_permission(const std::string& user, const std::string& virtual_host,
                                      const std::string& exchange);
amqp::FieldTable encode(const broker::TopicPermissionRule& rule);
broker::TopicPermissionRule decode_topic_permission(const DefinitionKey& key,
                                                    amqp::TableView value);

store::NodeDefinitionKind kind_of(broker::PolicyKind kind);
DefinitionKey key_of_policy(broker::PolicyKind kind, const std::string& virtual_host,
                            const std::string& name);
amqp::FieldTable encode(const broker::Policy& policy);
broker::Policy decode_policy(const DefinitionKey& key, amqp::TableView value);

DefinitionKey key_of_limits(const std::string& virtual_host);
amqp::FieldTable encode(const broker::TenantLimits& limits);
broker::TenantLimits decode_tenant_limits(amqp::TableView value);

DefinitionKey key_of_user_limits(const std::string& user);
amqp::FieldTable encode(const broker::UserLimits& limits);
broker::UserLimits decode_user_limits(amqp::TableView value);

// Parameters have their JSON as one text.
amqp::FieldTable encode_json(const std::string& json);
std::string decode_json(amqp::TableView value);

}  // namespace harrier::server
