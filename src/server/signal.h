// One thread waits, another tells it to look again.
//
// Thread: synchronized by mutex_.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "broker/queue.h"

namespace harrier::server {

class Signal {
 public:
  void tell() {
    const std::lock_guard lock(mutex_);
    told_ = true;
    condition_.notify_one();
  }
  // Until it is told, or was since the last time; false: not in this time.
  bool wait_for(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, patience, [this] { return told_; });
    return std::exchange(told_, false);
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool told_ = false;
};

// Somebody who stands in line at a queue and is on no loop: told once, it steps back.
//
// Thread: confined(broker) but for signal.
class QueueWaiter final : public broker::GetWaiter {
 public:
  void try_again() override {
    unlink();
    signal.tell();
  }

  Signal signal;
};

}  // namespace harrier::server
