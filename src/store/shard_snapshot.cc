#include "store/shard_snapshot.h"

#include "store/queue_snapshot.h"
#include "store/record_codec.h"

namespace harrier::store {
namespace {

using base::Buffer;
using base::ByteReader;

void put_definition(RecordType type, const std::string& payload, std::uint8_t shard,
                    CheckpointEntries& to) {
  Buffer& entry = to.begin(shard, static_cast<std::uint8_t>(CheckpointEntryType::kDefinition));
  entry.append_number(static_cast<std::uint8_t>(type));
  entry.append(payload);
  to.end();
}

LevelSnapshot::Ranges ranges_of(const RangeSet& set) {
  LevelSnapshot::Ranges ranges;
  ranges.reserve(set.ranges());
  set.for_each([&](Position first, Position last) { ranges.emplace_back(first, last); });
  return ranges;
}

LevelSnapshot snapshot_of(const StoredLevel& level) {
  LevelSnapshot snapshot;
  snapshot.number = level.number;
  snapshot.dispatched = level.dispatched;
  for (const StoredExtent& extent : level.extents) {
    snapshot.extents.push_back({extent.run->run(), extent.offset, extent.length, extent.first,
                                extent.last, extent.count, extent.body_bytes, extent.may_expire});
  }
  snapshot.settled = ranges_of(level.settled);
  snapshot.suspect = ranges_of(level.suspect);
  return snapshot;
}

bool restore_level(const LevelSnapshot& snapshot, StoredLevel& level, const OpenRun& open_run,
                   std::string& why) {
  if (!level.extents.empty()) return false;
  level.dispatched = snapshot.dispatched;
  for (const ExtentSnapshot& extent : snapshot.extents) {
    const auto run = open_run(extent.run, why);
    if (!run) return false;
    if (*run != nullptr && extent.offset + extent.length > (*run)->file_bytes()) {
      why = run_path(extent.run) + " is shorter than a queue's state says";
      return false;
    }
    StoredExtent& stored = level.extents.emplace_back();
    stored.run = *run;
    stored.offset = extent.offset;
    stored.length = extent.length;
    stored.first = extent.first;
    stored.last = extent.last;
    stored.count = extent.count;
    stored.body_bytes = extent.body_bytes;
    stored.may_expire = extent.may_expire;
  }
  for (const auto& [first, last] : snapshot.settled)
    level.settled.insert(first, last);
  for (const auto& [first, last] : snapshot.suspect)
    level.suspect.insert(first, last);
  return true;
}

bool restore_queue(base::Bytes payload, ShardState& state, const OpenRun& open_run,
                   std::string& why) {
  const auto snapshot = decode_queue_snapshot(payload);
  if (!snapshot) return false;
  StoredQueue* queue = state.find(snapshot->id);
  if (queue == nullptr) {
    why = "the state of a queue that is not defined";
    return false;
  }
  queue->restore(snapshot->next, snapshot->spilled_through, snapshot->applied_lsn);
  for (const DeliveryCountSnapshot& count : snapshot->delivery_counts)
    queue->requeue(count.level, count.position, count.position, count.count);
  for (const LevelSnapshot& level : snapshot->levels)
    if (!restore_level(level, queue->level(level.number), open_run, why)) return false;
  return true;
}

}  // namespace

void snapshot_definitions(const ShardState& state, std::uint8_t shard, CheckpointEntries& to) {
  for (const auto& [number, payload] : state.virtual_hosts())
    put_definition(RecordType::kVirtualHostCreated, payload, shard, to);
  for (const auto& [identity, payload] : state.node_definitions())
    put_definition(RecordType::kNodeDefinitionSet, payload, shard, to);
  for (const auto& [name, payload] : state.exchanges())
    put_definition(RecordType::kExchangeDeclared, payload, shard, to);
  for (const std::string& payload : state.bindings())
    put_definition(RecordType::kBound, payload, shard, to);
  for (const auto& [host, last] : state.last_queues()) {
    to.begin(shard, static_cast<std::uint8_t>(CheckpointEntryType::kLastQueue))
        .append_number(last.value);
    to.end();
  }
}

void snapshot_queue(const StoredQueue& queue, std::uint8_t shard, std::uint64_t lsn,
                    CheckpointEntries& to, std::set<RunId>& runs) {
  put_definition(RecordType::kQueueDeclared, queue.definition(), shard, to);
  QueueSnapshot snapshot;
  snapshot.id = queue.id();
  snapshot.next = queue.next_position();
  snapshot.spilled_through = queue.spilled_through();
  snapshot.applied_lsn = lsn;
  if (const auto* counts = queue.delivery_counts())
    for (const auto& [position, count] : *counts)
      snapshot.delivery_counts.push_back({position, count.level, count.count});
  for (const StoredLevel& level : queue.levels()) {
    snapshot.levels.push_back(snapshot_of(level));
    for (const StoredExtent& extent : level.extents)
      runs.insert(extent.run->run());
  }
  encode_queue_snapshot(to.begin(shard, static_cast<std::uint8_t>(CheckpointEntryType::kQueue)),
                        snapshot);
  to.end();
}

bool restore_entry(const CheckpointEntry& entry, ShardState& state, const OpenRun& open_run,
                   std::string& why) {
  ByteReader reader(entry.payload);
  bool good = false;
  switch (static_cast<CheckpointEntryType>(entry.type)) {
    case CheckpointEntryType::kDefinition: {
      journal::Record record;
      record.type = reader.u8();
      record.version = kRecordVersion;
      record.payload = reader.take(reader.remaining());
      RecordDecoder decoder;
      const auto change = decoder.decode(record);
      good =
          change.ok() && change->has_value() && std::holds_alternative<StoredDefinition>(**change);
      if (good) state.restore_definition(std::get<StoredDefinition>(**change));
      break;
    }
    case CheckpointEntryType::kLastQueue:
      state.restore_last_queue(QueueId(reader.u64()));
      good = reader.ok() && reader.remaining() == 0;
      break;
    case CheckpointEntryType::kRun:
      reader.u64();
      good = reader.ok() && reader.remaining() == 0;
      break;
    case CheckpointEntryType::kQueue:
      good = restore_queue(entry.payload, state, open_run, why);
      break;
  }
  if (!good && why.empty())
    why = "an entry of type " + std::to_string(entry.type) + " is malformed";
  return good;
}

}  // namespace harrier::store
