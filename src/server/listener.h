// A listening socket, TCP or Unix domain: accepts, asks Admission, hands sockets out.
//
// Role:   one for plain AMQP, one for TLS, one for this machine's processes, on one loop. Who gets
//         the socket is the node's decision (`take`). Decides who is a proxy that may name its
//         clients, by the socket's address alone.
// Model:  listening → (out of descriptors → pause kAcceptPause → listening) → closed. Above its
//         rate it pauses, too.
// Thread: confined(loop) but for open(), open_unix() and the counters.
// Errors: open(): the address is no address, the place is taken, or needs a right; a trusted
//         proxy's address is none. Accepting: counted, logged at most once a second, never fatal.
// Limits: kAcceptsPerEvent sockets per readiness event, so that a connect storm does not hold the
//         turn; Settings::rate_max a second, the rest waits in the kernel's backlog.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "base/ip_prefix.h"
#include "base/result.h"
#include "harrier/options.h"
#include "server/accepted_socket.h"
#include "server/admission.h"
#include "server/counters.h"
#include "server/log_throttle.h"
#include "server/loop.h"
#include "server/rate_limit.h"
#include "server/unix_socket_file.h"

namespace harrier::server {

class Listener {
 public:
  // At most; one for a client that comes alone, since being told that nobody else waits would be a
  // system call more, and twice as many with each turn in which others follow.
  static constexpr int kAcceptsPerEvent = 64;
  static constexpr base::Milliseconds kAcceptPause{200};

  // An admitted client, whose socket the receiver now owns.
  using Take = std::function<void(const AcceptedSocket& socket)>;

  struct Settings {
    // Of the configuration, for errors.
    std::string section = "listeners.amqp";
    // Accepted sockets per second. 0: any number.
    std::uint32_t rate_max = 0;
    ProxyProtocolOptions proxy_protocol = {};
    // Told of each client that is not admitted, and why.
    std::function<void(const auth::Peer& peer, std::string_view why)> refused = {};
  };

  // REQUIRES that `loop` and `admission` outlive it.
  Listener(Loop& loop, Admission& admission, Take take) : Listener(loop, admission, take, {}) {}
  Listener(Loop& loop, Admission& admission, Take take, const Settings& settings);
  ~Listener();

  // Binds and listens; nothing is accepted before start(). On the loop or before it runs; again
  // after close().
  base::Result<std::uint16_t> open(const std::string& address, std::uint16_t port);
  // Likewise, on a Unix domain socket; `mode` says who may connect. Its clients are on this machine
  // and count for no address: their processes have none of their own.
  base::Status<> open_unix(const std::string& path, mode_t mode);
  // As open().
  void start();
  // On the loop. REQUIRES that there was a rate to begin with, and is one.
  void set_rate_max(std::uint32_t rate_max);
  // Idempotent. Removes a Unix domain socket's file.
  void close();

  const ListenerCounters& counters() const { return counters_; }

 private:
  void wait();
  void accept_some();
  base::Status<> read_proxies();
  bool is_proxy(const sockaddr_storage& from) const;
  AcceptedSocket describe(int descriptor, const sockaddr_storage& from) const;
  void admit(int descriptor, const sockaddr_storage& from);
  void pause(int error);
  void await_rate();
  void resume_after(base::Milliseconds span);

  Loop& loop_;
  Admission& admission_;
  const Take take_;
  const std::string section_;
  const ProxyProtocolOptions proxy_protocol_;
  std::vector<base::IpPrefix> proxies_;
  const std::function<void(const auth::Peer&, std::string_view)> refused_;
  std::optional<RateLimit> rate_;
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> acceptor_;
  // Set for a Unix domain socket. Behind it: the file goes before its socket does.
  std::unique_ptr<UnixSocketFile> file_;
  asio::steady_timer pause_;
  int accepts_ = 1;
  std::uint64_t last_turn_ = 0;
  LogThrottle refusal_log_;
  LogThrottle error_log_;
  ListenerCounters counters_;
};

}  // namespace harrier::server
