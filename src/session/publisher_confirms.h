// Which publishes of a channel are confirmed, and how few frames say so.
//
// Role:      counts publishes after confirm.select and remembers what became of each until its Lsn
//            is committed.
// Model:     runs of consecutive tags with the same fate. Confirms leave in tag order: the Lsn of a
//            run is at least that of every earlier one, so `multiple` is always right, and it never
//            jumps over a nack.
// Thread:    confined(broker).
// Limits:    bounded by what the log has not committed and what the client has not read; runs, not
//            frames.
// Spec:      RabbitMQ's confirm class; conformance.md S18, S19.
#pragma once

#include <algorithm>

#include "amqp/constants.h"
#include "base/chunked_queue.h"
#include "base/time.h"
#include "broker/ids.h"

namespace harrier::session {

class PublisherConfirms {
 public:
  bool selected() const { return selected_; }
  void select() { selected_ = true; }
  bool empty() const { return runs_.empty(); }

  // The next publish: stored (or unroutable) when its records up to `lsn` are committed, or
  // refused.
  // `now`: of this turn.
  void add(broker::Lsn lsn, bool refused, base::MonotonicTime now) {
    const std::uint64_t tag = ++last_tag_;
    if (!runs_.empty()) {
      Run& run = runs_.back();
      lsn = std::max(lsn, run.lsn);
      if (run.refused == refused && run.lsn == lsn) {
        run.last = tag;
        return;
      }
    }
    runs_.push_back({tag, tag, lsn, now, refused});
  }

  // Calls send(tag, multiple, nack) for all that may leave now, and leaves(count, since) for those
  // of them that are confirmed, in groups published together.
  template <class Send, class Leaves>
  void flush(broker::Lsn committed, Send&& send, Leaves&& leaves) {
    std::uint64_t acked_through = 0;
    while (!runs_.empty() && runs_.front().lsn <= committed) {
      const Run run = runs_.take_front();
      if (run.refused) {
        send_acks(acked_through, send);
        acked_through = 0;
        send(amqp::DeliveryTag(run.last), run.last != run.first, true);
        last_sent_ = run.last;
      } else {
        acked_through = run.last;
        leaves(run.last - run.first + 1, run.since);
      }
    }
    send_acks(acked_through, send);
  }
  // The Lsn that the oldest unsent confirm waits for. REQUIRES !empty().
  broker::Lsn waiting_for() const { return runs_.front().lsn; }
  std::uint64_t last_tag() const { return last_tag_; }
  std::uint64_t unconfirmed() const { return last_tag_ - last_sent_; }

 private:
  struct Run {
    std::uint64_t first;
    std::uint64_t last;
    broker::Lsn lsn;
    base::MonotonicTime since;  // the first of them
    bool refused;
  };

  template <class Send>
  void send_acks(std::uint64_t through, Send&& send) {
    if (through == 0) return;
    send(amqp::DeliveryTag(through), through != last_sent_ + 1, false);
    last_sent_ = through;
  }

  base::ChunkedQueue<Run, 16> runs_;
  std::uint64_t last_tag_ = 0;
  std::uint64_t last_sent_ = 0;
  bool selected_ = false;
};

}  // namespace harrier::session
