#include "session/connection_session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"
#include "session/connection_faults.h"

namespace harrier::session {
namespace {

constexpr std::uint32_t kBasicAck = amqp::BasicAck::kTraits.id.packed();
constexpr std::uint32_t kChannelOpen = amqp::ChannelOpen::kTraits.id.packed();
constexpr std::uint32_t kConnectionClose = amqp::ConnectionClose::kTraits.id.packed();
constexpr std::uint32_t kConnectionCloseOk = amqp::ConnectionCloseOk::kTraits.id.packed();
constexpr std::size_t kMethodIdSize = 4;
constexpr std::size_t kAckPayloadSize = kMethodIdSize + 8 + 1;
// A whole frame of connection.close-ok.
constexpr std::string_view kCloseOkFrame{"\x01\0\0\0\0\0\x04\0\x0A\0\x33\xCE", 12};

// 0 for what is too short to name a method.
std::uint32_t packed_id(Bytes payload) {
  if (payload.size() < kMethodIdSize) return 0;
  return base::load_big_endian<std::uint32_t>(payload.data());
}

amqp::MethodId method_id(Bytes payload) {
  const std::uint32_t packed = packed_id(payload);
  return {static_cast<std::uint16_t>(packed >> 16), static_cast<std::uint16_t>(packed)};
}

}  // namespace

// Marks the time that a call brought as exact until the call returns.
class ConnectionSession::TimedCall {
 public:
  TimedCall(ConnectionSession& session, base::Now now) : session_(session) {
    session_.now_ = now.monotonic;
    session_.now_is_exact_ = true;
  }
  TimedCall(const TimedCall&) = delete;
  TimedCall& operator=(const TimedCall&) = delete;
  ~TimedCall() { session_.now_is_exact_ = false; }

 private:
  ConnectionSession& session_;
};

ConnectionSession::ConnectionSession(const ConnectionLimits& limits, ConnectionHost& host,
                                     broker::ConnectionId id, auth::Peer peer, base::Now now)
    : limits_(limits),
      host_(host),
      id_(id),
      peer_(std::move(peer)),
      frame_max_(limits.initial_frame_max),
      assembly_limits_{limits.max_message_size, limits.assembly_bytes_max, limits.table_limits},
      assembler_(assembly_limits_),
      publish_(host.publish_view()),
      now_(now.monotonic),
      handshake_deadline_(now.monotonic + limits.handshake_timeout) {}

void ConnectionSession::set_peer(auth::Peer peer) {
  CHECK(state_ == ConnectionState::kAwaitHeader && unread_ == 0);
  peer_ = std::move(peer);
}

void ConnectionSession::set_certificate(std::shared_ptr<const auth::PeerCertificate> certificate) {
  CHECK(state_ == ConnectionState::kAwaitHeader && unread_ == 0);
  peer_.certificate = std::move(certificate);
}

// ---- input

std::size_t ConnectionSession::handle_input(Bytes bytes, base::Now now) {
  const TimedCall call(*this, now);
  if (bytes.size() > unread_) heartbeat_.received(now_);
  std::size_t consumed = 0;
  while (consumed < bytes.size() && wants_input()) {
    const std::size_t taken = take_input(bytes.substr(consumed));
    if (taken == 0) break;
    consumed += taken;
  }
  if (state_ == ConnectionState::kFinished) consumed = bytes.size();
  unread_ = bytes.size() - consumed;
  watch_partial_frame(consumed);
  return consumed;
}

std::size_t ConnectionSession::take_input(Bytes bytes) {
  switch (state_) {
    case ConnectionState::kAwaitHeader: return take_header(bytes);
    case ConnectionState::kAwaitStartOk:
    case ConnectionState::kAwaitSecureOk:
    case ConnectionState::kAwaitTuneOk:
    case ConnectionState::kAwaitOpen: return take_handshake_frame(bytes);
    case ConnectionState::kOpen: return take_open_frame(bytes);
    case ConnectionState::kDraining:
    case ConnectionState::kClosing:
      return lost_sync_ ? drop_until_close_ok(bytes) : drop_frame(bytes);
    case ConnectionState::kAwaitLogin:
    case ConnectionState::kRefused:
    case ConnectionState::kFinished: break;
  }
  return bytes.size();
}

void ConnectionSession::watch_partial_frame(std::size_t consumed) {
  const bool starved =
      unread_ != 0 && wants_input() && (awaits_handshake() || state_ == ConnectionState::kOpen);
  if (!starved) {
    partial_frame_.stop();
  } else if (consumed != 0 || !partial_frame_.running()) {
    partial_frame_.start(now_, limits_.partial_frame_timeout);
  }
}

std::uint32_t ConnectionSession::input_frame_max() const {
  if (frame_max_ != 0) return frame_max_;
  // Without a negotiated limit no frame needs to be larger than the largest body and its header.
  constexpr std::uint64_t kHeaderRoom = 1 << 20;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(limits_.max_message_size + kHeaderRoom, UINT32_MAX));
}

