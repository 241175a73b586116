#include "server/listener.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "server/peer_address.h"

namespace harrier::server {
namespace {

using asio::ip::tcp;

// A peer that vanished without a word is found by probes after a minute of silence.
constexpr int kKeepAliveIdle_s = 60;
constexpr int kKeepAliveInterval_s = 10;
constexpr int kKeepAliveProbes = 6;
// Data the peer's kernel has not acknowledged for so long ends the connection.
constexpr unsigned kUserTimeout_ms = 120'000;

template <class Value>
void set_option(int descriptor, int level, int name, Value value) {
  // An option the kernel refuses costs comfort, not the connection.
  (void)::setsockopt(descriptor, level, name, &value, sizeof value);
}

// Linux hands them down to every accepted connection (tcp(7)): six system calls less for each.
void set_connection_options(int listening) {
  set_option(listening, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(listening, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(listening, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle_s);
  set_option(listening, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval_s);
  set_option(listening, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  set_option(listening, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeout_ms);
}

// Errors of one connection attempt, gone by the time we look.
bool is_passing(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH: return true;
    default: return false;
  }
}

}  // namespace

Listener::Listener(Loop& loop, Admission& admission, Take take, const Settings& settings)
    : loop_(loop),
      admission_(admission),
      take_(std::move(take)),
      section_(settings.section),
      refused_(settings.refused),
      acceptor_(loop.context()),
      pause_(loop.context()) {
  if (settings.rate_max != 0) rate_.emplace(settings.rate_max, std::chrono::seconds(1));
}

Listener::~Listener() = default;

base::Result<std::uint16_t> Listener::open(const std::string& address, std::uint16_t port) {
  asio::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return base::fail(section_ + ".bind: '" + address + "' is no IP address");
  const tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.non_blocking(true, error);
  if (!error) set_connection_options(acceptor_.native_handle());
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(4096, error);
  const auto bound = error ? tcp::endpoint() : acceptor_.local_endpoint(error);
  if (!error) return bound.port();
  asio::error_code ignored;
  acceptor_.close(ignored);
  return base::fail("cannot listen on " + address + ":" + std::to_string(port) + ": " +
                    error.message());
}

void Listener::start() { wait(); }

void Listener::close() {
  DCHECK(loop_.checker().on_loop());
  asio::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](const asio::error_code& error) {
    if (!error && acceptor_.is_open()) accept_some();
  });
}

void Listener::accept_some() {
  const std::uint64_t turn = loop_.turns().value();
  // They came one behind the other: more may be waiting.
  accepts_ =
      turn - std::exchange(last_turn_, turn) <= 1 ? std::min(2 * accepts_, kAcceptsPerEvent) : 1;
  for (int accepted = 0; accepted < accepts_; ++accepted) {
    if (rate_ && !rate_->allows(loop_.now().monotonic)) return await_rate();
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int descriptor = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&from),
                                     &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      if (rate_) rate_->take(loop_.now().monotonic);
      admit(descriptor, peer_of(from));
    } else if (errno == EAGAIN) {
      break;
    } else if (!is_passing(errno)) {
      return pause(errno);
    }
  }
  wait();
}

void Listener::admit(int descriptor, const auth::Peer& peer) {
  const std::string_view refusal = admission_.admit(peer.address);
  if (refusal.empty()) {
    ++counters_.accepted;
    return take_(descriptor, peer);
  }
  ++counters_.refused;
  ::close(descriptor);
  if (refused_) refused_(peer, refusal);
  refusal_log_.warning(loop_.now().monotonic, "connection",
                       std::string("refused: ").append(refusal), peer.display());
}

// Out of descriptors or memory: the kernel keeps the clients in its backlog; asking again at once
// would only spin.
void Listener::pause(int error) {
  ++counters_.accept_errors;
  error_log_.warning(loop_.now().monotonic, "connection",
                     std::string("accepting pauses: ").append(std::strerror(error)), "");
  resume_after(kAcceptPause);
}

void Listener::await_rate() {
  ++counters_.rate_pauses;
  resume_after(rate_->end() - loop_.now().monotonic);
}

void Listener::resume_after(base::Milliseconds span) {
  pause_.expires_after(span);
  pause_.async_wait([this](const asio::error_code& cancelled) {
    if (!cancelled && acceptor_.is_open()) wait();
  });
}

}  // namespace harrier::server
