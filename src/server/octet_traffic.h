// What one connection has read from its socket and written to it.
//
// Thread: confined(io).
#pragma once

#include <cstdint>

#include "base/rate_window.h"

namespace harrier::server {

class OctetTraffic {
 public:
  explicit OctetTraffic(base::MonotonicTime now) : window_({}, now) {}

  void note_received(std::size_t octets, base::MonotonicTime now) {
    window_.look(totals(), now);
    received_ += octets;
    ++reads_;
  }
  void note_sent(std::size_t octets, base::MonotonicTime now) {
    window_.look(totals(), now);
    sent_ += octets;
    ++writes_;
  }

  std::uint64_t received() const { return received_; }
  std::uint64_t sent() const { return sent_; }
  // Times some came or went.
  std::uint64_t reads() const { return reads_; }
  std::uint64_t writes() const { return writes_; }
  // Received and sent, in octets per second.
  std::array<double, 2> rates(base::MonotonicTime now) const {
    return window_.rates(totals(), now);
  }

 private:
  std::array<std::uint64_t, 2> totals() const { return {received_, sent_}; }

  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t writes_ = 0;
  base::RateWindow<2> window_;
};

}  // namespace harrier::server
