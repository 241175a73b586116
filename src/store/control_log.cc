#include "store/control_log.h"

#include <algorithm>

namespace harrier::store {

std::vector<VirtualHostDefinition> ControlLog::virtual_hosts() const {
  std::vector<VirtualHostDefinition> hosts;
  for (const auto& [number, payload] : state_.virtual_hosts())
    hosts.push_back(*decode_virtual_host(payload));
  return hosts;
}

VirtualHostDefinition ControlLog::add_virtual_host(const std::string& name) {
  constexpr std::uint32_t kTenantShards = journal::kShards - 1;
  const auto& known = state_.virtual_hosts();
  if (!known.empty()) last_number_ = std::max(last_number_, known.rbegin()->first);
  ++last_number_;
  const auto shard = static_cast<std::uint8_t>(1 + (last_number_ - 1) % kTenantShards);
  VirtualHostDefinition host{last_number_, shard, name};
  base::Buffer payload;
  encode_virtual_host(payload, host);
  log_.append_definition(RecordType::kVirtualHostCreated, payload.bytes());
  return host;
}

void ControlLog::remove_virtual_host(const VirtualHostDefinition& host) {
  last_number_ = std::max(last_number_, host.number);
  base::Buffer payload;
  encode_virtual_host(payload, host);
  log_.append_definition(RecordType::kVirtualHostDeleted, payload.bytes());
}

std::vector<NodeDefinition> ControlLog::definitions() const {
  std::vector<NodeDefinition> definitions;
  for (const auto& [identity, payload] : state_.node_definitions())
    definitions.push_back(*decode_node_definition(payload));
  return definitions;
}

void ControlLog::set(const NodeDefinition& definition) {
  base::Buffer payload;
  encode_node_definition(payload, definition);
  log_.append_definition(RecordType::kNodeDefinitionSet, payload.bytes());
}

void ControlLog::remove(const NodeDefinition& definition) {
  base::Buffer payload;
  encode_node_definition_key(payload, definition);
  if (!state_.node_definitions().contains(std::string(payload.bytes()))) return;
  log_.append_definition(RecordType::kNodeDefinitionRemoved, payload.bytes());
}

}  // namespace harrier::store
