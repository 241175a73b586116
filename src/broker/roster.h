// All members of something, to be walked in pieces while members come and go.
//
// Model:  a dense list; the last member takes the place of one that leaves. A walk goes from the
//         end to the front: who was there when it began is visited at least once, whoever leaves
//         meanwhile; who comes meanwhile is not.
// Thread: compatible.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace harrier::broker {

// T keeps its place in `std::uint32_t roster_place_`.
template <class T>
class Roster {
 public:
  class Walk {
   public:
    void begin(const Roster& roster) { left_ = roster.members_.size(); }
    // Nullptr at the end.
    T* next(const Roster& roster) {
      left_ = std::min(left_, roster.members_.size());
      return left_ == 0 ? nullptr : roster.members_[--left_];
    }

   private:
    std::size_t left_ = 0;
  };

  void add(T& member) {
    member.roster_place_ = static_cast<std::uint32_t>(members_.size());
    members_.push_back(&member);
  }
  // REQUIRES that it was added.
  void remove(T& member) {
    const std::uint32_t place = member.roster_place_;
    CHECK(place < members_.size() && members_[place] == &member);
    members_[place] = members_.back();
    members_[place]->roster_place_ = place;
    members_.pop_back();
  }

 private:
  std::vector<T*> members_;
};

}  // namespace harrier::broker