std::size_t ConnectionSession::take_open_frame(Bytes bytes) {
  if (ChannelNumber channel; assembler_.idle()) {
    const std::size_t taken =
        read_whole_publish(bytes, input_frame_max(), assembly_limits_, channel, publish_);
    if (taken != 0 && is_channel(channel)) [[likely]] {
      publish(channel);
      return taken;
    }
  }
  auto found = amqp::find_frame(bytes, input_frame_max());
  if (!found) [[unlikely]] {
    lost_sync_ = true;
    fail(std::move(found).error());
    return bytes.size();
  }
  if (found->consumed == 0) return 0;
  handle_open_frame(found->frame);
  return found->consumed;
}

void ConnectionSession::handle_open_frame(const amqp::Frame& frame) {
  switch (frame.type) {
    case amqp::FrameType::kMethod: return handle_method_frame(frame.channel, frame.payload);
    case amqp::FrameType::kHeader:
    case amqp::FrameType::kBody: return handle_content_frame(frame);
    case amqp::FrameType::kHeartbeat: break;
  }
  if (auto fine = check_heartbeat(frame); !fine) fail(std::move(fine).error());
}

void ConnectionSession::handle_method_frame(ChannelNumber channel, Bytes payload) {
  if (channel.value == 0) return handle_connection_method(payload);
  const std::uint32_t id = packed_id(payload);
  // The most frequent one that is not a publish, past all that cannot go wrong with it.
  if (id == kBasicAck && payload.size() == kAckPayloadSize && is_channel(channel) &&
      assembler_.idle())
    return take_ack(channel, payload);
  auto fine = check_channel(channel, payload);
  if (fine.ok()) fine = assembler_.expect_method(channel);
  if (!fine) return fail(std::move(fine).error());
  if (id == kBasicAck && payload.size() == kAckPayloadSize) return take_ack(channel, payload);
  handle_channel_method(channel, payload);
}

void ConnectionSession::take_ack(ChannelNumber channel, Bytes payload) {
  const DeliveryTag tag(base::load_big_endian<std::uint64_t>(payload.data() + kMethodIdSize));
  input_->ack(channel, tag, (payload.back() & 1) != 0);
}

amqp::CheckedStatus ConnectionSession::check_channel(ChannelNumber channel,
                                                     Bytes method_payload) const {
  if (is_channel(channel)) [[likely]]
    return base::Done{};
  const std::string limit = std::to_string(channel_max_);
  if (channel.value != 0 && packed_id(method_payload) == kChannelOpen)
    return amqp::refuse(amqp::ReplyCode::kNotAllowed,
                        "number of channels opened (" + limit +
                            ") has reached the negotiated channel_max (" + limit + ")");
  return amqp::refuse(amqp::ReplyCode::kChannelError,
                      "channel number " + std::to_string(channel.value) +
                          " is above the negotiated channel_max (" + limit + ")");
}

