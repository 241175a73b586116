// The TCP listener: accepts, asks Admission, hands sockets out.
//
// Role:   one for plain AMQP, one for TLS, on one loop. Who gets the socket is the node's decision
//         (`take`).
// Model:  listening → (out of descriptors → pause kAcceptPause → listening) → closed. Above its
//         rate it pauses, too.
// Thread: confined(loop) but for open() and the counters.
// Errors: open(): the address is no address, is taken, or needs a right. Accepting: counted, logged
//         at most once a second, never fatal.
// Limits: kAcceptsPerEvent sockets per readiness event, so that a connect storm does not hold the
//         turn; Settings::rate_max a second, the rest waits in the kernel's backlog.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "auth/authenticator.h"
#include "base/result.h"
#include "server/admission.h"
#include "server/counters.h"
#include "server/log_throttle.h"
#include "server/loop.h"
#include "server/rate_limit.h"

namespace harrier::server {

class Listener {
 public:
  // At most; one for a client that comes alone, since being told that nobody else waits would be a
  // system call more, and twice as many with each turn in which others follow.
  static constexpr int kAcceptsPerEvent = 64;
  static constexpr base::Milliseconds kAcceptPause{200};

  // An admitted client: a non-blocking socket the receiver now owns, and where it comes from.
  using Take = std::function<void(int descriptor, const auth::Peer& peer)>;

  struct Settings {
    // Of the configuration, for errors.
    std::string section = "listeners.amqp";
    // Accepted sockets per second. 0: any number.
    std::uint32_t rate_max = 0;
    // Told of each client that is not admitted, and why.
    std::function<void(const auth::Peer& peer, std::string_view why)> refused = {};
  };

  // REQUIRES that `loop` and `admission` outlive it.
  Listener(Loop& loop, Admission& admission, Take take) : Listener(loop, admission, take, {}) {}
  Listener(Loop& loop, Admission& admission, Take take, const Settings& settings);
  ~Listener();

  // Binds and listens; nothing is accepted before start(). REQUIRES that the loop does not run yet.
  base::Result<std::uint16_t> open(const std::string& address, std::uint16_t port);
  void start();
  // Idempotent.
  void close();

  const ListenerCounters& counters() const { return counters_; }

 private:
  void wait();
  void accept_some();
  void admit(int descriptor, const auth::Peer& peer);
  void pause(int error);
  void await_rate();
  void resume_after(base::Milliseconds span);

  Loop& loop_;
  Admission& admission_;
  const Take take_;
  const std::string section_;
  const std::function<void(const auth::Peer&, std::string_view)> refused_;
  std::optional<RateLimit> rate_;
  asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> acceptor_;
  asio::steady_timer pause_;
  int accepts_ = 1;
  std::uint64_t last_turn_ = 0;
  LogThrottle refusal_log_;
  LogThrottle error_log_;
  ListenerCounters counters_;
};

}  // namespace harrier::server
