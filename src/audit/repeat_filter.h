// Tells many events of a kind as one, so that whoever is refused again and again fills neither the
// queue nor the disk.
//
// Role:   AuditLog asks for each event that may be summed up.
// Model:  a window begins with the first such event. In it an event is written once; what is like
//         it in all but port and time is counted. Of one address per_source_max different events
//         are written, of all entries_max; what is beyond is counted together. When the window has
//         ended, take_due() gives one event for each number.
// Thread: compatible.
// Time:   takes now.
// Limits: those of Limits; so many events and two numbers for each are what a window can come to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/event.h"
#include "base/time.h"

namespace harrier::audit {

class RepeatFilter {
 public:
  struct Limits {
    base::Milliseconds window{60'000};
    std::size_t entries_max = 1024;
    std::size_t per_source_max = 32;
  };

  explicit RepeatFilter(const Limits& limits) : limits_(limits) {}

  // True: write it. False: it is counted.
  bool admit(const Event& event, base::MonotonicTime now);
  // kNever: nothing is counted.
  base::MonotonicTime due() const { return counted_ ? end_ : base::kNever; }
  // If the window has ended, or else `anyway`: what was counted, each with the time `now`.
  std::vector<Event> take_due(base::Now now, bool anyway = false);

 private:
  struct Entry {
    Event event;
    std::uint64_t more = 0;
  };
  struct Source {
    std::size_t entries = 0;
    std::uint64_t beyond = 0;
  };

  void clear();

  const Limits limits_;
  bool open_ = false;
  bool counted_ = false;
  base::MonotonicTime end_{};
  // In the order in which they came.
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
  std::map<std::string, Source, std::less<>> sources_;
  std::uint64_t beyond_ = 0;
};

}  // namespace harrier::audit
