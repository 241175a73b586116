// Where other threads leave work for a loop.
//
// Role:      the only queue between loops. It holds whole batches, never single calls; what may be
//            in it is bounded by the credits that the senders keep (input_credit.h, session's
//            output credit).
// Model:     put() by any thread, take_all() by the owner. Items of one sender arrive in its order.
//            Wake-ups:  put() answers whether the owner must be woken: only the first item after
//            take_all() needs it, so a burst costs one wake-up and a busy owner none beyond it.
// Thread:    synchronized by mutex_, which guards all members and is never held while anything else
//            runs.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace harrier::server {

template <class Item>
class Mailbox {
 public:
  // True: the owner does not know yet that there is something, wake it.
  [[nodiscard]] bool put(Item item) {
    const std::lock_guard lock(mutex_);
    const bool was_empty = items_.empty();
    items_.push_back(std::move(item));
    return was_empty;
  }

  // The same for several at once; `items` is empty afterwards.
  [[nodiscard]] bool put_all(std::vector<Item>& items) {
    const std::lock_guard lock(mutex_);
    const bool was_empty = items_.empty();
    if (was_empty) {
      items_.swap(items);
    } else {
      for (Item& item : items)
        items_.push_back(std::move(item));
    }
    items.clear();
    return was_empty;
  }

  // Swaps everything that waits into `taken`, whose own contents are dropped and whose storage is
  // reused.
  void take_all(std::vector<Item>& taken) {
    taken.clear();
    const std::lock_guard lock(mutex_);
    taken.swap(items_);
  }

 private:
  std::mutex mutex_;
  std::vector<Item> items_;
};

}  // namespace harrier::server
