// Taking a node out of service and back while it runs, and ending it from inside.
//
// Role:   for HTTP and harrierctl: drain before an upgrade, revive after a change of mind, stop.
// Model:  serving → drain(): listeners closed, publishers held and told, consumers cancelled →
//         draining until nothing is unacknowledged or the patience ends → the connections that are
//         left are closed (320) → drained → revive(): publishers go on, listeners open on the same
//         ports → serving. What is in queues stays there.
// Thread: synchronized; from any that is no loop's, while the node runs.
// Errors: revive(): a port was taken meanwhile; it can be called again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "broker/actor.h"
#include "server/command.h"

namespace harrier::server {

class Node;

struct DrainOutcome {
  std::uint64_t consumers_cancelled = 0;
  std::uint64_t connections_closed = 0;
  // Of those; their messages are in their queues again.
  std::uint64_t unacked_given_back = 0;
};

class Maintenance {
 public:
  // What drain, revive and stop do to the node, which Node makes.
  struct Actions {
    std::function<void()> close_listeners;
    std::function<base::Status<>()> open_listeners;
    std::function<void(const std::string& reason)> hold_publishers;
    std::function<void()> release_publishers;
    std::function<std::uint64_t()> cancel_consumers;
    std::function<std::uint64_t()> unacked;
    std::function<std::uint64_t(const std::string& reason)> close_connections;
    std::function<void(const broker::Actor& actor, const char* action)> note;
  };
  explicit Maintenance(Actions actions) : actions_(std::move(actions)) {}

  // Again while drained: what has come meanwhile. `give_up` ends the waiting, not the drain.
  DrainOutcome drain(const broker::Actor& actor, std::chrono::milliseconds patience,
                     const GiveUp& give_up);
  CommandStatus revive(const broker::Actor& actor);
  // From the beginning of drain() to the end of revive().
  bool being_drained() const { return being_drained_.load(std::memory_order_acquire); }

  // Who ends the process as SIGTERM does; before start().
  void on_stop(std::function<void()> stop) { stop_ = std::move(stop); }
  // Returns at once. kUnavailable: nobody said how.
  CommandStatus stop(const broker::Actor& actor);

 private:
  const Actions actions_;
  std::function<void()> stop_;
  std::mutex mutex_;
  std::atomic<bool> being_drained_{false};
};

}  // namespace harrier::server
