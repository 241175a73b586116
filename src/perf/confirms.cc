// Publishers that each wait for the confirm of one message before they send the next.
#include <cmath>

#include "perf/interrupt.h"
#include "perf/raw_file.h"
#include "perf/topology.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::size_t kDefaultBytes = 1024;
constexpr double kDefaultSeconds = 10;
// The disk by itself is measured in slices between those of the load, so that a busy second weighs
// on both.
constexpr unsigned kSlices = 10;

Topology shared_queues(const Options& options) {
  Topology topology;
  for (unsigned i = 0; i < options.queue_count; ++i)
    topology.queues.push_back(options.queue.value_or(options.id) + "_" + std::to_string(i));
  return topology;
}

LoadPlan confirming_plan(const Options& options, const Topology& topology, std::size_t bytes) {
  LoadPlan plan;
  plan.endpoint = options.endpoint;
  // All on one thread: the wait is the broker's, not that of 64 threads for a processor.
  plan.threads = 1;
  for (unsigned i = 0; i < options.producers; ++i) {
    ProducerPlan one;
    one.shape = {
        .routes = {Route{queue_of(topology, i), {}}}, .body_bytes = bytes, .persistent = true};
    one.ring_bytes = 1;
    one.confirm_window = 1;
    plan.producers.push_back(one);
  }
  plan.is_consumed = false;
  return plan;
}

struct Measured {
  std::uint64_t messages = 0;
  double elapsed_s = 0;  // of the load alone
  Usage used;
  Histogram confirms, raw;
};

Measured measure(const Options& options, Load& load, Meter& meter) {
  const bool has_disk = !options.raw_directory.empty();
  const unsigned slices = has_disk ? kSlices : 1;
  const std::uint64_t each =
      options.producer_messages ? *options.producer_messages / slices : kUnlimited;
  std::optional<RawFile> raw;
  if (has_disk) raw.emplace(options.raw_directory);
  Goal goal;
  goal.duration = seconds_of(options.seconds.value_or(kDefaultSeconds) / slices);
  Measured measured;
  for (unsigned i = 0; i < slices && !is_interrupted(); ++i) {
    if (raw) raw->measure(seconds_of(options.raw_seconds / slices), measured.raw);
    goal.messages_per_producer = each;
    if (i == 0 && options.producer_messages)
      goal.messages_per_producer += *options.producer_messages % slices;
    const Usage begin = meter.begin_phase();
    const PhaseResult result = load.run(goal);
    measured.used += meter.end_phase(begin);
    measured.messages += result.totals.confirmed;
    measured.elapsed_s += result.publish_s;
    measured.confirms.add(result.totals.confirm_latency);
    if (result.totals.nacked > 0) throw LoadError("the broker refused a message (basic.nack)");
  }
  return measured;
}

}  // namespace

Outcome run_confirms(const Options& options) {
  const std::size_t bytes = options.size.value_or(kDefaultBytes);
  if (options.producers == 0) throw LoadError("--producers must not be 0");
  Meter meter(options);
  Connection control(options.endpoint);
  Topology topology = shared_queues(options);
  Options durable = options;
  durable.persistent = true;
  durable.auto_delete = false;
  declare_topology(control, durable, topology);
  if (topology.waiting != 0) throw LoadError("the queues are not empty");
  Load load(confirming_plan(options, topology, bytes));
  std::uint64_t warmup_messages = 0;
  if (options.warmup_messages > 0 || options.warmup_seconds > 0) {
    Goal warm_up;
    if (options.warmup_messages > 0) warm_up.messages_per_producer = options.warmup_messages;
    if (options.warmup_seconds > 0) warm_up.duration = seconds_of(options.warmup_seconds);
    warmup_messages = load.run(warm_up).totals.confirmed;
  }
  const Measured measured = measure(options, load, meter);
  load.finish();
  const std::uint64_t left = ready_count(control, topology);
  remove_topology(control, topology);
  control.close();

  Outcome outcome;
  Figures& figures = outcome.figures;
  figures = begin_figures(options);
  figures.count("size", bytes).count("producers", options.producers);
  figures.count("queues", options.queue_count).count("messages", measured.messages);
  figures.count("warmup_messages", warmup_messages).count("left_in_queue", left);
  figures.real("elapsed_s", measured.elapsed_s);
  figures.real("confirmed_per_s", static_cast<double>(measured.messages) / measured.elapsed_s);
  figures.distribution("confirm", measured.confirms);
  figures.distribution("raw_flush", measured.raw);
  add_usage(figures, "", measured.used, measured.messages, meter.flush_source());
  if (is_interrupted()) note_interrupt(outcome);
  return outcome;
}

}  // namespace harrier::perf
