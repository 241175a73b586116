// What all loops know of one virtual host.
//
// Role:   made by Node with the virtual host. I/O halves pay here for what they have read and ask
//         whether publishers are held; the broker loop says so at the end of its turns; metrics and
//         management read the limits.
// Thread: synchronized by atomics, the limits by mutex_. set_held(), set_refuses(): the
//         broker loop only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "base/time.h"
#include "broker/publish_rates.h"
#include "broker/tenant_limits.h"

namespace harrier::server {

class Tenant {
 public:
  // `released` is called on the broker loop when publishers are no longer held.
  Tenant(std::string name, std::function<void()> released)
      : name_(std::move(name)), released_(std::move(released)) {}

  const std::string& name() const { return name_; }
  // The rates count at once; the rest is for VirtualHost::set_limits(), which the caller calls.
  void set_limits(const broker::TenantLimits& limits, base::Milliseconds burst) {
    publish_rates_.set(limits.publish_rate, burst);
    const std::lock_guard lock(mutex_);
    limits_ = limits;
  }
  broker::TenantLimits limits() const {
    const std::lock_guard lock(mutex_);
    return limits_;
  }
  broker::PublishRates& publish_rates() { return publish_rates_; }

  // Octets of the connections in it; any loop.
  void count_received(std::size_t octets) {
    octets_received_.fetch_add(octets, std::memory_order_relaxed);
  }
  void count_sent(std::size_t octets) { octets_sent_.fetch_add(octets, std::memory_order_relaxed); }
  std::uint64_t octets_received() const { return octets_received_.load(std::memory_order_relaxed); }
  std::uint64_t octets_sent() const { return octets_sent_.load(std::memory_order_relaxed); }

  // Whether publishers are held, since it stores as much as it may.
  bool held() const { return held_.load(std::memory_order_relaxed); }
  void set_held(bool held) {
    if (held == this->held()) return;
    held_.store(held, std::memory_order_relaxed);
    if (!held && released_) released_();
  }
  // Whether what is published is refused, as good as all of it.
  bool refuses() const { return refuses_.load(std::memory_order_relaxed); }
  void set_refuses(bool refuses) {
    if (refuses != this->refuses()) refuses_.store(refuses, std::memory_order_relaxed);
  }
  // What connection.blocked says.
  std::string notice() const { return "vhost '" + name_ + "' is at its limit stored_bytes_max"; }

 private:
  const std::string name_;
  const std::function<void()> released_;
  broker::PublishRates publish_rates_;
  std::atomic<bool> held_{false};
  std::atomic<bool> refuses_{false};
  std::atomic<std::uint64_t> octets_received_{0};
  std::atomic<std::uint64_t> octets_sent_{0};
  mutable std::mutex mutex_;
  broker::TenantLimits limits_;
};

}  // namespace harrier::server
