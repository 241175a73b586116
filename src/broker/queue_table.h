// The queues of a virtual host, found by name and by id.
//
// Role:   for lookups alone. Walking it gives an order that nobody may see.
// Model:  sets, not maps: a queue knows its name and its id, and of a great many queues few may
//         be in use. Buckets have half of the hash, so that only what is looked for is touched.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>

#include <tsl/robin_set.h>

#include "broker/queue.h"

namespace harrier::broker {

struct QueueByName {
  static std::string_view key(std::string_view name) { return name; }
  static std::string_view key(const QueueRef& queue) { return queue->name(); }
};
struct QueueById {
  static std::uint64_t key(QueueId id) { return id.value; }
  static std::uint64_t key(const Queue* queue) { return queue->id().value; }
};

// Hashes and compares queues, and what they are looked up with, by one of their members.
template <class By>
struct QueueHash {
  std::size_t operator()(const auto& of) const {
    const auto key = By::key(of);
    return std::hash<std::remove_const_t<decltype(key)>>{}(key);
  }
};
template <class By>
struct QueueEqual {
  using is_transparent = void;
  bool operator()(const auto& a, const auto& b) const { return By::key(a) == By::key(b); }
};
template <class By, class Entry>
using QueueSet = tsl::robin_set<Entry, QueueHash<By>, QueueEqual<By>, std::allocator<Entry>, true>;

using QueuesByName = QueueSet<QueueByName, QueueRef>;
using QueuesById = QueueSet<QueueById, Queue*>;

}  // namespace harrier::broker
