// The store of one broker loop: its shards, their logs, paging, spilling and its part of
//                               checkpoints.
//
// Role:       a loop's turn appends through the logs and ends with end_turn(); posted tasks bring
//             commits, pages and the node's requests. Everything else of the store is behind it.
// Model:      turn → end_turn(): seal the shards' records, look at memory. Requests of the node
//             (spill through an LSN, snapshot) run between turns, in slices.
// Thread:     confined(broker).
// Limits:     cache_bytes of resident messages: above it the largest queues leave memory.
// Spec:       rulings A1, A6, B1, B2.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>

#include "base/counter.h"
#include "store/checkpoint_file.h"
#include "store/pager.h"
#include "store/publisher_hold.h"
#include "store/run_ledger.h"
#include "store/run_merger.h"
#include "store/shard_log.h"
#include "store/spiller.h"
#include "store/tenant.h"

namespace harrier::store {

struct LoopStoreLimits {
  std::uint64_t cache_bytes = 256 << 20;
  std::uint64_t spill_bytes = 32 << 20;
  std::uint64_t read_ahead_bytes = 512 << 10;
  RunMerger::Limits merging = {};
  // What a spill looks at in one turn: about half a millisecond.
  std::uint64_t spill_slice = 2'048;
  // Queues written to a checkpoint in one turn.
  std::uint32_t snapshot_slice = 2'000;
  // Of records that leave for the journal before their turn ends.
  std::size_t chunk_bytes = ShardLog::kChunkBytes;
};

// What a loop tells of its shards for a checkpoint.
struct LoopSnapshot {
  std::vector<base::Buffer> chunks;
  std::set<RunId> runs;
  // The last record reflected, of this loop's shards; zero for others.
  journal::ShardLsns lsns{};
};

class LoopStore {
 public:
  struct Surroundings {
    journal::Journal& journal;
    RunStore& runs;
    Worker& writer;
    Worker& reader;
    LoopPort& loop;
    PublisherHold& hold;
    FatalError fatal;
  };

  LoopStore(const Surroundings& surroundings, const LoopStoreLimits& limits);

  // ---- before the loop's turns end here; what follows on the loop
  void add_shard(std::size_t number, std::unique_ptr<ShardState> state, Lsn last);
  bool has_shard(std::size_t number) const { return find_shard(number) != nullptr; }
  // The log for a virtual host of this shard; lives as long as this.
  broker::ChangeLog& add_log(std::size_t shard, std::uint32_t virtual_host);
  // Tests: the pager's records take this way, too.
  void log_through(std::uint32_t virtual_host, broker::ChangeLog& log) {
    tenants_.at(virtual_host)->change_log = &log;
  }
  // Fills the host with what the shard knows of it, in a turn of it that begins here; then pages.
  // False with `why` when a definition makes no sense.
  bool restore(std::uint32_t virtual_host, broker::VirtualHost& host, std::function<void()> touch,
               std::string& why);
  // What add_log() and restore() made, once nothing is left of the virtual host and nobody has it.
  void forget(std::uint32_t virtual_host);
  ShardLog& log(std::size_t shard) { return find_shard(shard)->log; }
  const ShardState& state(std::size_t shard) const { return *find_shard(shard)->state; }

  std::uint64_t young_count() const;

  // ---- turns
  // REQUIRES that the hosts' turns have ended. Somebody waits: flush at once.
  void end_turn();
  // Has everything that was appended to this shard flushed soon, and then calls `done`: in a turn
  // to come, or at once if there is nothing to wait for.
  void when_committed(std::size_t shard, std::function<void()> done);
  // The journal has committed more: tells logs, hosts and pager, and who waits by when_committed().
  void commits_moved();
  // Internal publishing (dead letters) is held or goes on.
  void hold_internal_publishing(bool held);

  // ---- requests of the node
  using SpillDone = std::function<void(Spiller::Result)>;
  // Tests: what spilling for memory does to one queue.
  void spill_queue(QueueId queue, std::uint64_t bytes_max, SpillDone done) {
    spiller_.start({{queue, broker::kNoPosition, bytes_max}},
                   [this, done = std::move(done)](Spiller::Result result) {
                     spill_ended();
                     done(result);
                   });
  }
  // Moves everything with records up to these out of the journal. `done` on the loop.
  void spill_through(const journal::ShardLsns& lsns, SpillDone done);
  using SnapshotDone = std::function<void(LoopSnapshot)>;
  void snapshot(SnapshotDone done);
  void stop_merging_from_any_thread() { merger_.stop_from_any_thread(); }

  // ---- for metrics, any thread
  const base::Counter& resident_bytes() const { return resident_; }
  const Spiller& spiller() const { return spiller_; }
  const Pager& pager() const { return pager_; }
  const RunMerger& merger() const { return merger_; }
  // Of messages that are dead in runs that are still needed, about.
  const base::Counter& dead_run_bytes() const { return dead_run_bytes_; }
  // Tests: the ledger says what a recount says.
  bool ledger_is_right() const;

 private:
  // Found for a spill.
  static constexpr std::size_t kQueuesPerTurn = 2'000;

  struct Shard {
    Shard(std::size_t number, std::unique_ptr<ShardState> given, journal::Journal& journal,
          Lsn last, std::size_t chunk_bytes)
        : state(std::move(given)), log(number, *state, journal, last, chunk_bytes) {}
    std::unique_ptr<ShardState> state;
    ShardLog log;
    std::vector<Tenant*> tenants;
    // In the order of their LSNs. Limits: one for each administrative change under way.
    std::deque<std::pair<Lsn, std::function<void()>>> waiting;
  };
  struct SnapshotJob;

  Shard* find_shard(std::size_t number) const;
  Tenant* find_tenant(QueueId queue);
  // In its virtual host, if that is here.
  broker::Queue* find_live(QueueId queue);
  ShardState* find_state(QueueId queue);
  bool restore_queue(Tenant& tenant, const StoredQueue& stored, std::string& why);
  std::uint64_t resident() const;
  void spill_for_memory();
  void gather_for_spill();
  void spill_ended();
  void snapshot_slice(const std::shared_ptr<SnapshotJob>& job);

  Surroundings around_;
  const LoopStoreLimits limits_;
  // Outlives the shards, whose queues take their extents out of it.
  RunLedger ledger_;
  std::vector<std::unique_ptr<Shard>> shards_;
  // By number of the virtual host.
  tsl::robin_map<std::uint32_t, std::unique_ptr<Tenant>> tenants_;
  Spiller spiller_;
  RunMerger merger_;
  Pager pager_;
  base::Counter resident_;
  base::Counter dead_run_bytes_;
  // A spill for memory found nothing: not again before memory has grown to this.
  std::uint64_t spill_again_at_ = 0;
  struct SpillRequest {
    journal::ShardLsns lsns{};
    std::vector<Spiller::Target> targets;
    SpillDone done;
  };
  std::optional<SpillRequest> requested_;
  // Until the spill that is being finished has ended.
  SnapshotDone snapshot_waits_;
  bool snapshotting_ = false;
};

}  // namespace harrier::store
