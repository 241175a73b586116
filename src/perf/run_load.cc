// The default workload: PerfTest's producers and consumers, measured.
#include <algorithm>

#include "perf/clock.h"
#include "perf/interrupt.h"
#include "perf/progress.h"
#include "perf/topology.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::size_t kDefaultBytes = 16;
// So that no backlog is measured where a rate is meant.
constexpr std::uint64_t kAheadMessages = 20'000;
constexpr std::uint64_t kAheadBytes = 16 << 20;
// All producers' rings together.
constexpr std::size_t kRingsBytes = 64 << 20;

std::size_t body_bytes(const Options& options) {
  return options.size.value_or(options.verify ? kCheckedBytes : kDefaultBytes);
}

std::uint64_t ahead_of(const Options& options) {
  if (options.ahead) return *options.ahead;
  if (options.producer_rate > 0) return 0;
  // The three frames weigh about 56 octets and the names.
  const std::uint64_t by_bytes = kAheadBytes / (body_bytes(options) + 64);
  return std::clamp<std::uint64_t>(by_bytes, 64, kAheadMessages);
}

ProducerPlan producer_plan(const Options& options, const Topology& topology, unsigned index) {
  ProducerPlan plan;
  plan.index = static_cast<std::uint16_t>(index);
  plan.shape = {.exchange = topology.exchange,
                .routes = routes_of(topology, index, options.producers),
                .body_bytes = body_bytes(options),
                .persistent = options.persistent,
                .mandatory = options.mandatory,
                .priorities = options.priorities,
                .content_type = options.content_type,
                .expiration = options.expiration};
  plan.ring_bytes = std::min(kBatchBytes, kRingsBytes / options.producers);
  plan.confirm_window = options.confirm.value_or(0);
  plan.transaction = options.producer_transaction;
  plan.rate = options.producer_rate;
  if (plan.rate > 0)
    plan.rate_offset_s = static_cast<double>(index) / (plan.rate * options.producers);
  plan.check = options.verify;
  return plan;
}

ConsumerPlan consumer_plan(const Options& options, const Topology& topology, unsigned index) {
  ConsumerPlan plan;
  plan.queue = queue_of(topology, index);
  plan.prefetch = options.prefetch.value_or(0);
  plan.auto_ack = options.auto_ack;
  plan.ack_every = options.ack_every.value_or(1);
  plan.transaction = options.consumer_transaction;
  plan.messages = options.consumer_messages;
  plan.rate = options.consumer_rate;
  plan.arguments = options.consumer_arguments;
  plan.check = options.verify;
  plan.check_order = options.priorities == 0;
  plan.producers = static_cast<std::uint16_t>(options.producers);
  plan.body_bytes = body_bytes(options);
  return plan;
}

LoadPlan load_plan(const Options& options, const Topology& topology) {
  LoadPlan plan;
  plan.endpoint = options.endpoint;
  plan.threads = options.threads;
  plan.spin = std::chrono::microseconds(options.spin_us);
  for (unsigned i = 0; i < options.producers; ++i)
    plan.producers.push_back(producer_plan(options, topology, i));
  for (unsigned i = 0; i < options.consumers; ++i)
    plan.consumers.push_back(consumer_plan(options, topology, i));
  plan.copies = topology.copies;
  plan.waiting = topology.waiting;
  plan.ahead = ahead_of(options);
  plan.is_consumed = options.consumers >= topology.queues.size() && options.consumer_messages == 0;
  return plan;
}

Goal goal_of(const Options& options) {
  Goal goal;
  goal.messages_per_producer = options.producer_messages.value_or(kUnlimited);
  if (options.seconds) goal.duration = seconds_of(*options.seconds);
  goal.drain_limit = seconds_of(options.drain_s);
  return goal;
}

bool wants_warm_up(const Options& options) {
  return options.warmup_seconds > 0 || options.warmup_messages > 0;
}

Goal warm_up_of(const Options& options) {
  Goal goal;
  if (options.warmup_messages > 0) goal.messages_per_producer = options.warmup_messages;
  if (options.warmup_seconds > 0) goal.duration = seconds_of(options.warmup_seconds);
  return goal;
}

// All rounds together, and what the broker used in each.
struct Measured {
  std::uint64_t warmup_messages = 0;
  std::optional<Memory> before, after;
  PhaseResult sum;
  Usage used;
  std::vector<double> cpu_us;  // per message, one for each round
};

void add_round(Measured& measured, const PhaseResult& round, const Usage& used) {
  PhaseResult& sum = measured.sum;
  sum.elapsed_s += round.elapsed_s;
  sum.publish_s += round.publish_s;
  sum.consume_s += round.consume_s;
  sum.is_drained = round.is_drained;
  measured.used += used;
  const std::uint64_t messages = std::max(round.totals.sent, round.totals.received);
  if (used.broker_cpu_s && messages > 0)
    measured.cpu_us.push_back(*used.broker_cpu_s * 1e6 / static_cast<double>(messages));
}

