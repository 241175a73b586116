// What a file system has been asked for, and how long that took.
//
// Thread: synchronized: relaxed atomics, counted by whichever thread calls, read by any. A call on
//         the disk costs a thousand times more than counting it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace harrier::journal {

struct DiskCounters {
  struct Calls {
    std::atomic<std::uint64_t> count{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> nanoseconds{0};
  };
  Calls reads;
  Calls writes;
  Calls syncs;  // of contents; no bytes
};

// Counts a call and its time when it goes out of scope.
class CountedCall {
 public:
  explicit CountedCall(DiskCounters::Calls& calls) : calls_(calls) {}
  ~CountedCall() {
    const auto took = std::chrono::steady_clock::now() - began_;
    add(calls_.count, 1);
    add(calls_.nanoseconds, static_cast<std::uint64_t>(std::chrono::nanoseconds(took).count()));
  }
  CountedCall(const CountedCall&) = delete;
  CountedCall& operator=(const CountedCall&) = delete;

  void moved(std::uint64_t bytes) { add(calls_.bytes, bytes); }

 private:
  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
    counter.fetch_add(amount, std::memory_order_relaxed);
  }

  DiskCounters::Calls& calls_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace harrier::journal
