// What there is to know of a queue at one moment, in numbers.
//
// Role:   Queue::read() fills it, for views outside of the loop.
// Thread: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/latency_counts.h"
#include "base/time.h"
#include "broker/changes.h"
#include "broker/message_counts.h"

namespace harrier::broker {

// What has become of messages, since the queue's first one here.
struct QueueFates {
  // By SettleReason; dead-lettered or not.
  std::array<std::uint64_t, 7> settled{};
  std::uint64_t requeued = 0;              // came back, also beyond the delivery limit
  std::uint64_t dead_lettered = 0;         // of settled: to an exchange
  std::uint64_t dead_letters_dropped = 0;  // of settled: no such exchange, no queue, or a cycle
  std::uint64_t refused = 0;               // by overflow reject-publish: never were in the queue
  std::uint64_t unreadable = 0;            // the disk did not give them back
  // To the journal and to run files, each time; back from run files.
  std::uint64_t disk_writes = 0;
  std::uint64_t disk_reads = 0;

  std::uint64_t settled_by(SettleReason reason) const {
    return settled[static_cast<std::size_t>(reason)];
  }
};

struct QueueReading {
  // Messages ready, and of these: with an entry in memory; recorded, or to be. Of those that came
  // back only some hundred are looked at for the latter.
  std::uint64_t resident = 0;
  std::uint64_t persistent = 0;
  std::uint64_t persistent_bytes = 0;
  std::uint64_t memory = 0;  // about
  // Since when nothing has happened; nothing: something did in the last ten seconds.
  std::optional<base::MonotonicTime> idle_since;
  // Fraction of the last five to ten seconds in which no message waited for a consumer's credit.
  double consumer_capacity = 0;

  MessageCounts counts;
  // How fast the queue's length grows.
  double ready_rate = 0;
  double unacked_rate = 0;
  QueueFates fates;
  // Since the queue became busy, if it is: `measured`. publish_to_ack is of messages that stayed in
  // memory until then.
  base::LatencyCounts time_in_queue;
  base::LatencyCounts publish_to_ack;
  bool measured = false;
};

}  // namespace harrier::broker
