// A publisher with confirms and a consumer with acknowledgements on one durable queue.
//
// Role:   what throughput and backlog are made of. The caller reads meters between calls; when one
//         returns, everything it published is confirmed and everything it consumed acknowledged,
//         and the broker has read the acknowledgements.
// Thread: Publisher and Consumer are confined to one thread each; exchange() runs the consumer on
//         a second one.
// Errors: LoadError: closed, a nack, silence for kPatience.
// Limits: Publishing::window unconfirmed, Publishing::ahead unconsumed; then the publisher waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/confirm_window.h"
#include "bench/load/connection.h"

namespace harrier::bench {

struct Publishing {
  std::string queue;
  std::size_t body_bytes = 1024;
  std::uint64_t window = 1000;
  // Messages before the consumer, so that a slow consumer is not hidden behind a backlog.
  std::uint64_t ahead = 100'000;
};

struct Consuming {
  std::string queue;
  unsigned prefetch = 1000;
  // 1 acknowledges each message; more acknowledges so many at once, with `multiple`.
  std::uint64_t ack_every = 1;
};

// Whichever comes first.
struct Goal {
  std::uint64_t messages = std::numeric_limits<std::uint64_t>::max();
  Clock::duration duration = Clock::duration::max();
};

// The three frames of a persistent message to the default exchange.
std::string publish_frames(const std::string& queue, std::size_t body_bytes);

class Publisher {
 public:
  Publisher(std::uint16_t port, const Publishing& publishing);

  // `delivered` counts the consumer's messages since the same start as published(); null: there is
  // none. Returns how many were published; all are confirmed.
  std::uint64_t run(const Goal& goal, const std::atomic<std::uint64_t>* delivered);
  std::uint64_t published() const { return window_.published(); }
  // When each tenth of a counted goal was confirmed.
  const std::vector<Clock::time_point>& tenths() const { return tenths_; }

 private:
  void take_confirms(Wait wait);
  void note_tenths(std::uint64_t goal);

  Connection connection_;
  const Publishing publishing_;
  std::size_t frames_size_;
  std::uint64_t batch_messages_;
  std::string batch_;
  ConfirmWindow window_;
  Clock::time_point progress_;
  std::uint64_t confirmed_ = 0;  // of this run
  std::vector<Clock::time_point> tenths_;
};

class Consumer {
 public:
  Consumer(std::uint16_t port, const Consuming& consuming);

  // Until as many messages as `goal` says have been delivered, since the consumer began.
  void run_until(const std::atomic<std::uint64_t>& goal);
  const std::atomic<std::uint64_t>& delivered() const { return delivered_; }
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  std::uint64_t take_deliveries();
  void acknowledge_pending();

  Connection connection_;
  const Consuming consuming_;
  std::string acks_;
  std::uint64_t acked_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_left_ = 0;  // of the delivery that is coming in
  std::atomic<std::uint64_t> delivered_{0};
};

struct Exchanged {
  std::uint64_t messages = 0;
  double publish_s = 0;  // until the last confirm
  double consume_s = 0;  // until the last acknowledgement is read
};

// Publishes and consumes at the same time until all is consumed.
Exchanged exchange(Publisher& publisher, Consumer& consumer, const Goal& goal);

inline double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace harrier::bench
