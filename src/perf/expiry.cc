// A backlog that expires all at once, and how long that holds up somebody else's messages.
#include <algorithm>

#include "perf/interrupt.h"
#include "perf/topology.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::uint64_t kDefaultMessages = 1'000'000;
constexpr std::size_t kDefaultBytes = 16;
constexpr double kDefaultRate = 1000;
constexpr std::uint64_t kWindow = 1000;
// About as long as a million messages take: of a longer time the machine's own stalls are the most.
constexpr double kDefaultSeconds = 0.2;
constexpr double kWarmSeconds = 0.3;
constexpr std::string_view kConsumer = "expiry";
// How often the queue is asked whether it is empty.
constexpr std::chrono::milliseconds kAsk{5};

struct Backlogged {
  Topology queue;
  std::uint64_t messages = 0;
  Usage filling;
  std::optional<Memory> before, after;
};

LoadPlan base_plan(const Options& options) {
  LoadPlan plan;
  plan.endpoint = options.endpoint;
  plan.threads = options.threads;
  plan.spin = std::chrono::microseconds(options.spin_us);
  return plan;
}

MessageShape shape_of(const Options& options, const std::string& queue, std::string expiration) {
  return {.routes = {Route{queue, {}}},
          .body_bytes = options.size.value_or(kDefaultBytes),
          .expiration = std::move(expiration)};
}

// Messages expire at the head of a queue only: behind one that does not all others wait, however
// short their time was, and all are due when it is taken.
void fill(const Options& options, Connection& control, Meter& meter, Backlogged& backlog) {
  const std::string& queue = backlog.queue.queues.front();
  backlog.before = meter.memory();
  const MessageRing head(shape_of(options, queue, ""), 1);
  control.call<amqp::ConfirmSelectOk>(amqp::ConfirmSelect{});
  control.send(head.frames(0, 1));
  control.expect<amqp::BasicAck>();
  if (ready_count(control, backlog.queue) != 1)
    throw LoadError("queue " + queue + " is somebody else's, too");
  LoadPlan plan = base_plan(options);
  ProducerPlan producer;
  producer.shape = shape_of(options, queue, "1");
  producer.confirm_window = kWindow;
  plan.producers = {producer};
  plan.is_consumed = false;
  Load load(plan);
  const Usage begin = meter.begin_phase();
  const PhaseResult result = load.run({.messages_per_producer = backlog.messages});
  backlog.filling = meter.end_phase(begin);
  load.finish();
  if (result.is_interrupted) throw LoadError("interrupted");
  if (ready_count(control, backlog.queue) != backlog.messages + 1)
    throw LoadError("not everything waits in queue " + queue);
  backlog.after = meter.memory();
}

LoadPlan scheduled_plan(const Options& options, const std::string& queue) {
  LoadPlan plan = base_plan(options);
  ProducerPlan producer;
  producer.shape = shape_of(options, queue, "");
  producer.rate = options.producer_rate > 0 ? options.producer_rate : kDefaultRate;
  plan.producers = {producer};
  ConsumerPlan consumer;
  consumer.queue = queue;
  consumer.auto_ack = true;
  plan.consumers = {consumer};
  return plan;
}

struct Expired {
  Totals totals;  // of the messages beside it
  double elapsed_s = 0;
  double expired_s = 0;  // from the taking of the head until the queue was seen empty
  Usage used;
};

Expired expire(Connection& control, Load& load, Meter& meter, const Backlogged& backlog,
               double phase_s) {
  Expired expired;
  std::optional<Clock::time_point> begun, ended;
  const auto look = [&](const Totals&, Clock::duration) {
    if (!begun) {
      begun = Clock::now();
      control.call<amqp::BasicConsumeOk>(amqp::BasicConsume{
          .queue = backlog.queue.queues.front(), .consumer_tag = kConsumer, .no_ack = true});
    } else if (!ended && ready_count(control, backlog.queue) == 0) {
      ended = Clock::now();
    }
  };
  const Totals before = load.totals();
  const auto begin = Clock::now();
  const Usage begin_usage = meter.begin_phase();
  while (!ended && !is_interrupted()) {
    if (Clock::now() - begin > kPatience) throw LoadError("the messages do not expire");
    load.run({.duration = seconds_of(phase_s)}, look, kAsk);
  }
  expired.used = meter.end_phase(begin_usage);
  expired.elapsed_s = seconds(Clock::now() - begin);
  expired.totals = load.totals().since(before);
  if (ended) expired.expired_s = seconds(*ended - *begun);
  return expired;
}

void add_results(Figures& figures, const Backlogged& backlog, const PhaseResult& quiet,
                 const Expired& expired, const Meter& meter) {
  figures.real("rss_bytes_per_message",
               growth_each(backlog.before, backlog.after, backlog.messages));
  add_usage(figures, "fill_", backlog.filling, backlog.messages, meter.flush_source());
  figures.real("quiet_s", quiet.elapsed_s).real("expiring_s", expired.elapsed_s);
  figures.real("expired_s", expired.expired_s);
  figures.real("expired_per_s", static_cast<double>(backlog.messages) / expired.expired_s);
  figures.distribution("quiet", quiet.totals.latency);
  figures.distribution("expiring", expired.totals.latency);
  figures.distribution("send_lag", expired.totals.lag);
  add_usage(figures, "expiring_", expired.used, backlog.messages, meter.flush_source());
}

}  // namespace

Outcome run_expiry(const Options& options) {
  Backlogged backlog;
  backlog.messages = options.producer_messages.value_or(kDefaultMessages);
  if (backlog.messages == 0) throw LoadError("--pmessages must not be 0");
  const double phase_s = std::max(options.seconds.value_or(kDefaultSeconds), 2 * seconds(kAsk));
  Meter meter(options);
  Connection control(options.endpoint);
  Topology beside;
  backlog.queue.queues = {options.id};
  beside.queues = {options.id + "-beside"};
  declare_topology(control, options, backlog.queue);
  declare_topology(control, options, beside);
  fill(options, control, meter, backlog);
  Load load(scheduled_plan(options, beside.queues.front()));
  load.run({.duration = seconds_of(kWarmSeconds)});
  const PhaseResult quiet = load.run({.duration = seconds_of(phase_s)});
  const Expired expired = expire(control, load, meter, backlog, phase_s);
  load.finish();
  const std::uint64_t left = ready_count(control, backlog.queue);
  control.call<amqp::BasicCancelOk>(amqp::BasicCancel{.consumer_tag = kConsumer});
  remove_topology(control, backlog.queue);
  remove_topology(control, beside);
  control.close();

  Outcome outcome;
  Figures& figures = outcome.figures;
  figures = begin_figures(options);
  figures.count("messages", backlog.messages).count("left_in_queue", left);
  figures.count("delivered", quiet.totals.received + expired.totals.received);
  add_results(figures, backlog, quiet, expired, meter);
  if (is_interrupted()) note_interrupt(outcome);
  return outcome;
}

}  // namespace harrier::perf
