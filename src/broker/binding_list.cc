#include "broker/binding_list.h"

#include <algorithm>

namespace harrier::broker {

BindingList::Array::iterator BindingList::place_of(Array& array, const Binding& binding) {
  return std::lower_bound(
      array.begin(), array.end(), binding,
      [](const Entry& entry, const Binding& other) { return entry.binding->id() < other.id(); });
}

void BindingList::add(Binding& binding) {
  if (empty()) {
    hold(binding);
    return;
  }
  if (!has_array()) {
    auto* array = new Array{{&single(), &single().destination()}};
    held_ = reinterpret_cast<std::uintptr_t>(array) | kArrayMark;
  }
  const auto at = place_of(array(), binding);
  DCHECK(at == array().end() || at->binding != &binding);
  array().insert(at, Entry{&binding, &binding.destination()});
}

void BindingList::remove(const Binding& binding) {
  if (!has_array()) {
    CHECK(held_ == reinterpret_cast<std::uintptr_t>(&binding));
    held_ = 0;
    return;
  }
  Array& entries = array();
  const auto at = place_of(entries, binding);
  CHECK(at != entries.end() && at->binding == &binding);
  entries.erase(at);
  if (entries.size() > 1) return;
  hold(*entries.front().binding);
  delete &entries;
}

}  // namespace harrier::broker
