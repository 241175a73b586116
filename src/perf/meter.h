// What a broker's process has used so far: CPU, memory, flushes.
//
// Role:   read before and after a phase; the difference belongs to the phase. Also reads our own
//         CPU, because a generator that is the bottleneck measures itself.
//         Without --broker-pid only that.
// Thread: confined(main).
// Errors: LoadError if the process cannot be read. A flush counter that is not there is no error:
//         its figures are absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "perf/figures.h"
#include "perf/options.h"

namespace harrier::perf {

struct Memory {
  std::uint64_t resident_bytes = 0;   // VmRSS
  std::uint64_t anonymous_bytes = 0;  // RssAnon: without mapped files
  std::uint64_t peak_bytes = 0;       // VmHWM
};

struct Usage {
  std::optional<double> broker_cpu_s;  // user and system, all threads
  double own_cpu_s = 0;
  std::optional<std::uint64_t> flushes;

  Usage& operator+=(const Usage& more);
};

class Meter {
 public:
  // --broker-pid, and --metrics-url or --strace for the flushes.
  explicit Meter(const Options& options);
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  std::optional<Memory> memory() const;

  // Starts what has to watch during the phase; end_phase() returns what the phase used.
  Usage begin_phase();
  Usage end_phase(const Usage& begin);
  const char* flush_source() const;

 private:
  std::optional<double> broker_cpu_s() const;
  std::optional<std::uint64_t> flushes_from_metrics() const;
  void start_strace();
  std::optional<std::uint64_t> stop_strace();

  const pid_t pid_;
  const std::string metrics_url_;
  const bool strace_;
  pid_t strace_pid_ = -1;
  std::string strace_summary_;
};

// broker_cpu_s, broker_cpu_us_per_message, messages_per_broker_cpu_s, generator_cpu_us_per_message,
// flushes, flushes_per_1000_messages, flush_source; each name with `prefix` before it.
void add_usage(Figures& figures, const std::string& prefix, const Usage& used,
               std::uint64_t messages, const char* flush_source);
// What each of `count` things added; nullopt if memory was not measured.
std::optional<double> growth_each(const std::optional<Memory>& before,
                                  const std::optional<Memory>& after, std::uint64_t count,
                                  std::uint64_t Memory::*bytes = &Memory::resident_bytes);
// rss_bytes and rss_peak_bytes; null without a process.
void add_memory(Figures& figures, const std::optional<Memory>& memory);

}  // namespace harrier::perf
