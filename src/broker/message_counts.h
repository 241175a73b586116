// What can happen to messages, as RabbitMQ counts it of queues, exchanges, channels, virtual hosts.
//
// Thread: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace harrier::broker {

enum class MessageEvent : std::uint8_t {
  kPublish,
  kPublishIn,
  kPublishOut,
  kConfirm,
  kDeliver,  // to a consumer that acknowledges
  kDeliverNoAck,
  kGet,
  kGetNoAck,
  kGetEmpty,
  kAck,
  kRedeliver,
  kReturnUnroutable,
  kDropUnroutable,
};
inline constexpr std::size_t kMessageEvents = 13;

using MessageTotals = std::array<std::uint64_t, kMessageEvents>;
using MessageRates = std::array<double, kMessageEvents>;

// Totals and how fast they grow, per second.
struct MessageCounts {
  MessageTotals totals{};
  MessageRates rates{};

  std::uint64_t total(MessageEvent event) const { return totals[static_cast<std::size_t>(event)]; }
  double rate(MessageEvent event) const { return rates[static_cast<std::size_t>(event)]; }
  MessageCounts& operator+=(const MessageCounts& other) {
    for (std::size_t i = 0; i != kMessageEvents; ++i) {
      totals[i] += other.totals[i];
      rates[i] += other.rates[i];
    }
    return *this;
  }
};

inline std::uint64_t& total_of(MessageTotals& totals, MessageEvent event) {
  return totals[static_cast<std::size_t>(event)];
}

}  // namespace harrier::broker
