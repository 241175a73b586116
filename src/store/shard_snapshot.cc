#include "store/shard_snapshot.h"

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

void put_ranges(Buffer& to, const RangeSet& ranges) {
  to.append_number(static_cast<std::uint32_t>(ranges.ranges()));
  ranges.for_each([&](Position first, Position last) {
    to.append_number(first.value);
    to.append_number(last.value);
  });
}

bool read_ranges(ByteReader& reader, RangeSet& ranges) {
  const std::uint32_t count = reader.u32();
  if (count > reader.remaining() / 16) return false;
  for (std::uint32_t i = 0; i != count; ++i) {
    const Position first(reader.u64()), last(reader.u64());
    if (first > last || last.value == UINT64_MAX) return false;
    ranges.insert(first, last);
  }
  return true;
}

void put_extent(Buffer& to, const StoredExtent& extent) {
  to.append_number(extent.run->run().value);
  to.append_number(extent.offset);
  to.append_number(extent.length);
  to.append_number(extent.first.value);
  to.append_number(extent.last.value);
  to.append_number(extent.count);
  to.append_number(extent.body_bytes);
  to.append_number(static_cast<std::uint8_t>(extent.may_expire ? 1 : 0));
}

bool read_extent(ByteReader& reader, const OpenRun& open_run, StoredExtent& extent,
                 std::string& why) {
  const RunId run(reader.u64());
  extent.offset = reader.u64();
  extent.length = reader.u64();
  extent.first = Position(reader.u64());
  extent.last = Position(reader.u64());
  extent.count = reader.u64();
  extent.body_bytes = reader.u64();
  extent.may_expire = (reader.u8() & 1) != 0;
  if (!reader.ok() || extent.first > extent.last || extent.count == 0) return false;
  extent.run = open_run(run, why);
  if (!extent.run) return false;
  const std::uint64_t size = extent.run->file_bytes();
  return extent.offset <= size && extent.length <= size - extent.offset;
}

void put_level(Buffer& to, const StoredLevel& level) {
  to.append_number(level.number);
  to.append_number(level.dispatched.value);
  to.append_number(static_cast<std::uint32_t>(level.extents.size()));
  for (const StoredExtent& extent : level.extents)
    put_extent(to, extent);
  put_ranges(to, level.settled);
  put_ranges(to, level.suspect);
}

bool read_level(ByteReader& reader, StoredQueue& queue, const OpenRun& open_run, std::string& why) {
  StoredLevel& level = queue.level(reader.u8());
  level.dispatched = Position(reader.u64());
  const std::uint32_t extents = reader.u32();
  if (!reader.ok() || !level.extents.empty()) return false;
  for (std::uint32_t i = 0; i != extents; ++i) {
    StoredExtent extent;
    if (!read_extent(reader, open_run, extent, why)) return false;
    if (!level.extents.empty() && level.extents.back().last >= extent.first) return false;
    level.extents.push_back(std::move(extent));
  }
  return read_ranges(reader, level.settled) && read_ranges(reader, level.suspect) && reader.ok();
}

bool restore_queue(ByteReader reader, ShardState& state, const OpenRun& open_run,
                   std::string& why) {
  StoredQueue* queue = state.find(QueueId(reader.u64()));
  if (queue == nullptr) {
    why = "the state of a queue that is not defined";
    return false;
  }
  const Position next(reader.u64());
  const Position spilled_through(reader.u64());
  const std::uint64_t applied = reader.u64();
  queue->restore(next, spilled_through, applied);
  const std::uint32_t counts = reader.u32();
  if (counts > reader.remaining() / 13) return false;
  for (std::uint32_t i = 0; i != counts; ++i) {
    const Position position(reader.u64());
    const std::uint8_t level = reader.u8();
    queue->requeue(level, position, position, reader.u32());
  }
  const std::uint16_t levels = reader.u16();
  for (std::uint16_t i = 0; i != levels; ++i)
    if (!read_level(reader, *queue, open_run, why)) return false;
  return reader.ok() && reader.remaining() == 0;
}

}  // namespace

void snapshot_definitions(const ShardState& state, std::uint8_t shard, CheckpointEntries& to) {
  for (const auto& [number, payload] : state.virtual_hosts())
    put_definition(RecordType::kVirtualHostCreated, payload, shard, to);
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
  Buffer& entry = to.begin(shard, static_cast<std::uint8_t>(CheckpointEntryType::kQueue));
  entry.append_number(queue.id().value);
  entry.append_number(queue.next_position().value);
  entry.append_number(queue.spilled_through().value);
  entry.append_number(lsn);
  const auto* counts = queue.delivery_counts();
  entry.append_number(static_cast<std::uint32_t>(counts == nullptr ? 0 : counts->size()));
  if (counts != nullptr) {
    for (const auto& [position, count] : *counts) {
      entry.append_number(position.value);
      entry.append_number(count.level);
      entry.append_number(count.count);
    }
  }
  entry.append_number(static_cast<std::uint16_t>(queue.levels().size()));
  for (const StoredLevel& level : queue.levels()) {
    put_level(entry, level);
    for (const StoredExtent& extent : level.extents)
      runs.insert(extent.run->run());
  }
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
    case CheckpointEntryType::kQueue: good = restore_queue(reader, state, open_run, why); break;
  }
  if (!good && why.empty())
    why = "an entry of type " + std::to_string(entry.type) + " is malformed";
  return good;
}

}  // namespace harrier::store