// RabbitMQ's words for everything on a channel that is no client's method for a channel.
void ConnectionSession::handle_channel_method(ChannelNumber channel, Bytes payload) {
  auto decoded = amqp::decode_method(payload, limits_.table_limits);
  if (!decoded) return fail(std::move(decoded).error());
  const amqp::MethodTraits& traits = amqp::traits_of(*decoded);
  if (traits.level != amqp::Level::kChannel || !traits.from_client())
    return fail(
        amqp::protocol_error(amqp::ReplyCode::kCommandInvalid, "unimplemented method", traits.id));
  const auto* publish = std::get_if<amqp::BasicPublish>(&*decoded);
  if (publish == nullptr) return input_->method(channel, *decoded);
  if (auto begun = assembler_.begin(channel, *publish); !begun) fail(std::move(begun).error());
}

void ConnectionSession::handle_connection_method(Bytes payload) {
  auto decoded = amqp::decode_method(payload, limits_.table_limits);
  if (!decoded) return fail(std::move(decoded).error());
  if (std::holds_alternative<amqp::ConnectionClose>(*decoded)) {
    client_close_unanswered_ = true;
    return close_input(CloseReason::kClientClose, {});
  }
  if (const auto* update = std::get_if<amqp::ConnectionUpdateSecret>(&*decoded))
    return handle_connection_update_secret(*update);
  fail(unexpected_method("running", method_id(payload)));
}

void ConnectionSession::handle_content_frame(const amqp::Frame& frame) {
  auto fine = frame.channel.value == 0
                  ? amqp::CheckedStatus(amqp::refuse(amqp::ReplyCode::kUnexpectedFrame,
                                                     "content frame on channel 0"))
                  : check_channel(frame.channel, {});
  if (!fine) return fail(std::move(fine).error());
  auto step = frame.type == amqp::FrameType::kHeader
                  ? assembler_.add_header(frame.channel, frame.payload, publish_)
                  : assembler_.add_body(frame.channel, frame.payload, publish_);
  if (!step) return fail(std::move(step).error());
  switch (*step) {
    case AssemblyStep::kMore: return;
    case AssemblyStep::kTooLarge:
      return input_->channel_error(frame.channel, assembler_.too_large());
    case AssemblyStep::kComplete: break;
  }
  publish(frame.channel);
  assembler_.release_completed();
}

// `publish_` is complete.
void ConnectionSession::publish(ChannelNumber channel) {
  ++published_.messages;
  published_.bytes += publish_.body.size();
  input_->publish(channel, publish_);
}

// While our close or the broker half's answer is on its way, of all input only close and close-ok
// count.
std::size_t ConnectionSession::drop_frame(Bytes bytes) {
  const auto found = amqp::find_frame(bytes, input_frame_max());
  if (!found) {
    lost_sync_ = true;
    return drop_until_close_ok(bytes);
  }
  const amqp::Frame& frame = found->frame;
  if (found->consumed == 0) return 0;
  if (frame.type != amqp::FrameType::kMethod || frame.channel.value != 0) return found->consumed;
  const std::uint32_t id = packed_id(frame.payload);
  if (id == kConnectionClose) answer_client_close();
  if (id == kConnectionCloseOk) {
    client_close_ok_seen_ = true;
    if (state_ == ConnectionState::kClosing) finish("");
  }
  return found->consumed;
}

// Frames can no longer be told apart, but a client that understood our close ends with close-ok.
std::size_t ConnectionSession::drop_until_close_ok(Bytes bytes) {
  if (bytes.find(kCloseOkFrame) != Bytes::npos) {
    client_close_ok_seen_ = true;
    if (state_ == ConnectionState::kClosing) finish("");
    return bytes.size();
  }
  // Its beginning may be the end of these bytes.
  const std::size_t kept = std::min(bytes.size(), kCloseOkFrame.size() - 1);
  return bytes.size() - kept;
}

void ConnectionSession::handle_end_of_input(base::Now now) {
  const TimedCall call(*this, now);
  abandon("the client ended the connection without closing it");
}

