// What of a quorum queue must not be delivered before its record is on disk (C2).
//
// Role:      Queue's; asked for each head.
// Invariant: positions and records grow together.
// Thread:    confined(broker).
// Limits:    one entry for each message published since the last commit.
#pragma once

#include <memory>

#include "base/chunked_queue.h"
#include "broker/ids.h"
#include "broker/queue_entry.h"

namespace harrier::broker {

class CommitGate {
 public:
  bool closed() const { return published_ || requeued_ != Lsn(); }
  void add_published(Position position, Lsn lsn) {
    if (!published_) published_ = std::make_unique<Published>();
    published_->push_back({position, lsn});
  }
  // Its next delivery shows the count, which a crash must not take back.
  void add_requeued(Lsn lsn) { requeued_ = lsn; }
  bool passes(const QueueEntry& entry) const {
    if (entry.delivery_count != 0 && requeued_ != Lsn()) return false;
    return !published_ || entry.position < published_->front().position;
  }
  void commit_reached(Lsn committed) {
    if (published_) {
      while (!published_->empty() && published_->front().lsn <= committed)
        published_->pop_front();
      if (published_->empty()) published_.reset();
    }
    if (requeued_ <= committed) requeued_ = Lsn();
  }

 private:
  struct Awaiting {
    Position position;
    Lsn lsn;
  };
  using Published = base::ChunkedQueue<Awaiting, 32>;
  // Never empty; nothing at or behind the first passes.
  std::unique_ptr<Published> published_;
  Lsn requeued_;  // the last; zero when there is none
};

}  // namespace harrier::broker
