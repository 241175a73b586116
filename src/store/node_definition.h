// What administrators define for the node: users, permissions, policies and their like, as the
// store keeps them.
//
// Role:      server encodes what it knows of each kind into `value`; the store keeps the last value
//            of each key, in shard 0's log and in checkpoints, and gives all of them back at the
//            start.
// Model:     identity = kind and key. What a value means is server's (definition_codec.h); the
//            store only sees to it that it is a table.
// Thread:    plain values, pure functions.
// Errors:    bytes from the disk may be anything: decoding answers nullopt, never a CHECK.
// Spec:      docs/formats/journal.md, "Records" and "Node definitions".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/field_table.h"
#include "base/buffer.h"
#include "base/bytes.h"

namespace harrier::store {

// The numbers of the format; never reused. The key's parts stand behind each.
enum class NodeDefinitionKind : std::uint8_t {
  kVirtualHost = 1,       // name
  kUser = 2,              // name
  kPermission = 3,        // user, virtual host
  kTopicPermission = 4,   // user, virtual host, exchange
  kPolicy = 5,            // virtual host, name
  kOperatorPolicy = 6,    // virtual host, name
  kVirtualHostLimit = 7,  // virtual host
  kUserLimit = 8,         // user
  kParameter = 9,         // component, virtual host, name
  kGlobalParameter = 10,  // name
};
inline constexpr NodeDefinitionKind kLastNodeDefinitionKind = NodeDefinitionKind::kGlobalParameter;

// "user", for people.
std::string_view name_of(NodeDefinitionKind kind);
// How many parts its key has.
std::size_t key_parts(NodeDefinitionKind kind);

struct NodeDefinition {
  NodeDefinitionKind kind = NodeDefinitionKind::kVirtualHost;
  std::vector<std::string> key;
  amqp::FieldTable value;
};

// The payloads of the records "node definition set" and "removed"; the latter's ends with the key.
void encode_node_definition(base::Buffer& to, const NodeDefinition& definition);
void encode_node_definition_key(base::Buffer& to, const NodeDefinition& definition);
std::optional<NodeDefinition> decode_node_definition(base::Bytes payload);
// With an empty value.
std::optional<NodeDefinition> decode_node_definition_key(base::Bytes payload);
// The first bytes of either payload, which tell it from others. REQUIRES a payload that decodes.
std::string node_definition_identity(base::Bytes payload);

}  // namespace harrier::store
