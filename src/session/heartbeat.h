// Heartbeats of one connection, both directions.
//
// Model:  a heartbeat is due when nothing was written for half the interval; the peer is gone when
//         no byte came for two intervals of reading. Interval 0 switches both off.
// Thread: confined(io).
// Time:   takes now.
// Spec:   AMQP 0-9-1 section 4.2.7; ADR 0001.
#pragma once

#include <algorithm>
#include <cstdint>

#include "session/session_timers.h"

namespace harrier::session {

class Heartbeat {
 public:
  void start(std::uint16_t interval_s, base::MonotonicTime now) {
    interval_ = base::Milliseconds(std::int64_t{1000} * interval_s);
    sent(now);
    received(now);
  }
  void stop() {
    interval_ = base::Milliseconds{0};
    send_at_ = base::kNever;
    receive_by_.stop();
  }

  void sent(base::MonotonicTime now) {
    if (on()) send_at_ = now + interval_ / 2;
  }
  void received(base::MonotonicTime now) {
    if (on()) receive_by_.start(now, 2 * interval_);
  }
  void set_reading(bool reading, base::MonotonicTime now) { receive_by_.set_reading(reading, now); }

  bool send_due(base::MonotonicTime now) const { return send_at_ <= now; }
  bool peer_is_gone(base::MonotonicTime now) const { return receive_by_.expired(now); }
  base::MonotonicTime next_deadline() const { return std::min(send_at_, receive_by_.when()); }

 private:
  bool on() const { return interval_.count() != 0; }

  base::Milliseconds interval_{0};
  base::MonotonicTime send_at_ = base::kNever;
  ReadDeadline receive_by_;
};

}  // namespace harrier::session
