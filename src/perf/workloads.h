// The workloads, one function each: does it, and returns its figures.
//
// Role:   main.cc picks one by the command line and tells the result.
// Thread: confined(main), with threads of their own inside.
// Errors: LoadError; then there are no figures.
#pragma once

#include <string>

#include "perf/figures.h"
#include "perf/load.h"
#include "perf/meter.h"
#include "perf/options.h"

namespace harrier::perf {

struct Outcome {
  Figures figures;
  int exit_code = kExitDone;
  // What was not as asked, for standard error; empty if all was.
  std::string complaint;
  // For people, instead of all figures; empty: those.
  std::string summary;
};

Outcome run_load(const Options& options);
Outcome run_backlog(const Options& options);
Outcome run_confirms(const Options& options);
Outcome run_queues(const Options& options);
Outcome run_churn(const Options& options);
Outcome run_expiry(const Options& options);
Outcome run_idle(const Options& options);
Outcome run_raw_disk(const Options& options);
Outcome run_await(const Options& options);

// Fewer than one source address has.
inline constexpr std::uint64_t kPortsPerAddress = 20'000;
// Where connection `number` of many comes from: one source address has not ports enough.
inline constexpr std::uint64_t kNumberedEndpointsMax = 250 * kPortsPerAddress;
Endpoint numbered_endpoint(const Endpoint& endpoint, std::uint64_t number);
// Figures that begin with the workload, the id and the time.
Figures begin_figures(const Options& options);
// Each workload that leaves with part of what was asked, because of Ctrl-C, ends with this.
void note_interrupt(Outcome& outcome);

}  // namespace harrier::perf
