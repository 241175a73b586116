#include "store/loop_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/record_codec.h"
#include "store/shard_snapshot.h"

namespace harrier::store {
namespace {

// What a young message costs besides its own bytes: its place in the state and in its queue.
constexpr std::uint64_t kYoungOverhead = sizeof(YoungMessage) + sizeof(broker::QueueEntry) + 16;

}  // namespace

LoopStore::LoopStore(const Surroundings& surroundings, const LoopStoreLimits& limits)
    : around_(surroundings),
      limits_(limits),
      spiller_(
          around_.runs, around_.writer, around_.loop,
          [this](QueueId queue) { return find_tenant(queue); },
          [this](QueueId queue) { return find_state(queue); }, limits.spill_slice, around_.fatal),
      merger_(
          around_.runs, around_.writer, around_.loop,
          [this](QueueId queue) { return find_state(queue); }, ledger_, limits.merging,
          around_.fatal),
      pager_(
          around_.reader, around_.loop, [this](QueueId queue) { return find_tenant(queue); },
          limits.read_ahead_bytes) {}

void LoopStore::add_shard(std::size_t number, std::unique_ptr<ShardState> state, Lsn last) {
  shards_.push_back(std::make_unique<Shard>(number, std::move(state), around_.journal, last,
                                            limits_.chunk_bytes));
  shards_.back()->state->set_ledger(&ledger_);
}

LoopStore::Shard* LoopStore::find_shard(std::size_t number) const {
  for (const auto& shard : shards_)
    if (shard->log.shard() == number) return shard.get();
  return nullptr;
}

Tenant* LoopStore::find_tenant(QueueId queue) {
  const auto found = tenants_.find(virtual_host_of(queue));
  return found == tenants_.end() ? nullptr : found->second.get();
}

broker::Queue* LoopStore::find_live(QueueId queue) {
  const Tenant* tenant = find_tenant(queue);
  return tenant == nullptr || tenant->host == nullptr ? nullptr : tenant->host->find_queue(queue);
}

ShardState* LoopStore::find_state(QueueId queue) {
  if (Tenant* tenant = find_tenant(queue)) return tenant->state;
  for (const auto& shard : shards_)
    if (shard->state->find(queue) != nullptr) return shard->state.get();
  return nullptr;
}

broker::ChangeLog& LoopStore::add_log(std::size_t number, std::uint32_t virtual_host) {
  Shard* shard = find_shard(number);
  CHECK(shard != nullptr);
  auto tenant = std::make_unique<Tenant>();
  tenant->number = virtual_host;
  tenant->state = shard->state.get();
  tenant->log = &shard->log;
  tenant->own_log = std::make_unique<VirtualHostLog>(shard->log, virtual_host);
  tenant->change_log = tenant->own_log.get();
  shard->tenants.push_back(tenant.get());
  return *tenants_.insert_or_assign(virtual_host, std::move(tenant)).first->second->own_log;
}

void LoopStore::forget(std::uint32_t virtual_host) {
  const auto found = tenants_.find(virtual_host);
  CHECK(found != tenants_.end());
  for (const auto& shard : shards_)
    std::erase(shard->tenants, found->second.get());
  tenants_.erase(found);
}

// ---- recovery

bool LoopStore::restore(std::uint32_t virtual_host, broker::VirtualHost& host,
                        std::function<void()> touch, std::string& why) {
  Tenant& tenant = *tenants_.at(virtual_host);
  tenant.host = &host;
  tenant.touch = std::move(touch);
  tenant.touch();
  host.set_paging(&pager_);
  const ShardState& state = *tenant.state;
  for (const auto& [name, payload] : state.exchanges()) {
    if (name.first != virtual_host) continue;
    auto exchange = decode_exchange(payload);
    if (!exchange || !host.restore_exchange(std::move(exchange->declaration))) {
      why = "the exchange '" + name.second + "' cannot be restored";
      return false;
    }
  }
  for (const QueueId id : state.queue_ids()) {
    if (virtual_host_of(id) != virtual_host) continue;
    if (!restore_queue(tenant, *tenant.state->find(id), why)) return false;
  }
  for (const std::string& payload : state.bindings()) {
    const auto binding = decode_binding(payload);
    if (binding && binding->virtual_host == virtual_host) host.restore_binding(binding->request);
  }
  const auto last = state.last_queues().find(virtual_host);
  if (last != state.last_queues().end()) host.restore_last_queue(last->second);
  return true;
}

bool LoopStore::restore_queue(Tenant& tenant, const StoredQueue& stored, std::string& why) {
  auto definition = decode_queue(stored.definition());
  broker::Queue* queue =
      definition ? tenant.host->restore_queue(stored.id(), std::move(definition->declaration))
                 : nullptr;
  if (queue == nullptr) {
    why = "the queue " + std::to_string(stored.id().value) + " cannot be restored";
    return false;
  }
  queue->restore_next_position(stored.next_position());
  for (const auto& [level, middle] : stored.middles())
    queue->restore_middle(level, middle);
  const base::Now now = tenant.host->now();
  stored.visit_young(Position(), broker::kNoPosition, [&](const YoungMessage& young) {
    broker::QueueEntry entry;
    entry.message = young.message;
    entry.position = young.position;
    entry.body_size = static_cast<std::uint32_t>(young.message->body_size());
    entry.priority = young.level;
    entry.logged = true;
    if (young.expires_at != broker::kNoExpiry)
      entry.expires_at = std::max(now.monotonic, now.monotonic + (young.expires_at - now.wall));
    entry.delivery_count = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(stored.delivery_count(young.position), UINT16_MAX));
    entry.redelivered = stored.redelivered(young.level, young.position);
    queue->restore_entry(std::move(entry));
  });
  return true;
}

