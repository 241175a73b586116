// The last lines of the log, for who follows it over the network.
//
// Role:   log() puts every line that is written into it; management shows them.
// Thread: synchronized by mutex_.
// Limits: kLinesMax lines of kLineMax bytes; older ones are forgotten, longer ones are left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"

namespace harrier::base {

class LogTail {
 public:
  static constexpr std::size_t kLinesMax = 1'000;
  static constexpr std::size_t kLineMax = 8 << 10;

  struct Line {
    std::uint64_t number = 0;  // from 1
    WallTime time{};
    LogLevel level = LogLevel::kInfo;
    // Members of a JSON object and its end, as the log has them: "domain", "msg", and fields.
    std::string members;
  };

  void add(LogLevel level, std::string members);
  // Those behind that number, oldest first, `max` at most.
  std::vector<Line> behind(std::uint64_t number, std::size_t max) const;
  // Of the newest line; 0: there is none.
  std::uint64_t last() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Line> lines_;
  std::uint64_t last_ = 0;
};

// The process's.
LogTail& log_tail();

}  // namespace harrier::base
