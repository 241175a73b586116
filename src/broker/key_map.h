// A hash map by text that is asked with views, without making a string of each.
//
// Role:   for lookups alone. Walking it gives an order that nobody may see.
// Thread: compatible.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <tsl/robin_map.h>

namespace harrier::broker {

struct KeyHash {
  std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
};

template <class Value>
using KeyMap = tsl::robin_map<std::string, Value, KeyHash, std::equal_to<>>;

}  // namespace harrier::broker
