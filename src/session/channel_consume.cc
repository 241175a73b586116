// Consuming on a channel: qos, consume, cancel, get, and the deliveries that follow.

#include <algorithm>

#include "amqp/properties.h"
#include "session/broker_session.h"
#include "session/channel.h"
#include "session/pending_get.h"

namespace harrier::session {

using amqp::ReplyCode;
using broker::GetOutcome;

namespace {

// With a delivery limit a client is told how often a message came back (x-delivery-count).
std::string counted_properties(const broker::Message& message, std::uint32_t delivery_count) {
  const amqp::Properties properties = amqp::parse_properties(message.property_bytes());
  amqp::FieldTable headers = amqp::FieldTable::without(properties.headers, "x-delivery-count");
  headers.add_long("x-delivery-count", delivery_count);
  return amqp::with_headers(message.property_bytes(), headers);
}

bool counts_deliveries(const broker::Queue& queue) {
  return queue.settings().type == broker::QueueType::kQuorum;
}

}  // namespace

// ---- qos

Channel::Status Channel::handle_basic_qos(const amqp::BasicQos& method) {
  if (method.prefetch_size != 0) {
    return amqp::refuse(ReplyCode::kNotImplemented,
                        "prefetch_size!=0 (" + std::to_string(method.prefetch_size) + ")");
  }
  // A limit for later consumers lifts the channel's own, as in RabbitMQ.
  const std::uint64_t most = session_.limits().unacked_per_channel_max;
  const bool limited = method.global && method.prefetch_count != 0;
  const std::uint64_t limit = limited ? method.prefetch_count : most;
  channel_credit_.set_limit(limit, limit - 1);
  global_prefetch_ = limited ? method.prefetch_count : std::uint16_t{0};
  if (!method.global) default_prefetch_ = method.prefetch_count;
  reply(amqp::BasicQosOk{});
  return base::Done{};
}

// ---- consume and cancel

Channel::Status Channel::handle_basic_consume(const amqp::BasicConsume& method) {
  const std::size_t count = consumers_.size() + (reply_consumer_tag_ ? 1 : 0);
  if (count >= session_.limits().consumers_per_channel_max) {
    const std::string text =
        "reached maximum (" + std::to_string(count) + ") of consumers per channel";
    virtual_host().note(
        actor(),
        {.action = "basic.consume", .outcome = broker::AuditOutcome::kLimit, .reason = text});
    return amqp::refuse(ReplyCode::kNotAllowed, text);
  }
  if (auto status = virtual_host().note_limit(actor(), "basic.consume", session_.take_consumer());
      !status.ok())
    return status;
  auto status = add_consumer(method);
  if (!status.ok()) session_.give_back_consumer();
  return status;
}

Channel::Status Channel::add_consumer(const amqp::BasicConsume& method) {
  std::string consumer_tag(method.consumer_tag);
  if (consumer_tag.empty()) consumer_tag = "amq.ctag-" + virtual_host().random().token();
  if (consumers_.contains(consumer_tag) || reply_consumer_tag_ == consumer_tag) {
    return amqp::refuse(ReplyCode::kNotAllowed,
                        "attempt to reuse consumer tag '" + consumer_tag + "'");
  }
  if (method.queue == broker::kReplyTo) return consume_reply_to(method, consumer_tag);
  auto name = resolve_queue(method.queue);
  if (!name.ok()) return base::fail(name.error());
  auto queue =
      virtual_host().use_queue(actor(), broker::Permission::kRead, *name, session_.parameters().id);
  if (!queue.ok()) return base::fail(queue.error());
  broker::ConsumerOptions options;
  options.consumer_tag = consumer_tag;
  options.no_ack = method.no_ack;
  options.exclusive = method.exclusive;
  options.prefetch_count = default_prefetch_;
  if (const amqp::TableView arguments = method.arguments; !arguments.empty())
    options.arguments = std::make_shared<const amqp::FieldTable>(arguments);
  if (const auto priority = method.arguments.find("x-priority")) {
    if (!priority->is_integer()) {
      return amqp::refuse(ReplyCode::kPreconditionFailed,
                          "invalid arg 'x-priority' for queue '" + *name + "' in vhost '" +
                              virtual_host().name() + "': \"expected integer, got " +
                              std::string(priority->type_name()) + "\"");
    }
    options.priority = priority->integer();
  }
  auto consumer = base::make_ref<broker::Consumer>(std::move(options), *queue, *this,
                                                   channel_credit_, session_.output_credit());
  if (auto status = (*queue)->attach(consumer, virtual_host().name()); !status.ok()) return status;
  consumers_.emplace(consumer_tag, consumer);
  reply_consume_ok(method, consumer_tag, consumer);
  return base::Done{};
}

void Channel::reply_consume_ok(const amqp::BasicConsume& method, const std::string& consumer_tag,
                               broker::ConsumerRef consumer) {
  const auto activate = [this, consumer = std::move(consumer)] {
    // It may have been cancelled while its consume-ok waited.
    const auto found = consumers_.find(consumer->consumer_tag());
    if (found != consumers_.end() && found->second == consumer)
      consumer->queue().activate(*consumer);
  };
  if (method.no_wait) return activate();
  reply_with(broker::Lsn(), [this, consumer_tag, activate] {
    session_.emit(number_, amqp::BasicConsumeOk{consumer_tag});
    activate();
  });
}

Channel::Status Channel::consume_reply_to(const amqp::BasicConsume& method,
                                          const std::string& consumer_tag) {
  if (reply_consumer_tag_)
    return amqp::refuse(ReplyCode::kPreconditionFailed, "reply consumer already set");
  if (!method.no_ack)
    return amqp::refuse(ReplyCode::kPreconditionFailed, "reply consumer cannot acknowledge");
  reply_to_ = virtual_host().add_reply_sink(*this);
  reply_consumer_tag_ = consumer_tag;
  ++virtual_host().counters().consumers;
  if (!method.no_wait) reply(amqp::BasicConsumeOk{consumer_tag});
  return base::Done{};
}

Channel::Status Channel::handle_basic_cancel(const amqp::BasicCancel& method) {
  if (reply_consumer_tag_ == method.consumer_tag) {
    virtual_host().remove_reply_sink(reply_to_);
    --virtual_host().counters().consumers;
    reply_consumer_tag_.reset();
    session_.give_back_consumer();
  } else if (const auto found = consumers_.find(method.consumer_tag); found != consumers_.end()) {
    const broker::ConsumerRef consumer = found->second;
    consumers_.erase(found);
    session_.give_back_consumer();
    consumer->queue().detach(*consumer);
  }
  // An unknown tag is no error (S33).
  if (!method.no_wait) reply(amqp::BasicCancelOk{method.consumer_tag});
  return base::Done{};
}

void Channel::heed_new_rights() {
  route_.routes_version = 0;
  target_.routes_version = 0;
  std::vector<broker::ConsumerRef> lost;
  for (const auto& [tag, consumer] : consumers_) {
    const auto may_read = virtual_host().use_queue(
        actor(), broker::Permission::kRead, consumer->queue().name(), session_.parameters().id);
    if (!may_read.ok()) lost.push_back(consumer);
  }
  for (const broker::ConsumerRef& consumer : lost) {
    consumer->queue().detach(*consumer);
    cancelled(*consumer);
  }
}

void Channel::cancelled(broker::Consumer& consumer) {
  const std::string consumer_tag = consumer.consumer_tag();
  if (consumers_.erase(consumer_tag) != 0) session_.give_back_consumer();
  if (state_ == State::kOpen && session_.parameters().consumer_cancel_notify)
    reply(amqp::BasicCancel{consumer_tag, true});
}

// ---- deliveries

void Channel::note_unacked(broker::QueueRef queue, broker::ConsumerRef consumer,
                           broker::QueueEntry&& entry) {
  // Its bytes have left with this call: whoever can read them again need not keep them.
  if (entry.stored && queue->may_drop_bodies()) entry.message = nullptr;
  arm_consumer_timeout(*queue);
  unacked_.push(last_delivery_tag_, {std::move(queue), std::move(consumer), std::move(entry),
                                     virtual_host().now().monotonic});
}

void Channel::deliver(broker::Consumer& consumer, broker::QueueEntry&& entry) {
  const broker::Message& message = *entry.message;
  broker::Queue& queue = consumer.queue();
  if (!broker::Active::linked()) [[unlikely]]
    become_active();
  if (entry.redelivered) [[unlikely]]
    ++statistics_->redelivered;
  last_delivery_tag_ = last_delivery_tag_.next();
  const amqp::DeliverView view{consumer.consumer_tag(), last_delivery_tag_, entry.redelivered,
                               message.exchange(), message.routing_key()};
  if (entry.delivery_count != 0 && counts_deliveries(queue)) {
    const std::string properties = counted_properties(message, entry.delivery_count);
    session_.emit_delivery(number_, view, message, properties);
  } else {
    session_.emit_delivery(number_, view, message, message.property_bytes());
  }
  if (consumer.no_ack()) {
    ++delivered_no_ack_;
  } else {
    note_unacked(broker::QueueRef(&queue), broker::ConsumerRef(&consumer), std::move(entry));
  }
}

void Channel::deliver_reply(const broker::MessageRef& message) {
  if (state_ != State::kOpen ||
      session_.output_credit().used() > session_.limits().direct_reply_bytes_max) {
    ++virtual_host().counters().direct_replies_dropped;
    return;
  }
  last_delivery_tag_ = last_delivery_tag_.next();
  ++statistics().direct_replies;
  ++virtual_host().counters().direct_replies;
  const amqp::DeliverView view{*reply_consumer_tag_, last_delivery_tag_, false, message->exchange(),
                               message->routing_key()};
  session_.emit_delivery(number_, view, *message, message->property_bytes());
}

// ---- get

Channel::Status Channel::handle_basic_get(const amqp::BasicGet& method) {
  auto name = resolve_queue(method.queue);
  if (!name.ok()) return base::fail(name.error());
  auto queue =
      virtual_host().use_queue(actor(), broker::Permission::kRead, *name, session_.parameters().id);
  if (!queue.ok()) return base::fail(queue.error());
  if (counts_deliveries(**queue) && (*queue)->settings().single_active_consumer) {
    return amqp::refuse(ReplyCode::kResourceLocked,
                        "cannot obtain access to locked queue '" + *name + "' in vhost '" +
                            virtual_host().name() +
                            "'. basic.get operations are not supported by quorum queues with "
                            "single active consumer");
  }
  if (!method.no_ack &&
      unacked_.count() + got_.size() >= session_.limits().unacked_per_channel_max) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "too many unacknowledged messages on this channel");
  }
  ReplySlots::Slot& slot = slots_.reserve(broker::Lsn());
  auto pending = std::make_unique<PendingGet>(*this, *queue, method.no_ack, slot);
  if (pending->attempt()) {
    release_slots();
  } else {
    pending_gets_.push_back(std::move(pending));
  }
  return base::Done{};
}

