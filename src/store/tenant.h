// A virtual host as the store of its loop sees it.
//
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "broker/virtual_host.h"
#include "store/shard_log.h"

namespace harrier::store {

struct Tenant {
  std::uint32_t number = 0;
  broker::VirtualHost* host = nullptr;
  ShardState* state = nullptr;
  ShardLog* log = nullptr;
  // What the host appends to; tests may put their own before it.
  std::unique_ptr<VirtualHostLog> own_log;
  broker::ChangeLog* change_log = nullptr;
  // Opens the host's turn; whoever calls into it from outside a session must.
  std::function<void()> touch;
};

// The loop's way back from other threads; server implements it.
class LoopPort {
 public:
  virtual ~LoopPort() = default;
  // Any thread: runs `task` in a turn of the loop.
  virtual void post(std::function<void()> task) = 0;
};

}  // namespace harrier::store
