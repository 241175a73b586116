// A set of positions, kept as ranges that do not touch.
//
// Cost:   O(log n) in the number of ranges to add or ask; adding what follows a range only grows
//         it.
// Thread: compatible.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

#include "broker/ids.h"

namespace harrier::store {

class RangeSet {
 public:
  using Position = broker::Position;

  bool empty() const { return ranges_.empty(); }
  std::size_t ranges() const { return ranges_.size(); }

  // Both ends included. REQUIRES first <= last.
  void insert(Position first, Position last) {
    auto next = ranges_.upper_bound(first);
    if (next != ranges_.begin()) {
      auto before = std::prev(next);
      if (before->second.value + 1 >= first.value) {
        first = before->first;
        last = std::max(last, before->second);
        next = ranges_.erase(before);
      }
    }
    while (next != ranges_.end() && next->first.value <= last.value + 1) {
      last = std::max(last, next->second);
      next = ranges_.erase(next);
    }
    ranges_.emplace_hint(next, first, last);
  }
  bool contains(Position position) const {
    const auto next = ranges_.upper_bound(position);
    return next != ranges_.begin() && std::prev(next)->second >= position;
  }
  // Forgets everything below `position`.
  void erase_below(Position position) {
    while (!ranges_.empty() && ranges_.begin()->second < position)
      ranges_.erase(ranges_.begin());
    if (ranges_.empty() || ranges_.begin()->first >= position) return;
    const Position last = ranges_.begin()->second;
    ranges_.erase(ranges_.begin());
    ranges_.emplace(position, last);
  }
  void clear() { ranges_.clear(); }

  // Calls visit(first, last) in growing order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [first, last] : ranges_)
      visit(first, last);
  }
  template <class Visit>
  void for_each_in(Position first, Position last, Visit&& visit) const {
    auto range = ranges_.upper_bound(first);
    if (range != ranges_.begin() && std::prev(range)->second >= first) --range;
    for (; range != ranges_.end() && range->first <= last; ++range)
      visit(std::max(first, range->first), std::min(last, range->second));
  }

 private:
  std::map<Position, Position> ranges_;
};

}  // namespace harrier::store