// ---- turns

void LoopStore::end_turn() {
  bool sealed = false;
  for (const auto& shard : shards_) {
    bool waited_for = pager_.awaits_commit();
    for (const Tenant* tenant : shard->tenants)
      waited_for = waited_for || (tenant->host != nullptr && tenant->host->awaits_commit());
    const bool behind = shard->log.committed() < shard->log.last_appended();
    if (shard->log.has_unsealed() || (waited_for && behind)) {
      shard->log.seal(waited_for);
      sealed = true;
    }
  }
  if (sealed) around_.hold.look_at(around_.journal);
  const std::uint64_t bytes = resident();
  resident_.set(bytes);
  dead_run_bytes_.set(ledger_.dead_bytes());
  if (bytes > limits_.cache_bytes && bytes >= spill_again_at_ && !spiller_.busy() && !requested_)
    spill_for_memory();
  if (!spiller_.busy() && !requested_ && !snapshotting_) merger_.look();
}

void LoopStore::when_committed(std::size_t number, std::function<void()> done) {
  Shard& shard = *find_shard(number);
  const Lsn last = shard.log.last_appended();
  if (last <= shard.log.committed()) return done();
  shard.log.seal(true);
  shard.waiting.emplace_back(last, std::move(done));
}

void LoopStore::commits_moved() {
  for (const auto& shard : shards_) {
    const Lsn committed(around_.journal.committed_lsn(shard->log.shard()));
    if (committed <= shard->log.committed()) continue;
    shard->log.set_committed(committed);
    // A turn of theirs tells them.
    for (Tenant* tenant : shard->tenants)
      if (tenant->host != nullptr && tenant->host->awaits_commit()) tenant->touch();
    while (!shard->waiting.empty() && shard->waiting.front().first <= committed) {
      const auto done = std::move(shard->waiting.front().second);
      shard->waiting.pop_front();
      done();
    }
  }
  pager_.commits_moved();
}

void LoopStore::hold_internal_publishing(bool held) {
  for (const auto& shard : shards_) {
    for (Tenant* tenant : shard->tenants) {
      if (tenant->host == nullptr) continue;
      tenant->touch();
      tenant->host->hold_internal_publishing(held);
    }
  }
}

// ---- merging

bool LoopStore::ledger_is_right() const {
  RunLedger recount;
  for (const auto& shard : shards_)
    for (const QueueId id : shard->state->queue_ids())
      for (const StoredLevel& level : shard->state->find(id)->levels())
        for (const StoredExtent& extent : level.extents)
          recount.add_extent(extent.run, extent.count, extent.length);
  return recount == ledger_;
}

// ---- spilling

std::uint64_t LoopStore::young_count() const {
  std::uint64_t young = 0;
  for (const auto& shard : shards_)
    young += shard->state->young_count();
  return young;
}

std::uint64_t LoopStore::resident() const {
  const std::uint64_t young = young_count();
  const std::int64_t messages = std::max<std::int64_t>(0, broker::Message::resident_bytes());
  return static_cast<std::uint64_t>(messages) + young * kYoungOverhead;
}

