#include "journal/segment_ring.h"

#include <algorithm>

#include "base/check.h"

namespace harrier::journal {

void SegmentRing::add_used(const Segment& segment) {
  CHECK(used_.empty() || used_.back().number < segment.number);
  used_.push_back(segment);
}

std::optional<SegmentRing::Slot> SegmentRing::next_free() const {
  if (free_.empty()) return std::nullopt;
  return free_.front();
}

void SegmentRing::begin(std::uint64_t number) {
  CHECK(!free_.empty());
  Segment segment{.number = number, .slot = free_.front()};
  if (!used_.empty()) segment.through = used_.back().through;
  free_.pop_front();
  add_used(segment);
}

void SegmentRing::reached(std::size_t shard, std::uint64_t lsn) {
  CHECK(!used_.empty());
  used_.back().through[shard] = lsn;
}

void SegmentRing::release(std::uint64_t before) {
  while (used_.size() > 1 && used_.front().number < before) {
    free_.push_back(used_.front().slot);
    used_.pop_front();
  }
}

ShardLsns SegmentRing::through(std::uint64_t number) const {
  ShardLsns lsns{};
  for (const Segment& segment : used_) {
    if (segment.number > number) break;
    lsns = segment.through;
  }
  return lsns;
}

std::uint64_t SegmentRing::first_needed(const ShardLsns& covered) const {
  for (const Segment& segment : used_) {
    for (std::size_t shard = 0; shard < kShards; ++shard) {
      if (segment.through[shard] > covered[shard]) return segment.number;
    }
  }
  return std::max<std::uint64_t>(newest(), 1);
}

}  // namespace harrier::journal
