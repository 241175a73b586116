// Waits until other threads have done what a test expects of them.
//
// Thread: compatible.
// Limits: 30 s.
#pragma once

#include <chrono>

#include <poll.h>

namespace harrier::test {

// False when the condition did not come true in time.
template <class Condition>
bool eventually(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace harrier::test
