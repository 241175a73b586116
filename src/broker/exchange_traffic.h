// What has been published to an exchange, and what of it was routed where.
//
// Role:   each exchange has one, the virtual host one for the default exchange; channels add what
//         they published in a turn. Dead letters are not counted, as in RabbitMQ.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <memory>

#include "base/rate_window.h"
#include "broker/message_counts.h"

namespace harrier::broker {

class ExchangeTraffic {
 public:
  // `out`: to all queues together.
  void add(std::uint64_t in, std::uint64_t out, base::MonotonicTime now) {
    const Window::Totals totals{in_, out_};
    if (!window_) {
      window_ = std::make_unique<Window>(totals, now);
    } else {
      window_->look(totals, now);
    }
    in_ += in;
    out_ += out;
  }

  // Of what came in: it went to no queue.
  void add_returned() { ++returned_; }
  void add_dropped() { ++dropped_; }
  std::uint64_t returned() const { return returned_; }
  std::uint64_t dropped() const { return dropped_; }

  MessageCounts counts(base::MonotonicTime now) const {
    MessageCounts counts;
    constexpr auto kIn = static_cast<std::size_t>(MessageEvent::kPublishIn);
    constexpr auto kOut = static_cast<std::size_t>(MessageEvent::kPublishOut);
    counts.totals[kIn] = in_;
    counts.totals[kOut] = out_;
    if (window_) {
      const auto rates = window_->rates({in_, out_}, now);
      counts.rates[kIn] = rates[0];
      counts.rates[kOut] = rates[1];
    }
    return counts;
  }

 private:
  using Window = base::RateWindow<2>;

  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
  std::uint64_t returned_ = 0;
  std::uint64_t dropped_ = 0;
  // From the first message on.
  std::unique_ptr<Window> window_;
};

}  // namespace harrier::broker
