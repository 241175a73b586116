// Many queues: what declaring one costs, and what one weighs.
#include <algorithm>

#include "perf/interrupt.h"
#include "perf/topology.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::uint64_t kDefaultCount = 100'000;

std::string name_of(const std::string& prefix, std::uint64_t index) {
  std::string digits = std::to_string(index);
  digits.insert(0, 7 - std::min<std::size_t>(7, digits.size()), '0');
  return prefix + "_" + digits;
}

}  // namespace

// Passive declares of what is missing close the channel: then --check throws.
Outcome run_queues(const Options& options) {
  const std::uint64_t queues = options.count.value_or(kDefaultCount);
  const std::uint64_t sample = std::min(queues, options.sample);
  if (queues == 0 || sample == 0 || options.window == 0)
    throw LoadError("--count, --sample and --window must not be 0");
  const std::string prefix = options.queue.value_or("harrier-perf");
  const std::uint64_t step = options.check ? queues / sample : 1;
  const std::uint64_t declared = (queues + step - 1) / step;
  Meter meter(options);
  Connection connection(options.endpoint);
  const std::optional<Memory> before = meter.memory();
  const Usage begin = meter.begin_phase();
  const auto begin_time = Clock::now();
  pipeline(
      connection, declared, options.window,
      [&](std::uint64_t number) {
        return method_frame(amqp::QueueDeclare{.queue = name_of(prefix, number * step),
                                               .passive = options.check,
                                               .durable = !options.transient,
                                               .arguments = options.queue_arguments});
      },
      kMethod<amqp::QueueDeclareOk>);
  const double elapsed_s = seconds(Clock::now() - begin_time);
  const Usage used = meter.end_phase(begin);
  const std::optional<Memory> after = meter.memory();

  Outcome outcome;
  Figures& figures = outcome.figures;
  figures = begin_figures(options);
  figures.count("queues", queues).count("declared", declared).flag("check", options.check);
  figures.flag("durable", !options.transient).count("window", options.window);
  figures.real("elapsed_s", elapsed_s);
  figures.real("declares_per_s", static_cast<double>(declared) / elapsed_s);
  figures.real("rss_bytes_per_queue", growth_each(before, after, declared));
  figures.real("rss_anon_bytes_per_queue",
               growth_each(before, after, declared, &Memory::anonymous_bytes));
  add_memory(figures, after);
  add_usage(figures, "", used, declared, meter.flush_source());
  connection.close();
  return outcome;
}

}  // namespace harrier::perf
