#include "store/store.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "store/recovery.h"

namespace harrier::store {

class Store::Parts {
 public:
  Parts(const Place& place, const StoreOptions& options, StoreCallbacks callbacks, Workers workers)
      : place_(place),
        options_(options),
        callbacks_(std::move(callbacks)),
        checkpoints_(place.files, place.node_uuid),
        runs_(place.files, place.node_uuid),
        reserve_(place.files, options.reserve_bytes),
        hold_(options.pending_bytes_max, callbacks_.hold),
        own_writer_(workers.writer ? nullptr : std::make_unique<WorkerThread>()),
        own_reader_(workers.reader ? nullptr : std::make_unique<WorkerThread>()),
        writer_(workers.writer ? *workers.writer : *own_writer_),
        reader_(workers.reader ? *workers.reader : *own_reader_) {}
  ~Parts();

  base::Status<StoreError> recover();
  LoopStore& add_loop(std::size_t index, std::size_t loops, LoopPort& port);
  std::vector<VirtualHostDefinition> define_virtual_hosts(const std::vector<std::string>& names);
  void make_room();
  void start();
  void stop();
  void stop_merging();
  bool flush_once();
  bool close_once();
  bool crowded() const;
  std::uint32_t room_segments() const;
  void fatal(const journal::IoError& error);

  const Place place_;
  const StoreOptions options_;
  const StoreCallbacks callbacks_;
  CheckpointFiles checkpoints_;
  RunStore runs_;
  ReserveFile reserve_;
  PublisherHold hold_;
  RecoverySummary summary_;
  std::array<std::unique_ptr<ShardState>, journal::kShards> shards_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<Checkpointer> checkpointer_;
  struct Loop {
    std::unique_ptr<LoopStore> store;
    LoopPort* port = nullptr;
    std::atomic<bool> told{false};
  };
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<ControlLog> control_;  // once loop 0 is there
  base::Counter flushes_;
  std::atomic<bool> failed_{false};
  std::thread flusher_;
  std::unique_ptr<WorkerThread> own_writer_;
  std::unique_ptr<WorkerThread> own_reader_;
  Worker& writer_;
  Worker& reader_;
};

Store::Parts::~Parts() { stop(); }

base::Status<StoreError> Store::Parts::recover() {
  const std::int64_t bytes_before = broker::Message::resident_bytes();
  auto recovered = store::recover(place_, options_.journal, checkpoints_, runs_);
  if (!recovered.ok()) return base::fail(recovered.error());
  shards_ = std::move(recovered->shards);
  journal_ = std::move(recovered->journal);
  summary_ = recovered->summary;
  // They belong to the loops from now on.
  summary_.message_bytes = broker::Message::resident_bytes() - bytes_before;
  broker::Message::adopt_bytes(-summary_.message_bytes);
  checkpointer_ = std::make_unique<Checkpointer>(
      Checkpointer::Surroundings{.journal = *journal_,
                                 .hold = hold_,
                                 .files = checkpoints_,
                                 .runs = runs_,
                                 .reserve = reserve_,
                                 .writer = writer_,
                                 .clock = place_.clock,
                                 .epoch = place_.epoch,
                                 .room_segments = room_segments(),
                                 .segments_max = 2 * options_.journal.segments,
                                 .fatal = [this](const journal::IoError& error) { fatal(error); },
                                 .out_of_space = callbacks_.out_of_space},
      std::move(recovered->newest), std::move(recovered->older));
  return base::Done{};
}

// Publishers are held when so much is pending; what they had sent before comes on top.
std::uint32_t Store::Parts::room_segments() const {
  const std::uint64_t segment = options_.journal.segment_bytes;
  return static_cast<std::uint32_t>((options_.pending_bytes_max + segment - 1) / segment + 1);
}

void Store::Parts::fatal(const journal::IoError& error) {
  if (failed_.exchange(true)) return;
  base::log_error("store", "the disk failed: nothing is confirmed from here on",
                  {{"error", error.message}});
  if (callbacks_.fatal) callbacks_.fatal(error);
}

LoopStore& Store::Parts::add_loop(std::size_t index, std::size_t loops, LoopPort& port) {
  CHECK(index == loops_.size() && index < loops);
  LoopStoreLimits limits = options_.loop;
  auto loop = std::make_unique<Loop>();
  loop->port = &port;
  loop->store = std::make_unique<LoopStore>(
      LoopStore::Surroundings{.journal = *journal_,
                              .runs = runs_,
                              .writer = writer_,
                              .reader = reader_,
                              .loop = port,
                              .hold = hold_,
                              .fatal = [this](const journal::IoError& error) { fatal(error); }},
      limits);
  for (std::size_t shard = 0; shard != shards_.size(); ++shard) {
    if (loop_of(shard, loops) != index) continue;
    loop->store->add_shard(shard, std::move(shards_[shard]), Lsn(summary_.journal.last_lsn[shard]));
  }
  if (index == 0)
    control_ = std::make_unique<ControlLog>(loop->store->log(ControlLog::kShard),
                                            loop->store->state(ControlLog::kShard));
  loops_.push_back(std::move(loop));
  return *loops_.back()->store;
}

std::vector<VirtualHostDefinition> Store::Parts::define_virtual_hosts(
    const std::vector<std::string>& names) {
  std::vector<VirtualHostDefinition> all = control_->virtual_hosts();
  for (const std::string& name : names) {
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const auto& host) { return host.name == name; });
    if (!known) all.push_back(control_->add_virtual_host(name));
  }
  control_->seal(true);
  return all;
}

