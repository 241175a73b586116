#include "session/channel.h"

#include "amqp/method_name.h"
#include "base/check.h"
#include "session/broker_session.h"
#include "session/pending_get.h"

namespace harrier::session {

using amqp::ReplyCode;

// One line per client method: where it is handled. What is not here no client may send after open.
struct MethodDispatch {
  Channel& channel;
  using Status = Channel::Status;

  Status operator()(const amqp::ChannelFlow& m) { return channel.handle_channel_flow(m); }
  Status operator()(const amqp::ChannelClose& m) { return channel.handle_channel_close(m); }
  Status operator()(const amqp::AccessRequest& m) { return channel.handle_access_request(m); }
  Status operator()(const amqp::ExchangeDeclare& m) { return channel.handle_exchange_declare(m); }
  Status operator()(const amqp::ExchangeDelete& m) { return channel.handle_exchange_delete(m); }
  Status operator()(const amqp::ExchangeBind& m) { return channel.handle_exchange_bind(m); }
  Status operator()(const amqp::ExchangeUnbind& m) { return channel.handle_exchange_unbind(m); }
  Status operator()(const amqp::QueueDeclare& m) { return channel.handle_queue_declare(m); }
  Status operator()(const amqp::QueueBind& m) { return channel.handle_queue_bind(m); }
  Status operator()(const amqp::QueueUnbind& m) { return channel.handle_queue_unbind(m); }
  Status operator()(const amqp::QueuePurge& m) { return channel.handle_queue_purge(m); }
  Status operator()(const amqp::QueueDelete& m) { return channel.handle_queue_delete(m); }
  Status operator()(const amqp::BasicQos& m) { return channel.handle_basic_qos(m); }
  Status operator()(const amqp::BasicConsume& m) { return channel.handle_basic_consume(m); }
  Status operator()(const amqp::BasicCancel& m) { return channel.handle_basic_cancel(m); }
  Status operator()(const amqp::BasicGet& m) { return channel.handle_basic_get(m); }
  Status operator()(const amqp::BasicReject& m) { return channel.handle_basic_reject(m); }
  Status operator()(const amqp::BasicNack& m) { return channel.handle_basic_nack(m); }
  Status operator()(const amqp::BasicRecover& m) { return channel.handle_basic_recover(m); }
  Status operator()(const amqp::BasicRecoverAsync& m) {
    return channel.handle_basic_recover_async(m);
  }
  Status operator()(const amqp::ConfirmSelect& m) { return channel.handle_confirm_select(m); }
  Status operator()(const amqp::TxSelect& m) { return channel.handle_tx_select(m); }
  Status operator()(const amqp::TxCommit& m) { return channel.handle_tx_commit(m); }
  Status operator()(const amqp::TxRollback& m) { return channel.handle_tx_rollback(m); }
  // Answers to what the server sends: nothing hangs on them.
  Status operator()(const amqp::ChannelFlowOk&) { return base::Done{}; }
  Status operator()(const amqp::ChannelCloseOk&) { return base::Done{}; }
  Status operator()(const amqp::BasicCancelOk&) { return base::Done{}; }

