// What a virtual host counts, for metrics.
//
// Thread: synchronized: written by the owning loop only, read by any thread (base::Counter). The
//         numbers of one reading are not of one instant.
#pragma once

#include <array>

#include "base/counter.h"
#include "base/histogram.h"
#include "broker/changes.h"
#include "broker/message_counts.h"
#include "broker/tenant_limits.h"

namespace harrier::broker {

// Where what leaves a queue before its time goes: nowhere, or to an exchange, without waiting for
// its confirms.
enum class DeadLetterStrategy : std::uint8_t { kDisabled, kAtMostOnce };

// What RabbitMQ counts by queue type.
struct QueueTypeCounters {
  // To consumers, without and with acknowledgement, and by basic.get.
  base::Counter delivered_auto_ack;
  base::Counter delivered_manual_ack;
  base::Counter got_auto_ack;
  base::Counter got_manual_ack;
  base::Counter get_empty;
  base::Counter redelivered;
  base::Counter acknowledged;
  // By DeadLetterStrategy and SettleReason: kExpired, kMaxLength, kRejected and kDeliveryLimit.
  std::array<std::array<base::Counter, 7>, 2> dead_lettered;

  base::Counter& dead_lettered_for(DeadLetterStrategy strategy, SettleReason reason) {
    return dead_lettered[static_cast<std::size_t>(strategy)][static_cast<std::size_t>(reason)];
  }
};

struct VirtualHostCounters {
  // How many there are now.
  base::Counter connections;
  base::Counter channels;
  base::Counter consumers;
  base::Counter exchanges;
  base::Counter queues;
  base::Counter bindings;
  base::Counter policies;  // and operator policies
  base::Counter ready;
  base::Counter ready_bytes;
  base::Counter unacked;
  base::Counter unacked_bytes;
  base::Counter publishers;  // channels that have published
  // How many there have been.
  base::Counter channels_opened;
  base::Counter channels_closed;
  base::Counter queues_declared;  // anew or again; not passively
  base::Counter queues_created;
  base::Counter queues_deleted;
  base::Counter published;          // accepted from clients
  base::Counter published_confirm;  // of these: on channels that ask for confirms
  base::Counter routed;             // copies of these that queues were to take
  base::Counter unroutable_dropped;
  base::Counter unroutable_returned;
  base::Counter confirmed;       // when the confirm leaves
  base::Counter refused;         // reject-publish: nacked, or lost by a publisher without confirms
  base::Counter direct_replies;  // delivered; they have no queue
  // By QueueType.
  std::array<QueueTypeCounters, 2> by_type;
  base::Counter requeued;
  base::Counter dead_lettered;
  base::Counter dead_letters_dropped;  // no such exchange, no queue, or a cycle
  base::Counter direct_replies_dropped;
  base::Counter access_refused;  // commands for which a right was missing, and connection.open
  base::Counter limits_reached;  // commands refused, since there are too many of something
  base::Counter unreadable;  // left out of their queue: the disk did not give back what was written
  // Messages that left a queue, by SettleReason.
  std::array<base::Counter, 7> settled;

  // Bodies of messages accepted from clients, with RabbitMQ's bounds, in bytes.
  using MessageSizes = base::Histogram<base::kMessageSizeBounds>;
  MessageSizes message_sizes;
  // From a publish to its confirm's leaving, in milliseconds: turns' times, so of that resolution.
  base::Histogram<base::kLatencyBounds> confirm_latency;

  // By LimitKind.
  std::array<base::Counter, kLimitKinds> limit_refusals;

  // Of all types of queues; delivered() has direct replies, too.
  std::uint64_t delivered() const;
  std::uint64_t redelivered() const;
  std::uint64_t acknowledged() const;
  // As RabbitMQ has them of a virtual host.
  MessageTotals message_totals() const;
  // Adds whatever never falls; what is now is not added.
  void add_totals(const VirtualHostCounters& other);

  base::Counter& limit_refusals_of(LimitKind kind) {
    return limit_refusals[static_cast<std::size_t>(kind)];
  }
  base::Counter& settled_by(SettleReason reason) {
    return settled[static_cast<std::size_t>(reason)];
  }
};

}  // namespace harrier::broker