bool Store::Parts::flush_once() {
  if (failed_) return false;
  std::array<bool, journal::kShards> moved{};
  const journal::IoStatus status =
      journal_->run_flush([&](std::size_t shard, std::uint64_t) { moved[shard] = true; });
  if (!status.ok() && !status.error().is_out_of_space()) {
    fatal(status.error());
    return false;
  }
  if (status.ok()) ++flushes_;
  hold_.look_at(*journal_);
  for (const auto& loop : loops_) {
    bool any = false;
    for (std::size_t shard = 0; shard != moved.size(); ++shard)
      any = any || (moved[shard] && loop->store->has_shard(shard));
    if (!any || loop->told.exchange(true)) continue;
    Loop* told = loop.get();
    loop->port->post([told] {
      told->told.store(false);
      told->store->commits_moved();
    });
  }
  checkpointer_->look();
  return true;
}

void Store::Parts::make_room() {
  std::vector<Checkpointer::Loop> loops;
  for (const auto& loop : loops_)
    loops.push_back({loop->store.get(), loop->port});
  checkpointer_->set_loops(std::move(loops));
  constexpr base::Milliseconds kTimeout{60'000};
  // Two generations: what the first frees is free after the second.
  for (int cycle = 0; own_writer_ && cycle != 2 && crowded(); ++cycle)
    checkpointer_->run_cycle(kTimeout);
}

void Store::Parts::start() {
  writer_.post([this] { reserve_.make(); });
  if (!flush_once()) return;
  // What is suspect after an unclean stop must be written down before the next one.
  if (!summary_.journal.clean && summary_.journal.batches != 0) checkpointer_->request();
  // What is delivered from now on need not leave a record, and the end before this start must not
  // vouch for it.
  if (summary_.journal.clean) {
    const journal::IoStatus marked = journal_->mark_open();
    if (!marked.ok()) return fatal(marked.error());
  }
  checkpointer_->keep_room();
  if (!own_writer_) return;
  flusher_ = std::thread([this] {
    while (journal_->wait_for_work())
      if (!flush_once()) return;
  });
}

bool Store::Parts::close_once() {
  if (failed_) return false;
  // What is suspect since an unclean end stands in no checkpoint yet: this end must not hide it.
  const bool suspects = !summary_.journal.clean && summary_.journal.batches != 0 &&
                        checkpointer_->generation() == summary_.generation;
  const auto committed = [](std::size_t, std::uint64_t) {};
  journal::IoStatus closed = base::Done{};
  if (suspects) {
    while (closed.ok() && journal_->usage().pending_bytes != 0)
      closed = journal_->run_flush(committed);
  } else {
    closed = journal_->close_cleanly(committed);
  }
  if (!closed.ok()) fatal(closed.error());
  return closed.ok();
}

bool Store::Parts::crowded() const {
  const journal::JournalUsage usage = journal_->usage();
  return usage.segments_used * 2 > usage.segments;
}

void Store::Parts::stop_merging() {
  for (const auto& loop : loops_)
    loop->store->stop_merging_from_any_thread();
}

void Store::Parts::stop() {
  stop_merging();
  const bool ended_orderly = flusher_.joinable() && !failed_;
  if (flusher_.joinable()) {
    journal_->stop();
    flusher_.join();
    close_once();
  }
  // Their tasks know everything else, and the loops.
  own_reader_.reset();
  own_writer_.reset();
  // What was spilled or merged behind the last checkpoint; the next start would remove it.
  if (ended_orderly) runs_.remove_all_but(checkpointer_->named_runs());
}

// ---- Store

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Store::~Store() = default;

base::Result<std::unique_ptr<Store>, StoreError> Store::open(const Place& place,
                                                             const StoreOptions& options,
                                                             StoreCallbacks callbacks,
                                                             Workers workers) {
  auto parts = std::make_unique<Parts>(place, options, std::move(callbacks), workers);
  if (auto status = parts->recover(); !status.ok()) return base::fail(status.error());
  return std::unique_ptr<Store>(new Store(std::move(parts)));
}

const RecoverySummary& Store::recovery() const { return parts_->summary_; }
LoopStore& Store::add_loop(std::size_t index, std::size_t loops, LoopPort& port) {
  return parts_->add_loop(index, loops, port);
}
LoopStore& Store::loop(std::size_t index) { return *parts_->loops_[index]->store; }
ControlLog& Store::control() { return *parts_->control_; }
std::int64_t Store::message_bytes_of(std::size_t index) const {
  const RecoverySummary& found = parts_->summary_;
  if (found.young_messages == 0) return 0;
  const auto own = static_cast<std::int64_t>(parts_->loops_[index]->store->young_count());
  return found.message_bytes / static_cast<std::int64_t>(found.young_messages) * own;
}
std::vector<VirtualHostDefinition> Store::define_virtual_hosts(
    const std::vector<std::string>& names) {
  return parts_->define_virtual_hosts(names);
}
void Store::make_room() { parts_->make_room(); }
void Store::start() { parts_->start(); }
void Store::checkpoint() {
  constexpr base::Milliseconds kTimeout{10'000};
  // Its copy would only be in the way.
  parts_->stop_merging();
  if (!parts_->checkpointer_->run_cycle(kTimeout))
    base::log_warning("store", "no last checkpoint: the next start replays the journal");
}
void Store::stop() { parts_->stop(); }
bool Store::flush_once() { return parts_->flush_once(); }
bool Store::close_once() { return parts_->close_once(); }
journal::JournalUsage Store::journal_usage() const { return parts_->journal_->usage(); }
const base::Counter& Store::flushes() const { return parts_->flushes_; }
const journal::FlushCounters& Store::flush_counters() const {
  return parts_->journal_->flush_counters();
}
std::uint64_t Store::run_count() const { return parts_->runs_.count(); }
std::uint64_t Store::run_bytes() const { return parts_->runs_.bytes(); }
void Store::try_again() { parts_->checkpointer_->look(); }
Checkpointer& Store::checkpointer() { return *parts_->checkpointer_; }

}  // namespace harrier::store
