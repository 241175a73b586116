// The store of a node: opens what is on disk, keeps it true, closes it.
//
// Role:       server opens it before its loops have virtual hosts, asks it for a LoopStore per loop
//             and for the virtual hosts that exist, and starts and stops it.
// Model:      open() (recovery) → add_loop()s → make_room() → define_virtual_hosts() → start() →
//             running → stop().
//             Threads of its own: the flusher (journal), a writer (runs, checkpoints), a reader
//             (paging).
// Invariants: a fatal failure of the disk is reported once and nothing is committed after it.
// Thread:     open() … start() and stop(): one thread, which is none of the loops. usage() and the
//             other getters: any.
// Errors:     StoreError, which says how the process should end.
// Spec:       docs/operations/durability.md; ADR 0006, 0007.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "journal/file_system.h"
#include "journal/journal.h"
#include "store/checkpointer.h"
#include "store/control_log.h"
#include "store/loop_store.h"
#include "store/publisher_hold.h"
#include "store/record_codec.h"

namespace harrier::store {

enum class StoreFailure : std::uint8_t { kCorrupt, kForeign, kIo };
struct StoreError {
  StoreFailure kind = StoreFailure::kIo;
  std::string message;
};

struct StoreOptions {
  journal::JournalOptions journal;
  std::uint64_t pending_bytes_max = 16 << 20;
  std::uint64_t reserve_bytes = 64 << 20;
  // Of each loop.
  LoopStoreLimits loop;
};

struct StoreCallbacks {
  // Publishers must wait, or need not any more; any thread.
  PublisherHold::Changed hold;
  // The disk failed: the process must end. May return in tests.
  FatalError fatal;
  // A run or a checkpoint found no room; any thread.
  std::function<void()> out_of_space;
};

// What recovery found, for the log and for metrics.
struct RecoverySummary {
  journal::RecoveryReport journal;
  std::uint64_t generation = 0;  // of the checkpoint; 0: none
  std::uint64_t queues = 0;
  std::uint64_t runs = 0;
  std::uint64_t young_messages = 0;
  std::int64_t message_bytes = 0;  // of all young messages, made by the thread that recovers
};

class Store {
 public:
  // `files` is the locked data directory of the node `uuid`; `epoch` is greater at every start.
  // `workers`: none, and the store makes its threads; tests give their own and call flush_once().
  struct Place {
    journal::FileSystem& files;
    std::string node_uuid;
    std::uint64_t epoch = 1;
    const base::Clock& clock;
  };
  struct Workers {
    Worker* writer;
    Worker* reader;
  };
  static base::Result<std::unique_ptr<Store>, StoreError> open(
      const Place& place, const StoreOptions& options, StoreCallbacks callbacks,
      Workers workers = {nullptr, nullptr});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const RecoverySummary& recovery() const;
  // Loop `index` of `loops`; REQUIRES calls in that order for every loop.
  LoopStore& add_loop(std::size_t index, std::size_t loops, LoopPort& port);
  LoopStore& loop(std::size_t index);
  // About how many bytes of recovered messages are this loop's: Message::adopt_bytes() there.
  std::int64_t message_bytes_of(std::size_t index) const;
  static std::size_t loop_of(std::size_t shard, std::size_t loops) {
    return shard == 0 ? 0 : (shard - 1) % loops;
  }
  // Frees segments of a journal that short-lived starts have filled: nothing may be appended
  // before. REQUIRES that the loops run, with their stores.
  void make_room();
  // Of loop 0, which has to be added before.
  ControlLog& control();
  // Those on disk, and these. On loop 0 or before it ends turns here. REQUIRES every loop.
  std::vector<VirtualHostDefinition> define_virtual_hosts(const std::vector<std::string>& names);

  // Makes what define_virtual_hosts() added durable, then starts the flusher and the cycles.
  // REQUIRES that the loops run and have restored their virtual hosts.
  void start();
  // REQUIRES that nobody uses the virtual hosts any more, and that the loops still run: writes a
  // last checkpoint; merging ends.
  void checkpoint();
  // REQUIRES that the loops have ended.
  void stop();

  // ---- tests, instead of the flusher's thread
  // One turn of the flusher; false after a fatal failure.
  bool flush_once();
  // Its last turn, which says that the end was orderly; nothing else may follow.
  bool close_once();

  // ---- any thread
  journal::JournalUsage journal_usage() const;
  const base::Counter& flushes() const;
  const journal::FlushCounters& flush_counters() const;
  std::uint64_t run_count() const;
  std::uint64_t run_bytes() const;
  Checkpointer& checkpointer();
  // Time has passed: what found no room before may find some now. Nothing else would look again
  // while the journal stands still.
  void try_again();

 private:
  class Parts;
  explicit Store(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace harrier::store
