// The replies of one channel, in the order of the methods that asked for them.
//
// Role:      a reply may have to wait: for the disk (a durable declare), for a body (basic.get on a
//            paged head), for long work (closing with many unacked messages). Later replies wait
//            behind it, since a client matches replies by order alone.
// Model:     a slot leaves when it is filled, its Lsn is committed, and all earlier slots have
//            left. With nothing waiting a reply leaves at once and no slot is made.
// Thread:    confined(broker).
// Limits:    SessionLimits::reply_slots_max, checked by Channel.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/chunked_queue.h"
#include "broker/credit.h"
#include "broker/ids.h"

namespace harrier::session {

class ReplySlots {
 public:
  using Leave = std::function<void()>;
  // What lets replies through: the log, and the connection's output credit.
  struct Gate {
    broker::Lsn committed;
    const broker::Credit& output;
  };

  bool empty() const { return slots_.empty(); }
  std::size_t count() const { return slots_.size(); }

  // Sends by calling leave(), now or later.
  template <class F>
  void reply(broker::Lsn lsn, const Gate& gate, F&& leave) {
    if (leaves_at_once(lsn, gate)) {
      leave();
      return;
    }
    slots_.push_back({lsn, true, Leave(std::forward<F>(leave))});
  }
  bool leaves_at_once(broker::Lsn lsn, const Gate& gate) const {
    return slots_.empty() && lsn <= gate.committed && gate.output.open();
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

  // Lets go what can go.
  void release(const Gate& gate) {
    while (!slots_.empty() && slots_.front().filled && slots_.front().lsn <= gate.committed &&
           gate.output.open()) {
      Leave leave = std::move(slots_.front().leave);
      slots_.pop_front();
      leave();
    }
  }
  void clear() { slots_.clear(); }

 private:
  base::ChunkedQueue<Slot, 8> slots_;
};

}  // namespace harrier::session