void ConnectionSession::handle_login_work(bool ran, base::Now now) {
  if (!login_work_is_running_) return;
  const TimedCall call(*this, now);
  resume_login(ran);
}

void ConnectionSession::force_close(amqp::ReplyCode code, std::string text, base::Now now) {
  const TimedCall call(*this, now);
  if (awaits_handshake() || state_ == ConnectionState::kRefused) return finish(std::move(text));
  if (state_ != ConnectionState::kOpen) return;
  end_reason_ = text;
  amqp::ProtocolError error = amqp::protocol_error(code, std::move(text));
  error.scope = amqp::ErrorScope::kConnection;
  close_input(CloseReason::kForced, std::move(error));
}

void ConnectionSession::set_blocked(const std::optional<std::string>& reason, base::Now now) {
  if (!opened_ || state_ != ConnectionState::kOpen || !client_.connection_blocked) return;
  if (std::exchange(blocked_told_, reason.has_value()) == reason.has_value()) return;
  const TimedCall call(*this, now);
  if (reason) {
    send(amqp::ConnectionBlocked{base::cut_text(*reason, 255)});
  } else {
    send(amqp::ConnectionUnblocked{});
  }
}

void ConnectionSession::set_reading(bool reading, base::Now now) {
  const TimedCall call(*this, now);
  heartbeat_.set_reading(reading, now_);
  partial_frame_.set_reading(reading, now_);
}

void ConnectionSession::handle_written(std::size_t bytes, base::Now now) {
  const TimedCall call(*this, now);
  if (bytes == 0) return;
  heartbeat_.sent(now_);
  stall_.stop();
  if (!output_.empty()) stall_.start(now_, true);
  const std::size_t credit = account_.sent(bytes);
  if (account_.reply_bytes() < limits_.reply_bytes_max / 2) replies_pile_up_ = false;
  if (credit != 0 && state_ == ConnectionState::kOpen) input_->written(credit);
}

// ---- time

base::MonotonicTime ConnectionSession::next_deadline() const {
  const base::MonotonicTime writing =
      output_.empty() ? base::kNever : stall_.deadline(limits_.write_stall_timeout);
  return std::min({writing, heartbeat_.next_deadline(), partial_frame_.when(), handshake_deadline_,
                   refusal_deadline_, login_resumption_, credential_deadline(),
                   closing_.deadline(limits_.close_timeout)});
}

void ConnectionSession::handle_deadline(base::Now now) {
  const TimedCall call(*this, now);
  if (output_.empty()) stall_.stop();
  if (stall_.expired(now_, limits_.write_stall_timeout)) return abandon("output was not read");
  if (handshake_deadline_ <= now_) return abandon("handshake timed out");
  if (refusal_deadline_ <= now_) return finish("");
  if (credential_deadline() <= now_) return expire_credential();
  if (login_resumption_ <= now_) return resume_login(true);
  if (closing_.expired(now_, limits_.close_timeout))
    return abandon("the client did not answer connection.close");
  if (partial_frame_.expired(now_)) return abandon("a frame was not finished in time");
  if (heartbeat_.peer_is_gone(now_)) return abandon("missed heartbeats from the client");
  if (!heartbeat_.send_due(now_)) return;
  heartbeat_.sent(now_);
  // What is pending already shows that we live, as soon as it can be sent.
  if (!output_.empty()) return;
  amqp::append_heartbeat(output_);
  account(OutputKind::kOwn, 0);
}

// ---- SessionOutput

void ConnectionSession::method(ChannelNumber channel, const amqp::Method& method) {
  if (!accepts_output()) return;
  const std::size_t before = output_.size();
  amqp::append_method_frame(output_, channel, method);
  account(OutputKind::kReply, before);
  if (channel.value != 0) return;
  if (std::holds_alternative<amqp::ConnectionOpenOk>(method)) {
    opened_ = true;
  } else if (const auto* close = std::get_if<amqp::ConnectionClose>(&method)) {
    end_reason_ = close->reply_text;
    begin_closing();
  } else if (std::holds_alternative<amqp::ConnectionCloseOk>(method)) {
    peer_closes_first_ = true;
    finish("closed by the client");
  }
}

