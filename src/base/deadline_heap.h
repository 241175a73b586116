// Many deadlines, one timer: what is due next, and what is due now.
//
// Role:   a loop or a virtual host keeps one heap and asks next_deadline(); no object has a timer
//         of its own. An entry names its owner by value (an id or a pointer that the owner keeps
//         valid while armed).
// Model:  at most one deadline per Handle. arm() with an earlier time moves it forward; with a
//         later time it does nothing, since owners re-check when called (so nothing is re-armed per
//         message).
// Thread: confined to its owner.
#pragma once

#include <optional>
#include <set>
#include <utility>

#include "base/time.h"

namespace harrier::base {

template <class Owner>
class DeadlineHeap {
 public:
  // The owner's place in the heap.
  class Handle {
   public:
    bool armed() const { return when_ != kNever; }
    MonotonicTime when() const { return when_; }

   private:
    friend class DeadlineHeap;
    MonotonicTime when_ = kNever;
  };

  void arm(Handle& handle, Owner owner, MonotonicTime when) {
    if (when >= handle.when_) return;
    disarm(handle, owner);
    handle.when_ = when;
    if (when != kNever) entries_.emplace(when, owner);
  }
  void disarm(Handle& handle, Owner owner) {
    if (!handle.armed()) return;
    entries_.erase({handle.when_, owner});
    handle.when_ = kNever;
  }
  MonotonicTime next_deadline() const {
    return entries_.empty() ? kNever : entries_.begin()->first;
  }

  // The owner that has been due longest, if any is due; `handle_of(owner)` must return its Handle,
  // which is disarmed by this call.
  template <class HandleOf>
  std::optional<Owner> take_due(MonotonicTime now, HandleOf&& handle_of) {
    if (entries_.empty() || entries_.begin()->first > now) return std::nullopt;
    Owner owner = entries_.begin()->second;
    entries_.erase(entries_.begin());
    handle_of(owner).when_ = kNever;
    return owner;
  }

 private:
  std::set<std::pair<MonotonicTime, Owner>> entries_;
};

}  // namespace harrier::base