Measured measure(const Options& options, Load& load, Meter& meter) {
  Measured measured;
  if (wants_warm_up(options)) measured.warmup_messages = load.run(warm_up_of(options)).totals.sent;
  measured.before = meter.memory();
  Progress progress(options);
  const Totals before = load.totals();
  for (unsigned round = 0; round < options.rounds && !is_interrupted(); ++round) {
    progress.begin(load.totals());
    const Usage begin = meter.begin_phase();
    const PhaseResult result = load.run(
        goal_of(options),
        [&](const Totals& totals, Clock::duration elapsed) { progress.observe(totals, elapsed); },
        seconds_of(options.interval_s));
    add_round(measured, result, meter.end_phase(begin));
  }
  measured.after = meter.memory();
  measured.sum.totals = load.totals().since(before);
  measured.sum.is_interrupted = is_interrupted();
  std::sort(measured.cpu_us.begin(), measured.cpu_us.end());
  return measured;
}

void add_settings(Figures& figures, const Options& options, const Topology& topology) {
  figures.count("producers", options.producers).count("consumers", options.consumers);
  figures.count("queues", topology.queues.size()).count("copies", topology.copies);
  figures.count("size", body_bytes(options)).flag("persistent", options.persistent);
  figures.count("window", options.confirm.value_or(0));
  figures.count("prefetch", options.prefetch.value_or(0)).flag("auto_ack", options.auto_ack);
  figures.count("ack_every", options.ack_every.value_or(1));
  figures.real("rate", options.producer_rate).count("ahead", ahead_of(options));
  figures.text("exchange_type", topology.exchange_type).count("keys", options.keys);
  figures.count("priorities", options.priorities);
  figures.count("tx_size", options.producer_transaction).flag("tls", options.endpoint.tls);
  figures.count("threads", options.threads).count("rounds", options.rounds);
  std::optional<double> binds;
  if (topology.binds_per_s > 0) binds = topology.binds_per_s;
  figures.real("binds_per_s", binds);
}

void add_results(Figures& figures, const Measured& measured) {
  const PhaseResult& sum = measured.sum;
  const Totals& totals = sum.totals;
  figures.count("warmup_messages", measured.warmup_messages);
  figures.count("messages", totals.sent).count("confirmed", totals.confirmed);
  figures.count("nacked", totals.nacked).count("returned", totals.returned);
  figures.count("committed", totals.committed);
  figures.count("delivered", totals.received).count("body_bytes_delivered", totals.body_bytes);
  figures.real("elapsed_s", sum.elapsed_s);
  figures.real("publish_s", sum.publish_s).real("consume_s", sum.consume_s);
  figures.real("published_per_s", per_second(totals.sent, sum.publish_s));
  figures.real("confirmed_per_s", per_second(totals.confirmed, sum.publish_s));
  figures.real("consumed_per_s", per_second(totals.received, sum.consume_s));
  figures.distribution("latency", totals.latency);
  figures.distribution("confirm", totals.confirm_latency);
  figures.distribution("send_lag", totals.lag);
  figures.flag("drained", sum.is_drained).flag("interrupted", sum.is_interrupted);
}

void add_costs(Figures& figures, const Options& options, const Measured& measured,
               const Meter& meter) {
  const Totals& totals = measured.sum.totals;
  const std::uint64_t messages = totals.sent > 0 ? totals.sent : totals.received;
  add_usage(figures, "", measured.used, messages, meter.flush_source());
  std::optional<double> lowest, median, highest, each_delivery;
  if (!measured.cpu_us.empty()) {
    lowest = measured.cpu_us.front();
    median = measured.cpu_us[measured.cpu_us.size() / 2];
    highest = measured.cpu_us.back();
  }
  if (measured.used.broker_cpu_s && totals.received > 0)
    each_delivery = *measured.used.broker_cpu_s * 1e6 / static_cast<double>(totals.received);
  figures.real("broker_cpu_us_per_message_median", median);
  figures.real("broker_cpu_us_per_message_min", lowest);
  figures.real("broker_cpu_us_per_message_max", highest);
  figures.real("broker_cpu_us_per_delivery", each_delivery);
  // What waits weighs something; what has gone through leaves only what the broker keeps for more.
  std::optional<double> each_waiting;
  if (options.consumers == 0 && messages > 0)
    each_waiting = growth_each(measured.before, measured.after, messages);
  figures.real("rss_bytes_per_message", each_waiting);
  add_memory(figures, measured.after);
}

