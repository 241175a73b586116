#include "perf/socket.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "perf/load_error.h"

namespace harrier::perf {
namespace {

[[noreturn]] void fail_with_errno(const std::string& what) {
  throw LoadError(what + ": " + std::strerror(errno));
}

std::string tls_error() {
  const unsigned long code = ::ERR_get_error();
  if (code == 0) return "the broker closed the connection";
  char text[256];
  ::ERR_error_string_n(code, text, sizeof text);
  return text;
}

// One context for all connections, so that sessions and certificates are read once.
SSL_CTX* tls_context(const Endpoint& endpoint) {
  static const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context(
      ::SSL_CTX_new(::TLS_client_method()), &::SSL_CTX_free);
  static const bool ready = [&] {
    if (!context) return false;
    ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    ::SSL_CTX_set_mode(context.get(),
                       SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (endpoint.tls_ca_file.empty()) return true;
    ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    return ::SSL_CTX_load_verify_locations(context.get(), endpoint.tls_ca_file.c_str(), nullptr) ==
           1;
  }();
  if (!ready) throw LoadError("cannot read certificates of " + endpoint.tls_ca_file);
  return context.get();
}

}  // namespace

Socket::Socket(const Endpoint& endpoint) {
  try {
    connect(endpoint);
    if (endpoint.tls) start_tls(endpoint);
  } catch (...) {
    if (tls_ != nullptr) ::SSL_free(tls_);
    if (descriptor_ >= 0) ::close(descriptor_);
    throw;
  }
}

Socket::~Socket() {
  if (tls_ != nullptr) ::SSL_free(tls_);
  ::close(descriptor_);
}

void Socket::connect(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int error = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) throw LoadError("no address of " + endpoint.host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int refusal = ECONNREFUSED;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    descriptor_ = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor_ < 0) fail_with_errno("no socket");
    if (!endpoint.source_address.empty()) {
      sockaddr_in source{};
      source.sin_family = AF_INET;
      ::inet_pton(AF_INET, endpoint.source_address.c_str(), &source.sin_addr);
      // The port is chosen at the connect then, where one that another connection has just left may
      // be taken again.
      const int on = 1;
      ::setsockopt(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
      if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&source), sizeof source) != 0)
        fail_with_errno("cannot connect from " + endpoint.source_address);
    }
    int outcome = ::connect(descriptor_, one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (outcome == EINPROGRESS && wait_writable(kPatience)) {
      socklen_t size = sizeof outcome;
      ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &outcome, &size);
    }
    if (outcome == 0) break;
    refusal = outcome;
    ::close(descriptor_);
    descriptor_ = -1;
  }
  if (descriptor_ < 0)
    throw LoadError("cannot connect to " + endpoint.host + " port " + port + ": " +
                    std::strerror(refusal));
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Socket::start_tls(const Endpoint& endpoint) {
  tls_ = ::SSL_new(tls_context(endpoint));
  if (tls_ == nullptr || ::SSL_set_fd(tls_, descriptor_) != 1) throw LoadError(tls_error());
  // What the macro SSL_set_tlsext_host_name does, without its cast.
  std::string name = endpoint.host;
  ::SSL_ctrl(tls_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  if (!endpoint.tls_ca_file.empty()) ::SSL_set1_host(tls_, endpoint.host.c_str());
  while (true) {
    ::ERR_clear_error();
    const int result = ::SSL_connect(tls_);
    if (result == 1) return;
    const int reason = ::SSL_get_error(tls_, result);
    const bool wants = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    if (!wants) throw LoadError("no TLS: " + tls_error());
    if (!(reason == SSL_ERROR_WANT_READ ? wait_readable(kPatience) : wait_writable(kPatience)))
      throw LoadError("no TLS: the broker does not answer");
  }
}

Transfer Socket::send(std::string_view bytes) {
  if (tls_ != nullptr) {
    ::ERR_clear_error();
    std::size_t count = 0;
    const int result = ::SSL_write_ex(tls_, bytes.data(), bytes.size(), &count);
    if (result == 1) return {count, false};
    const int reason = ::SSL_get_error(tls_, result);
    if (reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ) return {0, true};
    throw LoadError("cannot send: " + tls_error());
  }
  const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {0, errno == EAGAIN};
  if (count < 0) throw LoadError("the broker closed the connection");
  const auto sent = static_cast<std::size_t>(count);
  return {sent, sent < bytes.size()};
}

Transfer Socket::receive(std::span<char> space) {
  if (tls_ != nullptr) {
    ::ERR_clear_error();
    std::size_t count = 0;
    const int result = ::SSL_read_ex(tls_, space.data(), space.size(), &count);
    if (result == 1) return {count, false};
    const int reason = ::SSL_get_error(tls_, result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return {0, true};
    throw LoadError("cannot receive: " + tls_error());
  }
  const ssize_t count = ::recv(descriptor_, space.data(), space.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {0, errno == EAGAIN};
  if (count <= 0) throw LoadError("the broker closed the connection");
  const auto received = static_cast<std::size_t>(count);
  return {received, received < space.size()};
}

bool Socket::wait_readable(Clock::duration limit) const { return wait(POLLIN, limit); }

bool Socket::wait_writable(Clock::duration limit) const { return wait(POLLOUT, limit); }

bool Socket::wait(short poll_events, Clock::duration limit) const {
  pollfd one{descriptor_, poll_events, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  return ::poll(&one, 1, static_cast<int>(milliseconds)) != 0;
}

}  // namespace harrier::perf
