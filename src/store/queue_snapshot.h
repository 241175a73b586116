// A queue's state as an entry of a checkpoint has it: plain, without the files it speaks of.
//
// Role:   shard_snapshot.h makes it of a StoredQueue and back; verify reads it, and repair writes
//         it without what was lost.
// Thread: plain values.
// Errors: bytes from the disk may be anything: decode gives nullopt, never a CHECK.
// Spec:   docs/formats/checkpoint.md, "Queue".
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "broker/ids.h"
#include "store/run.h"

namespace harrier::store {

struct ExtentSnapshot {
  RunId run;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  broker::Position first;
  broker::Position last;
  // Alive.
  std::uint64_t count = 0;
  std::uint64_t body_bytes = 0;
  bool may_expire = false;
};

struct LevelSnapshot {
  using Ranges = std::vector<std::pair<broker::Position, broker::Position>>;

  std::uint8_t number = 0;
  broker::Position dispatched;
  std::vector<ExtentSnapshot> extents;  // growing, without overlap
  Ranges settled;
  Ranges suspect;
};

struct DeliveryCountSnapshot {
  broker::Position position;
  std::uint8_t level = 0;
  std::uint32_t count = 0;
};

struct QueueSnapshot {
  broker::QueueId id;
  broker::Position next;
  broker::Position spilled_through;
  std::uint64_t applied_lsn = 0;
  std::vector<DeliveryCountSnapshot> delivery_counts;
  std::vector<LevelSnapshot> levels;  // each number once
};

void encode_queue_snapshot(base::Buffer& to, const QueueSnapshot& queue);
std::optional<QueueSnapshot> decode_queue_snapshot(base::Bytes payload);

}  // namespace harrier::store
