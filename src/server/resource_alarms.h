// When the node is short of disk space or memory, and holds publishers for it.
//
// Role:   decides from readings that ResourceMonitor makes; sets and clears kDiskAlarm and
//         kMemoryAlarm of the gate, and says in the log what an operator must know.
// Model:  disk:   ok ⇄ low (< 1.5 × limit, a warning) → alarm (< limit: publishers are held) → back
//                 at 1.1 × limit
//                 any → critical (the store was told that there is no space) → back as from alarm,
//                 and not within kCriticalHold: a quota leaves nothing to see in the free bytes
//         memory: ok → alarm (≥ watermark) → ok (< 0.95 × watermark)
//         A reading that failed changes nothing.
// Thread: confined(monitor), gauges() any thread.
// Time:   takes now.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "server/publisher_gate.h"

namespace harrier::server {

// Bytes; 0: not watched.
struct ResourceLimits {
  std::uint64_t disk_free = 0;
  std::uint64_t memory_high_watermark = 0;
};

// What was read, if it could be.
struct ResourceReading {
  std::optional<std::uint64_t> disk_free;
  std::optional<std::uint64_t> memory_resident;
};

// For metrics: the latest readings.
struct ResourceGauges {
  std::atomic<std::uint64_t> disk_free{0};
  std::atomic<std::uint64_t> memory_resident{0};
};

enum class DiskState : std::uint8_t { kOk, kLow, kAlarm, kCritical };

class ResourceAlarms {
 public:
  static constexpr base::Milliseconds kInterval{1000};
  // Near a limit: a fast disk fills 2 GiB within seconds.
  static constexpr base::Milliseconds kIntervalNear{100};
  static constexpr base::Milliseconds kCriticalHold{10'000};

  ResourceAlarms(const ResourceLimits& limits, PublisherGate& gate)
      : limits_(limits), gate_(gate) {}

  // Answers after how long the next reading is wanted.
  base::Milliseconds handle_reading(const ResourceReading& reading, base::MonotonicTime now);
  // The system refused to write: ENOSPC, EDQUOT.
  void handle_out_of_space(base::MonotonicTime now);

  // The next reading is held against these. One that is not known now stays what it was: an alarm
  // would have no way out.
  void set_limits(const ResourceLimits& limits);

  DiskState disk() const { return disk_; }
  bool memory_alarm() const { return memory_alarm_; }
  const ResourceLimits& limits() const { return limits_; }
  const ResourceGauges& gauges() const { return gauges_; }

 private:
  void watch_disk(std::uint64_t free, base::MonotonicTime now);
  void watch_memory(std::uint64_t resident);
  DiskState next_disk_state(std::uint64_t free, base::MonotonicTime now) const;
  void enter(DiskState state, std::uint64_t free);
  void note_unreadable(const ResourceReading& reading);

  ResourceLimits limits_;
  PublisherGate& gate_;
  DiskState disk_ = DiskState::kOk;
  bool memory_alarm_ = false;
  bool near_disk_limit_ = false;
  bool near_watermark_ = false;
  bool unreadable_ = false;
  base::MonotonicTime critical_until_{};
  ResourceGauges gauges_;
};

}  // namespace harrier::server
