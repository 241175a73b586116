#include "perf/topology.h"

#include "perf/interrupt.h"

namespace harrier::perf {
namespace {

constexpr std::string_view kHeaderName = "harrier-perf";

void name_queues(const Options& options, bool has_exchange, Topology& topology) {
  if (options.queues) {
    for (unsigned i = options.queues->from; i <= options.queues->to; ++i)
      topology.queues.push_back(options.queues->name(i));
  } else if (options.queue) {
    topology.queues.push_back(*options.queue);
  } else if (has_exchange && options.keys == 0 && options.consumers > 1) {
    for (unsigned i = 0; i < options.consumers; ++i)
      topology.queues.push_back(options.id + "-" + std::to_string(i));
  } else {
    topology.queues.push_back(options.id);
  }
}

// Routes and bindings where one message is for all queues.
void route_to_all(const Options& options, Topology& topology) {
  Route route{options.routing_key.value_or("harrier-perf"), {}};
  Route binding = route;
  if (topology.exchange_type == "headers") {
    route.headers.add_string(kHeaderName, options.id);
    binding.headers.add_string("x-match", "all").add_string(kHeaderName, options.id);
  }
  topology.routes.push_back(route);
  topology.bindings.push_back(binding);
  topology.binds_all = true;
  topology.copies = topology.queues.size();
}

void route_by_keys(const Options& options, Topology& topology) {
  for (std::uint64_t i = 0; i < options.keys; ++i) {
    topology.routes.push_back(numbered_route(i, topology.exchange_type));
    topology.bindings.push_back(numbered_binding(i, topology.exchange_type, options.wildcards));
  }
}

// Each queue by its own key.
void route_by_queue(Topology& topology) {
  for (const std::string& queue : topology.queues)
    topology.routes.push_back({queue, {}});
  if (!topology.exchange.empty()) topology.bindings = topology.routes;
  topology.is_spread = true;
}

std::string bind_frame(const Topology& topology, std::size_t number) {
  const std::size_t queues = topology.queues.size();
  const std::size_t binding = topology.binds_all ? number / queues : number;
  return method_frame(amqp::QueueBind{.queue = topology.queues[number % queues],
                                      .exchange = topology.exchange,
                                      .routing_key = topology.bindings[binding].key,
                                      .arguments = topology.bindings[binding].headers});
}

std::string padded(std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 7 - std::min<std::size_t>(7, digits.size()), '0');
  return digits;
}

}  // namespace

Route numbered_route(std::uint64_t number, const std::string& exchange_type) {
  Route route;
  if (exchange_type == "headers") {
    route.headers.add_string("region", "r" + std::to_string(number % 16))
        .add_string("customer", padded(number));
    return route;
  }
  route.key = "shop.r" + std::to_string(number % 16) + ".c" + padded(number) + ".order";
  return route;
}

Route numbered_binding(std::uint64_t number, const std::string& exchange_type, bool wildcard) {
  Route binding = numbered_route(number, exchange_type);
  if (exchange_type == "headers") {
    amqp::FieldTable arguments;
    arguments.add_string("x-match", "all");
    for (const amqp::Field& field : binding.headers.view())
      arguments.add(field.name, field.value);
    binding.headers = arguments;
  } else if (wildcard && exchange_type == "topic") {
    binding.key = "shop.*.c" + padded(number) + ".order";
  }
  return binding;
}

Topology plan_topology(const Options& options) {
  Topology topology;
  const bool has_exchange = options.exchange.has_value() || options.exchange_type.has_value();
  name_queues(options, has_exchange, topology);
  if (has_exchange) {
    topology.exchange = options.exchange.value_or(options.id);
    topology.exchange_type = options.exchange_type.value_or("direct");
    // amq.direct and its like are there, and nobody else's to declare.
    topology.owns_exchange = !topology.exchange.empty() && !options.predeclared &&
                             !topology.exchange.starts_with("amq.");
  }
  const std::string& type = topology.exchange_type;
  if (options.predeclared && options.routing_key) {
    topology.routes.push_back({*options.routing_key, {}});
  } else if (options.keys > 0) {
    route_by_keys(options, topology);
  } else if (topology.exchange.empty() || (options.queues && type == "direct")) {
    route_by_queue(topology);
  } else {
    route_to_all(options, topology);
  }
  if (options.predeclared) {
    topology.bindings.clear();
    topology.copies = 1;
  }
  if (options.copies > 0) topology.copies = options.copies;
  return topology;
}

