// Which thread may touch the objects of a loop.
//
// Role:   one per loop; everything confined to the loop holds a reference and asserts on_loop()
//         where it is entered.
// Model:  unbound (before the thread starts and after it is joined): anyone, one at a time. Bound:
//         the thread that called bind(). For assertions only: a thread that was started and has
//         not come to bind() yet owns its loop, and nobody is told.
// Thread: synchronized (one relaxed atomic).
#pragma once

#include <atomic>
#include <thread>

namespace harrier::server {

class LoopChecker {
 public:
  void bind() { owner_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  void unbind() { owner_.store(std::thread::id(), std::memory_order_relaxed); }
  bool on_loop() const {
    const std::thread::id owner = owner_.load(std::memory_order_relaxed);
    return owner == std::thread::id() || owner == std::this_thread::get_id();
  }

 private:
  std::atomic<std::thread::id> owner_{};
};

}  // namespace harrier::server