  template <class Other>
  Status operator()(const Other&) {
    return amqp::refuse(ReplyCode::kCommandInvalid,
                        "unexpected method '" + std::string(Other::kTraits.name) + "'");
  }
};

Channel::Channel(BrokerSession& session, ChannelNumber number)
    : session_(session),
      number_(number),
      channel_credit_(session.limits().unacked_per_channel_max),
      opened_at_(session.virtual_host().now().monotonic) {}

Channel::~Channel() { virtual_host().timers().disarm(*this); }

const broker::Actor& Channel::actor() const { return session_.parameters().actor; }
broker::VirtualHost& Channel::virtual_host() { return session_.virtual_host(); }

// ---- from the client

void Channel::handle_method(const amqp::Method& method) {
  if (state_ == State::kClosing) {
    const bool closes = std::holds_alternative<amqp::ChannelClose>(method);
    if (closes) session_.emit(number_, amqp::ChannelCloseOk{});
    if (closes || std::holds_alternative<amqp::ChannelCloseOk>(method)) {
      peer_closed_ = true;
      slots_.clear();
      // The number is free for the client from now on, whatever is still to be given back.
      if (nothing_to_return()) {
        finish_release();
      } else {
        session_.release_number(*this);
      }
    }
    return;
  }
  if (state_ != State::kOpen) return;
  const amqp::MethodId id = amqp::traits_of(method).id;
  if (slots_.count() >= session_.limits().reply_slots_max) {
    return fail(amqp::protocol_error(ReplyCode::kResourceError, "too many replies are pending"),
                id);
  }
  if (committing_ && id != amqp::ChannelClose::kTraits.id) return fail(unexpected_in_commit(), id);
  if (auto status = std::visit(MethodDispatch{*this}, method); !status.ok())
    fail(std::move(status).error(), id);
}

void Channel::handle_publish(const PublishView& view) {
  if (state_ != State::kOpen) return;
  const amqp::MethodId id = amqp::BasicPublish::kTraits.id;
  if (committing_) return fail(unexpected_in_commit(), id);
  if (auto status = publish(view); !status.ok()) fail(std::move(status).error(), id);
}

void Channel::handle_ack(DeliveryTag delivery_tag, bool multiple) {
  if (state_ != State::kOpen) return;
  const amqp::MethodId id = amqp::BasicAck::kTraits.id;
  if (committing_) return fail(unexpected_in_commit(), id);
  if (auto status = settle(delivery_tag, multiple, Settlement::kAcknowledge); !status.ok())
    fail(std::move(status).error(), id);
}

amqp::ProtocolError Channel::unexpected_in_commit() {
  return amqp::protocol_error(ReplyCode::kChannelError,
                              "unexpected command while processing 'tx.commit'");
}

Channel::Status Channel::handle_channel_flow(const amqp::ChannelFlow& method) {
  if (!method.active) return amqp::refuse(ReplyCode::kNotImplemented, "active=false");
  reply(amqp::ChannelFlowOk{true});
  return base::Done{};
}

Channel::Status Channel::handle_access_request(const amqp::AccessRequest&) {
  reply(amqp::AccessRequestOk{1});
  return base::Done{};
}

Channel::Status Channel::handle_confirm_select(const amqp::ConfirmSelect& method) {
  if (transaction_)
    return amqp::refuse(ReplyCode::kPreconditionFailed, "cannot switch from tx to confirm mode");
  confirms_.select();
  if (!method.no_wait) reply(amqp::ConfirmSelectOk{});
  return base::Done{};
}

// ---- replies

void Channel::reply_durable(const amqp::Method& method) {
  reply_after(virtual_host().log().last_appended(), method);
}

void Channel::reply_after(broker::Lsn lsn, const amqp::Method& method) {
  if (slots_.leaves_at_once(lsn, reply_gate())) return session_.emit(number_, method);
  base::Buffer encoded;
  amqp::encode_method(encoded, method);
  reply_with(lsn, [this, bytes = std::string(encoded.bytes())] {
    const auto decoded = amqp::decode_method(bytes);
    session_.emit(number_, *decoded);
  });
}

ReplySlots::Gate Channel::reply_gate() {
  return {virtual_host().log().committed(), session_.output_credit()};
}

void Channel::release_slots() {
  slots_.release(reply_gate());
  if (!slots_.empty()) await_gate();
}

void Channel::await_gate() {
  if (!session_.output_credit().open()) {
    session_.await_output(*this);
  } else {
    await_commit();
  }
}

void Channel::await_commit() { virtual_host().on_commit(*this); }

void Channel::commit_reached(broker::Lsn) {
  release_slots();
  if (!confirms_.empty()) virtual_host().at_turn_end(*this);
}

void Channel::turn_ended() {
  report_published();
  release_slots();
  send_confirms();
}

void Channel::send_confirms() {
  if (state_ != State::kOpen || confirms_.empty()) return;
  if (!session_.output_credit().open()) return session_.await_output(*this);
  const auto send = [this](DeliveryTag tag, bool multiple, bool nack) {
    if (nack) {
      session_.emit(number_, amqp::BasicNack{tag, multiple, false});
    } else {
      session_.emit(number_, amqp::BasicAck{tag, multiple});
    }
  };
  const base::MonotonicTime now = virtual_host().now().monotonic;
  const auto leaves = [this, now](std::uint64_t count, base::MonotonicTime since) {
    statistics().confirmed += count;
    broker::VirtualHostCounters& counters = virtual_host().counters();
    counters.confirmed.add(count);
    counters.confirm_latency.add(static_cast<std::uint64_t>((now - since).count()), count);
  };
  confirms_.flush(virtual_host().log().committed(), send, leaves);
  if (!confirms_.empty()) await_commit();
}

// ---- the end

Channel::Status Channel::handle_channel_close(const amqp::ChannelClose&) {
  // What may be confirmed now is said before close-ok, since nothing can be said after it.
  send_confirms();
  state_ = State::kReleasing;
  give_up_pending();
  start_release();
  return base::Done{};
}

void Channel::fail(amqp::ProtocolError error, amqp::MethodId blamed) {
  if (state_ != State::kOpen) return;
  if (error.method == amqp::MethodId{}) error.method = blamed;
  virtual_host().note_error(actor(), amqp::method_name(error.method), error);
  if (error.scope == amqp::ErrorScope::kConnection) return session_.fail(error);
  // What may be confirmed now is said, whichever turn it was published in.
  send_confirms();
  state_ = State::kClosing;
  // What is answered already must not be taken for the answer to what is not.
  give_up_pending();
  release_slots();
  const std::string text = error.reply_text();
  reply(amqp::ChannelClose{static_cast<std::uint16_t>(error.code), text, error.method.class_id,
                           error.method.method_id});
  start_release();
}

void Channel::abandon() {
  state_ = State::kReleasing;
  abandoned_ = true;
  slots_.clear();
  recover_slots_.clear();
  start_release();
}

void Channel::close_consumers() {
  for (auto& [tag, consumer] : std::exchange(consumers_, {})) {
    consumer->queue().detach(*consumer);
    session_.give_back_consumer();
  }
  if (reply_consumer_tag_) {
    virtual_host().remove_reply_sink(reply_to_);
    --virtual_host().counters().consumers;
    reply_consumer_tag_.reset();
    session_.give_back_consumer();
  }
}

void Channel::start_release() {
  virtual_host().timers().disarm(*this);
  close_consumers();
  pending_gets_.clear();
  if (transaction_) {
    for (Transaction::Settled& settled : transaction_->take_settled())
      unacked_.restore(settled.tag, std::move(settled.unacked));
    transaction_.reset();
  }
  // A recover still running goes on to return what is unacked, too.
  virtual_host().add_task(*this);
}

bool Channel::run_slice(broker::Turn& turn) {
  broker::UnackedMessages* source = &returning_;
  while (true) {
    if (source->empty()) {
      if (state_ == State::kOpen || (source == &unacked_ && got_.empty())) break;
      if (source == &unacked_) {
        if (!turn.spend()) return false;
        broker::Unacked got = std::move(got_.extract(got_.begin()).mapped());
        got.queue->requeue(std::move(got.entry), nullptr);
        continue;
      }
      source = &unacked_;
      continue;
    }
    if (!turn.spend()) return false;
    auto unacked = source->take_oldest();
    // Consumers of a closing channel are detached: their credit means nothing any more.
    broker::Consumer* consumer = state_ == State::kOpen ? unacked->consumer.get() : nullptr;
    unacked->queue->requeue(std::move(unacked->entry), consumer);
  }
  finish_release();
  return true;
}

void Channel::fill_recovers() {
  for (ReplySlots::Slot* slot : std::exchange(recover_slots_, {}))
    ReplySlots::fill(*slot, [this] { session_.emit(number_, amqp::BasicRecoverOk{}); });
}

// The channel closes: a get that waits for its body has taken nothing, and all goes back anyhow.
void Channel::give_up_pending() {
  for (const auto& pending : pending_gets_)
    pending->give_up();
  fill_recovers();
}

void Channel::finish_release() {
  fill_recovers();
  if (state_ == State::kOpen) return release_slots();
  if (abandoned_ || (state_ == State::kClosing && peer_closed_)) {
    state_ = State::kEnded;
    return session_.channel_ended(*this);
  }
  if (state_ != State::kReleasing) return;
  release_slots();
  reply_with(broker::Lsn(), [this] {
    session_.emit(number_, amqp::ChannelCloseOk{});
    state_ = State::kEnded;
    session_.channel_ended(*this);
  });
}

}  // namespace harrier::session
