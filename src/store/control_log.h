// Shard 0: which virtual hosts there are, and what administrators define for the node.
//
// Role:   Node asks it at the start what there is; Administration appends every change.
// Model:  what is set replaces what had the same kind and key; what is removed is gone.
// Thread: confined(broker) of loop 0; before start() also by the thread that starts.
// Errors: none here: what is durable when is LoopStore::when_committed()'s to say.
// Spec:   docs/formats/journal.md, "Node definitions"; ruling A9.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/node_definition.h"
#include "store/record_codec.h"
#include "store/shard_log.h"
#include "store/shard_state.h"

namespace harrier::store {

class ControlLog {
 public:
  static constexpr std::size_t kShard = 0;

  ControlLog(ShardLog& log, const ShardState& state) : log_(log), state_(state) {}

  std::vector<VirtualHostDefinition> virtual_hosts() const;
  // Its number has belonged to no other since the start.
  VirtualHostDefinition add_virtual_host(const std::string& name);
  // REQUIRES that it is empty.
  void remove_virtual_host(const VirtualHostDefinition& host);

  // In the order of kinds and keys.
  std::vector<NodeDefinition> definitions() const;
  void set(const NodeDefinition& definition);
  // Without effect if there is none.
  void remove(const NodeDefinition& definition);

  void seal(bool waited_for) { log_.seal(waited_for); }

 private:
  ShardLog& log_;
  const ShardState& state_;
  std::uint32_t last_number_ = 0;
};

}  // namespace harrier::store
