// A number that one thread writes and any thread may read.
//
// Thread: synchronized: a relaxed atomic with a single writer, so that a scrape from another thread
//         is no data race and an increment costs no locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace harrier::base {

class Counter {
 public:
  // Only the owning thread calls these.
  void add(std::uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  Counter& operator++() {
    add(1);
    return *this;
  }
  Counter& operator--() {
    subtract(1);
    return *this;
  }
  // Any thread.
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace harrier::base
