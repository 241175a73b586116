#include "server/listener.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/ip/tcp.hpp>

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
constexpr int kBacklog = 4096;

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

struct Listening {
  int descriptor = -1;
  std::uint16_t port = 0;
};

struct SystemError {
  int code = 0;
  std::string message() const { return std::strerror(code); }
};

base::Result<Listening, SystemError> listen_on(const tcp::endpoint& endpoint) {
  const int descriptor = ::socket(endpoint.protocol().family(),
                                  SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) return base::fail(SystemError{errno});
  set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  set_connection_options(descriptor);
  tcp::endpoint bound;
  auto size = static_cast<socklen_t>(bound.capacity());
  if (::bind(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 &&
      ::listen(descriptor, kBacklog) == 0 && ::getsockname(descriptor, bound.data(), &size) == 0) {
    bound.resize(size);
    return Listening{descriptor, bound.port()};
  }
  const SystemError error{errno};
  ::close(descriptor);
  return base::fail(error);
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
      proxy_protocol_(settings.proxy_protocol),
      refused_(settings.refused),
      acceptor_(loop.context()),
      pause_(loop.context()) {
  if (settings.rate_max != 0) rate_.emplace(settings.rate_max, std::chrono::seconds(1));
}

Listener::~Listener() = default;

base::Status<> Listener::read_proxies() {
  proxies_.clear();
  for (const std::string& text : proxy_protocol_.trusted) {
    auto prefix = base::IpPrefix::parse(text);
    if (!prefix) return base::fail(section_ + ".proxy_protocol.trusted: " + prefix.error().message);
    proxies_.push_back(*prefix);
  }
  return base::Done();
}

base::Result<std::uint16_t> Listener::open(const std::string& address, std::uint16_t port) {
  if (auto read = read_proxies(); !read) return base::fail(std::move(read).error());
  asio::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return base::fail(section_ + ".bind: '" + address + "' is no IP address");
  auto bound = listen_on(tcp::endpoint(ip, port));
  // All addresses of a machine without IPv6 are those of IPv4.
  if (!bound && bound.error().code == EAFNOSUPPORT && ip.is_v6() && ip.is_unspecified())
    bound = listen_on(tcp::endpoint(asio::ip::address_v4::any(), port));
  if (bound) acceptor_.assign(bound->descriptor, error);
  if (bound && !error) return bound->port;
  if (bound) ::close(bound->descriptor);
  return base::fail("cannot listen on " + address + ":" + std::to_string(port) + ": " +
                    (bound ? error.message() : bound.error().message()));
}

base::Status<> Listener::open_unix(const std::string& path, mode_t mode) {
  auto file = UnixSocketFile::open(path, mode);
  if (!file) return base::fail(std::move(file).error());
  asio::error_code error;
  const int descriptor = (*file)->take_descriptor();
  acceptor_.assign(descriptor, error);
  if (error) {
    ::close(descriptor);
    return base::fail("cannot listen on unix:" + path + ": " + error.message());
  }
  file_ = std::move(file).value();
  return base::Done();
}

void Listener::start() { wait(); }

void Listener::set_rate_max(std::uint32_t rate_max) {
  DCHECK(loop_.checker().on_loop());
  CHECK(rate_ && rate_max != 0);
  rate_.emplace(rate_max, std::chrono::seconds(1));
}

void Listener::close() {
  DCHECK(loop_.checker().on_loop());
  // Before the socket: see UnixSocketFile.
  if (file_) file_->remove();
  asio::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::wait() {
  acceptor_.async_wait(asio::posix::descriptor_base::wait_read,
                       [this](const asio::error_code& error) {
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
      admit(descriptor, from);
    } else if (errno == EAGAIN) {
      break;
    } else if (!is_passing(errno)) {
      return pause(errno);
    }
  }
  wait();
}

bool Listener::is_proxy(const sockaddr_storage& from) const {
  if (proxies_.empty()) return false;
  const auto octets = octets_of(from);
  return octets && std::any_of(proxies_.begin(), proxies_.end(), [&](const base::IpPrefix& proxy) {
           return proxy.contains(*octets);
         });
}

AcceptedSocket Listener::describe(int descriptor, const sockaddr_storage& from) const {
  if (file_)
    return {
        .descriptor = descriptor, .peer = unix_peer_of(descriptor), .counted_for_address = false};
  const bool proxy = is_proxy(from);
  return {descriptor, peer_of(from), proxy, !proxy};
}

// A proxy's many clients are counted for their own addresses, as soon as it has named them.
void Listener::admit(int descriptor, const sockaddr_storage& from) {
  const AcceptedSocket socket = describe(descriptor, from);
  const bool untrusted = proxy_protocol_.required && !socket.awaits_proxy_header;
  const std::string_view refusal =
      untrusted ? "it comes from no trusted proxy"
                : admission_.admit(socket.counted_for_address ? socket.peer.address : "");
  if (refusal.empty()) {
    ++counters_.accepted;
    return take_(socket);
  }
  ++(untrusted ? counters_.untrusted : counters_.refused);
  ::close(descriptor);
  if (refused_) refused_(socket.peer, refusal);
  refusal_log_.warning(loop_.now().monotonic, "connection",
                       std::string("refused: ").append(refusal), socket.peer.display());
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
