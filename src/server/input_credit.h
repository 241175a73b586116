// How many bytes a connection may have on their way to its broker loop.
//
// Role:   with several loops, what was read waits in batches until the broker loop has handled it.
//         A connection without credit is not read; its peer's TCP window does the rest.
// Model:  each connection has `guaranteed` bytes of its own; beyond them it borrows from the loop's
//         pool, at most `borrowed_max`. Charged after a read for what the read put into the batch,
//         given back when the batch returns; so the overshoot is one read, or one assembled
//         message.
// Thread: confined(io).
// Limits: FlowLimitOptions. Pool empty: connections wait in turn (take_waiting).
#pragma once

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/chunked_queue.h"
#include "base/counter.h"
#include "broker/ids.h"
#include "harrier/options.h"

namespace harrier::server {

// One connection's account.
class InputCredit {
 public:
  std::uint64_t in_flight() const { return in_flight_; }

 private:
  friend class InputPool;
  std::uint64_t in_flight_ = 0;
  bool waiting_ = false;
};

class InputPool {
 public:
  explicit InputPool(const FlowLimitOptions& limits) : limits_(limits) {}

  // False: out of credit. If the pool is to blame, `id` is remembered for take_waiting().
  bool may_read(InputCredit& credit, broker::ConnectionId id) {
    if (credit.in_flight_ < limits_.input_bytes_guaranteed) return true;
    const bool own_share_left =
        credit.in_flight_ < limits_.input_bytes_guaranteed + limits_.input_bytes_borrowed_max;
    if (own_share_left && borrowed_.value() < limits_.input_pool_bytes) return true;
    if (own_share_left && !credit.waiting_) {
      credit.waiting_ = true;
      waiting_.push_back(id);
    }
    return false;
  }
  void charge(InputCredit& credit, std::uint64_t bytes) {
    move_to(credit, credit.in_flight_ + bytes);
  }
  void give_back(InputCredit& credit, std::uint64_t bytes) {
    CHECK(bytes <= credit.in_flight_);
    move_to(credit, credit.in_flight_ - bytes);
  }
  // A connection that ends with bytes in flight; the batches that come back later find nobody.
  void forget(InputCredit& credit) { move_to(credit, 0); }

  // While the pool has room: who waited longest. The caller lets it try again and clears the mark.
  std::optional<broker::ConnectionId> take_waiting() {
    if (waiting_.empty() || borrowed_.value() >= limits_.input_pool_bytes) return std::nullopt;
    return waiting_.take_front();
  }
  void stop_waiting(InputCredit& credit) { credit.waiting_ = false; }

  // For metrics, any thread.
  const base::Counter& borrowed() const { return borrowed_; }

 private:
  std::uint64_t loan(std::uint64_t in_flight) const {
    return in_flight - std::min(in_flight, limits_.input_bytes_guaranteed);
  }
  void move_to(InputCredit& credit, std::uint64_t in_flight) {
    borrowed_.subtract(loan(credit.in_flight_));
    borrowed_.add(loan(in_flight));
    credit.in_flight_ = in_flight;
  }

  const FlowLimitOptions limits_;
  base::Counter borrowed_;
  base::ChunkedQueue<broker::ConnectionId> waiting_;
};

}  // namespace harrier::server
