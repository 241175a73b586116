// What one queue counts of its messages, and what it measures while they move.
//
// Role:   Queue has one from its first message on; queue_statistics.cc has Queue's own part.
// Model:  counts stay as long as the queue does. What happens to every message is not counted but
//         follows from what is: what came (positions say how much) is here still, or has left by
//         an acknowledgement or for another reason, and only the other reasons are counted. So
//         acknowledging and delivering to be acknowledged cost nothing here.
//         `recent` (rates, latencies, waiting for credit) is there while the queue is busy.
// Thread: confined(broker).
#pragma once

#include <memory>

#include "base/latency_counts.h"
#include "base/rate_window.h"
#include "broker/activity.h"
#include "broker/counters.h"
#include "broker/ids.h"
#include "broker/queue_reading.h"

namespace harrier::broker {

class Queue;

// While messages move.
class QueueActivity final : public Active {
 public:
  // MessageTotals, ready, unacked, milliseconds in which messages waited for credit.
  static constexpr std::size_t kTotals = kMessageEvents + 3;
  using Window = base::RateWindow<kTotals>;

  QueueActivity(Queue& queue, const Window::Totals& totals, base::MonotonicTime now)
      : queue_(queue), window(totals, now) {}

  bool look(base::MonotonicTime now) override;
  void quiet() override;

 private:
  Queue& queue_;

 public:
  Window window;
  base::LatencyCounts time_in_queue;  // of those that waited
  // Delivered before it existed: what was not to be counted in time_in_queue.
  std::uint64_t delivered_before = 0;
  std::uint64_t waited = 0;  // counted in time_in_queue
  base::LatencyCounts publish_to_ack;
  std::uint64_t blocked_ms = 0;
  base::MonotonicTime blocked_since = base::kNever;  // kNever: not now
};

struct QueueStatistics {
  explicit QueueStatistics(QueueTypeCounters& type_counters) : of_type(type_counters) {}

  QueueTypeCounters& of_type;  // its virtual host's
  // What the first message found: the position it got, and what was there.
  Position first_position;
  std::uint64_t first_content = 0;
  // Of settled, kAcknowledged is not counted here but follows.
  QueueFates fates;
  std::uint64_t got = 0;  // to be acknowledged
  std::uint64_t got_no_ack = 0;
  std::uint64_t get_empty = 0;
  std::uint64_t redelivered = 0;
  base::MonotonicTime quiet_since{};
  // nullptr: quiet.
  std::unique_ptr<QueueActivity> recent;

  std::uint64_t& settled_by(SettleReason reason) {
    return fates.settled[static_cast<std::size_t>(reason)];
  }
};

}  // namespace harrier::broker
