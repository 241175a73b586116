// The consumers of a queue that may take a message now, in the order in which they will.
//
// Model:  one round-robin list per consumer priority; the highest non-empty one is served. Parked
//         consumers are not here (see Credit).
// Cost:   everything O(1) but finding a priority's list, O(log p) in the number of different
//         priorities.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/intrusive_list.h"
#include "broker/consumer.h"

namespace harrier::broker {

class ConsumerRing {
 public:
  void add(Consumer& consumer) {
    if (!lists_) lists_ = std::make_unique<Lists>();
    (*lists_)[consumer.priority()].push_back(consumer);
  }

  // The consumer whose turn it is; parks those that are blocked on the way. nullptr: nobody can be
  // served.
  Consumer* next() {
    if (!lists_) return nullptr;
    for (auto& [priority, list] : *lists_) {
      while (!list.empty()) {
        Consumer& consumer = list.front();
        Credit* blocker = consumer.blocker();
        if (blocker == nullptr) return &consumer;
        consumer.unlink();
        blocker->park(consumer);
      }
    }
    return nullptr;
  }
  // `consumer`, just returned by next(), has been served.
  void served(Consumer& consumer) {
    auto place = lists_->begin();
    if (place->first != consumer.priority()) place = lists_->find(consumer.priority());
    place->second.rotate();
  }
  // Forgets the list of a priority nobody has any more.
  void forget_empty(std::int64_t priority) {
    if (!lists_) return;
    const auto found = lists_->find(priority);
    if (found != lists_->end() && found->second.empty()) lists_->erase(found);
    if (lists_->empty()) lists_.reset();
  }

 private:
  using Lists = std::map<std::int64_t, base::IntrusiveList<Consumer>, std::greater<>>;
  // None without consumers.
  std::unique_ptr<Lists> lists_;
};

}  // namespace harrier::broker
