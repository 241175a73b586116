// Bindings in order of age, laid out for the pass that reads only their targets.
//
// Role:   what every exchange's index holds at its leaves.
// Model:  one word: most lists have one binding, and there are as many lists as keys. Two and more
//         are in an array of their own.
// Cost:   adding the youngest is O(1), adding or removing another O(log n) and a move of the rest.
// Thread: confined(broker).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "broker/binding.h"

namespace harrier::broker {

// How full a hash set with an element for each binding may get: their empty places are what weighs.
inline constexpr float kBindingsLoadMax = 0.8F;

class BindingList {
 public:
  BindingList() = default;
  BindingList(BindingList&& other) noexcept : held_(std::exchange(other.held_, 0)) {}
  BindingList& operator=(BindingList&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~BindingList() {
    if (has_array()) delete &array();
  }

  // REQUIRES that it is not in the list.
  void add(Binding& binding);
  // REQUIRES that it was added.
  void remove(const Binding& binding);

  bool empty() const { return held_ == 0; }
  std::size_t size() const { return has_array() ? array().size() : !empty(); }
  // The oldest. REQUIRES that the list is not empty.
  const Binding& front() const {
    DCHECK(!empty());
    return has_array() ? *array().front().binding : single();
  }

  void append_targets(std::vector<RoutingTarget*>& targets) const {
    if (empty()) return;
    if (!has_array()) {
      targets.push_back(&single().destination());
      return;
    }
    for (const Entry& entry : array())
      targets.push_back(entry.target);
  }

 private:
  struct Entry {
    const Binding* binding;
    RoutingTarget* target;
  };
  using Array = std::vector<Entry>;

  // Added to the address of an array, so that it is not taken for a binding.
  static constexpr std::uintptr_t kArrayMark = 1;
  static_assert(alignof(Binding) > kArrayMark && alignof(Array) > kArrayMark);

  bool has_array() const { return (held_ & kArrayMark) != 0; }
  Array& array() const { return *reinterpret_cast<Array*>(held_ & ~kArrayMark); }
  const Binding& single() const { return *reinterpret_cast<const Binding*>(held_); }
  void hold(const Binding& binding) { held_ = reinterpret_cast<std::uintptr_t>(&binding); }
  static Array::iterator place_of(Array& array, const Binding& binding);

  std::uintptr_t held_ = 0;  // nothing, a binding or a marked array
};

}  // namespace harrier::broker
