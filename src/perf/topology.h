// What messages go through: exchange, queues, bindings; made before a run and removed after it.
//
// Role:   plan_topology() says what the options mean, declare_topology() makes it so, and producers
//         and consumers get their share from routes_of() and queue_of().
// Model:  without an exchange each queue is its own routing key, and producers and consumers are
//         spread over the queues. With one, either all queues get every message (fanout, one key)
//         or each key is bound to one queue (--keys, --queue-pattern).
// Errors: LoadError with the broker's reply text.
// Limits: declares and binds are pipelined, kPipelineWindow unanswered.
// Thread: plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "perf/connection.h"
#include "perf/message_ring.h"
#include "perf/options.h"

namespace harrier::perf {

inline constexpr std::uint64_t kPipelineWindow = 1000;

struct Topology {
  std::string exchange;  // "": the default exchange
  std::string exchange_type;
  bool owns_exchange = false;
  std::vector<std::string> queues;
  std::vector<Route> routes;
  std::vector<Route> bindings;  // binding i is of queue i % queues.size(), or of all of them
  bool binds_all = false;
  bool is_spread = false;    // routes are one for each queue, shared out among the producers
  std::uint64_t copies = 1;  // queues that one message reaches
  std::uint64_t waiting = 0;
  double binds_per_s = 0;  // 0: there were none
};

Topology plan_topology(const Options& options);
// Also finds out what waits in the queues.
void declare_topology(Connection& connection, const Options& options, Topology& topology);
void remove_topology(Connection& connection, const Topology& topology);
std::vector<Route> routes_of(const Topology& topology, unsigned producer, unsigned producers);
const std::string& queue_of(const Topology& topology, unsigned consumer);
std::uint64_t ready_count(Connection& connection, const Topology& topology);

// Route `number` of many: four words, or headers. Bindings of it match no other.
Route numbered_route(std::uint64_t number, const std::string& exchange_type);
Route numbered_binding(std::uint64_t number, const std::string& exchange_type, bool wildcard);

// Sends `total` requests, made one by one, and waits for as many replies. visit(payload) sees each.
void pipeline(Connection& connection, std::uint64_t total, std::uint64_t window,
              const std::function<std::string(std::uint64_t)>& request, std::uint32_t reply,
              const std::function<void(std::string_view)>& visit = {});

}  // namespace harrier::perf