// The delivery tag is given out when get-ok leaves, not now: a client may acknowledge multiple up
// to a tag of a later delivery, and must have seen all that this covers.
void Channel::fill_get(ReplySlots::Slot& slot, GetOutcome outcome, bool no_ack,
                       const broker::QueueRef& queue, broker::QueueEntry entry) {
  if (outcome == GetOutcome::kEmpty) {
    ReplySlots::fill(slot, [this] { session_.emit(number_, amqp::BasicGetEmpty{}); });
    return;
  }
  const broker::MessageRef message = entry.message;
  const bool redelivered = entry.redelivered;
  const std::string properties = entry.delivery_count != 0 && counts_deliveries(*queue)
                                     ? counted_properties(*message, entry.delivery_count)
                                     : std::string(message->property_bytes());
  const auto ready_left = static_cast<std::uint32_t>(queue->ready_count());
  const std::uint64_t got = ++last_got_;
  if (!no_ack) got_.emplace(got, broker::Unacked{queue, nullptr, std::move(entry)});
  ReplySlots::fill(slot, [this, message, properties, got, redelivered, ready_left, no_ack] {
    // Not found: it needs no acknowledgement, or was given back with its channel.
    auto held = got_.extract(got);
    count_got(no_ack, redelivered);
    last_delivery_tag_ = last_delivery_tag_.next();
    if (!held.empty())
      note_unacked(std::move(held.mapped().queue), nullptr, std::move(held.mapped().entry));
    const amqp::BasicGetOk ok{last_delivery_tag_, redelivered, message->exchange(),
                              message->routing_key(), ready_left};
    session_.emit_content(number_, ok, *message, properties);
  });
}

