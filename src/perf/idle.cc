// Many connections that do nothing: what one weighs, and what all of them cost.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "perf/interrupt.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::uint64_t kDefaultCount = 10'000;
constexpr double kDefaultSeconds = 5;
constexpr std::uint64_t kDescriptorsElse = 64;

void allow_descriptors(std::uint64_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (count + kDescriptorsElse > limit.rlim_max)
    throw LoadError("only " + std::to_string(limit.rlim_max) + " descriptors are allowed (ulimit)");
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::unique_ptr<Connection> open_one(const Options& options, std::uint64_t number) {
  auto connection = std::make_unique<Connection>(numbered_endpoint(options.endpoint, number));
  if (options.with_consumers)
    connection->call<amqp::BasicConsumeOk>(
        amqp::BasicConsume{.queue = options.id, .consumer_tag = "c"});
  return connection;
}

// Returns how long it was really.
double sleep_seconds(double wanted) {
  const auto begin = Clock::now();
  const auto end = begin + seconds_of(wanted);
  while (Clock::now() < end && !is_interrupted())
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return seconds(Clock::now() - begin);
}

}  // namespace

Outcome run_idle(const Options& options) {
  const std::uint64_t count = options.count.value_or(kDefaultCount);
  if (count == 0 || count > kNumberedEndpointsMax) throw LoadError("--count is out of range");
  allow_descriptors(count);
  Meter meter(options);
  Connection control(options.endpoint);
  if (options.with_consumers)
    control.call<amqp::QueueDeclareOk>(
        amqp::QueueDeclare{.queue = options.id, .auto_delete = true});
  const std::optional<Memory> before = meter.memory();
  const Usage opening = meter.begin_phase();
  const auto begin = Clock::now();
  std::vector<std::unique_ptr<Connection>> connections;
  while (connections.size() < count && !is_interrupted())
    connections.push_back(open_one(options, connections.size()));
  const double opened_s = seconds(Clock::now() - begin);
  const Usage opened = meter.end_phase(opening);
  const std::optional<Memory> after = meter.memory();
  const Usage idling = meter.begin_phase();
  const double idle_s = sleep_seconds(options.seconds.value_or(kDefaultSeconds));
  const Usage idle = meter.end_phase(idling);

  Outcome outcome;
  Figures& figures = outcome.figures;
  figures = begin_figures(options);
  const auto opened_count = static_cast<double>(connections.size());
  figures.count("connections", connections.size()).flag("consumers", options.with_consumers);
  figures.real("open_s", opened_s).real("opens_per_s", opened_count / opened_s);
  std::optional<double> percent;
  if (idle.broker_cpu_s) percent = *idle.broker_cpu_s / idle_s * 100;
  figures.real("rss_bytes_per_connection", growth_each(before, after, connections.size()));
  figures.real("idle_s", idle_s).real("idle_cpu_percent", percent);
  add_memory(figures, after);
  add_usage(figures, "open_", opened, connections.size(), meter.flush_source());
  for (const auto& connection : connections)
    connection->close();
  std::optional<std::uint64_t> closed;
  if (const auto memory = meter.memory()) closed = memory->resident_bytes;
  figures.count("rss_closed_bytes", closed);
  control.close();
  if (is_interrupted()) note_interrupt(outcome);
  return outcome;
}

}  // namespace harrier::perf
