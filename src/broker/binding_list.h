// Bindings in order of age, laid out for the pass that reads only their targets.
//
// Role:   what every exchange's index holds at its leaves.
// Cost:   adding the youngest is O(1), adding or removing another O(log n) and a move of the rest.
// Thread: confined(broker).
#pragma once

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "broker/binding.h"

namespace harrier::broker {

class BindingList {
 public:
  void add(Binding& binding) {
    const auto at = place_of(binding);
    DCHECK(at == entries_.end() || at->binding != &binding);
    entries_.insert(at, Entry{&binding, &binding.destination()});
  }

  // REQUIRES that it was added.
  void remove(const Binding& binding) {
    const auto at = place_of(binding);
    CHECK(at != entries_.end() && at->binding == &binding);
    entries_.erase(at);
  }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

  void append_targets(std::vector<RoutingTarget*>& targets) const {
    for (const Entry& entry : entries_)
      targets.push_back(entry.target);
  }

 private:
  struct Entry {
    const Binding* binding;
    RoutingTarget* target;
  };

  std::vector<Entry>::iterator place_of(const Binding& binding) {
    return std::lower_bound(
        entries_.begin(), entries_.end(), binding,
        [](const Entry& entry, const Binding& other) { return entry.binding->id() < other.id(); });
  }

  std::vector<Entry> entries_;
};

}  // namespace harrier::broker
