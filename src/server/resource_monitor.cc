#include "server/resource_monitor.h"

#include <utility>

#include <malloc.h>

namespace harrier::server {

ResourceMonitor::ResourceMonitor(const ResourceLimits& limits, PublisherGate& gate,
                                 const base::Clock& clock, Read read)
    : clock_(clock), read_(std::move(read)), alarms_(limits, gate), limits_(limits) {}

ResourceMonitor::~ResourceMonitor() { stop(); }

void ResourceMonitor::start() {
  interval_ = look();
  thread_ = std::thread([this] { run(); });
}

void ResourceMonitor::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ResourceMonitor::report_out_of_space_from_any_thread() {
  {
    const std::lock_guard lock(mutex_);
    out_of_space_ = true;
  }
  wake_.notify_one();
}

void ResourceMonitor::set_limits(const ResourceLimits& limits) {
  {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    limits_changed_ = true;
  }
  wake_.notify_one();
}

ResourceLimits ResourceMonitor::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void ResourceMonitor::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, interval_,
                   [this] { return stopping_ || out_of_space_ || limits_changed_; });
    if (stopping_) break;
    const bool out_of_space = std::exchange(out_of_space_, false);
    if (std::exchange(limits_changed_, false)) {
      alarms_.set_limits(limits_);
      limits_ = alarms_.limits();
    }
    lock.unlock();
    // Before the reading, which may hang.
    if (out_of_space) alarms_.handle_out_of_space(clock_.now().monotonic);
    const base::Milliseconds interval = look();
    lock.lock();
    interval_ = interval;
  }
}

base::Milliseconds ResourceMonitor::look() {
  const ResourceReading reading = read_();
  const base::MonotonicTime now = clock_.now().monotonic;
  const base::Milliseconds interval = alarms_.handle_reading(reading, now);
  if (alarms_.memory_alarm()) trim_memory(now);
  return interval;
}

// Otherwise a backlog that is gone would keep the alarm up: what was freed counts as resident until
// the C library returns it.
void ResourceMonitor::trim_memory(base::MonotonicTime now) {
  if (now < next_trim_) return;
  next_trim_ = now + kTrimInterval;
  ::malloc_trim(0);
}

}  // namespace harrier::server
