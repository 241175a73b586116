// A line for each interval of a run, for people as PerfTest writes it, and as CSV.
//
// Role:   observes a Load; what it is told are totals, what it shows are differences.
// Thread: confined(main).
// Errors: LoadError: the CSV file cannot be written.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "perf/load.h"
#include "perf/options.h"

namespace harrier::perf {

// Where people read: standard error when standard output is for the JSON.
std::FILE* people_stream(const Options& options);

// "min/median/75th/95th/99th 12/20/31/80/120 µs"
std::string describe_latency(const Histogram& times);

class Progress {
 public:
  explicit Progress(const Options& options);

  void observe(const Totals& since_start, Clock::duration elapsed);
  // The next totals count from here.
  void begin(const Totals& totals);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write_line(const Totals& step, double seconds, double at) const;
  void write_row(const Totals& step, double seconds, double at) const;

  const Options& options_;
  std::FILE* const people_;
  std::unique_ptr<std::FILE, Close> csv_;
  Totals last_;
  Clock::duration last_elapsed_{};
  double passed_s_ = 0;  // in runs before this one
};

}  // namespace harrier::perf
