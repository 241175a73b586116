#include "server/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>

#include <asio/post.hpp>

#include "base/check.h"
#include "base/log.h"
#include "server/broker_loop.h"
#include "server/hand_over.h"
#include "server/io_loop.h"
#include "server/proxy_header_reader.h"
#include "server/tls_stream.h"

namespace harrier::server {
namespace {

using asio::posix::descriptor_base;

bool would_block(int error) { return error == EAGAIN; }

}  // namespace

void MarkedOutput::method(amqp::ChannelNumber channel, const amqp::Method& method) {
  connection_.enter();
  inner_.method(channel, method);
  connection_.output_added();
}

void MarkedOutput::deliver(amqp::ChannelNumber channel, const amqp::DeliverView& deliver,
                           const broker::Message& message, amqp::Bytes property_bytes) {
  connection_.enter();
  inner_.deliver(channel, deliver, message, property_bytes);
  connection_.output_added();
}

void MarkedOutput::content(amqp::ChannelNumber channel, const amqp::Method& method,
                           const broker::Message& message, amqp::Bytes property_bytes) {
  connection_.enter();
  inner_.content(channel, method, message, property_bytes);
  connection_.output_added();
}

void MarkedOutput::released() {
  connection_.enter();
  inner_.released();
}

Connection::Connection(IoLoop& io, const AcceptedSocket& socket, broker::ConnectionId id,
                       std::shared_ptr<const TlsContext> tls)
    : io_(io),
      socket_(io.loop().context().get_executor()),
      id_(id),
      limits_(io.connection_limits()),
      session_(*limits_, *this, id, socket.peer, io.loop().now()),
      proxy_(socket.awaits_proxy_header ? std::make_unique<ProxyHeaderReader>(socket.descriptor)
                                        : nullptr),
      tls_(tls ? std::make_unique<TlsStream>(std::move(tls), socket.descriptor, io.tls_records())
               : nullptr),
      connected_at_(io.loop().now().wall),
      octets_(io.loop().now().monotonic),
      counted_for_address_(socket.counted_for_address),
      handshaking_(tls_ != nullptr) {
  if (tls_) tls_deadline_ = io.loop().now().monotonic + tls_->context().limits().handshake_timeout;
  asio::error_code error;
  socket_.assign(socket.descriptor, error);
  if (error) {
    // The reactor could not take it; the peer sees the end at once.
    ::close(socket.descriptor);
    input_ended_ = true;
  }
}

Connection::~Connection() { unlink(); }

void Connection::start() {
  enter();
  if (input_ended_) session_.handle_end_of_input(io_.loop().now());
}

void Connection::mark_dirty() {
  DCHECK(io_.loop().checker().on_loop());
  dirty_ = true;
  io_.mark_dirty(*this);
  if (session_.output().capacity() == 0) session_.output() = io_.lend_buffer();
}

// Every call into the session may end up in the virtual host.
void Connection::touch_host() {
  enter();
  if (host_ != nullptr) io_.broker().touch(*host_);
}

// ---- ConnectionHost

auth::Authenticator& Connection::authenticator() { return io_.authenticator(); }

void Connection::run_login_work(std::function<void()> work) {
  // By number: the connection may be gone when the answer comes.
  const auto answer = [&io = io_, id = id_](bool ran) {
    io.post_from_any_thread([&io, id, ran] {
      if (Connection* connection = io.find(id)) connection->handle_login_work(ran);
    });
  };
  io_.shared().password_workers->submit(peer().address, std::move(work), answer);
}

void Connection::handle_login_work(bool ran) {
  if (closed_ || lingering_) return;
  touch_host();
  session_.handle_login_work(ran, io_.loop().now());
}

amqp::TableView Connection::server_properties() { return io_.shared().server_properties.view(); }

bool Connection::ready() const { return io_.shared().ready.load(std::memory_order_acquire); }

session::PublishView& Connection::publish_view() { return io_.publish_view(); }

session::SessionInput* Connection::attach(const session::ConnectionParameters& parameters,
                                          session::SessionOutput& output) {
  const auto place = io_.shared().virtual_hosts.find(parameters.virtual_host);
  if (!place) {
    if (AuditReporter* const audit = io_.shared().audit.get())
      audit->note(parameters.actor, parameters.virtual_host,
                  {.action = amqp::ConnectionOpen::kTraits.name,
                   .outcome = broker::AuditOutcome::kRefused,
                   .reason = "vhost not found"});
    return nullptr;
  }
  authenticated_ = true;
  io_.shared().admission.authenticated(admitted_as());
  marked_output_.emplace(*this, output);
  tenant_ = place->tenant;
  account_ = io_.shared().users.account_of(parameters.actor.user);
  if (const auto limits = io_.shared().connection_publish_rate.get();
      limits.messages || limits.bytes) {
    own_rates_ = std::make_unique<broker::PublishRates>();
    own_rates_->set(limits, io_.shared().publish_rate_burst);
  }
  if (place->loop != io_.index()) {
    remote_ = io_.hand_over().attach(*place, parameters);
    return remote_.get();
  }
  host_ = place->host;
  touch_host();
  session::ConnectionParameters completed = parameters;
  completed.account = account_;
  completed.channels_of_node = &io_.shared().channels;
  direct_ = std::make_unique<session::BrokerSession>(
      host_->host(), completed, io_.shared().session_limits.get(), *marked_output_);
  seat_.emplace(*host_, *direct_);
  return direct_.get();
}

std::size_t Connection::buffer_bytes() {
  return tail_.capacity() + session_.output().capacity() + (tls_ ? tls_->unsent_bytes() : 0) +
         (proxy_ ? proxy_->held_bytes() : 0);
}

const std::string& Connection::admitted_as() const {
  static const std::string kNobody;
  return counted_for_address_ ? peer().address : kNobody;
}

// ---- PROXY protocol

void Connection::take_proxy_header() {
  // Ended by us in this very turn.
  if (session_.finished()) return;
  switch (proxy_->read()) {
    case ProxyHeaderReader::Progress::kWaits: return;
    case ProxyHeaderReader::Progress::kFailed: return refuse_proxy_header(proxy_->failure());
    case ProxyHeaderReader::Progress::kDone: break;
  }
  ++io_.counters().proxy_headers;
  end_proxy_header(proxy_->header().peer(peer()));
}

void Connection::end_proxy_header(auth::Peer client) {
  proxy_.reset();
  session_.set_peer(std::move(client));
  const std::string_view refusal = io_.shared().admission.assign(peer().address);
  counted_for_address_ = refusal.empty();
  if (counted_for_address_) return;
  ++io_.counters().proxied_refused;
  io_.log_refused_client(peer().display(), refusal);
  // There is nothing to tell, and nothing to wait for.
  end_input();
}

void Connection::refuse_proxy_header(const std::string& why) {
  ++io_.counters().proxy_headers_refused;
  // Port checks are of little interest.
  if (proxy_->heard()) io_.log_refused_header(peer().display(), why);
  // There is nothing to tell, and nothing to wait for.
  end_input();
}

// ---- TLS

ssize_t Connection::receive(char* target, std::size_t size) {
  if (tls_) return tls_->read(target, size, io_.loop().now().monotonic);
  return ::read(socket_.native_handle(), target, size);
}

ssize_t Connection::transmit(const char* bytes, std::size_t size) {
  if (tls_) return tls_->send(bytes, size);
  return ::send(socket_.native_handle(), bytes, size, MSG_NOSIGNAL);
}

void Connection::continue_handshake() {
  // Ended by us in this very turn.
  if (session_.finished()) return;
  switch (tls_->handshake(io_.loop().now().monotonic)) {
    case TlsStream::Handshake::kWaits: return;
    case TlsStream::Handshake::kFailed: return fail_handshake(tls_->failure());
    case TlsStream::Handshake::kDone: break;
  }
  handshaking_ = false;
  ++io_.counters().tls_handshakes;
  session_.set_certificate(tls_->peer_certificate());
}

// The session ends as if the client had gone; the socket stays for as long as it takes the client
// to read our alert.
void Connection::fail_handshake(const std::string& why) {
  ++io_.counters().tls_handshakes_failed;
  // Port checks and scanners are of little interest.
  if (tls_->heard()) io_.log_tls_failure(peer().display(), why);
  session_.handle_end_of_input(io_.loop().now());
}

// Records that belong to no output: of the handshake, answers to KeyUpdate.
void Connection::flush_tls() {
  if (closed_ || write_failed_ || write_waiting_ || !tls_->has_unsent()) return;
  if (!tls_->flush()) write_failed_ = true;
  if (tls_->has_unsent()) arm_write();
}

base::MonotonicTime Connection::next_deadline() const {
  const base::MonotonicTime own = handshaking_ ? tls_deadline_
                                  : throttled_ ? next_publish_
                                               : base::kNever;
  return std::min(own, session_.next_deadline());
}

// ---- reading

void Connection::arm_read() {
  read_waiting_ = true;
  if (tail_complete_ || (tls_ && tls_->may_have_more())) {
    // What the session did not want before, or more than one turn's worth, is already here.
    asio::post(socket_.get_executor(), [this] { handle_readable(); });
  } else {
    socket_.async_wait(descriptor_base::wait_read,
                       [this](const asio::error_code&) { handle_readable(); });
  }
}

// The wait's error is not looked at: read() will say it, unless we closed the socket ourselves.
void Connection::handle_readable() {
  read_waiting_ = false;
  if (closed_) return io_.look_at_retired();
  touch_host();
  if (lingering_) return drain();
  if (proxy_) return take_proxy_header();
  if (handshaking_) return continue_handshake();
  if (!must_be_held() && !over_quota() && !over_rate() && has_credit()) read_some();
}

bool Connection::has_credit() {
  return !input_ended_ && session_.wants_input() &&
         (remote_ == nullptr || io_.input_pool().may_read(credit_, id_));
}

void Connection::read_some() {
  if (std::exchange(tail_complete_, false)) return present(tail_.data(), tail_.size(), true);
  const bool in_tail = tail_.size() > kTailCopyMax;
  const std::size_t before = tail_.size();
  const std::size_t room = in_tail ? std::min(kReadMax / 2, read_max()) : read_max();
  char* const buffer = in_tail ? tail_.reserve(room) : io_.read_buffer() + before;
  const ssize_t count = receive(buffer, room);
  if (count == 0) return end_input();
  if (count < 0) {
    if (errno == EPROTO) io_.log_tls_failure(peer().display(), tls_->failure());
    if (!would_block(errno) && errno != EINTR) end_input();
    return;
  }
  const auto received = static_cast<std::size_t>(count);
  io_.counters().bytes_received.add(received);
  octets_.note_received(received, io_.loop().now().monotonic);
  if (tenant_) tenant_->count_received(received);
  io_.loop().count_input(received);
  bytes_came_ = true;
  if (in_tail) {
    tail_.commit(received);
    return present(tail_.data(), tail_.size(), true);
  }
  if (before != 0) std::memcpy(io_.read_buffer(), tail_.data(), before);
  present(io_.read_buffer(), before + received, false);
}

void Connection::present(char* data, std::size_t size, bool in_tail) {
  const std::size_t consumed = session_.handle_input({data, size}, io_.loop().now());
  CHECK(consumed <= size);
  pay_for_published();
  tail_complete_ = consumed != size && !session_.wants_input();
  if (in_tail) {
    tail_.consume(consumed);
    if (tail_.empty()) tail_.release();
  } else if (consumed == size) {
    tail_.release();
  } else {
    base::Buffer rest;
    rest.append({data + consumed, size - consumed});
    tail_ = std::move(rest);
  }
}

void Connection::end_input() {
  if (std::exchange(input_ended_, true)) return;
  session_.handle_end_of_input(io_.loop().now());
}

// What was recorded since, whatever turn the batch left in.
void Connection::charge_input() {
  if (remote_ != nullptr) io_.input_pool().charge(credit_, remote_->take_recorded_bytes());
}

void Connection::return_input_credit(std::size_t bytes) {
  if (closed_) return;
  charge_input();
  io_.input_pool().give_back(credit_, bytes);
  enter();
}

void Connection::stop_waiting_for_credit() {
  io_.input_pool().stop_waiting(credit_);
  enter();
}

// ---- writing

void Connection::arm_write() {
  write_waiting_ = true;
  ++io_.counters().writes_blocked;
  socket_.async_wait(descriptor_base::wait_write, [this](const asio::error_code&) {
    write_waiting_ = false;
    if (closed_) return io_.look_at_retired();
    enter();
  });
}

void Connection::write_some() {
  base::Buffer& output = session_.output();
  while (!output.empty() && !write_waiting_ && !write_failed_ && !closed_) {
    const ssize_t count = transmit(output.data(), output.size());
    if (count > 0) {
      const auto sent = static_cast<std::size_t>(count);
      const bool all = sent == output.size();
      output.consume(sent);
      written_ += sent;
      io_.counters().bytes_sent.add(sent);
      octets_.note_sent(sent, io_.loop().now().monotonic);
      if (tenant_) tenant_->count_sent(sent);
      if (!all) arm_write();
    } else if (would_block(errno)) {
      arm_write();
    } else if (errno != EINTR) {
      write_failed_ = true;
    }
  }
  if (write_failed_) output.clear();
}

void Connection::flush() {
  dirty_ = false;
  if (closed_) return;
  if (lingering_) return;
  write_some();
  if (tls_) flush_tls();
  if (written_ != 0) {
    touch_host();
    session_.handle_written(std::exchange(written_, 0), io_.loop().now());
  }
  if (write_failed_ && !input_ended_) {
    touch_host();
    end_input();
  }
  settle();
}

// ---- what to wait for

void Connection::settle() {
  charge_input();
  if (!accepted_ && session_.opened()) log_accepted();
  if (session_.finished() && session_.output().empty()) return finish();
  update_reading();
  io_.arm_deadline(*this, next_deadline());
  base::Buffer& output = session_.output();
  if (output.empty()) {
    if (output.capacity() != 0) io_.take_back(std::exchange(output, base::Buffer()));
  } else if (!write_waiting_) {
    enter();
  }
}

void Connection::update_reading() {
  // Asked once: who finds the gate closed must be in the list, or nobody would wake it.
  const bool held = must_be_held();
  if (held) hold();
  set_held_by_quota(over_quota());
  set_throttled(over_rate());
  const bool reading = !held && !held_by_quota_ && !throttled_ && has_credit();
  if (reading != reading_) {
    reading_ = reading;
    session_.set_reading(reading, io_.loop().now());
    if (!reading) ++io_.counters().reads_paused;
  }
  if (reading && !read_waiting_) arm_read();
}

void Connection::handle_deadline() {
  if (lingering_) return close_socket();
  touch_host();
  const bool early = proxy_ || handshaking_;
  if (early && !session_.finished() && io_.loop().now().monotonic >= next_deadline()) {
    if (proxy_) return refuse_proxy_header("it takes too long");
    fail_handshake("the handshake takes too long");
    input_ended_ = true;
    return;
  }
  session_.handle_deadline(io_.loop().now());
  // Whoever is cut off for being late gets no more of our time.
  if (session_.state() == session::ConnectionState::kFinished) input_ended_ = true;
}

// ---- endings

void Connection::log_accepted() {
  accepted_ = true;
  base::log_info("connection", "accepted",
                 {{"peer", peer().display()},
                  {"user", session_.user()},
                  {"vhost", session_.virtual_host()},
                  {"name", session_.client().connection_name()}});
}

// Sockets that never became a connection (port checks, scanners) are of little interest.
void Connection::log_closed() {
  const base::LogLevel level =
      authenticated_ || bytes_came_ ? base::LogLevel::kInfo : base::LogLevel::kDebug;
  base::log(level, "connection", "closed",
            {{"peer", peer().display()},
             {"user", session_.user()},
             {"vhost", session_.virtual_host()},
             {"name", session_.client().connection_name()},
             {"reason", session_.end_reason()}});
}

void Connection::force_close(amqp::ReplyCode code, const std::string& text) {
  if (closed_ || lingering_) return;
  touch_host();
  session_.force_close(code, text, io_.loop().now());
}

bool Connection::matches(const ConnectionFilter& filter) const {
  const bool is_user =
      filter.user == session_.user() && (filter.tokens_too || !session_.by_token());
  return (filter.user.empty() || is_user) &&
         (filter.virtual_host.empty() || filter.virtual_host == session_.virtual_host());
}

void Connection::drop() {
  if (closed_) return;
  if (lingering_) return close_socket();
  touch_host();
  write_failed_ = true;
  end_input();
}

// The session is over and everything is sent. Closing while the peer's bytes lie unread would make
// the kernel answer with a reset, which may overtake our last frame: so first the peer closes,
// within a limit.
void Connection::finish() {
  log_closed();
  seat_.reset();
  direct_.reset();
  remote_.reset();
  host_ = nullptr;
  tail_.release();
  if (tls_ && !write_failed_ && input_ended_) tls_->close();
  if (input_ended_ || write_failed_) return close_socket();
  lingering_ = true;
  if (!session_.peer_closes_first()) {
    if (tls_) tls_->close();
    ::shutdown(socket_.native_handle(), SHUT_WR);
  }
  io_.disarm_deadline(*this);
  io_.arm_deadline(*this, io_.loop().now().monotonic + kLinger);
  if (!read_waiting_) arm_read();
}

void Connection::drain() {
  // After a handshake that failed what comes is not for reading, but must be taken.
  const ssize_t count = handshaking_ ? ::read(socket_.native_handle(), io_.read_buffer(), kReadMax)
                                     : receive(io_.read_buffer(), kReadMax);
  if (count > 0 || (count < 0 && (would_block(errno) || errno == EINTR))) return arm_read();
  if (tls_) tls_->close();
  close_socket();
}

void Connection::close_socket() {
  DCHECK(io_.loop().checker().on_loop());
  if (std::exchange(closed_, true)) return;
  io_.disarm_deadline(*this);
  io_.input_pool().forget(credit_);
  release();
  set_held_by_quota(false);
  set_throttled(false);
  // Waits that are pending end with an error in a later turn.
  asio::error_code ignored;
  socket_.close(ignored);
  session_.output().release();
  io_.shared().admission.gone(admitted_as(), authenticated_);
  io_.note_closed();
  io_.retire(*this);
}

}  // namespace harrier::server
