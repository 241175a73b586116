#include "store/node_definition.h"

#include <utility>

#include "store/stored_table.h"

namespace harrier::store {
namespace {

using base::ByteReader;
using base::Bytes;

// nullopt: no key begins here, or one of another number of parts than its kind has.
std::optional<NodeDefinition> read_key(ByteReader& reader) {
  NodeDefinition definition;
  const std::uint8_t kind = reader.u8();
  const std::uint8_t parts = reader.u8();
  if (kind == 0 || kind > static_cast<std::uint8_t>(kLastNodeDefinitionKind)) return std::nullopt;
  definition.kind = static_cast<NodeDefinitionKind>(kind);
  if (parts != key_parts(definition.kind)) return std::nullopt;
  for (std::uint8_t part = 0; part != parts; ++part)
    definition.key.emplace_back(reader.long_string());
  if (!reader.ok()) return std::nullopt;
  return definition;
}

}  // namespace

std::string_view name_of(NodeDefinitionKind kind) {
  switch (kind) {
    case NodeDefinitionKind::kVirtualHost: return "virtual host";
    case NodeDefinitionKind::kUser: return "user";
    case NodeDefinitionKind::kPermission: return "permission";
    case NodeDefinitionKind::kTopicPermission: return "topic permission";
    case NodeDefinitionKind::kPolicy: return "policy";
    case NodeDefinitionKind::kOperatorPolicy: return "operator policy";
    case NodeDefinitionKind::kVirtualHostLimit: return "virtual host limits";
    case NodeDefinitionKind::kUserLimit: return "user limits";
    case NodeDefinitionKind::kParameter: return "parameter";
    case NodeDefinitionKind::kGlobalParameter: break;
  }
  return "global parameter";
}

std::size_t key_parts(NodeDefinitionKind kind) {
  switch (kind) {
    case NodeDefinitionKind::kVirtualHost:
    case NodeDefinitionKind::kUser:
    case NodeDefinitionKind::kVirtualHostLimit:
    case NodeDefinitionKind::kUserLimit:
    case NodeDefinitionKind::kGlobalParameter: return 1;
    case NodeDefinitionKind::kPermission:
    case NodeDefinitionKind::kPolicy:
    case NodeDefinitionKind::kOperatorPolicy: return 2;
    case NodeDefinitionKind::kTopicPermission:
    case NodeDefinitionKind::kParameter: break;
  }
  return 3;
}

void encode_node_definition_key(base::Buffer& to, const NodeDefinition& definition) {
  to.append_number(static_cast<std::uint8_t>(definition.kind));
  to.append_number(static_cast<std::uint8_t>(definition.key.size()));
  for (const std::string& part : definition.key) {
    to.append_number(static_cast<std::uint32_t>(part.size()));
    to.append(part);
  }
}

void encode_node_definition(base::Buffer& to, const NodeDefinition& definition) {
  encode_node_definition_key(to, definition);
  const Bytes value = definition.value.view().bytes();
  to.append_number(static_cast<std::uint32_t>(value.size()));
  to.append(value);
}

std::optional<NodeDefinition> decode_node_definition(Bytes payload) {
  ByteReader reader(payload);
  auto definition = read_key(reader);
  if (!definition) return std::nullopt;
  auto value = stored_table(reader.long_string());
  if (!reader.ok() || reader.remaining() != 0 || !value) return std::nullopt;
  definition->value = std::move(*value);
  return definition;
}

std::optional<NodeDefinition> decode_node_definition_key(Bytes payload) {
  ByteReader reader(payload);
  auto definition = read_key(reader);
  if (reader.remaining() != 0) return std::nullopt;
  return definition;
}

std::string node_definition_identity(Bytes payload) {
  ByteReader reader(payload);
  (void)read_key(reader);
  return std::string(payload.substr(0, payload.size() - reader.remaining()));
}

}  // namespace harrier::store
