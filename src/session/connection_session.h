// The I/O half of a connection: handshake, framing, content assembly, heartbeats. Pure: no socket,
// no clock.
//
// Role:      server feeds it bytes and time and writes out what it puts into output(); it decodes
//            methods, assembles contents and hands them to the SessionInput that ConnectionHost
//            gave it at connection.open. As SessionOutput it encodes what the broker half says.
// Model:     AwaitHeader → AwaitStartOk ⇄ AwaitSecureOk → AwaitTuneOk → AwaitOpen → Open → Draining
//            → Closing → Finished
//            AwaitLogin: after start-ok or secure-ok, while the authenticator needs another thread
//            or has the client wait; nothing is read, the handshake's time goes on.
//            Open: a new token (connection.update-secret) is judged as a login is, and nothing is
//            read meanwhile, so that it has its place among the client's commands. At the end of
//            the token the connection is closed with 320.
//            Draining: the broker half was told to close; until it answers, input is dropped.
//            Closing: connection.close was sent; all but close and close-ok is dropped.
//            Refused: login refused and the client cannot be told; silence, then the end.
// Invariants: (1) before Open no SessionInput exists; (2) SessionInput::close is called at most
//            once, last, and always unless the broker half ended by itself; (3) finished() only
//            after released() when a SessionInput exists.
// Thread:    confined(io).
// Time:      takes now. SessionOutput's calls carry none: waits they begin use OpenWait.
// Errors:    a peer's mistake after open becomes SessionInput::close(kProtocolError) and the broker
//            half answers; before open this class sends connection.close itself.
// Limits:    ConnectionLimits; each names its outcome.
// Spec:      AMQP 0-9-1 sections 2.2.4, 4.2.2–4.2.7; ADR 0001.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "auth/authenticator.h"
#include "base/buffer.h"
#include "base/time.h"
#include "session/connection_host.h"
#include "session/connection_limits.h"
#include "session/content_assembler.h"
#include "session/heartbeat.h"
#include "session/output_account.h"
#include "session/session_input.h"
#include "session/session_output.h"
#include "session/session_timers.h"

namespace harrier::session {

enum class ConnectionState : std::uint8_t {
  kAwaitHeader,
  kAwaitStartOk,
  kAwaitSecureOk,
  kAwaitLogin,
  kAwaitTuneOk,
  kAwaitOpen,
  kOpen,
  kDraining,
  kRefused,
  kClosing,
  kFinished,
};

// What a client said of itself in start-ok; for logs and lists.
struct ClientDescription {
  std::string connection_name() const;
  amqp::FieldTable properties;  // all of them; what a frame may hold before it is open
  bool authentication_failure_close = false;
  bool consumer_cancel_notify = false;
  bool connection_blocked = false;
};

class ConnectionSession final : public SessionOutput {
 public:
  // `limits` and `host` must outlive it.
  ConnectionSession(const ConnectionLimits& limits, ConnectionHost& host, broker::ConnectionId id,
                    auth::Peer peer, base::Now now);
  ConnectionSession(const ConnectionLimits&&, ConnectionHost&, broker::ConnectionId, auth::Peer,
                    base::Now) = delete;

  // Who the client is, instead of whom the constructor was told: a proxy has named it. REQUIRES
  // that no byte was handled yet.
  void set_peer(auth::Peer peer);
  // What TLS has found out. REQUIRES that no byte was handled yet.
  void set_certificate(std::shared_ptr<const auth::PeerCertificate> certificate);

  // ---- inputs, from server
  // Answers how many bytes were consumed. The rest is presented again: with more behind it or, if
  // it was left because of wants_input(), as soon as that is true again.
  std::size_t handle_input(Bytes bytes, base::Now now);
  // End of file, reset, or whatever else makes the socket useless. Empties output().
  void handle_end_of_input(base::Now now);
  // So many bytes of output() reached the socket; the caller consumed them already.
  void handle_written(std::size_t bytes, base::Now now);
  // Harmless when nothing is due.
  void handle_deadline(base::Now now);
  // What ConnectionHost::run_login_work() was given has run, or cannot run. Without effect when
  // nobody waits for it.
  void handle_login_work(bool ran, base::Now now);
  // An open connection gets connection.close, one that is not yet open ends without a word.
  void force_close(amqp::ReplyCode code, std::string text, base::Now now);
  // connection.blocked with the first 255 bytes of the reason, or connection.unblocked, if the
  // client understands them and it is news. For open connections; others hear nothing.
  void set_blocked(const std::optional<std::string>& reason, base::Now now);
  // Time in which the server did not read by its own choice does not count against the peer.
  void set_reading(bool reading, base::Now now);

