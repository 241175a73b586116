// Publishing on a channel: checks, routing with a remembered route, returns, confirms.

#include "broker/expiration.h"
#include "session/broker_session.h"
#include "session/channel.h"

namespace harrier::session {

using amqp::ReplyCode;
using broker::kReplyTo;
using broker::kReplyToPrefix;

Channel::Status Channel::publish(const PublishView& view) {
  if (view.immediate) return amqp::refuse(ReplyCode::kNotImplemented, "immediate=true");
  if (session_.doubts_size(view.body.size())) [[unlikely]] {
    if (auto status = session_.check_size(view.body.size()); !status.ok()) return status;
  }
  broker::MessageParts parts;
  parts.exchange = view.exchange;
  parts.routing_key = view.routing_key;
  parts.property_bytes = view.property_bytes;
  parts.body = view.body;
  parts.ingress = virtual_host().now().wall;
  Route* const remembered = remembered_route(view);
  if (remembered == nullptr) {
    report_published();
    if (auto status = choose_target(view); !status.ok()) return status;
  }
  if (view.properties.flags != 0) {
    if (auto status = check_properties(view, parts); !status.ok()) return status;
  }
  ++virtual_host().counters().published;
  if (remembered != nullptr) return publish_routed(view, parts, remembered->queues);
  if (view.exchange.empty() && view.routing_key.starts_with(kReplyToPrefix))
    return publish_reply(view, parts);
  auto routed = route(view, parts);
  if (!routed.ok()) return base::fail(routed.error());
  return publish_routed(view, parts, (*routed)->queues);
}

Channel::Status Channel::check_properties(const PublishView& view, broker::MessageParts& parts) {
  const amqp::Properties& properties = view.properties;
  if (properties.has(amqp::kUserId) && properties.user_id != actor().user &&
      !actor().has_tag("impersonator")) {
    const std::string text = "user_id property set to '" + std::string(properties.user_id) +
                             "' but authenticated user was '" + actor().user + "'";
    virtual_host().note(actor(), {.action = amqp::BasicPublish::kTraits.name,
                                  .outcome = broker::AuditOutcome::kRefused,
                                  .reason = text});
    return amqp::refuse(ReplyCode::kPreconditionFailed, text);
  }
  parts.persistent = properties.persistent();
  if (properties.has(amqp::kPriority)) parts.priority = properties.priority;
  if (properties.has(amqp::kHeaders)) parts.traced = virtual_host().traces(properties.headers);
  if (properties.has(amqp::kExpiration)) {
    const auto expiration = broker::parse_expiration(properties.expiration);
    if (!expiration.ok()) return base::fail(expiration.error());
    parts.has_expiration = true;
    parts.expiration = *expiration;
  }
  if (properties.reply_to == kReplyTo) {
    if (!reply_consumer_tag_) {
      return amqp::refuse(ReplyCode::kPreconditionFailed, "fast reply consumer does not exist");
    }
    rewritten_properties_ = amqp::with_reply_to(view.property_bytes, reply_to_);
    parts.property_bytes = rewritten_properties_;
  }
  return base::Done{};
}

// While the exchange stays the same only the key is asked about: patterns cost more than routing.
Channel::Status Channel::choose_target(const PublishView& view) {
  const std::uint64_t version = virtual_host().routes_version();
  if (target_.routes_version != version || target_.name != view.exchange) {
    auto exchange = virtual_host().publish_exchange(actor(), view.exchange);
    if (!exchange.ok()) return base::fail(exchange.error());
    target_.name.assign(view.exchange);
    target_.routes_version = version;
    target_.exchange = *exchange;
  }
  return virtual_host().check_topic(actor(), target_.exchange, view.routing_key);
}

// The route of the publish before, when nothing can have changed it: not the topology, and not what
// this user may do, which was asked when the route was made.
Channel::Route* Channel::remembered_route(const PublishView& view) {
  const bool same = route_.routes_version == virtual_host().routes_version() &&
                    route_.routing_key == view.routing_key && route_.exchange == view.exchange;
  // Headers may hold CC or BCC.
  return same && !view.properties.has(amqp::kHeaders) ? &route_ : nullptr;
}

amqp::Checked<Channel::Route*> Channel::route(const PublishView& view,
                                              broker::MessageParts& parts) {
  auto status = broker::collect_routing_keys(view.routing_key, view.properties.headers, keys_);
  if (!status.ok()) return base::fail(status.error());
  // The first is the message's own, which publish() has asked about.
  for (std::size_t other = 1; other < keys_.keys.size(); ++other) {
    if (auto allowed = virtual_host().check_topic(actor(), target_.exchange, keys_.keys[other]);
        !allowed.ok())
      return base::fail(allowed.error());
  }
  if (keys_.has_bcc) {
    // Nobody but the broker may see who else got it.
    const auto headers = amqp::FieldTable::without(view.properties.headers, "BCC");
    rewritten_properties_ = amqp::with_headers(parts.property_bytes, headers);
    parts.property_bytes = rewritten_properties_;
  }
  route_.queues.clear();
  virtual_host().route(target_.exchange, keys_.keys, view.properties.headers, route_.queues);
  const bool remember = virtual_host().route_cacheable() && keys_.keys.size() == 1;
  route_.routes_version = remember ? virtual_host().routes_version() : 0;
  if (remember) {
    route_.exchange.assign(view.exchange);
    route_.routing_key.assign(view.routing_key);
  }
  return &route_;
}

Channel::Status Channel::publish_routed(const PublishView& view, const broker::MessageParts& parts,
                                        const std::vector<broker::Queue*>& queues) {
  if (transaction_) {
    virtual_host().counters().message_sizes.add(view.body.size());
  } else {
    note_published(view.body.size());
  }
  const bool unroutable = queues.empty();
  if (unroutable && !view.mandatory && !transaction_) {
    note_dropped(target_traffic());
    confirm(broker::Lsn(), false);
    return base::Done{};
  }
  const broker::MessageRef message = broker::Message::create(parts);
  if (transaction_) {
    if (auto status = check_transaction_room(); !status.ok()) return status;
    Transaction::Publish publish;
    publish.message = message;
    publish.mandatory = view.mandatory;
    for (broker::Queue* queue : queues)
      publish.queues.emplace_back(queue);
    transaction_->add(std::move(publish));
    return base::Done{};
  }
  if (unroutable) {
    return_message(*message);
    confirm(broker::Lsn(), false);
    return base::Done{};
  }
  const broker::PublishOutcome outcome = virtual_host().publish(message, queues);
  confirm(outcome.lsn, outcome.refused);
  return base::Done{};
}

// To the channel that holds this address. Counts as routed whether or not it is still there (S38).
Channel::Status Channel::publish_reply(const PublishView& view, const broker::MessageParts& parts) {
  if (broker::ReplySink* sink = virtual_host().find_reply_sink(view.routing_key)) {
    sink->deliver_reply(broker::Message::create(parts));
  } else {
    ++virtual_host().counters().direct_replies_dropped;
  }
  virtual_host().counters().message_sizes.add(view.body.size());
  count_published(1, 0, &virtual_host().traffic_of(nullptr));
  confirm(broker::Lsn(), false);
  return base::Done{};
}

void Channel::return_message(const broker::Message& message) {
  ++virtual_host().counters().unroutable_returned;
  ++statistics().returned;
  if (auto* const traffic = traffic_to(message.exchange())) traffic->add_returned();
  session_.emit_content(number_,
                        amqp::BasicReturn{static_cast<std::uint16_t>(ReplyCode::kNoRoute),
                                          "NO_ROUTE", message.exchange(), message.routing_key()},
                        message, message.property_bytes());
}

void Channel::confirm(broker::Lsn lsn, bool refused) {
  if (!confirms_.selected()) return;
  confirms_.add(lsn, refused, virtual_host().now().monotonic);
  ++virtual_host().counters().published_confirm;
  virtual_host().at_turn_end(*this);
}

}  // namespace harrier::session
