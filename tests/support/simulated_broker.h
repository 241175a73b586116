// A virtual host with a fake store, a manual clock and seeded randomness, driven turn by turn.
//
// Role:   what a broker loop is in the product: it frames calls with turns, tells of commits and
//         deadlines. Nothing happens by itself.
// Thread: confined(test).
#pragma once

#include <utility>

#include "base/random.h"
#include "broker/virtual_host.h"
#include "support/fake_store.h"
#include "support/permissions.h"

namespace harrier::test {

// Those of the product, but a queue keeps nothing of its head when it is paged out, and asks for
// more when that is used up: tests go message by message.
inline broker::VirtualHostLimits stepwise_limits() {
  broker::VirtualHostLimits limits;
  limits.read_ahead_bytes = 0;
  return limits;
}

class SimulatedBroker {
 public:
  explicit SimulatedBroker(broker::VirtualHostLimits host_limits = stepwise_limits(),
                           std::uint64_t seed = 1)
      : limits(host_limits), random(seed), host("/", limits, store, random, access) {
    host.set_paging(&store);
  }

  const broker::VirtualHostLimits limits;
  FakeStore store;
  base::SeededRandom random;
  const broker::AccessControlRef access = permissions({everything("guest"),
                                                       everything("ali"),
                                                       {"reader", "/", "", "", ".*"},
                                                       {"writer", "/", "", ".*", ""},
                                                       {"builder", "/", ".*", "", ""}});
  broker::VirtualHost host;
  const broker::Actor actor{"guest", {}, "AMQP 0-9-1", "10.0.0.1:5000"};

  base::Now now() const { return {base::MonotonicTime(time_), base::WallTime(time_)}; }

  // One turn with these calls in it; answers whether there is more to do.
  template <class Calls>
  bool turn(Calls&& calls) {
    host.begin_turn(now());
    calls();
    return end_turn();
  }
  bool turn() {
    return turn([] {});
  }
  // Turns until nothing is left to do at this time.
  void rest() {
    for (int turns = 0; turn(); ++turns)
      CHECK(turns < 1'000'000);
  }
  template <class Calls>
  void act(Calls&& calls) {
    if (turn(std::forward<Calls>(calls))) rest();
  }
  // All commits and reads that are awaited arrive.
  void catch_up() {
    rest();
    while (store.has_uncommitted() || store.pending_reads() != 0) {
      store.commit();
      turn([this] {
        while (store.pending_reads() != 0)
          store.answer_read(host);
      });
      rest();
    }
  }
  // Moves the clock, stopping at every deadline on the way.
  void pass(base::Milliseconds duration) {
    const base::Milliseconds end = time_ + duration;
    for (int stops = 0; host.next_deadline().time_since_epoch() <= end; ++stops) {
      CHECK(stops < 100'000);  // a deadline that does not go away
      time_ = std::max(time_, host.next_deadline().time_since_epoch());
      act([this] { host.handle_deadlines(); });
    }
    time_ = end;
  }
  // Moves the clock alone.
  void skip(base::Milliseconds duration) { time_ += duration; }

 private:
  bool end_turn() {
    host.settle_down();
    CHECK(!store.in_group());
    while (told_ != store.committed()) {
      told_ = store.committed();
      host.committed(told_);
    }
    return host.end_turn() || told_ != store.committed();
  }

  base::Milliseconds time_{1'000'000};
  broker::Lsn told_;
};

}  // namespace harrier::test
