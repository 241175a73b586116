// A client's socket and the session behind it.
//
// Role:      moves bytes between the socket and session::ConnectionSession, keeps what both need in
//            order: when to read, when to write, when to close. Decodes nothing.
// Model:     (PROXY header →) (TLS handshake →) running → lingering (our last frame is sent,
//            reading until the client closes too) → closed → destroyed by IoLoop once no wait is
//            pending. Turns: handlers only feed the session and mark the connection dirty; at the
//            end of the turn IoLoop calls flush(), which writes, reports what was written, and
//            settles what to wait for.
//            Held: while the PublisherGate is closed a client that has published is not read;
//            everything else goes on. It is noticed when there is something to read, or at once if
//            the client is told. IoLoop releases it.
//            Likewise while its virtual host stores as much as it may, and, without a word, until
//            what it published above a rate (its own, its user's, its virtual host's) is paid.
//            TLS: a TlsStream stands in for the socket; the session hears of nothing before the
//            handshake is over.
//            PROXY: until the header has come the peer is the proxy, and nobody's address is
//            counted; then it is the client, for all purposes.
// Invariants: (1) at most one wait for reading and one for writing is pending; (2) the socket is
//             read at most once per turn, read_max() bytes; (3) an idle connection holds no buffer.
// Thread:    confined(io).
// Errors:    the socket's errors and end of file become ConnectionSession::handle_end_of_input().
//            A failed TLS handshake is counted and logged (throttled); its alert is sent. So is a
//            refused PROXY header, without a word to the proxy.
// Limits:    unread input: one unfinished frame; unsent output: session's limits and
//            write_stall_timeout; PROXY header and TLS handshake:
//            listeners.amqps.handshake_timeout, limits.connection.handshake_timeout.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>

#include "base/buffer.h"
#include "base/deadline_heap.h"
#include "base/intrusive_list.h"
#include "broker/roster.h"
#include "server/accepted_socket.h"
#include "server/connection_view.h"
#include "server/hosted_virtual_host.h"
#include "server/input_credit.h"
#include "server/octet_traffic.h"
#include "server/shared.h"
#include "session/broker_session.h"
#include "session/connection_session.h"
#include "session/input_recorder.h"

namespace harrier::server {

class IoLoop;
class ProxyHeaderReader;
class TlsContext;
class TlsStream;

class Connection;

// What the broker half talks to: forwards to ConnectionSession, which encodes, and has the
// connection flushed at the end of the turn. Deliveries to many connections cost one mark each.
// Thread: confined(io).
class MarkedOutput final : public session::SessionOutput {
 public:
  MarkedOutput(Connection& connection, session::SessionOutput& inner)
      : connection_(connection), inner_(inner) {}

  void method(amqp::ChannelNumber channel, const amqp::Method& method) override;
  void deliver(amqp::ChannelNumber channel, const amqp::DeliverView& deliver,
               const broker::Message& message, amqp::Bytes property_bytes) override;
  void content(amqp::ChannelNumber channel, const amqp::Method& method,
               const broker::Message& message, amqp::Bytes property_bytes) override;
  void released() override;

 private:
  Connection& connection_;
  session::SessionOutput& inner_;
};

// Which connections are meant: an empty name stands for every one.
struct ConnectionFilter {
  std::string user;  // of the node's; tokens' are others
  std::string virtual_host;
  bool tokens_too = false;  // users of that name whom a token named
};

// In the list of held connections while it is held.
class Connection final : private session::ConnectionHost, public base::ListNode<Connection> {
 public:
  static constexpr std::size_t kReadMax = 128 << 10;
  // For who publishes more than it may, whose messages are waited for by all that is behind them.
  static constexpr std::size_t kReadMaxOverShare = 16 << 10;
  // An unfinished frame up to this size is copied in front of the next read; a longer one is read
  // into its own buffer, since copying it for every packet would cost its square.
  static constexpr std::size_t kTailCopyMax = 16 << 10;
  // Output is sent before the end of the turn when it reaches this.
  static constexpr std::size_t kEarlyWrite = 64 << 10;
  static constexpr base::Milliseconds kLinger{1000};

  // Takes over the socket. `tls`: nullptr, or how to serve it.
  Connection(IoLoop& io, const AcceptedSocket& socket, broker::ConnectionId id,
             std::shared_ptr<const TlsContext> tls);
  ~Connection() override;

  broker::ConnectionId id() const { return id_; }

  void start();
  void handle_deadline();
  void force_close(amqp::ReplyCode code, const std::string& text);
  bool matches(const ConnectionFilter& filter) const;
  // For the audit log.
  std::string peer_display() const { return peer().display(); }
  const std::string& virtual_host() const { return session_.virtual_host(); }
  // Whether it has a session in a virtual host.
  bool attached() const { return direct_ != nullptr || remote_ != nullptr; }
  // The gate's notice has come or gone while the gate is closed.
  void heed_gate();
  // The gate is open: reads again.
  void release();
  // Reasons not to be read may be gone: decided at the end of the turn.
  void look_again();
  void heed_rates();
  // Shutdown's patience has ended.
  void drop();

