// A backlog far larger than memory should hold: filled, weighed, drained.
#include <cmath>
#include <thread>

#include "perf/interrupt.h"
#include "perf/topology.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::uint64_t kDefaultMessages = 10'000'000;
constexpr std::size_t kDefaultBytes = 100;
constexpr std::uint64_t kDefaultWindow = 1000;
constexpr unsigned kDefaultPrefetch = 1000;
constexpr std::uint64_t kDefaultAckEvery = 100;
// So few messages wait while the empty queue is measured.
constexpr std::uint64_t kAhead = 10'000;

struct Stage {
  double rate = std::nan("");
  Usage used;
  std::uint64_t messages = 0;
};

struct Filled {
  Stage stage;
  std::optional<Memory> start, before, after;  // start: before the empty queue's run
  double first_tenth_rate = std::nan(""), last_tenth_rate = std::nan("");
};

// The lowest of a second: what was only on its way has been freed or written by then.
std::optional<Memory> settled_memory(const Meter& meter) {
  std::optional<Memory> lowest = meter.memory();
  for (int i = 0; lowest && i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::optional<Memory> now = meter.memory();
    if (now->resident_bytes < lowest->resident_bytes) lowest = now;
  }
  return lowest;
}

class Fill {
 public:
  Fill(const Options& options, std::string queue, std::uint64_t messages)
      : options_(options), queue_(std::move(queue)), messages_(messages) {}

  std::size_t body_bytes() const { return options_.size.value_or(kDefaultBytes); }
  std::uint64_t window() const { return options_.confirm.value_or(kDefaultWindow); }
  unsigned prefetch() const { return options_.prefetch.value_or(kDefaultPrefetch); }
  std::uint64_t ack_every() const { return options_.ack_every.value_or(kDefaultAckEvery); }

  Stage pass_through(Meter& meter, std::uint64_t messages) const {
    LoadPlan plan = base_plan();
    plan.producers = {producer()};
    plan.consumers = {consumer(0)};
    plan.ahead = kAhead;
    Load load(plan);
    load.run({.messages_per_producer = messages / 10 + 1});  // warm
    return run(load, meter, messages);
  }

  Filled fill(Meter& meter) const {
    Filled filled;
    filled.before = settled_memory(meter);
    LoadPlan plan = base_plan();
    plan.producers = {producer()};
    Load load(plan);
    const std::uint64_t tenth = messages_ / 10;
    const Usage begin = meter.begin_phase();
    const auto begin_time = Clock::now();
    double elapsed_s = 0;
    for (int i = 0; i < 10 && !is_interrupted(); ++i) {
      const std::uint64_t count = i == 0 ? messages_ - 9 * tenth : tenth;
      if (count == 0) continue;
      const PhaseResult result = load.run({.messages_per_producer = count});
      check(result, count, result.totals.confirmed);
      elapsed_s = seconds(Clock::now() - begin_time);
      const double rate = static_cast<double>(count) / result.publish_s;
      if (i == 0) filled.first_tenth_rate = rate;
      filled.last_tenth_rate = rate;
    }
    filled.stage = {static_cast<double>(messages_) / elapsed_s, meter.end_phase(begin), messages_};
    load.finish();
    filled.after = settled_memory(meter);
    return filled;
  }

  Stage drain(Meter& meter) const {
    const Usage begin = meter.begin_phase();
    LoadPlan plan = base_plan();
    plan.consumers = {consumer(messages_)};
    const auto begin_time = Clock::now();
    Load load(plan);
    load.run({});
    const Totals totals = load.totals(false);
    if (totals.received != messages_ || totals.body_bytes != messages_ * body_bytes())
      throw LoadError("drained bodies differ in number or size from those filled in");
    const double elapsed_s = seconds(totals.last_delivery - begin_time);
    Stage stage{static_cast<double>(messages_) / elapsed_s, meter.end_phase(begin), messages_};
    load.finish();
    return stage;
  }

 private:
  LoadPlan base_plan() const {
    LoadPlan plan;
    plan.endpoint = options_.endpoint;
    plan.threads = options_.threads;
    return plan;
  }
  ProducerPlan producer() const {
    ProducerPlan plan;
    plan.shape = {.routes = {Route{queue_, {}}}, .body_bytes = body_bytes(), .persistent = true};
    plan.confirm_window = window();
    return plan;
  }
  ConsumerPlan consumer(std::uint64_t messages) const {
    ConsumerPlan plan;
    plan.queue = queue_;
    plan.prefetch = prefetch();
    plan.ack_every = ack_every();
    plan.messages = messages;
    return plan;
  }
  static void check(const PhaseResult& result, std::uint64_t wanted, std::uint64_t done) {
    if (result.is_interrupted) throw LoadError("interrupted");
    if (result.totals.nacked > 0) throw LoadError("the broker refused a message (basic.nack)");
    if (!result.is_drained || done != wanted)
      throw LoadError("not everything was confirmed and consumed in time");
  }
  Stage run(Load& load, Meter& meter, std::uint64_t messages) const {
    const Usage begin = meter.begin_phase();
    const PhaseResult result = load.run({.messages_per_producer = messages});
    check(result, messages, result.totals.received);
    Stage stage{static_cast<double>(messages) / result.consume_s, meter.end_phase(begin), messages};
    load.finish();
    return stage;
  }

