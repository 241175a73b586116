// What the store of a node counts, read at one moment.
//
// Role: metrics' look at journal, runs and checkpoints; Node::store() fills it.
// Thread: any; takes locks.
#pragma once

#include <cstdint>

#include "journal/disk_counters.h"
#include "journal/journal.h"
#include "store/store.h"

namespace harrier::server {

struct StoreView {
  journal::JournalUsage journal;
  std::uint64_t flushes = 0;
  const journal::FlushCounters* flush_counters = nullptr;  // valid while the node exists
  std::uint64_t runs = 0;
  std::uint64_t run_bytes = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t checkpoint_generation = 0;
  // Of all loops.
  std::uint64_t resident_bytes = 0;
  std::uint64_t spilled_messages = 0;
  std::uint64_t spilled_bytes = 0;
  std::uint64_t merges = 0;
  std::uint64_t merged_bytes = 0;
  std::uint64_t dead_run_bytes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t damaged_blocks = 0;
  // What the start found.
  store::RecoverySummary recovery;
  std::uint64_t segment_bytes = 0;              // of the journal's, each
  const journal::DiskCounters* disk = nullptr;  // valid while the node exists
};

// All but what is the node's: segment_bytes and disk.
StoreView read_store(store::Store& store, std::size_t loops);

}  // namespace harrier::server
