// The thread that reads free disk space and memory for the alarms.
//
// Role:   one per node. A thread of its own, because statvfs may wait for a file system that hangs.
//         The store reports to it when it was refused space.
// Model:  made → start(), which makes the first reading → a reading after each interval that
//         ResourceAlarms asks for → stop().
// Thread: synchronized by mutex_: one thread of its own runs ResourceAlarms after start(). start()
//         and stop() from one other thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "server/resource_alarms.h"

namespace harrier::server {

class ResourceMonitor {
 public:
  // In a memory alarm, how often freed memory is given back to the system; the C library keeps it.
  static constexpr base::Milliseconds kTrimInterval{5'000};

  using Read = std::function<ResourceReading()>;

  // REQUIRES that `gate` and `clock` outlive it.
  ResourceMonitor(const ResourceLimits& limits, PublisherGate& gate, const base::Clock& clock,
                  Read read);
  // Stops first if needed.
  ~ResourceMonitor();
  ResourceMonitor(const ResourceMonitor&) = delete;
  ResourceMonitor& operator=(const ResourceMonitor&) = delete;

  // The gate is as the first reading wants it when this returns.
  void start();
  void stop();
  // Any thread: writing failed for lack of space or quota. The disk alarm follows at once.
  void report_out_of_space_from_any_thread();

  // Any thread: a reading follows at once.
  void set_limits(const ResourceLimits& limits);

  // Any thread.
  ResourceLimits limits() const;
  const ResourceGauges& gauges() const { return alarms_.gauges(); }

 private:
  void run();
  base::Milliseconds look();
  void trim_memory(base::MonotonicTime now);

  const base::Clock& clock_;
  const Read read_;
  ResourceAlarms alarms_;
  base::MonotonicTime next_trim_{};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool out_of_space_ = false;
  bool limits_changed_ = false;
  ResourceLimits limits_;  // those of alarms_, or what they are to become
  base::Milliseconds interval_{0};
  std::thread thread_;
};

}  // namespace harrier::server
