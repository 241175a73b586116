// What one user has open on the node, and what it may.
//
// Role:   shared by all connections of the user, on whatever loops they live: broker halves take
//         and give back, I/O halves pay for what they read.
// Thread: synchronized by atomics. The counts are exact: of two that want the last place one gets
//         it.
// Limits: UserLimits; a limit below what is open closes nothing, as in RabbitMQ.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "broker/publish_rates.h"
#include "broker/tenant_limits.h"

namespace harrier::broker {

// How many there are, at most so many.
class CountedPlaces {
 public:
  void set_limit(std::optional<std::uint64_t> most) {
    most_.store(most.value_or(UINT64_MAX), std::memory_order_relaxed);
  }
  std::uint64_t limit() const { return most_.load(std::memory_order_relaxed); }
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

  // False when there is none left.
  bool take() {
    std::uint64_t count = count_.load(std::memory_order_relaxed);
    do {
      if (count >= limit()) return false;
    } while (!count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
    return true;
  }
  void give_back() { count_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> most_{UINT64_MAX};
  std::atomic<std::uint64_t> count_{0};
};

class UserAccount {
 public:
  void set_limits(const UserLimits& limits, base::Milliseconds burst) {
    connections_.set_limit(limits.connections_max);
    channels_.set_limit(limits.channels_max);
    consumers_.set_limit(limits.consumers_max);
    message_size_max_.store(limits.message_size_max.value_or(UINT64_MAX),
                            std::memory_order_relaxed);
    publish_rates_.set(limits.publish_rate, burst);
  }
  CountedPlaces& connections() { return connections_; }
  CountedPlaces& channels() { return channels_; }
  CountedPlaces& consumers() { return consumers_; }
  std::uint64_t message_size_max() const {
    return message_size_max_.load(std::memory_order_relaxed);
  }
  PublishRates& publish_rates() { return publish_rates_; }

 private:
  CountedPlaces connections_;
  CountedPlaces channels_;
  CountedPlaces consumers_;
  std::atomic<std::uint64_t> message_size_max_{UINT64_MAX};
  PublishRates publish_rates_;
};

}  // namespace harrier::broker