  // Turn's end, when dirty.
  void flush();
  // Whether IoLoop may destroy it: no handler of asio's and no list of the loop's names it.
  bool reapable() const { return closed_ && !dirty_ && !read_waiting_ && !write_waiting_; }

  // Between loops: what the broker half said, and bytes of input it has handled.
  // nullptr when nothing can be said any more.
  session::SessionOutput* output() {
    return marked_output_ && !lingering_ && !closed_ ? &*marked_output_ : nullptr;
  }
  void return_input_credit(std::size_t bytes);
  void stop_waiting_for_credit();
  // PasswordWorkers' answer.
  void handle_login_work(bool ran);
  // Direct only; nullptr: none, or not any more.
  const session::BrokerSession* session() const { return direct_.get(); }
  // Direct only: the virtual host whose turn must be open before the session is called.
  HostedVirtualHost* host() const { return host_; }

  // What its I/O half knows: all but channels and statistics.
  ConnectionView view();
  // Asks the kernel for ours.
  ConnectionEnds ends();

  base::DeadlineHeap<Connection*>::Handle& deadline() { return deadline_; }
  // Memory it holds for input and output; 0 when idle.
  std::size_t buffer_bytes();

 private:
  friend class IoLoop;
  friend class MarkedOutput;
  friend class broker::Roster<Connection>;

  // session::ConnectionHost
  auth::Authenticator& authenticator() override;
  void run_login_work(std::function<void()> work) override;
  amqp::TableView server_properties() override;
  bool ready() const override;
  session::PublishView& publish_view() override;
  session::SessionInput* attach(const session::ConnectionParameters& parameters,
                                session::SessionOutput& output) override;

  const auth::Peer& peer() const { return session_.peer(); }
  // Before the session may write: marks the connection and lends it a buffer.
  void enter() {
    if (!dirty_) mark_dirty();
  }
  void mark_dirty();
  void output_added() {
    if (session_.output().size() >= kEarlyWrite) write_some();
  }
  void touch_host();
  base::MonotonicTime next_deadline() const;
  ssize_t receive(char* target, std::size_t size);
  ssize_t transmit(const char* bytes, std::size_t size);
  void take_proxy_header();
  void end_proxy_header(auth::Peer client);
  void refuse_proxy_header(const std::string& why);
  // For whom Admission counts it.
  const std::string& admitted_as() const;
  void continue_handshake();
  void fail_handshake(const std::string& why);
  void flush_tls();
  void arm_read();
  void arm_write();
  void handle_readable();
  void read_some();
  void present(char* data, std::size_t size, bool in_tail);
  void write_some();
  void settle();
  bool must_be_held() const;
  void hold();
  bool over_quota() const;
  void set_held_by_quota(bool held);
  void tell_blocked();
  bool over_rate() const;
  void set_throttled(bool throttled);
  std::size_t read_max() const;
  void pay_for_published();
  bool has_credit();
  void charge_input();
  void update_reading();
  void end_input();
  void finish();
  void drain();
  void close_socket();
  ConnectionStateView state_view() const;
  // Once connection.open is granted.
  void log_accepted();
  void log_closed();

  IoLoop& io_;
  // Whatever kind of socket it is, only waiting is Asio's.
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> socket_;
  const broker::ConnectionId id_;
  // Those of its beginning; the session refers to them.
  const std::shared_ptr<const session::ConnectionLimits> limits_;
  session::ConnectionSession session_;
  std::unique_ptr<ProxyHeaderReader> proxy_;  // until the header is there; nullptr: not awaited
  const std::unique_ptr<TlsStream> tls_;      // nullptr: plain
  base::MonotonicTime tls_deadline_ = base::kNever;
  // Who implements SessionInput: one of the two once attached.
  std::unique_ptr<session::BrokerSession> direct_;
  std::optional<HostedVirtualHost::Seat> seat_;  // direct_'s
  std::unique_ptr<session::InputRecorder> remote_;
  std::optional<MarkedOutput> marked_output_;
  HostedVirtualHost* host_ = nullptr;
  // Once attached.
  std::shared_ptr<Tenant> tenant_;
  std::shared_ptr<broker::UserAccount> account_;
  std::unique_ptr<broker::PublishRates> own_rates_;  // where they are limited
  broker::Published paid_;
  base::MonotonicTime next_publish_ = base::MonotonicTime::min();

  const base::WallTime connected_at_;
  OctetTraffic octets_;
  base::Buffer tail_;
  InputCredit credit_;
  base::DeadlineHeap<Connection*>::Handle deadline_;
  std::size_t written_ = 0;  // sent, not yet reported
  bool counted_for_address_ = true;
  bool handshaking_ = false;  // TLS
  bool dirty_ = false;        // IoLoop's
  bool read_waiting_ = false;
  bool write_waiting_ = false;
  bool tail_complete_ = false;  // the session left input it could take; it did not want to
  bool reading_ = true;
  bool held_by_quota_ = false;
  bool throttled_ = false;
  bool input_ended_ = false;
  bool write_failed_ = false;
  bool bytes_came_ = false;
  bool authenticated_ = false;
  bool accepted_ = false;
  bool lingering_ = false;
  bool closed_ = false;
  std::uint32_t roster_place_ = 0;
};

}  // namespace harrier::server
