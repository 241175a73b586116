// Things made and unmade: connections one after the other, the rest pipelined on one connection.
#include <algorithm>
#include <cmath>

#include "perf/interrupt.h"
#include "perf/topology.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr std::uint64_t kDefaultCount = 10'000;
// Channels that are open at once at most; RabbitMQ allows 2,047.
constexpr std::uint64_t kChannels = 1000;

struct Churned {
  std::uint64_t done = 0;
  double elapsed_s = 0;
  Histogram times;  // of each, where they are one after the other
};

Churned churn_connections(const Options& options, std::uint64_t count) {
  Churned churned;
  for (; churned.done < count && !is_interrupted(); ++churned.done) {
    const auto begin = Clock::now();
    Connection connection(numbered_endpoint(options.endpoint, churned.done));
    if (options.with_consumers) {
      const std::string queue = options.id + "-" + std::to_string(churned.done);
      connection.call<amqp::QueueDeclareOk>(amqp::QueueDeclare{.queue = queue, .exclusive = true});
      connection.call<amqp::BasicConsumeOk>(
          amqp::BasicConsume{.queue = queue, .consumer_tag = "c"});
    }
    if (!options.drop) connection.close();
    churned.times.record(nanoseconds(Clock::now() - begin));
  }
  return churned;
}

// Makes and unmakes in one go, and waits for the answers to the second halves.
void churn_channels(Connection& connection, std::uint64_t count, std::uint64_t window) {
  // A number is used again only when its last channel is closed for certain.
  const std::uint64_t channels = std::min(window, kChannels);
  pipeline(
      connection, count, channels,
      [&](std::uint64_t number) {
        const amqp::ChannelNumber channel(static_cast<std::uint16_t>(2 + number % channels));
        return method_frame(amqp::ChannelOpen{}, channel) +
               method_frame(amqp::ChannelClose{.reply_code = 200}, channel);
      },
      kMethod<amqp::ChannelCloseOk>);
}

void churn_queues(Connection& connection, const Options& options, std::uint64_t count) {
  pipeline(
      connection, count, options.window,
      [&](std::uint64_t number) {
        const std::string queue = options.id + "-" + std::to_string(number);
        return method_frame(amqp::QueueDeclare{.queue = queue,
                                               .durable = options.persistent,
                                               .arguments = options.queue_arguments}) +
               method_frame(amqp::QueueDelete{.queue = queue});
      },
      kMethod<amqp::QueueDeleteOk>);
}

// Binds or unbinds all of them.
template <class Request, class Reply>
void for_each_binding(Connection& connection, const Options& options, const std::string& type,
                      std::uint64_t count) {
  pipeline(
      connection, count, options.window,
      [&](std::uint64_t number) {
        const Route binding = numbered_binding(number, type, options.wildcards);
        return method_frame(Request{.queue = options.id,
                                    .exchange = options.id,
                                    .routing_key = binding.key,
                                    .arguments = binding.headers});
      },
      kMethod<Reply>);
}

// All of them bound, then unbound, so that they weigh something in between.
Churned churn_bindings(Connection& connection, const Options& options, std::uint64_t count,
                       Meter& meter, Figures& figures) {
  const std::string& name = options.id;
  const std::string type = options.exchange_type.value_or("topic");
  connection.call<amqp::ExchangeDeclareOk>(
      amqp::ExchangeDeclare{.exchange = name, .type = type, .durable = options.persistent});
  connection.call<amqp::QueueDeclareOk>(
      amqp::QueueDeclare{.queue = name, .durable = options.persistent});
  const std::optional<Memory> before = meter.memory();
  const auto begin = Clock::now();
  for_each_binding<amqp::QueueBind, amqp::QueueBindOk>(connection, options, type, count);
  const auto bound = Clock::now();
  const std::optional<Memory> after = meter.memory();
  for_each_binding<amqp::QueueUnbind, amqp::QueueUnbindOk>(connection, options, type, count);
  const auto done = static_cast<double>(count);
  figures.text("exchange_type", type).real("binds_per_s", done / seconds(bound - begin));
  figures.real("unbinds_per_s", done / seconds(Clock::now() - bound));
  figures.real("rss_bytes_per_binding", growth_each(before, after, count));
  connection.call<amqp::QueueDeleteOk>(amqp::QueueDelete{.queue = name});
  connection.call<amqp::ExchangeDeleteOk>(amqp::ExchangeDelete{.exchange = name});
  return {count, seconds(Clock::now() - begin), {}};
}