void declare_topology(Connection& connection, const Options& options, Topology& topology) {
  const auto declare_queue = [&](std::uint64_t number) {
    return method_frame(amqp::QueueDeclare{.queue = topology.queues[number],
                                           .passive = options.predeclared,
                                           .durable = options.persistent,
                                           .auto_delete = options.auto_delete,
                                           .arguments = options.queue_arguments});
  };
  topology.waiting = 0;
  const bool has_queues = !options.predeclared || options.queue || options.queues;
  if (has_queues)
    pipeline(connection, topology.queues.size(), kPipelineWindow, declare_queue,
             kMethod<amqp::QueueDeclareOk>, [&](std::string_view payload) {
               const Received<amqp::QueueDeclareOk> reply{std::string(payload)};
               topology.waiting += reply.fields().message_count;
             });
  if (topology.owns_exchange)
    connection.call<amqp::ExchangeDeclareOk>(amqp::ExchangeDeclare{.exchange = topology.exchange,
                                                                   .type = topology.exchange_type,
                                                                   .durable = options.persistent});
  const std::uint64_t binds =
      topology.bindings.size() * (topology.binds_all ? topology.queues.size() : 1);
  if (binds == 0) return;
  const auto begin = Clock::now();
  pipeline(
      connection, binds, kPipelineWindow,
      [&](std::uint64_t number) { return bind_frame(topology, number); },
      kMethod<amqp::QueueBindOk>);
  topology.binds_per_s = static_cast<double>(binds) / seconds(Clock::now() - begin);
}

void remove_topology(Connection& connection, const Topology& topology) {
  pipeline(
      connection, topology.queues.size(), kPipelineWindow,
      [&](std::uint64_t number) {
        return method_frame(amqp::QueueDelete{.queue = topology.queues[number]});
      },
      kMethod<amqp::QueueDeleteOk>);
  if (topology.owns_exchange)
    connection.call<amqp::ExchangeDeleteOk>(amqp::ExchangeDelete{.exchange = topology.exchange});
}

std::vector<Route> routes_of(const Topology& topology, unsigned producer, unsigned producers) {
  if (!topology.is_spread) return topology.routes;
  std::vector<Route> routes;
  for (std::size_t i = producer; i < topology.routes.size(); i += producers)
    routes.push_back(topology.routes[i]);
  if (routes.empty()) routes.push_back(topology.routes[producer % topology.routes.size()]);
  return routes;
}

const std::string& queue_of(const Topology& topology, unsigned consumer) {
  return topology.queues[consumer % topology.queues.size()];
}

std::uint64_t ready_count(Connection& connection, const Topology& topology) {
  std::uint64_t sum = 0;
  pipeline(
      connection, topology.queues.size(), kPipelineWindow,
      [&](std::uint64_t number) {
        return method_frame(amqp::QueueDeclare{.queue = topology.queues[number], .passive = true});
      },
      kMethod<amqp::QueueDeclareOk>,
      [&](std::string_view payload) {
        const Received<amqp::QueueDeclareOk> reply{std::string(payload)};
        sum += reply.fields().message_count;
      });
  return sum;
}

void pipeline(Connection& connection, std::uint64_t total, std::uint64_t window,
              const std::function<std::string(std::uint64_t)>& request, std::uint32_t reply,
              const std::function<void(std::string_view)>& visit) {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  // After an interrupt what was made is still removed.
  const bool is_cleaning_up = is_interrupted();
  auto progress = Clock::now();
  while (answered < total) {
    if (!is_cleaning_up && is_interrupted()) throw LoadError("interrupted");
    std::string batch;
    while (sent < total && sent - answered < window && batch.size() < kBatchBytes)
      batch += request(sent++);
    connection.send(batch);
    const bool may_send = sent < total && sent - answered < window;
    const bool has_come = connection.receive_within(
        may_send ? Clock::duration{} : std::chrono::milliseconds(100),
        [&](unsigned char type, std::uint16_t, std::string_view payload) {
          if (type != static_cast<unsigned char>(amqp::FrameType::kMethod)) return;
          if (method_of(payload) != reply) return connection.notice(payload);
          ++answered;
          if (visit) visit(payload);
        });
    if (has_come)
      progress = Clock::now();
    else if (Clock::now() - progress > kPatience)
      throw LoadError("the broker does not answer");
  }
}

}  // namespace harrier::perf
