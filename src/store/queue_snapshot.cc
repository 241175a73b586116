#include "store/queue_snapshot.h"

#include <algorithm>

namespace harrier::store {
namespace {

using base::Buffer;
using base::ByteReader;
using broker::Position;

constexpr std::uint8_t kMayExpire = 1;

void put_ranges(Buffer& to, const LevelSnapshot::Ranges& ranges) {
  to.append_number(static_cast<std::uint32_t>(ranges.size()));
  for (const auto& [first, last] : ranges) {
    to.append_number(first.value);
    to.append_number(last.value);
  }
}

bool read_ranges(ByteReader& reader, LevelSnapshot::Ranges& ranges) {
  const std::uint32_t count = reader.u32();
  if (count > reader.remaining() / 16) return false;
  for (std::uint32_t i = 0; i != count; ++i) {
    const Position first(reader.u64()), last(reader.u64());
    if (first > last || last.value == UINT64_MAX) return false;
    ranges.emplace_back(first, last);
  }
  return reader.ok();
}

void put_extent(Buffer& to, const ExtentSnapshot& extent) {
  to.append_number(extent.run.value);
  to.append_number(extent.offset);
  to.append_number(extent.length);
  to.append_number(extent.first.value);
  to.append_number(extent.last.value);
  to.append_number(extent.count);
  to.append_number(extent.body_bytes);
  to.append_number(extent.may_expire ? kMayExpire : std::uint8_t{0});
}

bool read_extent(ByteReader& reader, ExtentSnapshot& extent) {
  extent.run = RunId(reader.u64());
  extent.offset = reader.u64();
  extent.length = reader.u64();
  extent.first = Position(reader.u64());
  extent.last = Position(reader.u64());
  extent.count = reader.u64();
  extent.body_bytes = reader.u64();
  extent.may_expire = (reader.u8() & kMayExpire) != 0;
  return reader.ok() && extent.first <= extent.last && extent.last.value != UINT64_MAX &&
         extent.count != 0 && extent.length <= UINT64_MAX - extent.offset;
}

bool read_level(ByteReader& reader, LevelSnapshot& level) {
  level.number = reader.u8();
  level.dispatched = Position(reader.u64());
  const std::uint32_t extents = reader.u32();
  for (std::uint32_t i = 0; i != extents; ++i) {
    ExtentSnapshot extent;
    if (!read_extent(reader, extent)) return false;
    if (!level.extents.empty() && level.extents.back().last >= extent.first) return false;
    level.extents.push_back(extent);
  }
  return read_ranges(reader, level.settled) && read_ranges(reader, level.suspect);
}

}  // namespace

void encode_queue_snapshot(Buffer& to, const QueueSnapshot& queue) {
  to.append_number(queue.id.value);
  to.append_number(queue.next.value);
  to.append_number(queue.spilled_through.value);
  to.append_number(queue.applied_lsn);
  to.append_number(static_cast<std::uint32_t>(queue.delivery_counts.size()));
  for (const DeliveryCountSnapshot& count : queue.delivery_counts) {
    to.append_number(count.position.value);
    to.append_number(count.level);
    to.append_number(count.count);
  }
  to.append_number(static_cast<std::uint16_t>(queue.levels.size()));
  for (const LevelSnapshot& level : queue.levels) {
    to.append_number(level.number);
    to.append_number(level.dispatched.value);
    to.append_number(static_cast<std::uint32_t>(level.extents.size()));
    for (const ExtentSnapshot& extent : level.extents)
      put_extent(to, extent);
    put_ranges(to, level.settled);
    put_ranges(to, level.suspect);
  }
}

std::optional<QueueSnapshot> decode_queue_snapshot(base::Bytes payload) {
  ByteReader reader(payload);
  QueueSnapshot queue;
  queue.id = broker::QueueId(reader.u64());
  queue.next = Position(reader.u64());
  queue.spilled_through = Position(reader.u64());
  queue.applied_lsn = reader.u64();
  const std::uint32_t counts = reader.u32();
  if (counts > reader.remaining() / 13) return std::nullopt;
  for (std::uint32_t i = 0; i != counts; ++i) {
    DeliveryCountSnapshot count;
    count.position = Position(reader.u64());
    count.level = reader.u8();
    count.count = reader.u32();
    if (count.position.value == UINT64_MAX) return std::nullopt;
    queue.delivery_counts.push_back(count);
  }
  const std::uint16_t levels = reader.u16();
  for (std::uint16_t i = 0; i != levels; ++i) {
    LevelSnapshot level;
    if (!read_level(reader, level)) return std::nullopt;
    const bool known =
        std::any_of(queue.levels.begin(), queue.levels.end(),
                    [&level](const LevelSnapshot& other) { return other.number == level.number; });
    if (known) return std::nullopt;
    queue.levels.push_back(std::move(level));
  }
  if (!reader.ok() || reader.remaining() != 0) return std::nullopt;
  return queue;
}

}  // namespace harrier::store
