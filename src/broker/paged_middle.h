// What of a queue is on disk, and how it leaves memory and comes back.
//
// Role:   between ReadyMessages, which counts it, and a store, which has it.
// Thread: plain values.
// Spec:   ruling B2.
#pragma once

#include <cstdint>
#include <vector>

#include "broker/ids.h"
#include "broker/queue_entry.h"

namespace harrier::broker {

// What of a level is on disk: everything ready in (after, last].
struct PagedMiddle {
  Position after;
  Position last;
  std::uint64_t count = 0;
  std::uint64_t body_bytes = 0;
  // Those of them that the log knows.
  std::uint64_t logged_count = 0;
  std::uint64_t logged_body_bytes = 0;
  // Some of it expires one day.
  bool may_expire = false;
  // It has been asked for.
  bool reading = false;
};

// The answer to a ReadAhead: what was ready in (after, through] of the middle.
struct PagedIn {
  QueueId queue;
  std::uint8_t level = 0;
  Position after;
  Position through;
  // Expired, and so not read; before all entries.
  std::uint64_t expired_count = 0;
  std::uint64_t expired_body_bytes = 0;
  std::uint64_t expired_logged_count = 0;
  std::uint64_t expired_logged_body_bytes = 0;
  Position expired_through;
  std::vector<QueueEntry> entries;
};

// Part of a level that somebody writes to disk in order to evict it.
struct EvictionPart {
  std::uint8_t level = 0;
  Position after;
  Position through;
};

}  // namespace harrier::broker