void ConnectionSession::deliver(ChannelNumber channel, const amqp::DeliverView& deliver,
                                const broker::Message& message, Bytes property_bytes) {
  if (!accepts_output()) return;
  const std::size_t before = output_.size();
  amqp::append_deliver(output_, channel, frame_max_, deliver, property_bytes, message.body());
  account(OutputKind::kDelivery, before);
}

void ConnectionSession::content(ChannelNumber channel, const amqp::Method& method,
                                const broker::Message& message, Bytes property_bytes) {
  if (!accepts_output()) return;
  const std::size_t before = output_.size();
  amqp::append_method_frame(output_, channel, method);
  amqp::append_content_frames(output_, channel, frame_max_, property_bytes, message.body());
  account(OutputKind::kReply, before);
}

void ConnectionSession::released() {
  released_ = true;
  // After kPeerGone no frame comes before this.
  if (state_ == ConnectionState::kDraining) finish("");
}

void ConnectionSession::account(OutputKind kind, std::size_t size_before) {
  account_.add(kind, output_.size() - size_before);
  if (!stall_.running()) stall_.start(now_, now_is_exact_);
  if (account_.reply_bytes() > limits_.reply_bytes_max && state_ == ConnectionState::kOpen)
    replies_pile_up_ = true;
}

void ConnectionSession::send(const amqp::Method& method) {
  const std::size_t before = output_.size();
  amqp::append_method_frame(output_, ChannelNumber(0), method);
  account(OutputKind::kOwn, before);
}

// ---- endings

// The one place where a peer's mistake ends a connection.
void ConnectionSession::fail(amqp::ProtocolError error) {
  error.scope = amqp::ErrorScope::kConnection;
  end_reason_ = error.reply_text();
  if (state_ == ConnectionState::kOpen)
    return close_input(CloseReason::kProtocolError, std::move(error));
  send_close(error);
  begin_closing();
}

void ConnectionSession::close_input(CloseReason reason, amqp::ProtocolError error) {
  state_ = ConnectionState::kDraining;
  close_given_ = true;
  replies_pile_up_ = false;
  heartbeat_.stop();
  partial_frame_.stop();
  assembler_.clear();
  end_login();
  input_->close({reason, std::move(error)});
}

void ConnectionSession::send_close(const amqp::ProtocolError& error) {
  const std::string text = error.reply_text();
  send(amqp::ConnectionClose{static_cast<std::uint16_t>(error.code), text, error.method.class_id,
                             error.method.method_id});
}

// connection.close is in the output.
void ConnectionSession::begin_closing() {
  state_ = ConnectionState::kClosing;
  handshake_deadline_ = base::kNever;
  replies_pile_up_ = false;
  heartbeat_.stop();
  partial_frame_.stop();
  assembler_.clear();
  end_login();
  closing_.start(now_, now_is_exact_);
  if (client_close_unanswered_) answer_client_close();
  if (client_close_ok_seen_) finish("");
}

void ConnectionSession::answer_client_close() {
  client_close_unanswered_ = state_ != ConnectionState::kClosing;
  if (!client_close_unanswered_) send(amqp::ConnectionCloseOk{});
}

void ConnectionSession::finish(std::string reason) {
  if (end_reason_.empty()) end_reason_ = std::move(reason);
  state_ = ConnectionState::kFinished;
  handshake_deadline_ = refusal_deadline_ = base::kNever;
  replies_pile_up_ = false;
  heartbeat_.stop();
  partial_frame_.stop();
  closing_.stop();
  assembler_.clear();
  end_login();
}

void ConnectionSession::abandon(std::string reason) {
  const bool tell = input_ != nullptr && !close_given_ && !released_;
  finish(std::move(reason));
  output_.clear();
  account_.clear();
  stall_.stop();
  if (!tell) return;
  close_given_ = true;
  input_->close({CloseReason::kPeerGone, {}});
}

}  // namespace harrier::session