  // ---- SessionOutput; ignored once the connection's last frame is in output()
  void method(ChannelNumber channel, const amqp::Method& method) override;
  void deliver(ChannelNumber channel, const amqp::DeliverView& deliver,
               const broker::Message& message, Bytes property_bytes) override;
  void content(ChannelNumber channel, const amqp::Method& method, const broker::Message& message,
               Bytes property_bytes) override;
  void released() override;

  // ---- outputs
  base::Buffer& output() { return output_; }
  // False while replies pile up, while a login or a new token is being decided, and after the end.
  bool wants_input() const {
    return !replies_pile_up_ && state_ != ConnectionState::kFinished &&
           state_ != ConnectionState::kAwaitLogin && !renewing();
  }
  // Close the socket once output() is empty; next_deadline() still guards the writing.
  bool finished() const {
    return state_ == ConnectionState::kFinished && (input_ == nullptr || released_);
  }
  base::MonotonicTime next_deadline() const;

  ConnectionState state() const { return state_; }
  const auth::Peer& peer() const { return peer_; }
  // Open, and the client has published at least once.
  bool publishes() const { return published_.messages != 0 && state_ == ConnectionState::kOpen; }
  // Since it was opened.
  const broker::Published& published() const { return published_; }
  // connection.open-ok was sent at some time.
  bool opened() const { return opened_; }
  // Empty until accepted.
  const std::string& user() const { return actor_.user; }
  // Whether the user is a token's, whatever users of the node have the name.
  bool by_token() const { return actor_.grant != nullptr; }
  // Empty until connection.open.
  const std::string& virtual_host() const { return virtual_host_; }
  const ClientDescription& client() const { return client_; }
  // What was negotiated, for lists; empty or 0 before.
  const std::string& mechanism() const { return mechanism_; }
  const broker::Actor& actor() const { return actor_; }
  std::uint32_t frame_max() const { return frame_max_; }
  std::uint16_t channel_max() const { return channel_max_; }
  std::uint16_t heartbeat_s() const { return heartbeat_s_; }
  // The client asked for the close and has our close-ok: it is the one to close the socket. Clients
  // exist that take an end of file right behind close-ok for a broken connection.
  bool peer_closes_first() const { return peer_closes_first_; }
  // Why it ended, for the log; empty before.
  const std::string& end_reason() const { return end_reason_; }
  // Bytes of unfinished contents.
  std::uint64_t assembly_bytes() const { return assembler_.held_bytes(); }

 private:
  // Within a call that carries the time.
  class TimedCall;

  bool awaits_handshake() const { return state_ < ConnectionState::kOpen; }
  // The broker half may still say something.
  bool accepts_output() const {
    return state_ == ConnectionState::kOpen || state_ == ConnectionState::kDraining;
  }

  // Each takes what it can from the start of `bytes`; 0: more bytes are needed.
  std::size_t take_input(Bytes bytes);
  std::size_t take_header(Bytes bytes);
  std::size_t take_handshake_frame(Bytes bytes);
  std::size_t take_open_frame(Bytes bytes);
  std::size_t drop_frame(Bytes bytes);
  std::size_t drop_until_close_ok(Bytes bytes);
  void watch_partial_frame(std::size_t consumed);

