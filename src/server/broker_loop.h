// The virtual hosts of one loop, and when their turns begin and end.
//
// Role:   whoever calls a BrokerSession calls touch() first: Connection for those of the same loop,
//         HandOver for those of connections on other loops.
// Model:  touch() opens a virtual host's turn, end_turns() closes all that are open.
// Thread: confined(broker).
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "server/hosted_virtual_host.h"
#include "server/loop.h"

namespace harrier::server {

class BrokerLoop {
 public:
  explicit BrokerLoop(Loop& loop) : loop_(loop) {}

  // On the loop, or before it runs.
  HostedVirtualHost& add(std::unique_ptr<HostedVirtualHost> host);
  // Ends all turns first. REQUIRES that nobody has a session in it.
  void remove(HostedVirtualHost& host);
  // nullptr: it is not on this loop.
  HostedVirtualHost* find(std::string_view name) const;
  const std::vector<std::unique_ptr<HostedVirtualHost>>& hosts() const { return hosts_; }

  // Before any call into `host`'s sessions in this turn.
  void touch(HostedVirtualHost& host) {
    if (!host.in_turn()) begin(host);
  }
  bool in_turn() const { return !touched_.empty(); }
  void end_turns();

  // The earliest deadline of all; the past if a virtual host wants another turn.
  base::MonotonicTime next_deadline() const;
  void handle_deadlines();

 private:
  void begin(HostedVirtualHost& host);

  Loop& loop_;
  std::vector<std::unique_ptr<HostedVirtualHost>> hosts_;
  std::map<std::string_view, HostedVirtualHost*> by_name_;
  std::vector<HostedVirtualHost*> touched_;
  bool has_work_ = false;
};

}  // namespace harrier::server