// A window of them is made, then unmade: RabbitMQ 3.10 closes a channel on which a cancel overtakes
// the consume-ok.
void churn_consumers(Connection& connection, const Options& options, std::uint64_t count) {
  const std::string& queue = options.id;
  connection.call<amqp::QueueDeclareOk>(
      amqp::QueueDeclare{.queue = queue, .durable = options.persistent});
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t some = std::min(options.window, count - done);
    const auto tag = [&](std::uint64_t number) { return "c" + std::to_string(done + number); };
    pipeline(
        connection, some, some,
        [&](std::uint64_t number) {
          return method_frame(amqp::BasicConsume{.queue = queue, .consumer_tag = tag(number)});
        },
        kMethod<amqp::BasicConsumeOk>);
    pipeline(
        connection, some, some,
        [&](std::uint64_t number) {
          return method_frame(amqp::BasicCancel{.consumer_tag = tag(number)});
        },
        kMethod<amqp::BasicCancelOk>);
    done += some;
  }
  connection.call<amqp::QueueDeleteOk>(amqp::QueueDelete{.queue = queue});
}

Churned churn_on_connection(const Options& options, std::uint64_t count, Meter& meter,
                            Figures& figures) {
  Connection connection(options.endpoint);
  Churned churned;
  if (options.churn_kind == "bindings") {
    churned = churn_bindings(connection, options, count, meter, figures);
  } else if (options.churn_kind == "channels") {
    churn_channels(connection, count, options.window);
  } else if (options.churn_kind == "queues") {
    churn_queues(connection, options, count);
  } else {
    churn_consumers(connection, options, count);
  }
  churned.done = count;
  connection.close();
  return churned;
}

}  // namespace

Outcome run_churn(const Options& options) {
  const std::uint64_t count = options.count.value_or(kDefaultCount);
  if (count == 0 || options.window == 0) throw LoadError("--count and --window must not be 0");
  if (options.churn_kind == "connections" && count > kNumberedEndpointsMax)
    throw LoadError("--count is out of range");
  Meter meter(options);
  Outcome outcome;
  Figures& figures = outcome.figures;
  figures = begin_figures(options);
  figures.text("kind", options.churn_kind).flag("durable", options.persistent);
  figures.count("window", options.churn_kind == "connections" ? 1 : options.window);
  const std::optional<Memory> before = meter.memory();
  const Usage begin = meter.begin_phase();
  const auto begin_time = Clock::now();
  const Churned churned = options.churn_kind == "connections"
                              ? churn_connections(options, count)
                              : churn_on_connection(options, count, meter, figures);
  const double elapsed_s = seconds(Clock::now() - begin_time);
  const Usage used = meter.end_phase(begin);
  figures.count("done", churned.done).real("elapsed_s", elapsed_s);
  figures.real("per_s", static_cast<double>(churned.done) / elapsed_s);
  figures.distribution("one", churned.times);
  std::optional<std::uint64_t> rss_before;
  if (before) rss_before = before->resident_bytes;
  figures.count("rss_before_bytes", rss_before);
  add_memory(figures, meter.memory());
  add_usage(figures, "", used, churned.done, meter.flush_source());
  if (is_interrupted()) note_interrupt(outcome);
  return outcome;
}

}  // namespace harrier::perf
