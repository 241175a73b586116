#include "server/resource_alarms.h"

#include <string>
#include <utility>

#include "base/log.h"

namespace harrier::server {
namespace {

// A limit that no disk has does not wrap.
std::uint64_t times(std::uint64_t bytes, unsigned tenths) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(bytes / 10, tenths, &product) ? UINT64_MAX
                                                              : product + bytes % 10 * tenths / 10;
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + "MiB"; }

bool holds_publishers(DiskState state) {
  return state == DiskState::kAlarm || state == DiskState::kCritical;
}

}  // namespace

base::Milliseconds ResourceAlarms::handle_reading(const ResourceReading& reading,
                                                  base::MonotonicTime now) {
  if (limits_.disk_free != 0 && reading.disk_free) watch_disk(*reading.disk_free, now);
  if (limits_.memory_high_watermark != 0 && reading.memory_resident)
    watch_memory(*reading.memory_resident);
  note_unreadable(reading);
  return near_disk_limit_ || near_watermark_ ? kIntervalNear : kInterval;
}

void ResourceAlarms::set_limits(const ResourceLimits& limits) {
  if (limits.disk_free != 0) limits_.disk_free = limits.disk_free;
  if (limits.memory_high_watermark != 0)
    limits_.memory_high_watermark = limits.memory_high_watermark;
}

void ResourceAlarms::handle_out_of_space(base::MonotonicTime now) {
  critical_until_ = now + kCriticalHold;
  near_disk_limit_ = true;
  if (disk_ != DiskState::kCritical) enter(DiskState::kCritical, gauges_.disk_free.load());
}

void ResourceAlarms::watch_disk(std::uint64_t free, base::MonotonicTime now) {
  gauges_.disk_free.store(free);
  const DiskState next = next_disk_state(free, now);
  near_disk_limit_ = next != DiskState::kOk || free < times(limits_.disk_free, 20);
  if (next != disk_) enter(next, free);
}

DiskState ResourceAlarms::next_disk_state(std::uint64_t free, base::MonotonicTime now) const {
  const std::uint64_t limit = limits_.disk_free;
  const bool enough = free >= times(limit, 11);
  if (disk_ == DiskState::kCritical && (now < critical_until_ || !enough)) return disk_;
  if (free < limit || (holds_publishers(disk_) && !enough)) return DiskState::kAlarm;
  // A warning is taken back as late as an alarm, or it would fill the log.
  const bool low =
      free < times(limit, 15) || (disk_ == DiskState::kLow && free < times(times(limit, 15), 11));
  return low ? DiskState::kLow : DiskState::kOk;
}

void ResourceAlarms::enter(DiskState state, std::uint64_t free) {
  const DiskState before = std::exchange(disk_, state);
  const auto say = [&](base::LogLevel level, const char* text) {
    base::log(level, "alarm", text,
              {{"free", mebibytes(free)},
               {"limit", mebibytes(limits_.disk_free)},
               {"goes_on_at", mebibytes(times(limits_.disk_free, 11))}});
  };
  switch (state) {
    case DiskState::kCritical:
      say(base::LogLevel::kError,
          "the disk is full: publishers are held, only what frees space is written");
      break;
    case DiskState::kAlarm:
      say(base::LogLevel::kWarning, "disk alarm: too little free space, publishers are held");
      break;
    case DiskState::kLow:
    case DiskState::kOk:
      if (holds_publishers(before)) {
        say(base::LogLevel::kWarning, "the disk alarm is over, publishers go on");
      } else if (state == DiskState::kLow) {
        say(base::LogLevel::kWarning, "free disk space is getting low");
      } else {
        say(base::LogLevel::kInfo, "there is enough free disk space again");
      }
      break;
  }
  if (holds_publishers(state)) {
    gate_.set(HoldReason::kDiskAlarm);
  } else {
    gate_.clear(HoldReason::kDiskAlarm);
  }
}

void ResourceAlarms::watch_memory(std::uint64_t resident) {
  gauges_.memory_resident.store(resident);
  const std::uint64_t watermark = limits_.memory_high_watermark;
  near_watermark_ = resident >= times(watermark, 8);
  const bool alarm =
      resident >= watermark || (memory_alarm_ && resident >= watermark - watermark / 20);
  if (std::exchange(memory_alarm_, alarm) == alarm) return;
  base::log_warning("alarm",
                    alarm ? "memory alarm: the high watermark is reached, publishers are held"
                          : "the memory alarm is over, publishers go on",
                    {{"resident", mebibytes(resident)}, {"high_watermark", mebibytes(watermark)}});
  if (alarm) {
    gate_.set(HoldReason::kMemoryAlarm);
  } else {
    gate_.clear(HoldReason::kMemoryAlarm);
  }
}

// Once until it can be read again.
void ResourceAlarms::note_unreadable(const ResourceReading& reading) {
  const bool disk = limits_.disk_free != 0 && !reading.disk_free;
  const bool memory = limits_.memory_high_watermark != 0 && !reading.memory_resident;
  if (std::exchange(unreadable_, disk || memory) || !unreadable_) return;
  base::log_warning("alarm", disk ? "free disk space cannot be read, alarms stay as they are"
                                  : "memory use cannot be read, alarms stay as they are");
}

}  // namespace harrier::server