  // connection_handshake.cc
  void handle_handshake_frame(const amqp::Frame& frame);
  void handle_handshake_method(Bytes payload);
  void dispatch_handshake_method(const amqp::Method& method);
  void handle_connection_start_ok(const amqp::ConnectionStartOk& start_ok);
  void handle_connection_secure_ok(const amqp::ConnectionSecureOk& secure_ok);
  void handle_connection_tune_ok(const amqp::ConnectionTuneOk& tune_ok);
  void handle_connection_open(const amqp::ConnectionOpen& open);
  void continue_sasl(Bytes response, amqp::MethodId method);
  void take_sasl_outcome(auth::SaslOutcome outcome);
  void resume_login(bool ran);
  void end_login();
  void accept_login(auth::Identity identity);
  void refuse_login();
  void send_connection_start();
  void describe_client(amqp::TableView properties);

  // connection_renewal.cc
  bool renewing() const { return state_ == ConnectionState::kOpen && sasl_ != nullptr; }
  void handle_connection_update_secret(const amqp::ConnectionUpdateSecret& update);
  void take_renewal_outcome(auth::SaslOutcome outcome);
  void adopt(auth::Identity identity);
  base::MonotonicTime credential_deadline() const;
  void expire_credential();

  // Open.
  void handle_open_frame(const amqp::Frame& frame);
  void handle_method_frame(ChannelNumber channel, Bytes payload);
  void handle_channel_method(ChannelNumber channel, Bytes payload);
  void handle_connection_method(Bytes payload);
  void take_ack(ChannelNumber channel, Bytes payload);
  void handle_content_frame(const amqp::Frame& frame);
  void handle_basic_publish(ChannelNumber channel, Bytes payload);
  bool is_channel(ChannelNumber channel) const {
    return channel.value != 0 && (channel_max_ == 0 || channel.value <= channel_max_);
  }
  amqp::CheckedStatus check_channel(ChannelNumber channel, Bytes method_payload) const;
  void publish(ChannelNumber channel);

  // Endings.
  void fail(amqp::ProtocolError error);
  void close_input(CloseReason reason, amqp::ProtocolError error);
  void send_close(const amqp::ProtocolError& error);
  void begin_closing();
  void finish(std::string reason);
  // Nothing can be sent any more.
  void abandon(std::string reason);
  void answer_client_close();

  // Output.
  void send(const amqp::Method& method);
  void account(OutputKind kind, std::size_t size_before);
  std::uint32_t input_frame_max() const;

  const ConnectionLimits& limits_;
  ConnectionHost& host_;
  const broker::ConnectionId id_;
  auth::Peer peer_;

  ConnectionState state_ = ConnectionState::kAwaitHeader;
  SessionInput* input_ = nullptr;
  bool opened_ = false;
  bool released_ = false;
  bool close_given_ = false;  // SessionInput::close was called
  // While the broker half or the client still has to answer, what the client sent meanwhile.
  bool client_close_unanswered_ = false;
  bool client_close_ok_seen_ = false;
  bool lost_sync_ = false;  // a malformed frame: where the next one begins is unknown

  // Negotiated at tune; before it the frame size that is allowed then.
  std::uint32_t frame_max_;
  std::uint16_t channel_max_ = 0;
  std::uint16_t heartbeat_s_ = 0;
  std::unique_ptr<auth::SaslExchange> sasl_;  // when open: of a new token
  std::string mechanism_;
  amqp::MethodId login_method_;         // that carried the last response
  bool login_work_is_running_ = false;  // and the exchange waits for it
  broker::Actor actor_;
  base::MonotonicTime credential_end_ = base::kNever;
  std::string virtual_host_;
  ClientDescription client_;
  std::string end_reason_;
  bool peer_closes_first_ = false;

  const AssemblyLimits assembly_limits_;
  ContentAssembler assembler_;
  PublishView& publish_;  // the host's

  base::Buffer output_;
  OutputAccount account_;
  bool replies_pile_up_ = false;
  broker::Published published_;
  bool blocked_told_ = false;

  base::MonotonicTime now_;
  bool now_is_exact_ = false;
  base::MonotonicTime handshake_deadline_;
  base::MonotonicTime refusal_deadline_ = base::kNever;
  base::MonotonicTime login_resumption_ = base::kNever;
  Heartbeat heartbeat_;
  ReadDeadline partial_frame_;
  OpenWait closing_;
  OpenWait stall_;
  std::size_t unread_ = 0;  // of what was presented last
};

}  // namespace harrier::session
