#include "server/view_copies.h"

#include <algorithm>

#include "amqp/properties.h"
#include "server/io_loop.h"
#include "session/channel.h"

namespace harrier::server {
namespace {

using broker::MessageEvent;

// In seconds.
constexpr std::array<double, base::kLatencyBounds.size()> kLatencySeconds = [] {
  std::array<double, base::kLatencyBounds.size()> seconds{};
  for (std::size_t i = 0; i != seconds.size(); ++i)
    seconds[i] = static_cast<double>(base::kLatencyBounds[i]) / 1'000;
  return seconds;
}();

Distribution distribution_of(const base::LatencyCounts& latencies) {
  Distribution distribution;
  distribution.upper_bounds = kLatencySeconds;
  distribution.counts.assign(latencies.counts().begin(), latencies.counts().end());
  distribution.sum = static_cast<double>(latencies.sum().count()) / 1'000;
  return distribution;
}

void copy_policies(const broker::AppliedPolicies& policies, std::string& policy,
                   std::string& operator_policy, amqp::FieldTable& definition) {
  if (policies.user) policy = policies.user->name;
  if (policies.from_operator) operator_policy = policies.from_operator->name;
  if (policies.any()) definition = policies.definition();
}

void copy_ages(broker::Queue& queue, const base::Now& now, QueueView& view) {
  const auto at_least = [](base::Milliseconds age, std::optional<base::Milliseconds> other) {
    return std::max({age, other.value_or(base::Milliseconds(0)), base::Milliseconds(0)});
  };
  queue.visit_heads([&](const broker::Message& message) {
    view.oldest_ready_age = at_least(now.wall - message.ingress(), view.oldest_ready_age);
  });
  if (queue.unacked_count() == 0) return;
  // A channel may have many consumers of the queue: each of them finds the same.
  const broker::ConsumerSink* asked = nullptr;
  for (const broker::ConsumerRef& consumer : queue.consumers()) {
    if (&consumer->sink() == asked) continue;
    asked = &consumer->sink();
    if (const auto since = asked->oldest_unacked_of(queue))
      view.oldest_unacked_age = at_least(now.monotonic - *since, view.oldest_unacked_age);
  }
}

void copy_head_timestamp(broker::Queue& queue, QueueView& view) {
  bool first = true;
  queue.visit_heads([&](const broker::Message& message) {
    if (!std::exchange(first, false)) return;
    const amqp::Properties properties = amqp::parse_properties(message.property_bytes());
    if (properties.has(amqp::kTimestamp)) view.head_message_timestamp = properties.timestamp;
  });
}

base::WallTime wall_of(base::MonotonicTime time, const base::Now& now) {
  return now.wall - (now.monotonic - time);
}

ConnectionKey key_of(const session::BrokerSession& session) {
  return {IoLoop::loop_of(session.parameters().id), session.parameters().id};
}

void copy_traffic(HostedVirtualHost& host, const broker::ExchangeTraffic& traffic,
                  ExchangeView& view) {
  view.statistics = statistics_of(traffic.counts(host.host().now().monotonic));
  view.returned = traffic.returned();
  view.dropped = traffic.dropped();
}

}  // namespace

MessageStatistics statistics_of(const broker::MessageCounts& counts) {
  const auto measured = [&](MessageEvent event) {
    return Measured{counts.total(event), counts.rate(event)};
  };
  return {.publish = measured(MessageEvent::kPublish),
          .publish_in = measured(MessageEvent::kPublishIn),
          .publish_out = measured(MessageEvent::kPublishOut),
          .confirm = measured(MessageEvent::kConfirm),
          .deliver = measured(MessageEvent::kDeliver),
          .deliver_no_ack = measured(MessageEvent::kDeliverNoAck),
          .get = measured(MessageEvent::kGet),
          .get_no_ack = measured(MessageEvent::kGetNoAck),
          .get_empty = measured(MessageEvent::kGetEmpty),
          .ack = measured(MessageEvent::kAck),
          .redeliver = measured(MessageEvent::kRedeliver),
          .return_unroutable = measured(MessageEvent::kReturnUnroutable),
          .drop_unroutable = measured(MessageEvent::kDropUnroutable)};
}

QueueView queue_view(HostedVirtualHost& host, broker::Queue& queue, const QueueParts& parts) {
  const base::Now& now = host.host().now();
  const broker::QueueDeclaration& declaration = queue.declaration();
  const broker::QueueSettings& settings = queue.settings();
  broker::QueueReading reading;
  queue.read(reading);
  QueueView view;
  view.id = queue.id();
  view.virtual_host = host.host().name();
  view.name = queue.name();
  view.type = settings.type;
  view.durable = declaration.durable;
  view.auto_delete = declaration.auto_delete;
  view.exclusive = declaration.exclusive;
  view.paused = queue.paused();
  view.ready = queue.ready_count();
  view.unacked = queue.unacked_count();
  view.ready_bytes = queue.ready_bytes();
  view.unacked_bytes = queue.unacked_bytes();
  view.consumers = queue.consumer_count();
  view.resident = reading.resident;
  view.resident_bytes = queue.resident_bytes();
  view.memory = reading.memory;
  view.persistent = reading.persistent;
  view.persistent_bytes = reading.persistent_bytes;
  view.consumer_capacity = reading.consumer_capacity;
  if (reading.idle_since) view.idle_since = wall_of(*reading.idle_since, now);
  if (queue.has_exclusive_consumer())
    view.exclusive_consumer_tag = queue.consumers().front()->consumer_tag();
  if (const broker::Consumer* active = queue.active_consumer())
    view.single_active_consumer_tag = active->consumer_tag();
  if (queue.owner() != broker::ConnectionId()) view.owner = queue.owner();
  copy_head_timestamp(queue, view);
  if (settings.type == broker::QueueType::kQuorum) view.delivery_limit = settings.delivery_limit;
  if (parts.arguments) view.arguments = declaration.arguments;
  if (parts.policies)
    copy_policies(settings.policies, view.policy, view.operator_policy,
                  view.effective_policy_definition);
  if (parts.statistics) {
    view.statistics = statistics_of(reading.counts);
    view.ready_rate = reading.ready_rate;
    view.unacked_rate = reading.unacked_rate;
  }
  view.fates = reading.fates;
  if (parts.distributions && reading.measured) {
    view.time_in_queue = distribution_of(reading.time_in_queue);
    view.publish_to_ack = distribution_of(reading.publish_to_ack);
  }
  if (parts.ages) copy_ages(queue, now, view);
  return view;
}

ExchangeView exchange_view(HostedVirtualHost& host, const broker::Exchange& exchange) {
  const broker::ExchangeDeclaration& declaration = exchange.declaration();
  ExchangeView view;
  view.virtual_host = host.host().name();
  view.name = declaration.name;
  view.type = declaration.type;
  view.durable = declaration.durable;
  view.auto_delete = declaration.auto_delete;
  view.internal = declaration.internal;
  view.arguments = declaration.arguments;
  copy_policies(exchange.policies(), view.policy, view.operator_policy,
                view.effective_policy_definition);
  copy_traffic(host, exchange.traffic(), view);
  return view;
}

ExchangeView default_exchange_view(HostedVirtualHost& host) {
  ExchangeView view;
  view.virtual_host = host.host().name();
  view.durable = true;
  copy_traffic(host, host.host().traffic_of(nullptr), view);
  return view;
}

BindingView binding_view(const HostedVirtualHost& host, const broker::Binding& binding) {
  return {.virtual_host = host.host().name(),
          .source = binding.source().name(),
          .destination = binding.destination().name(),
          .destination_kind = binding.destination().kind(),
          .routing_key = std::string(binding.routing_key()),
          .arguments = amqp::FieldTable(binding.arguments())};
}

BindingView default_binding_view(const HostedVirtualHost& host, const broker::Queue& queue) {
  return {.virtual_host = host.host().name(),
          .source = {},
          .destination = queue.name(),
          .destination_kind = broker::RoutingTarget::Kind::kQueue,
          .routing_key = queue.name(),
          .arguments = {}};
}

ChannelView channel_view(const HostedVirtualHost& host, const session::BrokerSession& session,
                         const session::Channel& channel) {
  const session::ChannelReading reading = channel.read();
  ChannelView view;
  view.key = {key_of(session), channel.number().value};
  view.user = session.parameters().actor.user;
  view.virtual_host = host.host().name();
  switch (reading.state) {
    case session::ChannelState::kRunning: view.state = "running"; break;
    case session::ChannelState::kFlow: view.state = "flow"; break;
    case session::ChannelState::kClosing: view.state = "closing"; break;
  }
  static_cast<session::ChannelFigures&>(view) = reading;
  if (reading.idle_since) view.idle_since = wall_of(*reading.idle_since, host.host().now());
  view.statistics = statistics_of(reading.counts);
  return view;
}

ConsumerView consumer_view(const HostedVirtualHost& host, const session::BrokerSession& session,
                           const session::Channel& channel, const broker::Consumer& consumer) {
  const broker::ConsumerOptions& options = consumer.options();
  const broker::Queue& queue = consumer.queue();
  ConsumerView view;
  view.virtual_host = host.host().name();
  view.queue = queue.name();
  view.consumer_tag = options.consumer_tag;
  view.channel = {key_of(session), channel.number().value};
  view.user = session.parameters().actor.user;
  view.ack_required = !options.no_ack;
  view.exclusive = options.exclusive;
  view.activity_status = "up";
  if (queue.settings().single_active_consumer) {
    view.active = queue.active_consumer() == &consumer;
    view.activity_status = view.active ? "single_active" : "waiting";
  }
  view.prefetch_count = options.prefetch_count;
  view.priority = options.priority;
  if (options.arguments) view.arguments = *options.arguments;
  return view;
}

}  // namespace harrier::server
