// The replies of one channel, in the order of the methods that asked for them.
//
// Role:      a reply may have to wait: for the disk (a durable declare), for a body (basic.get on a
// paged head),
//            for long work (closing with many unacked messages). Later replies wait behind it,
//            since a client matches replies by order alone (ruling A4).
// Model:     a slot leaves when it is filled, its Lsn is committed, and all earlier slots have
// left. With nothing
//            waiting a reply leaves at once and no slot is made.
// Thread:    confined(broker).
// Limits:    SessionLimits::reply_slots_max, checked by Channel.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/chunked_queue.h"
#include "broker/ids.h"

namespace harrier::session {

class ReplySlots {
 public:
  using Leave = std::function<void()>;

  bool empty() const { return slots_.empty(); }
  std::size_t count() const { return slots_.size(); }

  // Sends by calling leave(), now or later.
  template <class F>
  void reply(broker::Lsn lsn, broker::Lsn committed, F&& leave) {
    if (slots_.empty() && lsn <= committed) {
      leave();
      return;
    }
    slots_.push_back({lsn, true, Leave(std::forward<F>(leave))});
  }

  // A slot whose reply is not known yet. The place stays valid until it has left.
  struct Slot {
    broker::Lsn lsn;
    bool filled = false;
    Leave leave;
  };
  Slot& reserve(broker::Lsn lsn) { return slots_.emplace_back(lsn, false, nullptr); }
  static void fill(Slot& slot, Leave leave) {
    slot.filled = true;
    slot.leave = std::move(leave);
  }

  // Lets go what can go; true when slots are left that wait for the log.
  bool release(broker::Lsn committed) {
    while (!slots_.empty() && slots_.front().filled && slots_.front().lsn <= committed) {
      Leave leave = std::move(slots_.front().leave);
      slots_.pop_front();
      leave();
    }
    return !slots_.empty() && slots_.front().filled;
  }
  // The channel has failed: what is not known yet will not be said.
  void drop_unfilled() {
    slots_.for_each([](Slot& slot) {
      if (!slot.filled) fill(slot, [] {});
    });
  }
  void clear() { slots_.clear(); }

 private:
  base::ChunkedQueue<Slot, 8> slots_;
};

}  // namespace harrier::session