  const Options& options_;
  const std::string queue_;
  const std::uint64_t messages_;
};

void add_stage(Figures& figures, const std::string& name, const Stage& stage, const Meter& meter) {
  figures.real(name + "_per_s", stage.rate);
  add_usage(figures, name + "_", stage.used, stage.messages, meter.flush_source());
}

void add_growth(Figures& figures, const Filled& filled, std::uint64_t messages,
                std::uint64_t cache_bytes) {
  const auto number = [](const std::optional<Memory>& memory, std::uint64_t Memory::*bytes) {
    return memory ? std::optional((*memory).*bytes) : std::nullopt;
  };
  const std::optional<double> resident = growth_each(filled.before, filled.after, messages);
  std::optional<double> beyond;
  if (resident)
    beyond =
        std::max(0.0, *resident - static_cast<double>(cache_bytes) / static_cast<double>(messages));
  figures.count("rss_start_bytes", number(filled.start, &Memory::resident_bytes));
  figures.count("rss_before_bytes", number(filled.before, &Memory::resident_bytes));
  figures.count("rss_after_bytes", number(filled.after, &Memory::resident_bytes));
  figures.count("rss_peak_bytes", number(filled.after, &Memory::peak_bytes));
  figures.count("rss_anon_before_bytes", number(filled.before, &Memory::anonymous_bytes));
  figures.count("rss_anon_after_bytes", number(filled.after, &Memory::anonymous_bytes));
  figures.real("rss_bytes_per_message", resident);
  figures.real("rss_anon_bytes_per_message",
               growth_each(filled.before, filled.after, messages, &Memory::anonymous_bytes));
  figures.count("cache_bytes", cache_bytes);
  figures.real("rss_beyond_cache_bytes_per_message", beyond);
}

}  // namespace

Outcome run_backlog(const Options& options) {
  const std::uint64_t messages = options.producer_messages.value_or(kDefaultMessages);
  if (messages == 0) throw LoadError("--pmessages must not be 0");
  const std::uint64_t empty_messages =
      options.empty_messages == Options::kTenth ? messages / 10 : options.empty_messages;
  Meter meter(options);
  Connection control(options.endpoint);
  Topology topology;
  topology.queues = {options.queue.value_or("harrier-perf")};
  Options durable = options;
  durable.persistent = true;
  durable.auto_delete = false;
  declare_topology(control, durable, topology);
  if (topology.waiting != (options.drain_only ? messages : 0))
    throw LoadError("queue " + topology.queues[0] + " holds " + std::to_string(topology.waiting) +
                    " messages");
  const Fill fill(options, topology.queues[0], messages);
  Stage empty, drain;
  Filled filled;
  if (!options.drain_only) {
    const std::optional<Memory> start = meter.memory();
    if (empty_messages > 0) empty = fill.pass_through(meter, empty_messages);
    filled = fill.fill(meter);
    filled.start = start;
  }
  const std::uint64_t backlog_count = ready_count(control, topology);
  if (!options.keep) drain = fill.drain(meter);
  const std::uint64_t left = ready_count(control, topology);
  if (!options.keep) remove_topology(control, topology);
  control.close();

  Outcome outcome;
  Figures& figures = outcome.figures;
  figures = begin_figures(options);
  figures.count("size", fill.body_bytes()).count("messages", messages);
  figures.count("window", fill.window()).count("prefetch", fill.prefetch());
  figures.count("ack_every", fill.ack_every());
  figures.flag("kept", options.keep).flag("drain_only", options.drain_only);
  figures.count("backlog_count", backlog_count).count("left_in_queue", left);
  add_stage(figures, "empty", empty, meter);
  add_stage(figures, "fill", filled.stage, meter);
  figures.real("fill_first_tenth_per_s", filled.first_tenth_rate);
  figures.real("fill_last_tenth_per_s", filled.last_tenth_rate);
  add_stage(figures, "drain", drain, meter);
  figures.real("fill_to_empty", filled.stage.rate / empty.rate);
  figures.real("drain_to_empty", drain.rate / empty.rate);
  add_growth(figures, filled, messages, options.cache_bytes);
  return outcome;
}

}  // namespace harrier::perf
