// What a virtual host counts, for metrics.
//
// Thread: synchronized: written by the owning loop only, read by any thread (base::Counter). The
//         numbers of one reading are not of one instant.
#pragma once

#include <array>

#include "base/counter.h"
#include "broker/changes.h"
#include "broker/tenant_limits.h"

namespace harrier::broker {

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
  // How many there have been.
  base::Counter published;  // accepted from clients
  base::Counter unroutable_dropped;
  base::Counter unroutable_returned;
  base::Counter confirmed;
  base::Counter refused;    // reject-publish: nacked, or lost by a publisher without confirms
  base::Counter delivered;  // to consumers and by get, both acknowledgement modes
  base::Counter redelivered;
  base::Counter acknowledged;
  base::Counter requeued;
  base::Counter dead_lettered;
  base::Counter dead_letters_dropped;  // no such exchange, no queue, or a cycle
  base::Counter direct_replies_dropped;
  base::Counter access_refused;  // commands for which a right was missing, and connection.open
  base::Counter limits_reached;  // commands refused, since there are too many of something
  base::Counter unreadable;  // left out of their queue: the disk did not give back what was written
  // Messages that left a queue, by SettleReason.
  std::array<base::Counter, 7> settled;

  // By LimitKind.
  std::array<base::Counter, kLimitKinds> limit_refusals;

  base::Counter& limit_refusals_of(LimitKind kind) {
    return limit_refusals[static_cast<std::size_t>(kind)];
  }
  base::Counter& settled_by(SettleReason reason) {
    return settled[static_cast<std::size_t>(reason)];
  }
};

}  // namespace harrier::broker
