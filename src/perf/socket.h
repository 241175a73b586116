// A non-blocking TCP connection, with TLS on it or not.
//
// Model:  send and receive never wait; wait_..() do. That a TLS receive wants the socket writable,
//         or the other way round, does not happen once the handshake is done.
// Thread: compatible; one thread at a time.
// Errors: LoadError: cannot connect, no handshake, the certificate is not trusted, closed.
// Limits: connecting and the TLS handshake take at most kPatience each.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "perf/clock.h"
#include "perf/uri.h"

struct ssl_st;

namespace harrier::perf {

// What a transfer did: so many bytes, 0 if it would have had to wait.
struct Transfer {
  std::size_t bytes = 0;
  // The socket gave or took less than it was offered: there is no use in trying again at once.
  bool drained = false;
};

class Socket {
 public:
  explicit Socket(const Endpoint& endpoint);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  Transfer send(std::string_view bytes);
  Transfer receive(std::span<char> space);
  // False after `limit` without anything.
  bool wait_readable(Clock::duration limit) const;
  bool wait_writable(Clock::duration limit) const;

  int descriptor() const { return descriptor_; }

 private:
  void connect(const Endpoint& endpoint);
  void start_tls(const Endpoint& endpoint);
  bool wait(short poll_events, Clock::duration limit) const;

  int descriptor_ = -1;
  ssl_st* tls_ = nullptr;
};

}  // namespace harrier::perf