// Everything there once, as it was sent, in order?
std::string verdict(const Options& options, const LoadPlan& plan, const Load& load) {
  const Totals totals = load.totals(false);
  const auto number = [](std::uint64_t count) { return std::to_string(count); };
  std::string text;
  if (totals.damaged > 0) text += number(totals.damaged) + " bodies are not as they were sent; ";
  if (totals.out_of_order > 0) text += number(totals.out_of_order) + " out of order; ";
  const std::uint64_t expected = totals.sent * plan.copies;
  if (options.consumers > 0 && plan.is_consumed && totals.received != expected)
    text += number(totals.received) + " received, not " + number(expected) + "; ";
  else if (options.consumers > 0 && plan.is_consumed &&
           totals.received_sum != totals.sent_sum * plan.copies)
    text += "as many received as sent, but not the same; ";
  return text.empty() ? text : "not verified: " + text.substr(0, text.size() - 2);
}

std::string complaint_of(const Measured& measured) {
  const Totals& totals = measured.sum.totals;
  if (totals.nacked > 0)
    return "the broker refused " + std::to_string(totals.nacked) + " messages (basic.nack)";
  if (totals.returned > 0)
    return "the broker returned " + std::to_string(totals.returned) + " messages (basic.return)";
  if (!measured.sum.is_drained && !measured.sum.is_interrupted)
    return "not everything was confirmed and consumed in time";
  return {};
}

std::string summary_of(const Options& options, const Measured& measured) {
  const Totals& totals = measured.sum.totals;
  const std::string id = "id: " + options.id + ", ";
  char text[200];
  std::string summary;
  const auto add_rate = [&](const char* what, std::uint64_t count, double elapsed_s) {
    std::snprintf(text, sizeof text, "%s rate avg: %.0f msg/s\n", what,
                  elapsed_s > 0 ? static_cast<double>(count) / elapsed_s : 0);
    summary += id + text;
  };
  if (options.producers > 0) add_rate("sending", totals.sent, measured.sum.publish_s);
  if (options.consumers > 0) add_rate("receiving", totals.received, measured.sum.consume_s);
  const auto add_times = [&](const char* what, const Histogram& times) {
    if (times.empty()) return;
    std::snprintf(text, sizeof text, ", 99.9th/max %llu/%llu µs\n",
                  static_cast<unsigned long long>(times.percentile(99.9) / 1000),
                  static_cast<unsigned long long>(times.max() / 1000));
    summary += id + what + " " + describe_latency(times) + text;
  };
  add_times("consumer latency", totals.latency);
  add_times("confirm latency", totals.confirm_latency);
  if (options.producer_rate > 0) add_times("sent later than scheduled", totals.lag);
  const auto messages = static_cast<double>(totals.sent > 0 ? totals.sent : totals.received);
  std::snprintf(text, sizeof text, "generator CPU: %.3f µs per message\n",
                measured.used.own_cpu_s * 1e6 / messages);
  summary += id + text;
  if (!measured.cpu_us.empty()) {
    std::snprintf(text, sizeof text, "broker CPU: %.3f µs per message (%.3f–%.3f)\n",
                  measured.cpu_us[measured.cpu_us.size() / 2], measured.cpu_us.front(),
                  measured.cpu_us.back());
    summary += id + text;
  }
  return summary;
}

}  // namespace

Outcome run_load(const Options& options) {
  Meter meter(options);
  Connection control(options.endpoint);
  Topology topology = plan_topology(options);
  const std::optional<Memory> start = meter.memory();
  declare_topology(control, options, topology);
  const std::optional<Memory> declared = meter.memory();
  if (options.verify && topology.waiting > 0) throw LoadError("--verify: the queues are not empty");
  const LoadPlan plan = load_plan(options, topology);
  Load load(plan);
  const Measured measured = measure(options, load, meter);
  std::optional<std::uint64_t> left;
  if (!topology.queues.empty() && !options.predeclared) left = ready_count(control, topology);

  Outcome outcome;
  outcome.figures = begin_figures(options);
  add_settings(outcome.figures, options, topology);
  add_results(outcome.figures, measured);
  outcome.figures.count("left_in_queue", left);
  add_costs(outcome.figures, options, measured, meter);
  std::optional<std::uint64_t> topology_bytes;
  if (start && declared && declared->resident_bytes >= start->resident_bytes)
    topology_bytes = declared->resident_bytes - start->resident_bytes;
  outcome.figures.count("topology_rss_bytes", topology_bytes);
  outcome.summary = summary_of(options, measured);
  outcome.complaint = complaint_of(measured);
  if (!outcome.complaint.empty()) outcome.exit_code = kExitFailed;
  if (options.verify && !measured.sum.is_interrupted) {
    const std::string faults = verdict(options, plan, load);
    outcome.figures.flag("verified", faults.empty());
    if (!faults.empty()) outcome.exit_code = kExitNotVerified;
    if (!faults.empty()) outcome.complaint = faults;
  }
  load.finish();
  if (options.auto_delete && !options.predeclared) remove_topology(control, topology);
  control.close();
  if (measured.sum.is_interrupted) note_interrupt(outcome);
  return outcome;
}

}  // namespace harrier::perf