void LoopStore::spill_for_memory() {
  std::vector<Spiller::Target> targets;
  std::uint64_t chosen = 0;
  for (const auto& shard : shards_) {
    for (const Tenant* tenant : shard->tenants) {
      if (tenant->host == nullptr) continue;
      tenant->host->visit_largest_resident([&](broker::Queue& queue) {
        if (chosen >= limits_.spill_bytes) return false;
        const std::uint64_t bytes_max = limits_.spill_bytes - chosen;
        chosen += std::min(bytes_max, queue.evictable_bytes());
        if (queue.evictable_bytes() != 0)
          targets.push_back({queue.id(), broker::kNoPosition, bytes_max});
        return true;
      });
    }
  }
  if (targets.empty()) {
    spill_again_at_ = resident() + limits_.cache_bytes / 16;
    return;
  }
  spill_again_at_ = 0;
  std::sort(targets.begin(), targets.end(),
            [](const auto& a, const auto& b) { return a.queue < b.queue; });
  spiller_.start(std::move(targets), [this](Spiller::Result result) {
    // Without room, or without anything that could go, memory must grow before it is worth trying.
    if (result != Spiller::Result::kDone) spill_again_at_ = resident() + limits_.cache_bytes / 16;
    spill_ended();
  });
}

void LoopStore::spill_through(const journal::ShardLsns& lsns, SpillDone done) {
  CHECK(!requested_);
  requested_.emplace(SpillRequest{lsns, {}, std::move(done)});
  if (!spiller_.busy()) gather_for_spill();
}

void LoopStore::gather_for_spill() {
  std::vector<Spiller::Target>& targets = requested_->targets;
  std::size_t left = kQueuesPerTurn;
  for (const auto& shard : shards_) {
    const std::uint64_t lsn = requested_->lsns[shard->log.shard()];
    while (true) {
      if (left-- == 0) return around_.loop.post([this] { gather_for_spill(); });
      const QueueId id = shard->state->take_queue_young_since(lsn);
      if (id == QueueId()) break;
      targets.push_back({id, shard->state->find(id)->last_young_with_lsn(lsn), UINT64_MAX});
    }
  }
  SpillRequest request = *std::exchange(requested_, std::nullopt);
  if (request.targets.empty()) return request.done(Spiller::Result::kNothing);
  std::sort(request.targets.begin(), request.targets.end(),
            [](const auto& a, const auto& b) { return a.queue < b.queue; });
  spiller_.start(std::move(request.targets),
                 [this, done = std::move(request.done)](Spiller::Result result) {
                   if (result == Spiller::Result::kOutOfSpace)
                     for (const auto& shard : shards_)
                       shard->state->young_stayed();
                   spill_ended();
                   done(result);
                 });
}

void LoopStore::spill_ended() {
  if (SnapshotDone waiting = std::exchange(snapshot_waits_, nullptr)) snapshot(std::move(waiting));
  if (requested_) gather_for_spill();
}

// ---- checkpoints

struct LoopStore::SnapshotJob {
  LoopSnapshot snapshot;
  CheckpointEntries entries;
  struct Part {
    Shard* shard;
    std::vector<QueueId> queues;
    std::size_t next = 0;
  };
  std::vector<Part> parts;
  SnapshotDone done;
};

void LoopStore::snapshot(SnapshotDone done) {
  if (spiller_.finishing()) {
    snapshot_waits_ = std::move(done);
    return;
  }
  spiller_.hold_back();
  snapshotting_ = true;
  auto job = std::make_shared<SnapshotJob>();
  job->done = std::move(done);
  for (const auto& shard : shards_) {
    snapshot_definitions(*shard->state, static_cast<std::uint8_t>(shard->log.shard()),
                         job->entries);
    job->parts.push_back({shard.get(), shard->state->queue_ids()});
  }
  snapshot_slice(job);
}

void LoopStore::snapshot_slice(const std::shared_ptr<SnapshotJob>& job) {
  std::uint32_t left = limits_.snapshot_slice;
  for (SnapshotJob::Part& part : job->parts) {
    ShardLog& log = part.shard->log;
    // A record that grows afterwards would count as reflected.
    log.seal(false);
    for (; part.next != part.queues.size(); ++part.next) {
      if (left-- == 0) {
        around_.loop.post([this, job] { snapshot_slice(job); });
        return;
      }
      StoredQueue* queue = part.shard->state->find(part.queues[part.next]);
      if (queue == nullptr || queue->definition().empty()) continue;
      // Every durable queue comes by here, seldom: what it took while in use goes back.
      queue->trim();
      if (broker::Queue* live = find_live(queue->id())) live->trim();
      snapshot_queue(*queue, static_cast<std::uint8_t>(log.shard()), log.last_appended().value,
                     job->entries, job->snapshot.runs);
    }
    job->snapshot.lsns[log.shard()] = log.last_appended().value;
  }
  job->snapshot.chunks = job->entries.take_chunks();
  snapshotting_ = false;
  spiller_.go_on();
  merger_.snapshot_taken();
  job->done(std::move(job->snapshot));
}

}  // namespace harrier::store
