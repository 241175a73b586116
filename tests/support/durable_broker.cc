#include "support/durable_broker.h"

#include <algorithm>

#include "base/check.h"

namespace harrier::test {
namespace {

constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";

}  // namespace

DurableBroker::DurableBroker(journal::FileSystem& files, ManualClock& clock,
                             const DurableOptions& options, std::uint64_t epoch, std::uint64_t seed)
    : clock_(clock),
      options_(options),
      random_(seed),
      salts_(seed + epoch * 1'000'003),
      files_(files),
      epoch_(epoch) {
  limits_.slice_entries = options.slice_entries;
  limits_.read_ahead_bytes = options.read_ahead_bytes;
}

DurableBroker::~DurableBroker() {
  writer_.clear();
  reader_.clear();
  port_.tasks.clear();
  for (Host& host : hosts_)
    host.host.reset();
  hosts_.clear();
  store_.reset();
}

bool DurableBroker::open(const ModelOf& model_of) {
  store::StoreOptions options;
  options.journal.segment_bytes = options_.segment_bytes;
  options.journal.segments = options_.segments;
  options.journal.random = &salts_;
  options.pending_bytes_max = options_.pending_bytes_max;
  options.reserve_bytes = options_.reserve_bytes;
  options.loop.cache_bytes = options_.cache_bytes;
  options.loop.spill_bytes = options_.spill_bytes;
  options.loop.read_ahead_bytes = options_.read_ahead_bytes;
  options.loop.chunk_bytes = options_.chunk_bytes;
  options.loop.merging.bytes_max = options_.merge_bytes;
  options.loop.merging.dead_bytes_max = options_.merge_dead_bytes;
  options.loop.merging.slice_bytes = options_.merge_slice_bytes;
  options.loop.merging.groups_per_turn = options_.merge_groups_per_turn;
  options.loop.snapshot_slice = options_.snapshot_slice;
  options.loop.spill_slice = options_.spill_slice;
  store::StoreCallbacks callbacks;
  callbacks.fatal = [this](const journal::IoError& error) {
    failed_ = true;
    error_ = error.message;
  };
  callbacks.out_of_space = [this] { ++no_room_reports; };
  callbacks.hold = [this](store::HoldReason reason, bool held) {
    (reason == store::HoldReason::kJournalFull ? full_ : backlog_) = held;
    if (reason != store::HoldReason::kJournalFull) return;
    port_.post([this, held] { store_->loop(0).hold_internal_publishing(held); });
  };
  // Counted by thread: what was before must not decide what is evicted now.
  broker::Message::adopt_bytes(-broker::Message::resident_bytes());
  auto opened = store::Store::open({files_, kUuid, epoch_, clock_}, options, std::move(callbacks),
                                   {&writer_, &reader_});
  if (!opened.ok()) {
    error_ = opened.error().message;
    return false;
  }
  store_ = std::move(opened).value();
  store_->add_loop(0, 1, port_);
  store_->make_room();
  // What it waits for, with threads.
  make_room();
  if (failed_) return false;
  const auto definitions = store_->define_virtual_hosts(options_.hosts);
  broker::Message::adopt_bytes(store_->message_bytes_of(0));
  hosts_.resize(definitions.size());
  for (std::size_t i = 0; i != definitions.size(); ++i) {
    const store::VirtualHostDefinition& definition = definitions[i];
    Host& host = hosts_[i];
    host.name = definition.name;
    host.shard = definition.shard;
    broker::ChangeLog* log = &loop_store().add_log(definition.shard, definition.number);
    if (options_.sabotage) {
      host.saboteur = options_.sabotage(*log);
      log = host.saboteur.get();
    }
    const broker::Lsn recovered(store_->recovery().journal.last_lsn[definition.shard]);
    if (host.saboteur) loop_store().log_through(definition.number, *log);
    host.recorder = std::make_unique<ChangeRecorder>(
        *log, model_of(i, recovered), [this, name = definition.name](const std::string& what) {
          complaints.push_back(name + ": " + what);
        });
    host.recorder->now = clock_.now().wall;
    host.host =
        std::make_unique<broker::VirtualHost>(definition.name, limits_, *host.recorder, random_,
                                              access_, store::first_queue_of(definition.number));
    host.told = host.recorder->committed();
    if (!loop_store().restore(
            definition.number, *host.host, [this, i] { touch(hosts_[i]); }, error_))
      return false;
  }
  store_->start();
  opened_ = true;
  return !failed_;
}

// ---- turns

void DurableBroker::touch(Host& host) {
  if (std::exchange(host.in_turn, true)) return;
  host.has_work = false;
  host.recorder->now = clock_.now().wall;
  host.host->begin_turn(clock_.now());
  touched_.push_back(static_cast<std::size_t>(&host - hosts_.data()));
}

void DurableBroker::act(std::size_t index, const std::function<void(broker::VirtualHost&)>& calls,
                        bool ends) {
  touch(hosts_[index]);
  calls(*hosts_[index].host);
  hosts_[index].host->settle_down();
  if (ends) end_turn();
}

void DurableBroker::finish_host(Host& host) {
  host.host->settle_down();
  while (host.recorder->committed() != host.told) {
    host.told = host.recorder->committed();
    host.host->committed(host.told);
  }
  host.has_work = host.host->end_turn() || host.recorder->committed() != host.told;
  host.in_turn = false;
}

void DurableBroker::end_turn() {
  for (const std::size_t index : std::exchange(touched_, {}))
    finish_host(hosts_[index]);
  if (!failed_) loop_store().end_turn();
  if (!loop_store().ledger_is_right()) complaints.push_back("the ledger of runs is wrong");
}

bool DurableBroker::deadlines() {
  bool any = false;
  for (Host& host : hosts_) {
    if (!host.has_work && host.host->next_deadline() > clock_.now().monotonic) continue;
    any = true;
    touch(host);
    host.host->handle_deadlines();
  }
  if (any) end_turn();
  return any;
}

bool DurableBroker::step(std::size_t who) {
  if (failed_) return false;
  switch (who) {
    case kLoopDeadlines: return deadlines();
    case 1: {
      if (!port_.run_one()) return false;
      // Sometimes more happens in the same turn.
      if (random_.below(3) != 0) end_turn();
      return true;
    }
    case 2: return writer_.run_one();
    case 3: return reader_.run_one();
    case 4: {
      const std::uint64_t before = store_->journal_usage().pending_bytes;
      store_->flush_once();
      return store_->journal_usage().pending_bytes != before;
    }
    default:
      end_turn();
      store_->try_again();
      return false;
  }
}

void DurableBroker::jitter(std::size_t steps) {
  for (; steps != 0; --steps)
    step(random_.below(kActors));
}

bool DurableBroker::settle() {
  for (int round = 0; round != 20'000; ++round) {
    if (failed_) return true;
    bool moved = false;
    for (std::size_t who = 0; who != kActors; ++who)
      moved = step(who) || moved;
    end_turn();
    bool waits = false;
    for (const Host& host : hosts_)
      waits = waits || host.recorder->committed() < host.recorder->inner_last();
    const bool full = store_->journal_usage().stands_still;
    if (!moved && port_.tasks.empty() && writer_.idle() && reader_.idle() && (!waits || full))
      return true;
  }
  return false;
}

void DurableBroker::make_room() {
  for (int cycle = 0; cycle != 2 && !failed_; ++cycle) {
    const journal::JournalUsage usage = store_->journal_usage();
    if (usage.segments_used * 2 <= usage.segments) return;
    checkpoint();
  }
}

bool DurableBroker::checkpoint() {
  const std::uint64_t before = store_->checkpointer().generation();
  for (int attempt = 0; attempt != 3 && !failed_; ++attempt) {
    store_->checkpointer().request();
    if (!settle()) return false;
    if (store_->checkpointer().generation() > before) return true;
    // It found no room.
    clock_.time += store::Checkpointer::kRetry + base::Milliseconds(1);
  }
  return failed_;
}

bool DurableBroker::spill_everything() {
  settle();
  journal::ShardLsns all{};
  for (const Host& host : hosts_)
    all[host.shard] = loop_store().log(host.shard).last_appended().value;
  bool done = false;
  loop_store().spill_through(all, [&done](store::Spiller::Result) { done = true; });
  return settle() && done;
}

bool DurableBroker::spill_for_memory(const std::string& queue) {
  settle();
  bool done = false;
  loop_store().spill_queue(host().find_queue(queue)->id(), options_.spill_bytes,
                           [&done](store::Spiller::Result) { done = true; });
  return settle() && done;
}

void DurableBroker::run_posted() {
  while (port_.run_one()) {
  }
}

bool DurableBroker::stop_cleanly(bool with_checkpoint) {
  settle();
  if (failed_ || (with_checkpoint && !checkpoint())) return false;
  return store_->close_once();
}

}  // namespace harrier::test