void Channel::get_done(PendingGet& pending) {
  std::erase_if(pending_gets_, [&](const auto& other) { return other.get() == &pending; });
  release_slots();
}

// ---- consumer time-out

void Channel::arm_consumer_timeout(const broker::Queue& queue) {
  const base::Milliseconds timeout =
      queue.settings().consumer_timeout.value_or(virtual_host().limits().consumer_timeout);
  if (timeout == base::Milliseconds::zero()) return;
  shortest_timeout_ = std::min(shortest_timeout_, timeout);
  virtual_host().timers().arm(*this, virtual_host().now().monotonic + shortest_timeout_);
}

void Channel::deadline_reached() {
  const base::MonotonicTime now = virtual_host().now().monotonic;
  base::Milliseconds exceeded{0};
  base::MonotonicTime next = base::kNever;
  unacked_.visit_oldest([&](const broker::Unacked& unacked) {
    // Deliveries stand in order of time: behind one younger than the shortest time-out all are.
    if (unacked.delivered_at + shortest_timeout_ > now) {
      next = std::min(next, unacked.delivered_at + shortest_timeout_);
      return false;
    }
    const base::Milliseconds timeout = unacked.queue->settings().consumer_timeout.value_or(
        virtual_host().limits().consumer_timeout);
    if (timeout == base::Milliseconds::zero()) return true;
    next = std::min(next, unacked.delivered_at + timeout);
    if (unacked.delivered_at + timeout <= now) exceeded = timeout;
    return exceeded == base::Milliseconds::zero();
  });
  if (exceeded != base::Milliseconds::zero()) {
    return fail(amqp::protocol_error(
        ReplyCode::kPreconditionFailed,
        "delivery acknowledgement on channel " + std::to_string(number_.value) +
            " timed out. Timeout value used: " + std::to_string(exceeded.count()) + " ms"));
  }
  if (next != base::kNever) virtual_host().timers().arm(*this, next);
}

}  // namespace harrier::session
