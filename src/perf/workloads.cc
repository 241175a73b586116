#include "perf/workloads.h"

#include <ctime>

namespace harrier::perf {

Figures begin_figures(const Options& options) {
  Figures figures;
  figures.text("workload", options.workload).text("id", options.id);
  figures.count("unix_time", static_cast<std::uint64_t>(std::time(nullptr)));
  return figures;
}

void note_interrupt(Outcome& outcome) {
  outcome.exit_code = kExitInterrupted;
  if (outcome.complaint.empty()) outcome.complaint = "interrupted";
}

}  // namespace harrier::perf
