// Taking a node out of service and back while it runs, and ending it from inside.
//
// Role:   for HTTP and harrierctl: drain before an upgrade, revive after a change of mind, stop.
// Model:  serving → drain(): AMQP's listeners are closed, consumers cancelled, those that come
//         again, too → nothing is unacknowledged, or the patience ends → the connections that are
//         left, publishers among them, are told why and closed (320) → drained → revive():
//         listeners open on the same ports → serving. What is in queues stays there; nothing of
//         this is remembered across a restart.
// Thread: synchronized by mutex_, which is held during a drain; from any that is no loop's, while
//         the node runs.
// Errors: revive(): a port was taken meanwhile; it can be called again.
// Spec:   docs/operations/administration.md, "Maintenance".
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "broker/actor.h"
#include "server/command.h"
#include "server/shared.h"
#include "server/virtual_hosts.h"

namespace harrier::server {

struct DrainOutcome {
  std::uint64_t consumers_cancelled = 0;
  // Deliveries that their clients had not settled by then: they are in their queues again.
  std::uint64_t unacked = 0;
  std::uint64_t connections_closed = 0;
};

class Maintenance {
 public:
  // How often a drain looks whether it is done.
  static constexpr std::chrono::milliseconds kLookEvery{20};

  struct Listeners {
    std::function<void()> close;
    std::function<base::Status<>()> open;
  };
  // REQUIRES that all outlive it.
  Maintenance(Shared& shared, const VirtualHosts::Loops& loops, Listeners listeners)
      : shared_(shared), loops_(loops), listeners_(std::move(listeners)) {}

  // Again while drained: for those who have come since. `give_up` ends the waiting, not the drain.
  DrainOutcome drain(const broker::Actor& actor, std::chrono::milliseconds patience,
                     const GiveUp& give_up);
  CommandStatus revive(const broker::Actor& actor);
  // From the beginning of drain() to the end of revive().
  bool being_drained() const { return being_drained_.load(std::memory_order_acquire); }

  // What ends the process as SIGTERM does; before the node starts.
  void on_stop(std::function<void()> stop) { stop_ = std::move(stop); }
  // Has it done, and returns at once. kUnavailable: nobody said how.
  CommandStatus stop(const broker::Actor& actor);

 private:
  std::uint64_t cancel_consumers();
  std::uint64_t unacked() const;
  void note(const broker::Actor& actor, std::string_view action);

  Shared& shared_;
  const VirtualHosts::Loops& loops_;
  const Listeners listeners_;
  std::function<void()> stop_;
  std::mutex mutex_;
  std::atomic<bool> being_drained_{false};
};

}  // namespace harrier::server
