// harrier-perf: puts load on any AMQP 0-9-1 broker, and measures it.
#include <cstdio>
#include <exception>

#include <signal.h>
#include <unistd.h>

#include "perf/interrupt.h"
#include "perf/progress.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

// However a broker misbehaves, the run ends.
void limit_time(std::uint64_t limit_s) {
  if (limit_s == 0) return;
  struct sigaction action {};
  action.sa_handler = [](int) {
    constexpr char kText[] = "harrier-perf: --limit-s is over\n";
    if (::write(STDERR_FILENO, kText, sizeof kText - 1) < 0) ::_exit(kExitFailed);
    ::_exit(kExitFailed);
  };
  ::sigaction(SIGALRM, &action, nullptr);
  ::alarm(static_cast<unsigned>(limit_s));
}

Outcome run_workload(const Options& options) {
  if (options.workload == "backlog") return run_backlog(options);
  if (options.workload == "confirms") return run_confirms(options);
  if (options.workload == "queues") return run_queues(options);
  if (options.workload == "churn") return run_churn(options);
  if (options.workload == "expiry") return run_expiry(options);
  if (options.workload == "idle") return run_idle(options);
  if (options.workload == "rawdisk") return run_raw_disk(options);
  if (options.workload == "await") return run_await(options);
  return run_load(options);
}

void write_json(const Options& options, const Figures& figures) {
  if (options.json_file.empty()) return;
  const std::string text = figures.json() + "\n";
  std::FILE* file = options.json_file == "-" ? stdout : std::fopen(options.json_file.c_str(), "w");
  const bool is_written = file != nullptr && std::fputs(text.c_str(), file) >= 0 &&
                          (file == stdout ? std::fflush(file) : std::fclose(file)) == 0;
  if (!is_written) throw LoadError("cannot write " + options.json_file);
}

int run(const Options& options) {
  limit_time(options.limit_s);
  watch_interrupts();
  const Outcome outcome = run_workload(options);
  if (!outcome.complaint.empty())
    std::fprintf(stderr, "harrier-perf: %s\n", outcome.complaint.c_str());
  // --quiet with JSON on standard output leaves nothing for people.
  if (options.json_file != "-" || !options.quiet)
    std::fputs((outcome.summary.empty() ? outcome.figures.lines() : outcome.summary).c_str(),
               people_stream(options));
  write_json(options, outcome.figures);
  return outcome.exit_code;
}

}  // namespace

}  // namespace harrier::perf

int main(int count, char** words) {
  using namespace harrier::perf;  // NOLINT: a program of its own
  const ParsedOptions parsed = parse_options(std::vector<std::string>(words + 1, words + count));
  if (!parsed.options) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == kExitDone ? stdout : stderr);
    return parsed.exit_code;
  }
  try {
    return run(*parsed.options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "harrier-perf: %s\n", error.what());
    return is_interrupted() ? kExitInterrupted : kExitFailed;
  }
}
