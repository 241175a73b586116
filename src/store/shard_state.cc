#include "store/shard_state.h"

#include <algorithm>

#include "base/check.h"
#include "store/node_definition.h"

namespace harrier::store {

void ShardState::apply(const StoredChange& change, std::uint64_t lsn) {
  if (const auto* publish = std::get_if<StoredPublish>(&change)) {
    apply_publish(*publish, lsn);
  } else if (const auto* settle = std::get_if<broker::SettleChange>(&change)) {
    if (StoredQueue* queue = find(settle->queue)) {
      const std::uint64_t before = queue->young_count();
      queue->settle(*settle, lsn);
      young_count_ -= before - queue->young_count();
    }
  } else if (const auto* requeue = std::get_if<StoredRequeue>(&change)) {
    if (StoredQueue* queue = find(requeue->queue))
      queue->requeue(requeue->level, requeue->first, requeue->last, requeue->delivery_count);
  } else if (const auto* dispatched = std::get_if<broker::DispatchedChange>(&change)) {
    if (StoredQueue* queue = find(dispatched->last.queue))
      queue->dispatched(dispatched->last.level, dispatched->last.position);
  } else {
    apply_definition(std::get<StoredDefinition>(change));
  }
}

void ShardState::apply_publish(const StoredPublish& publish, std::uint64_t lsn) {
  for (const broker::PublishPlace& place : publish.places) {
    StoredQueue* queue = find(place.queue);
    if (queue == nullptr) continue;
    const std::uint64_t before = queue->young_count();
    queue->publish(place, publish.message, lsn);
    const std::uint64_t added = queue->young_count() - before;
    young_count_ += added;
    if (added == 0 || queue->young_listed) continue;
    queue->young_listed = true;
    young_since_.push_back({lsn, place.queue});
  }
}

QueueId ShardState::take_queue_young_since(std::uint64_t lsn) {
  while (!young_since_.empty() && young_since_.front().lsn <= lsn) {
    const QueueId id = young_since_.front().queue;
    young_since_.pop_front();
    StoredQueue* queue = find(id);
    const YoungMessage* oldest = queue == nullptr ? nullptr : queue->oldest_young();
    if (oldest == nullptr) {
      if (queue != nullptr) queue->young_listed = false;
      continue;
    }
    // It stays in the list, with what will be its oldest once it has been spilled.
    const auto place = std::upper_bound(
        young_since_.begin(), young_since_.end(), std::max(oldest->lsn, lsn + 1),
        [](std::uint64_t wanted, const YoungSince& other) { return wanted < other.lsn; });
    young_since_.insert(place, {std::max(oldest->lsn, lsn + 1), id});
    if (oldest->lsn <= lsn) return id;
  }
  return QueueId();
}

void ShardState::young_stayed() {
  for (YoungSince& since : young_since_) {
    const StoredQueue* queue = find(since.queue);
    const YoungMessage* oldest = queue == nullptr ? nullptr : queue->oldest_young();
    if (oldest != nullptr) since.lsn = std::min(since.lsn, oldest->lsn);
  }
  std::stable_sort(young_since_.begin(), young_since_.end(),
                   [](const YoungSince& a, const YoungSince& b) { return a.lsn < b.lsn; });
}

StoredQueue& ShardState::add_queue(QueueId id, const std::string& definition) {
  auto& queue = queues_[id.value];
  if (!queue) {
    queue = std::make_unique<StoredQueue>(id, definition);
    queue->set_ledger(ledger_);
  }
  return *queue;
}

StoredQueue& ShardState::find_or_add_transient(QueueId id) { return add_queue(id, std::string()); }

void ShardState::set_ledger(RunLedger* ledger) {
  ledger_ = ledger;
  for (const auto& [id, queue] : queues_)
    queue->set_ledger(ledger);
}

void ShardState::forget_if_empty(QueueId id) {
  const auto found = queues_.find(id.value);
  if (found == queues_.end() || !found->second->definition().empty()) return;
  if (!found->second->has_extents()) queues_.erase(found);
}

std::vector<QueueId> ShardState::queue_ids() const {
  std::vector<QueueId> ids;
  ids.reserve(queues_.size());
  for (const auto& [id, queue] : queues_)
    ids.emplace_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void ShardState::note_queue(QueueId id) {
  QueueId& last = last_queues_[virtual_host_of(id)];
  last = std::max(last, id);
}

void ShardState::apply_definition(const StoredDefinition& definition) {
  const std::string payload(definition.payload);
  switch (definition.type) {
    case RecordType::kQueueDeclared: return declare_queue(payload);
    case RecordType::kQueueDeleted: return delete_queue(*decode_queue_id(payload));
    case RecordType::kExchangeDeclared:
      exchanges_.insert_or_assign(*decode_exchange_name(payload), payload);
      return;
    case RecordType::kExchangeDeleted: exchanges_.erase(*decode_exchange_name(payload)); return;
    case RecordType::kBound: bindings_.insert(payload); return;
    case RecordType::kUnbound: bindings_.erase(payload); return;
    case RecordType::kVirtualHostCreated:
      virtual_hosts_.insert_or_assign(decode_virtual_host(payload)->number, payload);
      return;
    case RecordType::kVirtualHostDeleted:
      virtual_hosts_.erase(decode_virtual_host(payload)->number);
      return;
    case RecordType::kNodeDefinitionSet:
      node_definitions_.insert_or_assign(node_definition_identity(payload), payload);
      return;
    case RecordType::kNodeDefinitionRemoved: node_definitions_.erase(payload); return;
    default: CHECK(false && "no definition");
  }
}

void ShardState::declare_queue(const std::string& payload) {
  const QueueId id = *decode_queue_id(payload);
  note_queue(id);
  add_queue(id, payload).set_definition(payload);
}

void ShardState::delete_queue(QueueId id) {
  note_queue(id);
  const auto found = queues_.find(id.value);
  if (found == queues_.end()) return;
  young_count_ -= found->second->young_count();
  queues_.erase(found);
}

}  // namespace harrier::store
