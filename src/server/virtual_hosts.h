// Makes virtual hosts on their loops, at the start and while the node runs, and ends them.
//
// Role:   Node recovers with it, Administration opens and closes with it. Everybody else finds a
//         virtual host in Shared::virtual_hosts.
// Model:  open(): made on its loop, filled from the store, then found by name.
//         close(): no longer found → its connections are told and awaited → emptied, in slices →
//         that is durable → destroyed.
// Thread: one thread at a time, none of the loops, which run.
// Errors: open(): what was stored makes no sense.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "broker/access_control.h"
#include "server/node_definitions.h"
#include "server/node_loop.h"
#include "server/shared.h"
#include "store/record_codec.h"

namespace harrier::server {

class VirtualHosts {
 public:
  using Loops = std::vector<std::unique_ptr<NodeLoop>>;

  // REQUIRES that all outlive it. Takes limits and shutdown_timeout, which is how long clients may
  // take to close, from `options`.
  VirtualHosts(const Options& options, Shared& shared, const Loops& loops)
      : options_(options), shared_(shared), loops_(loops) {}

  // `number` and `shard` of `host` count with a store only.
  base::Status<> open(const store::VirtualHostDefinition& host,
                      const broker::AccessControlRef& access, const NodeDefinitions& definitions);
  // What `definitions` and the configuration say now.
  void set_limits(const std::string& name, const NodeDefinitions& definitions);
  // False: its clients did not go although they were cut off, or the disk did not take the end of
  // what was in it. It is no longer found then, and its end goes on at the next start.
  bool close(const std::string& name);

 private:
  static constexpr std::uint32_t kDeletedPerTurn = 500;

  struct Place {
    store::VirtualHostDefinition definition;
    std::size_t loop = 0;
    HostedVirtualHost* host = nullptr;
    std::shared_ptr<Tenant> tenant{};
  };

  broker::TenantLimits limits_of(const std::string& name, const NodeDefinitions& definitions) const;
  bool make(NodeLoop& loop, Place& place, const broker::AccessControlRef& access,
            const std::vector<NodeDefinitions::HostedPolicy>& policies, std::string& why);
  bool disconnect(const Place& place);
  bool wait_until_left(const Place& place, std::chrono::steady_clock::time_point deadline);
  bool is_left(const Place& place);
  bool empty(const Place& place);

  const Options& options_;
  Shared& shared_;
  const Loops& loops_;
  std::vector<Place> places_;
  std::size_t next_loop_ = 0;
};

}  // namespace harrier::server
