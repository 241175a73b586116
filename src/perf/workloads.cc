#include "perf/workloads.h"

#include <ctime>

namespace harrier::perf {

Endpoint numbered_endpoint(const Endpoint& endpoint, std::uint64_t number) {
  Endpoint numbered = endpoint;
  const std::uint64_t address = number / kPortsPerAddress;
  if (address > 0) numbered.source_address = "127.0.0." + std::to_string(1 + address);
  return numbered;
}

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
