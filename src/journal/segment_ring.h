// Which segment lies in which file, what it holds up to, and which files may be written over.
//
// Role:   the journal's book of its files; knows numbers only.
// Model:  free → begin() → used, the newest last → release() → free again, at the end of the line.
// Thread: compatible; the journal guards it with its mutex.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "journal/journal.h"

namespace harrier::journal {

class SegmentRing {
 public:
  // Index of an open file, as the journal counts them.
  using Slot = std::uint32_t;

  struct Segment {
    std::uint64_t number = 0;
    Slot slot = 0;
    // The last LSN of each shard in this and all segments before it.
    ShardLsns through{};
  };

  // Growing order of recycling.
  void add_free(Slot slot) { free_.push_back(slot); }
  // REQUIRES growing numbers.
  void add_used(const Segment& segment);

  // The file that the next segment goes to; it stays free until begin().
  std::optional<Slot> next_free() const;
  // REQUIRES that next_free() has one: it now holds segment `number`.
  void begin(std::uint64_t number);
  // The newest segment now holds records of `shard` up to `lsn`.
  void reached(std::size_t shard, std::uint64_t lsn);
  void release(std::uint64_t before);

  std::uint32_t size() const { return static_cast<std::uint32_t>(used_.size() + free_.size()); }
  std::uint32_t free() const { return static_cast<std::uint32_t>(free_.size()); }
  std::uint32_t used() const { return static_cast<std::uint32_t>(used_.size()); }
  // 0: none was ever begun.
  std::uint64_t newest() const { return used_.empty() ? 0 : used_.back().number; }
  std::uint64_t oldest() const { return used_.empty() ? 0 : used_.front().number; }
  ShardLsns through(std::uint64_t number) const;
  std::uint64_t first_needed(const ShardLsns& covered) const;

 private:
  std::deque<Segment> used_;
  std::deque<Slot> free_;
};

}  // namespace harrier::journal
