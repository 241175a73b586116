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
  void add(Consumer& consumer) { list_of(consumer.priority()).push_back(consumer); }

  // The consumer whose turn it is; parks those that are blocked on the way. nullptr: nobody can be
  // served.
  Consumer* next() {
    if (others_) [[unlikely]]
      return next_by_priority();
    return next_in(ordinary_);
  }
  // `consumer`, just returned by next(), has been served.
  void served(Consumer& consumer) {
    if (consumer.priority() == 0) {
      ordinary_.rotate();
    } else {
      others_->find(consumer.priority())->second.rotate();
    }
  }
  // Forgets the list of a priority nobody has any more.
  void forget_empty(std::int64_t priority) {
    if (!others_) return;
    const auto found = others_->find(priority);
    if (found != others_->end() && found->second.empty()) others_->erase(found);
    if (others_->empty()) others_.reset();
  }

 private:
  using List = base::IntrusiveList<Consumer>;
  using Lists = std::map<std::int64_t, List, std::greater<>>;

  List& list_of(std::int64_t priority) {
    if (priority == 0) return ordinary_;
    if (!others_) others_ = std::make_unique<Lists>();
    return (*others_)[priority];
  }
  static Consumer* next_in(List& list) {
    while (!list.empty()) {
      Consumer& consumer = list.front();
      Credit* blocker = consumer.blocker();
      if (blocker == nullptr) return &consumer;
      consumer.unlink();
      blocker->park(consumer);
    }
    return nullptr;
  }
  Consumer* next_by_priority() {
    auto at = others_->begin();
    for (; at != others_->end() && at->first > 0; ++at)
      if (Consumer* consumer = next_in(at->second)) return consumer;
    if (Consumer* consumer = next_in(ordinary_)) return consumer;
    for (; at != others_->end(); ++at)
      if (Consumer* consumer = next_in(at->second)) return consumer;
    return nullptr;
  }

  // Those without a priority, as nearly all are: beside the queue, since each publish looks here.
  List ordinary_;
  // None without other priorities.
  std::unique_ptr<Lists> others_;
};

}  // namespace harrier::broker
