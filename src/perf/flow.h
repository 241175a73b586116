// One connection that carries load, as its loop sees it; and what loops and flows count.
//
// Role:   Producer and Consumer implement it. The loop calls events() and turn() on its thread; the
//         controller (load.h) speaks to the loops only.
// Model:  a phase is begun, stopped (by its end, its goal or the controller), settled when nothing
//         is owed to it any more, then synced: a round trip says that the broker has read all.
// Thread: Flow is confined(its loop) once the loop runs; FlowCounters has one writer, its loop, and
//         any number of readers.
// Errors: turn() throws LoadError; the loop carries it to the controller.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "base/counter.h"
#include "perf/clock.h"
#include "perf/connection.h"
#include "perf/histogram.h"

namespace harrier::perf {

inline constexpr auto kUnlimited = std::numeric_limits<std::uint64_t>::max();

struct FlowCounters {
  base::Counter sent, confirmed, nacked, returned, committed;
  base::Counter received, body_bytes;
  // Nanoseconds of Clock when the last confirm or delivery came; 0: none yet.
  base::Counter last_confirm, last_delivery;
  // Flows that came so far, once in each phase.
  base::Counter settled, synced;
  // With checks: sums of BodyMark::mixed(), what came out of order, what was not as sent.
  base::Counter sent_sum, received_sum, out_of_order, damaged;
  SharedHistogram latency, confirm_latency, lag;  // lag: sent so much later than scheduled
};

struct Phase {
  Clock::time_point begin, end;
  std::uint64_t messages_per_producer = kUnlimited;
};

// When a flow wants to be called again, besides when its socket has something for it.
struct Next {
  enum class Kind : std::uint8_t { kEvent, kAgain, kSoon, kAt };
  Kind kind = Kind::kEvent;
  Clock::time_point time;  // of kAt

  static Next event() { return {}; }
  static Next again() { return {Kind::kAgain, {}}; }
  // It waits for other flows, on other threads: a look every so often.
  static Next soon() { return {Kind::kSoon, {}}; }
  static Next at(Clock::time_point time) { return {Kind::kAt, time}; }
};

class Flow {
 public:
  Flow(std::unique_ptr<Connection> connection, FlowCounters& counters)
      : connection_(std::move(connection)), counters_(counters) {}
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;
  virtual ~Flow() = default;

  virtual void begin(const Phase& phase) = 0;
  // No more is to be started.
  virtual void stop() = 0;
  // Asks for the round trip; turn() sees to it.
  virtual void sync() = 0;
  virtual Next turn(Clock::time_point now, ReadBuffer& buffer) = 0;

  void readable() { can_read_ = true; }
  void writable() { can_write_ = true; }
  Connection& connection() { return *connection_; }
  FlowCounters& counters() { return counters_; }

 protected:
  // The edges of the socket: true until a transfer says that there is no more for now.
  bool can_read_ = true;
  bool can_write_ = true;

 private:
  std::unique_ptr<Connection> connection_;
  FlowCounters& counters_;
};

}  // namespace harrier::perf
