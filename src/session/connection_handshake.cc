// The part of ConnectionSession before connection.open is accepted.
#include <algorithm>
#include <utility>

#include "amqp/table_lookup.h"
#include "session/connection_faults.h"
#include "session/connection_session.h"

namespace harrier::session {
namespace {

constexpr std::string_view kLocales = "en_US";

// The one method that a state waits for, and RabbitMQ's name for the state.
struct Awaited {
  amqp::MethodId method;
  std::string_view state;
};

Awaited awaited_in(ConnectionState state) {
  switch (state) {
    case ConnectionState::kAwaitSecureOk: return {amqp::ConnectionSecureOk::kTraits.id, "securing"};
    case ConnectionState::kAwaitTuneOk: return {amqp::ConnectionTuneOk::kTraits.id, "tuning"};
    case ConnectionState::kAwaitOpen: return {amqp::ConnectionOpen::kTraits.id, "opening"};
    default: return {amqp::ConnectionStartOk::kTraits.id, "starting"};
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text.push_back(' ');
    text.append(word);
  }
  return text;
}

// RabbitMQ's rule for tune-ok: 0 stands for no limit, which is too much where we offered one.
amqp::CheckedStatus check_negotiated(std::string_view field, std::uint32_t offered,
                                     std::uint32_t floor, std::uint32_t answered) {
  const bool too_low = answered != 0 && answered < floor;
  const bool too_high = offered != 0 && (answered == 0 || answered > offered);
  if (!too_low && !too_high) return base::Done{};
  std::string detail = "negotiated ";
  detail.append(field).append(" = ").append(std::to_string(answered));
  if (answered == 0 && field == "channel_max") detail.append(" (no limit)");
  detail.append(too_low ? " is lower than the minimum" : " is higher than the maximum");
  detail.append(" allowed value (").append(std::to_string(too_low ? floor : offered)).append(")");
  // RabbitMQ blames its own tune.
  return amqp::refuse(amqp::ReplyCode::kNotAllowed, std::move(detail),
                      amqp::ConnectionTune::kTraits.id);
}

}  // namespace

std::size_t ConnectionSession::take_header(Bytes bytes) {
  const Bytes header = bytes.substr(0, amqp::kProtocolHeaderSize);
  const bool known =
      amqp::kProtocolHeader091.starts_with(header) || amqp::kProtocolHeader09.starts_with(header);
  if (!known) {
    const std::size_t before = output_.size();
    output_.append(amqp::kProtocolHeader091);
    account(OutputKind::kOwn, before);
    finish("no protocol header of AMQP 0-9-1");
    return bytes.size();
  }
  if (header.size() < amqp::kProtocolHeaderSize) return 0;
  send_connection_start();
  return header.size();
}

void ConnectionSession::send_connection_start() {
  const std::string mechanisms = joined(host_.authenticator().mechanisms(peer_));
  amqp::ConnectionStart start;
  start.server_properties = host_.server_properties();
  start.mechanisms.value = mechanisms;
  start.locales.value = kLocales;
  send(start);
  state_ = ConnectionState::kAwaitStartOk;
}

std::size_t ConnectionSession::take_handshake_frame(Bytes bytes) {
  auto found = amqp::find_frame(bytes, input_frame_max());
  if (!found) {
    lost_sync_ = true;
    fail(std::move(found).error());
    return bytes.size();
  }
  if (found->consumed != 0) handle_handshake_frame(found->frame);
  return found->consumed;
}

void ConnectionSession::handle_handshake_frame(const amqp::Frame& frame) {
  if (frame.type == amqp::FrameType::kHeartbeat) {
    if (auto fine = check_heartbeat(frame); !fine) fail(std::move(fine).error());
  } else if (frame.type == amqp::FrameType::kMethod && frame.channel.value == 0) {
    handle_handshake_method(frame.payload);
  } else {
    fail(amqp::protocol_error(amqp::ReplyCode::kUnexpectedFrame,
                              "frame of type " + std::to_string(static_cast<int>(frame.type)) +
                                  " on channel " + std::to_string(frame.channel.value) +
                                  " before the connection is open"));
  }
}

void ConnectionSession::handle_handshake_method(Bytes payload) {
  auto decoded = amqp::decode_method(payload, limits_.table_limits);
  if (!decoded) return fail(std::move(decoded).error());
  const amqp::MethodId id = amqp::traits_of(*decoded).id;
  if (id == amqp::ConnectionClose::kTraits.id) {
    send(amqp::ConnectionCloseOk{});
    return finish("closed by the client before it was open");
  }
  const Awaited awaited = awaited_in(state_);
  if (id != awaited.method) return fail(unexpected_method(awaited.state, id));
  dispatch_handshake_method(*decoded);
}

void ConnectionSession::dispatch_handshake_method(const amqp::Method& method) {
  if (const auto* start_ok = std::get_if<amqp::ConnectionStartOk>(&method))
    return handle_connection_start_ok(*start_ok);
  if (const auto* secure_ok = std::get_if<amqp::ConnectionSecureOk>(&method))
    return handle_connection_secure_ok(*secure_ok);
  if (const auto* tune_ok = std::get_if<amqp::ConnectionTuneOk>(&method))
    return handle_connection_tune_ok(*tune_ok);
  if (const auto* open = std::get_if<amqp::ConnectionOpen>(&method))
    return handle_connection_open(*open);
}

void ConnectionSession::describe_client(amqp::TableView properties) {
  client_.connection_name = amqp::text_in(properties, "connection_name");
  client_.properties = amqp::FieldTable(properties);
  const auto capabilities = properties.find("capabilities");
  if (!capabilities || capabilities->type != 'F') return;
  const amqp::TableView table = capabilities->table();
  client_.authentication_failure_close = amqp::flag_in(table, "authentication_failure_close");
  client_.consumer_cancel_notify = amqp::flag_in(table, "consumer_cancel_notify");
  client_.connection_blocked = amqp::flag_in(table, "connection.blocked");
}

void ConnectionSession::handle_connection_start_ok(const amqp::ConnectionStartOk& start_ok) {
  const amqp::MethodId id = amqp::ConnectionStartOk::kTraits.id;
  // Nor are the users known yet.
  if (!host_.ready())
    return fail(amqp::protocol_error(amqp::ReplyCode::kConnectionForced,
                                     "node is recovering, try again", id));
  describe_client(start_ok.client_properties);
  mechanism_ = std::string(start_ok.mechanism);
  sasl_ = host_.authenticator().begin(start_ok.mechanism, peer_);
  if (sasl_ == nullptr)
    return fail(amqp::protocol_error(amqp::ReplyCode::kCommandInvalid,
                                     "unknown authentication mechanism '" + mechanism_ + "'", id));
  continue_sasl(start_ok.response.value, id);
}

void ConnectionSession::handle_connection_secure_ok(const amqp::ConnectionSecureOk& secure_ok) {
  continue_sasl(secure_ok.response.value, amqp::ConnectionSecureOk::kTraits.id);
}

void ConnectionSession::continue_sasl(Bytes response, amqp::MethodId method) {
  login_method_ = method;
  take_sasl_outcome(sasl_->step(response, now_));
}

void ConnectionSession::take_sasl_outcome(auth::SaslOutcome outcome) {
  using Kind = auth::SaslOutcome::Kind;
  switch (outcome.kind) {
    case Kind::kChallenge:
      send(amqp::ConnectionSecure{{outcome.challenge}});
      state_ = ConnectionState::kAwaitSecureOk;
      return;
    case Kind::kAccepted:
      accept_login(std::move(outcome.identity));
      if (outcome.work) host_.run_login_work(std::move(outcome.work));
      return;
    case Kind::kRefused: return refuse_login();
    case Kind::kMalformed:
      return fail(amqp::protocol_error(amqp::ReplyCode::kSyntaxError, std::move(outcome.reason),
                                       login_method_));
    case Kind::kWork:
      state_ = ConnectionState::kAwaitLogin;
      login_work_is_running_ = true;
      return host_.run_login_work(std::move(outcome.work));
    case Kind::kWait:
      state_ = ConnectionState::kAwaitLogin;
      login_resumption_ = outcome.until;
      return;
  }
}

void ConnectionSession::resume_login(bool ran) {
  login_work_is_running_ = false;
  login_resumption_ = base::kNever;
  const bool renews = renewing();
  auth::SaslOutcome outcome = sasl_->resume(ran, now_);
  return renews ? take_renewal_outcome(std::move(outcome)) : take_sasl_outcome(std::move(outcome));
}

void ConnectionSession::end_login() {
  sasl_.reset();
  login_work_is_running_ = false;
  login_resumption_ = base::kNever;
}

void ConnectionSession::accept_login(auth::Identity identity) {
  end_login();
  actor_.peer = peer_.display();
  adopt(std::move(identity));
  send(amqp::ConnectionTune{limits_.channel_max, limits_.frame_max, limits_.heartbeat_s});
  state_ = ConnectionState::kAwaitTuneOk;
}

// The generic text tells a guesser nothing; whoever refused has logged why.
void ConnectionSession::refuse_login() {
  end_reason_ = "login refused";
  if (client_.authentication_failure_close) {
    send_close(amqp::protocol_error(amqp::ReplyCode::kAccessRefused,
                                    "Login was refused using authentication mechanism " +
                                        mechanism_ + ". For details see the broker logfile."));
    return begin_closing();
  }
  end_login();
  state_ = ConnectionState::kRefused;
  handshake_deadline_ = base::kNever;
  refusal_deadline_ = now_ + limits_.refusal_delay;
}

void ConnectionSession::handle_connection_tune_ok(const amqp::ConnectionTuneOk& tune_ok) {
  auto fine =
      check_negotiated("frame_max", limits_.frame_max, amqp::kFrameMaxFloor, tune_ok.frame_max);
  if (fine.ok())
    fine = check_negotiated("channel_max", limits_.channel_max, 1, tune_ok.channel_max);
  if (!fine) return fail(std::move(fine).error());
  frame_max_ = tune_ok.frame_max;
  channel_max_ = tune_ok.channel_max;
  heartbeat_s_ = tune_ok.heartbeat;
  heartbeat_.start(tune_ok.heartbeat, now_);
  state_ = ConnectionState::kAwaitOpen;
}

void ConnectionSession::handle_connection_open(const amqp::ConnectionOpen& open) {
  ConnectionParameters parameters;
  parameters.id = id_;
  parameters.virtual_host = virtual_host_ = std::string(open.virtual_host);
  parameters.actor = actor_;
  parameters.channel_max = channel_max_;
  parameters.frame_max = frame_max_;
  parameters.consumer_cancel_notify = client_.consumer_cancel_notify;
  parameters.connection_blocked = client_.connection_blocked;
  input_ = host_.attach(parameters, *this);
  if (input_ == nullptr)
    return fail(amqp::protocol_error(amqp::ReplyCode::kNotAllowed,
                                     "vhost " + virtual_host_ + " not found",
                                     amqp::ConnectionOpen::kTraits.id));
  handshake_deadline_ = base::kNever;
  state_ = ConnectionState::kOpen;
  input_->open();
}

}  // namespace harrier::session
