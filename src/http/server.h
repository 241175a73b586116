// An HTTP/1.1 server: listeners, their connections, and the threads on which sites answer.
//
// Role:   app makes one for the whole node and gives each listener its site: the management API,
//         the metrics.
// Model:  made → listen…() → start() → running → stop() → stopped. One thread of its own reads and
//         writes; respond() and bodies run on workers.
// Thread: synchronized: listen…(), start(), stop() from one thread, before and after everything
//         else; post_from_any_thread() as it says; the rest on the server's own thread.
// Errors: listen…(): the address cannot be used.
// Limits: Limits below; each has its outcome there.
// Spec:   RFC 9110, RFC 9112.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "http/site.h"

struct ssl_ctx_st;

namespace harrier::http {

struct Limits {
  std::size_t workers = 4;
  std::size_t waiting_max = 256;               // requests that wait for one: 503
  std::size_t connections_max = 1024;          // of all listeners: closed at once
  std::uint32_t header_size_max = 32 << 10;    // bytes: 431
  std::uint64_t body_size_max = 20'000'000;    // bytes: 400
  std::uint64_t bodies_size_max = 256 << 20;   // bytes of all bodies being read or answered: 503
  base::Milliseconds header_timeout{10'000};   // from the first byte: 408
  base::Milliseconds idle_timeout{75'000};     // between requests: closed
  base::Milliseconds body_timeout{60'000};     // from the header's end: 408
  base::Milliseconds answer_timeout{120'000};  // until respond() has answered: 503
  base::Milliseconds stall_timeout{30'000};    // a client that takes nothing: closed
};

// For any thread.
struct Counters {
  std::atomic<std::uint64_t> connections{0};  // open
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};  // above connections_max
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> answers_2xx{0};
  std::atomic<std::uint64_t> answers_3xx{0};
  std::atomic<std::uint64_t> answers_4xx{0};
  std::atomic<std::uint64_t> answers_5xx{0};
  std::atomic<std::uint64_t> overloaded{0};  // 503 for want of a worker or of memory
  std::atomic<std::uint64_t> timeouts{0};    // closed or 408, 503 for slowness
  std::atomic<std::uint64_t> body_bytes{0};  // bytes of bodies, now
};

// Gives each connection the context it begins TLS with, and what keeps it alive; nullptr: none.
struct TlsChoice {
  ssl_ctx_st* context = nullptr;
  std::shared_ptr<const void> owner;
};
using TlsSource = std::function<TlsChoice()>;

class Server final : public Waiter {
 public:
  explicit Server(const Limits& limits);
  // Stops first if needed.
  ~Server() override;

  // The port in use, also when asked for port 0. With `tls` its clients begin TLS.
  base::Result<std::uint16_t> listen(const std::string& address, std::uint16_t port, Site& site,
                                     TlsSource tls = {});
  // Takes over a listening, non-blocking Unix domain socket.
  void listen_unix(int descriptor, Site& site);
  void start();
  // Cuts off clients, waits for the answers being made. Idempotent.
  void stop();

  const Counters& counters() const;
  std::size_t waiting() const;

  void post_from_any_thread(std::function<void()> task) override;
  void after(base::Milliseconds span, std::function<void()> task) override;

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace harrier::http
