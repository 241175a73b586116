// What clients do with deliveries: ack, nack, reject, recover.

#include "session/broker_session.h"
#include "session/channel.h"

namespace harrier::session {

using amqp::ReplyCode;

Channel::Status Channel::handle_basic_reject(const amqp::BasicReject& method) {
  return settle(method.delivery_tag, false,
                method.requeue ? Settlement::kRequeue : Settlement::kReject);
}

Channel::Status Channel::handle_basic_nack(const amqp::BasicNack& method) {
  return settle(method.delivery_tag, method.multiple,
                method.requeue ? Settlement::kRequeue : Settlement::kReject);
}

namespace {

amqp::CheckedStatus unknown_delivery_tag(DeliveryTag delivery_tag) {
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      "unknown delivery tag " + std::to_string(delivery_tag.value));
}

}  // namespace

Channel::Status Channel::settle(DeliveryTag delivery_tag, bool multiple, Settlement settlement) {
  // By far the most frequent: looks the entry up once.
  if (!multiple && !transaction_) {
    std::optional<broker::Unacked> unacked = unacked_.take(delivery_tag);
    if (!unacked) return unknown_delivery_tag(delivery_tag);
    apply_settlement(std::move(*unacked), settlement);
    return base::Done{};
  }
  // Zero with multiple: everything so far, which may be nothing (S31).
  const bool all = multiple && delivery_tag == DeliveryTag();
  if (!all && !unacked_.contains(delivery_tag)) return unknown_delivery_tag(delivery_tag);
  if (transaction_) {
    if (auto status = check_transaction_room(); !status.ok()) return status;
  }
  if (!multiple) {
    settle_one(delivery_tag, *unacked_.take(delivery_tag), settlement);
    return base::Done{};
  }
  while (!unacked_.empty()) {
    const DeliveryTag oldest = unacked_.oldest();
    if (!all && oldest > delivery_tag) break;
    settle_one(oldest, *unacked_.take(oldest), settlement);
  }
  return base::Done{};
}

void Channel::settle_one(DeliveryTag tag, broker::Unacked unacked, Settlement settlement) {
  if (transaction_) return transaction_->add({tag, std::move(unacked), settlement});
  apply_settlement(std::move(unacked), settlement);
}

void Channel::apply_settlement(broker::Unacked unacked, Settlement settlement) {
  broker::Queue& queue = *unacked.queue;
  broker::Consumer* consumer = unacked.consumer.get();
  switch (settlement) {
    case Settlement::kAcknowledge:
      if (!broker::Active::linked()) [[unlikely]]
        become_active();
      ++acknowledged_;
      return queue.acknowledge(std::move(unacked.entry), consumer);
    case Settlement::kReject: return queue.reject(std::move(unacked.entry), consumer);
    case Settlement::kRequeue: return queue.requeue(std::move(unacked.entry), consumer);
  }
}

Channel::Status Channel::handle_basic_recover(const amqp::BasicRecover& method) {
  if (auto status = recover(method.requeue); !status.ok()) return status;
  recover_slots_.push_back(&slots_.reserve(broker::Lsn()));
  virtual_host().add_task(*this);
  return base::Done{};
}

Channel::Status Channel::handle_basic_recover_async(const amqp::BasicRecoverAsync& method) {
  if (auto status = recover(method.requeue); !status.ok()) return status;
  virtual_host().add_task(*this);
  return base::Done{};
}

Channel::Status Channel::recover(bool requeue) {
  if (!requeue) return amqp::refuse(ReplyCode::kNotImplemented, "requeue=false");
  if (returning_.empty()) {
    std::swap(returning_, unacked_);
  } else {
    // An earlier recover is still at work: what came since goes behind it.
    while (!unacked_.empty()) {
      const DeliveryTag oldest = unacked_.oldest();
      returning_.restore(oldest, *unacked_.take(oldest));
    }
  }
  return base::Done{};
}

}  // namespace harrier::session
