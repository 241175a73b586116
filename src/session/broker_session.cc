#include "session/broker_session.h"

#include <algorithm>

#include "base/check.h"
#include "session/channel.h"

namespace harrier::session {

using amqp::ReplyCode;

namespace {

// What a client may still have on its way when its channel closes under it (S9 of conformance.md).
bool may_come_late(amqp::MethodId method) {
  return method == amqp::BasicAck::kTraits.id || method == amqp::BasicNack::kTraits.id ||
         method == amqp::BasicReject::kTraits.id || method == amqp::ChannelCloseOk::kTraits.id;
}

}  // namespace

BrokerSession::BrokerSession(broker::VirtualHost& virtual_host,
                             const ConnectionParameters& parameters, const SessionLimits& limits,
                             SessionOutput& output)
    : virtual_host_(virtual_host),
      parameters_(parameters),
      limits_(limits),
      output_(output),
      output_credit_(limits.output_credit_bytes, limits.output_credit_bytes / 2) {}

BrokerSession::~BrokerSession() { CHECK(channels_.empty() && releasing_channels_.empty()); }

// ---- SessionInput

void BrokerSession::open() {
  CHECK(state_ == State::kOpening);
  const auto refuse = [this](amqp::ProtocolError error) {
    error.method = amqp::ConnectionOpen::kTraits.id;
    end({CloseReason::kProtocolError, std::move(error)});
  };
  constexpr std::string_view kAction = amqp::ConnectionOpen::kTraits.name;
  if (const auto entered = virtual_host_.enter(parameters_.actor); !entered.ok()) {
    virtual_host_.note(parameters_.actor, {.action = kAction,
                                           .outcome = broker::AuditOutcome::kRefused,
                                           .reason = entered.error().detail});
    return refuse(entered.error());
  }
  if (const auto taken = virtual_host_.note_limit(parameters_.actor, kAction, take_connection());
      !taken.ok())
    return refuse(taken.error());
  state_ = State::kOpen;
  virtual_host_.note(parameters_.actor, {.action = amqp::ConnectionOpen::kTraits.name});
  emit(ChannelNumber(), amqp::ConnectionOpenOk{});
}

amqp::CheckedStatus BrokerSession::take_connection() {
  const broker::Actor& actor = parameters_.actor;
  if (auto status = virtual_host_.quota().check_connection(actor); !status.ok()) return status;
  if (broker::UserAccount* account = parameters_.account.get();
      account != nullptr && !account->connections().take())
    return base::fail(
        virtual_host_.quota().refuse_user_connection(actor, account->connections().limit()));
  ++virtual_host_.counters().connections;
  return base::Done{};
}

void BrokerSession::method(ChannelNumber number, const amqp::Method& method) {
  if (state_ != State::kOpen) return;
  if (number == ChannelNumber()) {
    // Of a user with a password, which does not expire: there is nothing to renew, as in RabbitMQ's
    // internal backend.
    if (std::holds_alternative<amqp::ConnectionUpdateSecret>(method)) confirm_secret();
    return;
  }
  if (std::holds_alternative<amqp::ChannelOpen>(method)) {
    open_channel(number);
  } else if (Channel* channel = channel_for(number, amqp::traits_of(method).id)) {
    channel->handle_method(method);
  }
  virtual_host_.settle_down();
  ended_channels_.clear();
}

void BrokerSession::renew(const broker::Actor& actor) {
  if (state_ != State::kOpen) return;
  parameters_.actor = actor;
  if (const auto status = virtual_host_.enter(actor); !status.ok()) {
    amqp::ProtocolError error = status.error();
    error.method = amqp::ConnectionUpdateSecret::kTraits.id;
    return fail(error);
  }
  confirm_secret();
  for (const auto& [number, channel] : channels_)
    channel->heed_new_rights();
  virtual_host_.settle_down();
}

void BrokerSession::publish(ChannelNumber number, const PublishView& publish) {
  if (Channel* channel = channel_for(number, amqp::BasicPublish::kTraits.id)) {
    channel->handle_publish(publish);
    virtual_host_.settle_down();
    ended_channels_.clear();
  }
}

void BrokerSession::ack(ChannelNumber number, DeliveryTag delivery_tag, bool multiple) {
  if (Channel* channel = channel_for(number, amqp::BasicAck::kTraits.id)) {
    channel->handle_ack(delivery_tag, multiple);
    virtual_host_.settle_down();
    ended_channels_.clear();
  }
}

void BrokerSession::channel_error(ChannelNumber number, const amqp::ProtocolError& error) {
  if (Channel* channel = channel_for(number, error.method)) {
    channel->fail(error);
    virtual_host_.settle_down();
    ended_channels_.clear();
  }
}

void BrokerSession::written(std::size_t bytes) {
  output_credit_.give(std::min<std::uint64_t>(bytes, output_credit_.used()));
  if (output_credit_.open() && !awaiting_output_.empty()) {
    for (ChannelNumber number : std::exchange(awaiting_output_, {})) {
      const auto found = channels_.find(number);
      if (found != channels_.end()) virtual_host_.at_turn_end(*found->second);
    }
  }
  virtual_host_.settle_down();
}

void BrokerSession::close(const CloseCause& cause) {
  if (state_ == State::kReleased) return;
  if (state_ == State::kEnding) {
    // Our own connection.close crossed with the end of the peer: nobody is left to send it to.
    if (cause.reason == CloseReason::kPeerGone) cause_ = cause;
    return finish_if_released();
  }
  end(cause);
}

// ---- channels

Channel* BrokerSession::find_channel(ChannelNumber number, amqp::MethodId method) {
  if (state_ != State::kOpen) return nullptr;
  const auto found = channels_.find(number);
  if (found != channels_.end()) {
    last_channel_ = found->second.get();
    last_channel_number_ = number;
    return last_channel_;
  }
  const bool was_open = std::binary_search(used_numbers_.begin(), used_numbers_.end(), number);
  if (!was_open || !may_come_late(method)) {
    fail(amqp::protocol_error(ReplyCode::kChannelError, "expected 'channel.open'", method));
  }
  return nullptr;
}

void BrokerSession::open_channel(ChannelNumber number) {
  if (channels_.contains(number)) {
    fail(amqp::protocol_error(ReplyCode::kChannelError, "second 'channel.open' seen",
                              amqp::ChannelOpen::kTraits.id));
    return;
  }
  if (auto status = virtual_host_.note_limit(parameters_.actor, amqp::ChannelOpen::kTraits.name,
                                             take_channel());
      !status.ok()) {
    amqp::ProtocolError error = std::move(status).error();
    error.method = amqp::ChannelOpen::kTraits.id;
    return fail(error);
  }
  channels_.emplace(number, std::make_unique<Channel>(*this, number));
  ++virtual_host_.counters().channels_opened;
  const auto place = std::lower_bound(used_numbers_.begin(), used_numbers_.end(), number);
  if (place == used_numbers_.end() || *place != number) used_numbers_.insert(place, number);
  emit(number, amqp::ChannelOpenOk{});
}

amqp::CheckedStatus BrokerSession::take_channel() {
  if (auto status = virtual_host_.quota().check_channel(); !status.ok()) return status;
  broker::UserAccount* const account = parameters_.account.get();
  if (account != nullptr && !account->channels().take())
    return base::fail(
        virtual_host_.quota().refuse_user_channel(parameters_.actor, account->channels().limit()));
  if (broker::CountedPlaces* const all = parameters_.channels_of_node;
      all != nullptr && !all->take()) {
    if (account != nullptr) account->channels().give_back();
    return base::fail(virtual_host_.quota().refuse_node_channel(all->limit()));
  }
  ++virtual_host_.counters().channels;
  return base::Done{};
}

void BrokerSession::channel_ended(Channel& channel) {
  const auto is_it = [&](const std::unique_ptr<Channel>& other) { return other.get() == &channel; };
  auto found = std::find_if(releasing_channels_.begin(), releasing_channels_.end(), is_it);
  if (found == releasing_channels_.end()) {
    release_number(channel);
    found = releasing_channels_.end() - 1;
  }
  // Its code is still on the stack.
  ended_channels_.push_back(std::move(*found));
  releasing_channels_.erase(found);
  if (state_ == State::kEnding) finish_if_released();
}

void BrokerSession::release_number(Channel& channel) {
  const auto found = channels_.find(channel.number());
  CHECK(found != channels_.end() && found->second.get() == &channel);
  if (last_channel_ == &channel) last_channel_ = nullptr;
  note_ended(channel);
  releasing_channels_.push_back(std::move(found->second));
  channels_.erase(found);
  --virtual_host_.counters().channels;
  if (parameters_.account) parameters_.account->channels().give_back();
  if (parameters_.channels_of_node != nullptr) parameters_.channels_of_node->give_back();
}

void BrokerSession::note_ended(Channel& channel) {
  channel.report_published();
  broker::VirtualHostCounters& counters = virtual_host_.counters();
  ++counters.channels_closed;
  if (channel.publishes()) --counters.publishers;
  const broker::MessageTotals totals = channel.totals();
  if (totals == broker::MessageTotals{}) return;
  if (!ended_totals_) ended_totals_ = std::make_unique<broker::MessageTotals>();
  for (std::size_t i = 0; i != totals.size(); ++i)
    (*ended_totals_)[i] += totals[i];
}

broker::MessageCounts BrokerSession::counts() const {
  broker::MessageCounts counts;
  if (ended_totals_) counts.totals = *ended_totals_;
  for (const auto& [number, channel] : channels_)
    counts += channel->read().counts;
  return counts;
}

amqp::CheckedStatus BrokerSession::check_size(std::uint64_t body_size) const {
  const broker::TenantQuota& quota = virtual_host_.quota();
  if (auto status = quota.check_size(body_size); !status.ok()) return status;
  const broker::UserAccount* const account = parameters_.account.get();
  if (account == nullptr || body_size <= account->message_size_max()) return base::Done{};
  return base::fail(quota.refuse_user_size(body_size, account->message_size_max()));
}

amqp::CheckedStatus BrokerSession::take_consumer() {
  const broker::TenantQuota& quota = virtual_host_.quota();
  if (auto status = quota.check_consumer(); !status.ok()) return status;
  if (consumers_ >= limits_.consumers_per_connection_max)
    return base::fail(quota.refuse_connection_consumer(limits_.consumers_per_connection_max));
  if (broker::UserAccount* account = parameters_.account.get();
      account != nullptr && !account->consumers().take())
    return base::fail(quota.refuse_user_consumer(parameters_.actor, account->consumers().limit()));
  ++consumers_;
  return base::Done{};
}

void BrokerSession::give_back_consumer() {
  CHECK(consumers_ != 0);
  --consumers_;
  if (parameters_.account) parameters_.account->consumers().give_back();
}

void BrokerSession::await_output(Channel& channel) {
  const ChannelNumber number = channel.number();
  if (std::find(awaiting_output_.begin(), awaiting_output_.end(), number) == awaiting_output_.end())
    awaiting_output_.push_back(number);
}

// ---- output

void BrokerSession::emit(ChannelNumber channel, const amqp::Method& method) {
  output_credit_.take(output_size(method));
  output_.method(channel, method);
}

void BrokerSession::emit_delivery(ChannelNumber channel, const amqp::DeliverView& deliver,
                                  const broker::Message& message, Bytes property_bytes) {
  output_credit_.take(output_size(parameters_.frame_max, deliver, property_bytes, message.body()));
  output_.deliver(channel, deliver, message, property_bytes);
}

void BrokerSession::emit_content(ChannelNumber channel, const amqp::Method& method,
                                 const broker::Message& message, Bytes property_bytes) {
  output_credit_.take(output_size(parameters_.frame_max, method, property_bytes, message.body()));
  output_.content(channel, method, message, property_bytes);
}

// ---- the end

void BrokerSession::fail(const amqp::ProtocolError& error) {
  if (state_ == State::kOpen) end({CloseReason::kProtocolError, error});
}

void BrokerSession::end(CloseCause cause) {
  if (state_ == State::kOpen) {
    --virtual_host_.counters().connections;
    if (parameters_.account) parameters_.account->connections().give_back();
  }
  state_ = State::kEnding;
  cause_ = std::move(cause);
  awaiting_output_.clear();
  // A channel that ends at once leaves the map: walk by number.
  ChannelNumber next;
  while (true) {
    const auto found = channels_.lower_bound(next);
    if (found == channels_.end()) break;
    next = found->first.next();
    // Whoever closes in an orderly way is told what has become safe until now.
    if (cause_->reason == CloseReason::kClientClose) found->second->send_confirms();
    found->second->abandon();
    if (next == ChannelNumber()) break;
  }
  finish_if_released();
}

void BrokerSession::finish_if_released() {
  if (state_ != State::kEnding || !channels_.empty() || !releasing_channels_.empty()) return;
  virtual_host_.release_connection(parameters_.id);
  virtual_host_.settle_down();
  state_ = State::kReleased;
  switch (cause_->reason) {
    case CloseReason::kClientClose: emit(ChannelNumber(), amqp::ConnectionCloseOk{}); break;
    case CloseReason::kProtocolError:
    case CloseReason::kForced: {
      const amqp::ProtocolError& error = cause_->error;
      const std::string text = error.reply_text();
      emit(ChannelNumber(), amqp::ConnectionClose{static_cast<std::uint16_t>(error.code), text,
                                                  error.method.class_id, error.method.method_id});
      break;
    }
    case CloseReason::kPeerGone: break;
  }
  output_.released();
}

void BrokerSession::confirm_secret() { emit(ChannelNumber(), amqp::ConnectionUpdateSecretOk{}); }

}  // namespace harrier::session
