// Keeps a peer's or the system's trouble from filling the log.
//
// Model:  one line per kInterval; the next one says how many were left out.
// Thread: confined to its owner.
// Time:   takes now.
#pragma once

#include <string_view>

#include "base/log.h"
#include "base/time.h"

namespace harrier::server {

class LogThrottle {
 public:
  static constexpr base::Milliseconds kInterval{1000};

  void warning(base::MonotonicTime now, std::string_view category, std::string_view text,
               const std::string& peer) {
    if (next_ > now) {
      ++left_out_;
      return;
    }
    base::log_warning(category, text, {{"peer", peer}, {"left_out", std::to_string(left_out_)}});
    next_ = now + kInterval;
    left_out_ = 0;
  }

 private:
  base::MonotonicTime next_{};
  std::uint64_t left_out_ = 0;
};

}  // namespace harrier::server
