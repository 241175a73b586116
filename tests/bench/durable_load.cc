// Load on durable queues of any AMQP 0-9-1 broker: what a promise to keep a message costs.
//
// Every mode prints one line of JSON with all its figures; script/bench durable runs them side by
// side on two brokers and reads the lines. Raw sockets on loopback, frames encoded once, batches of
// 64 KiB; the line has the generator's own CPU per message, so that it shows when it is the limit.
// docs/benchmarks.md says what is measured and why.

#include <cstdio>
#include <ctime>
#include <exception>

#include <signal.h>
#include <unistd.h>

#include "bench/load/arguments.h"
#include "bench/load/modes.h"

namespace harrier::bench {
namespace {

constexpr char kUsage[] = R"(durable_load MODE --port PORT --pid PID [options]

  throughput  one publisher with confirms, one consumer with acknowledgements
              --seconds 10 --messages N --size 1024 --window 1000 --prefetch 1000
              --ack-every 1 (more: multiple) --ahead 100000 --warmup-seconds 2 --warmup-messages N
  latency     each publisher waits for the confirm of one message
              --publishers 1 --queues 1 --seconds 10 --messages N --size 1024
              --raw-dir DIR --raw-seconds 2: the disk by itself before and after, in the same line
  backlog     an empty queue passed through, then fill, then drain
              --messages 10000000 --empty-messages N/10 --size 100 --window 1000 --prefetch 1000
              --ack-every 100 --cache-bytes 0
              --keep: leave the backlog   --drain-only: take what --keep left
  queues      durable queues, declares pipelined
              --queues 100000 --window 1000   --check: passive declares of --sample 1000
  rawdisk     pwrite of 4 KiB and fdatasync: --dir DIR --seconds 2
  await       time until a connection opens: --seconds 60 --since CLOCK_MONOTONIC-NANOSECONDS

  all         --queue NAME --queue-version 0 (RabbitMQ's x-queue-version) --label WORD
              --limit-s 1800: the whole run ends with an error then
              --metrics-port PORT: flushes from HarrierMQ's metrics
              --strace: flushes by strace, for any broker; it slows the broker down
)";

// However a broker misbehaves, the run ends.
void limit_time(std::uint64_t seconds) {
  struct sigaction action {};
  action.sa_handler = [](int) {
    constexpr char kText[] = "durable_load: --limit-s is over\n";
    if (::write(STDERR_FILENO, kText, sizeof kText - 1) < 0) ::_exit(4);
    ::_exit(3);
  };
  ::sigaction(SIGALRM, &action, nullptr);
  ::alarm(static_cast<unsigned>(seconds));
}

int run(int count, char** words) {
  Arguments arguments(count, words);
  limit_time(arguments.number("limit-s", 1800));
  const std::string& mode = arguments.mode();
  if (mode == "throughput")
    run_throughput(arguments);
  else if (mode == "latency")
    run_latency(arguments);
  else if (mode == "backlog")
    run_backlog(arguments);
  else if (mode == "queues")
    run_queues(arguments);
  else if (mode == "rawdisk")
    run_raw_disk(arguments);
  else if (mode == "await")
    run_await(arguments);
  else if (mode == "--help" || mode == "help")
    std::fputs(kUsage, stdout);
  else
    throw LoadError("no mode " + mode + "; durable_load --help lists them");
  return 0;
}

}  // namespace

Target::Target(Arguments& arguments)
    : port(static_cast<std::uint16_t>(arguments.number("port", 5672))),
      label(arguments.text("label", "broker")),
      queue(arguments.text("queue", "durable_load")),
      queue_version(static_cast<unsigned>(arguments.number("queue-version", 0))) {}

JsonLine begin_line(const Arguments& arguments, const std::string& label) {
  JsonLine line;
  line.text("mode", arguments.mode()).text("label", label);
  line.count("unix_time", static_cast<std::uint64_t>(std::time(nullptr)));
  return line;
}

Clock::duration seconds_of(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace harrier::bench

int main(int count, char** words) {
  try {
    return harrier::bench::run(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "durable_load: %s\n", error.what());
    return 1;
  }
}
