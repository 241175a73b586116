// What a broker's process has used so far: CPU, memory, flushes.
//
// Role:   read before and after a phase; the difference belongs to the phase. Also reads our own
//         CPU, because a generator that is the bottleneck measures itself.
// Thread: confined(main).
// Errors: LoadError if the process cannot be read. A flush counter that is not there is no error:
//         its figures are absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "bench/load/arguments.h"
#include "bench/load/figures.h"

namespace harrier::bench {

struct Memory {
  std::uint64_t resident_bytes = 0;   // VmRSS
  std::uint64_t anonymous_bytes = 0;  // RssAnon: without mapped files
  std::uint64_t peak_bytes = 0;       // VmHWM
};

struct Usage {
  double broker_cpu_s = 0;  // user and system, all threads
  double own_cpu_s = 0;
  std::optional<std::uint64_t> flushes;

  Usage& operator+=(const Usage& more);
};

class Meter {
 public:
  // --pid, and --metrics-port or --strace for the flushes.
  explicit Meter(Arguments& arguments);
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  Usage usage() const;
  Memory memory() const;

  // Starts what has to watch during the phase; end_phase() returns what the phase used.
  Usage begin_phase();
  Usage end_phase(const Usage& begin);
  const char* flush_source() const;

 private:
  double broker_cpu_s() const;
  std::optional<std::uint64_t> flushes_from_metrics() const;
  void start_strace();
  std::optional<std::uint64_t> stop_strace();

  const pid_t pid_;
  const std::uint16_t metrics_port_;
  const bool strace_;
  pid_t strace_pid_ = -1;
  std::string strace_summary_;
};

// broker_cpu_s, broker_cpu_us_per_message, messages_per_broker_cpu_s, generator_cpu_us_per_message,
// flushes, flushes_per_1000_messages, flush_source; each name with `prefix` before it.
void add_usage(JsonLine& line, const std::string& prefix, const Usage& used, std::uint64_t messages,
               const char* flush_source);

}  // namespace harrier::bench
