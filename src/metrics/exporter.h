// The HTTP listener for GET /metrics, on a thread of its own.
//
// Role:   answers scrapes; everything else is 404 or 405. It holds no lock that a loop waits for.
// Model:  made → start() → running → stop(). One request per connection at a time, keep-alive
//         allowed.
// Thread: synchronized: one thread of its own runs all of it; start() and stop() from one other
//         thread.
// Errors: the address cannot be used: start() says why. A client's mistake closes its connection.
// Limits: kHeaderBytesMax of request header (431), no request body (413), kRequestTimeout per
//         request, kConnectionsMax connections at once (further ones are closed).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace harrier::metrics {

inline constexpr std::uint32_t kHeaderBytesMax = 8 << 10;
inline constexpr std::size_t kConnectionsMax = 32;
inline constexpr std::chrono::seconds kRequestTimeout{10};

class Exporter {
 public:
  // `text` is called on the exporter's thread for each scrape.
  explicit Exporter(std::function<std::string()> text);
  // Stops first if needed.
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // The port in use, also when asked for port 0.
  base::Result<std::uint16_t> start(const std::string& address, std::uint16_t port);
  void stop();

 private:
  class Listener;
  const std::function<std::string()> text_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace harrier::metrics
