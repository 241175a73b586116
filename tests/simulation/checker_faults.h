// Faults put into honest streams of events, for tests of the checker.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "checker.h"

namespace harrier::test {

using Kind = Event::Kind;
using Events = std::vector<Event>;

inline std::vector<std::string> violations(const Events& events) {
  Checker checker;
  for (const Event& event : events)
    checker.apply(event);
  checker.finish();
  return checker.violations();
}

// The index of the n-th event of this kind.
inline std::size_t nth(const Events& events, Kind kind, int n = 0) {
  for (std::size_t at = 0; at < events.size(); ++at)
    if (events[at].kind == kind && n-- == 0) return at;
  ADD_FAILURE();
  return 0;
}
inline void erase(Events& events, std::size_t at) {
  events.erase(events.begin() + static_cast<std::ptrdiff_t>(at));
}
inline void insert(Events& events, std::size_t at, Event event) {
  events.insert(events.begin() + static_cast<std::ptrdiff_t>(at), std::move(event));
}

struct SeededFault {
  const char* name;
  std::function<void(Events&)> put;
  const char* found_as;
};

inline void expect_each_found(const Events& honest, std::span<const SeededFault> faults) {
  for (const SeededFault& fault : faults) {
    Events events = honest;
    fault.put(events);
    const auto found = violations(events);
    EXPECT_TRUE(std::any_of(
        found.begin(), found.end(),
        [&](const std::string& line) { return line.find(fault.found_as) != std::string::npos; }))
        << fault.name << ": " << (found.empty() ? "nothing found" : found.front());
  }
}

}  // namespace harrier::test
