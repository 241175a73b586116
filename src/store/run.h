// A run: one immutable file of messages that outlived the journal, sorted by (queue, level,
// position).
//
// Role:      its name, and what it says of its parts. RunWriter makes one from what a loop spills
//            or a merge keeps; RunFile reads blocks of it. What is still alive in a run is said
//            elsewhere (the checkpoint and the journal), never in the run.
// Model:     head (4 KiB) · blocks · index of extents · tail. A block is of one (queue, level), is
//            about kBlockBytes long (longer only for one message that is) and starts with a head
//            that counts and dates it without its bodies. An extent is the blocks of one (queue,
//            level), one after the other. Every part has a CRC32C. A message that several queues of
//            the run hold stands once; the others refer to it. docs/formats/run.md has every byte.
// Thread:    immutable values.
// Limits:    kBlockBytes = 64 KiB, of a block and of the messages it refers to; beyond that a block
//            has one entry only.
// Spec:      docs/formats/run.md; rulings A2, A3, B6, C1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong_id.h"
#include "base/time.h"
#include "broker/changes.h"
#include "broker/ids.h"

namespace harrier::store {

// Never reused in a data directory. The file is runs/<16 hex digits>.run.
using RunId = base::StrongId<struct RunIdTag>;
inline constexpr std::string_view kRunFolder = "runs";
std::string run_path(RunId run);
// nullopt for a name that no run has.
std::optional<RunId> run_of_file_name(std::string_view name);

inline constexpr std::size_t kBlockBytes = 64 << 10;
using broker::kNoExpiry;

// What a block says of itself, without its bodies.
struct RunBlockHead {
  broker::QueueId queue;
  std::uint8_t level = 0;
  std::uint64_t length = 0;  // of the whole block: the next one of the extent starts behind it
  broker::Position first;
  broker::Position last;
  std::uint32_t count = 0;
  std::uint64_t body_bytes = 0;
  // Entries that survive a restart, and their bodies.
  std::uint32_t durable_count = 0;
  std::uint64_t durable_body_bytes = 0;
  base::WallTime latest_expiry = kNoExpiry;  // kNoExpiry: some entry never expires
  base::WallTime earliest_ingress{};

  bool operator==(const RunBlockHead&) const = default;
};

// All blocks of one (queue, level) in a run.
struct RunExtent {
  broker::QueueId queue;
  std::uint8_t level = 0;
  std::uint64_t offset = 0;  // of its first block
  std::uint64_t length = 0;  // of all its blocks together
  broker::Position first;
  broker::Position last;
  std::uint64_t count = 0;
  std::uint64_t body_bytes = 0;
  // Entries that survive a restart, and their bodies.
  std::uint64_t durable_count = 0;
  std::uint64_t durable_body_bytes = 0;

  bool operator==(const RunExtent&) const = default;
};

struct RunSummary {
  RunId run;
  std::uint64_t file_bytes = 0;
  std::vector<RunExtent> extents;
};

}  // namespace harrier::store
