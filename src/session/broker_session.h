// The broker half of a connection: its channels, and the order in which it ends.
//
// Role:      implements SessionInput; owns the channels; turns what they emit into SessionOutput
//            calls and counts output credit. Knows no bytes of the wire.
// Model:     Opening → Open → Ending → Released. Ending: all channels give back what they hold
//            (maybe in slices), then exclusive queues go, then connection.close or close-ok leaves,
//            then released().
// Invariants: (1) nothing is emitted after released(); (2) calls after the end are ignored.
// Thread:    confined(broker).
// Errors:    a ProtocolError of scope connection ends the session with connection.close.
// Limits:    SessionLimits.
// Spec:      AMQP 0-9-1 sections 2.2.4, 1.4; ADR 0001.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "broker/credit.h"
#include "broker/roster.h"
#include "broker/virtual_host.h"
#include "session/session_input.h"
#include "session/session_limits.h"
#include "session/session_output.h"

namespace harrier::session {

class Channel;

class BrokerSession final : public SessionInput {
 public:
  // `virtual_host`, `limits` and `output` must outlive it.
  BrokerSession(broker::VirtualHost& virtual_host, const ConnectionParameters& parameters,
                const SessionLimits& limits, SessionOutput& output);
  ~BrokerSession() override;
  BrokerSession(const BrokerSession&) = delete;
  BrokerSession& operator=(const BrokerSession&) = delete;

  // ---- for views
  const std::map<ChannelNumber, std::unique_ptr<Channel>>& channels() const { return channels_; }
  // Of its channels, those included that have ended; their rates are not.
  broker::MessageCounts counts() const;

  // After this the owner may destroy it, outside of any call into it.
  bool released() const { return state_ == State::kReleased; }

  // ---- SessionInput
  void open() override;
  void method(ChannelNumber channel, const amqp::Method& method) override;
  void renew(const broker::Actor& actor) override;
  void publish(ChannelNumber channel, const PublishView& publish) override;
  void ack(ChannelNumber channel, DeliveryTag delivery_tag, bool multiple) override;
  void channel_error(ChannelNumber channel, const amqp::ProtocolError& error) override;
  void written(std::size_t bytes) override;
  void close(const CloseCause& cause) override;

  // ---- for its channels
  broker::VirtualHost& virtual_host() { return virtual_host_; }
  const broker::VirtualHost& virtual_host() const { return virtual_host_; }
  const ConnectionParameters& parameters() const { return parameters_; }
  const SessionLimits& limits() const { return limits_; }
  broker::Credit& output_credit() { return output_credit_; }
  void emit(ChannelNumber channel, const amqp::Method& method);
  void emit_delivery(ChannelNumber channel, const amqp::DeliverView& deliver,
                     const broker::Message& message, Bytes property_bytes);
  void emit_content(ChannelNumber channel, const amqp::Method& method,
                    const broker::Message& message, Bytes property_bytes);
  // A mistake that ends the whole connection; reported by a channel.
  void fail(const amqp::ProtocolError& error);
  // The channel has ended and given everything back; its number is free.
  void channel_ended(Channel& channel);
  // Both sides have closed it, but it still gives back what it held: its number is free already.
  void release_number(Channel& channel);
  // Whether check_size() must be asked about a body.
  bool doubts_size(std::uint64_t body_size) const {
    const broker::UserAccount* const account = parameters_.account.get();
    return virtual_host_.quota().guards_size() ||
           (account != nullptr && body_size > account->message_size_max());
  }
  amqp::CheckedStatus check_size(std::uint64_t body_size) const;
  // A place for one more consumer of virtual host, connection and user; its channel gives it back.
  amqp::CheckedStatus take_consumer();
  void give_back_consumer();
  // A channel has confirms that output credit holds back: it is told when they may go.
  void await_output(Channel& channel);

 private:
  friend class broker::Roster<BrokerSession>;
  enum class State : std::uint8_t { kOpening, kOpen, kEnding, kReleased };

  // The channel to give the call to; nullptr when the call is to be dropped (or was an error).
  Channel* channel_for(ChannelNumber number, amqp::MethodId method) {
    const bool again = state_ == State::kOpen && last_channel_number_ == number;
    return again && last_channel_ != nullptr ? last_channel_ : find_channel(number, method);
  }
  Channel* find_channel(ChannelNumber number, amqp::MethodId method);
  void open_channel(ChannelNumber number);
  void note_ended(Channel& channel);
  // One more of what virtual host, user and node may have.
  amqp::CheckedStatus take_connection();
  amqp::CheckedStatus take_channel();
  void end(CloseCause cause);
  void finish_if_released();
  void confirm_secret();

  broker::VirtualHost& virtual_host_;
  ConnectionParameters parameters_;
  const SessionLimits limits_;
  SessionOutput& output_;
  broker::Credit output_credit_;
  std::uint32_t consumers_ = 0;
  std::map<ChannelNumber, std::unique_ptr<Channel>> channels_;
  // The channel of the last call: most connections use one.
  Channel* last_channel_ = nullptr;
  ChannelNumber last_channel_number_;
  // Without a number, see release_number().
  std::vector<std::unique_ptr<Channel>> releasing_channels_;
  // Ended channels are freed after the call in which they ended.
  std::vector<std::unique_ptr<Channel>> ended_channels_;
  std::vector<ChannelNumber> awaiting_output_;
  // Every number that was ever opened, sorted: late acks on a closed channel are no error.
  std::vector<ChannelNumber> used_numbers_;
  // Of channels that have ended; nullptr: nothing.
  std::unique_ptr<broker::MessageTotals> ended_totals_;
  std::optional<CloseCause> cause_;
  State state_ = State::kOpening;
  std::uint32_t roster_place_ = 0;
};

}  // namespace harrier::session
