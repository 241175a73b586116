// Sends the spans of traced messages to a collector, on a thread of its own.
//
// Role:   made by Node if tracing is on; the loops' MessageTracers fill its queue. Knows no
//         HTTP: sending is a function.
// Model:  made → spans wait in the queue → start() → a batch leaves when it is full or its oldest
//         span has waited long enough → stop() sends what waits, once.
// Thread: synchronized by mutex_, which is not held while it sends; start() and stop() from one
//         thread.
// Errors: a batch that cannot be sent is lost and counted; logged when failures begin and end.
// Limits: Settings.
// Spec:   docs/operations/tracing.md.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/span.h"
#include "harrier/tracing_options.h"

namespace harrier::server {

// Readable from any thread.
struct SpanCounters {
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> lost_unsent{0};    // the collector did not take them
  std::atomic<std::uint64_t> lost_unqueued{0};  // the queue was full
  std::atomic<std::uint64_t> abandoned{0};      // too many messages were followed at a time
};

class SpanExporter final : public broker::SpanSink {
 public:
  static constexpr std::chrono::seconds kStopPatience{2};

  using Send = std::function<base::Status<>(const std::vector<broker::Span>& spans,
                                            const std::atomic<bool>& stopping)>;
  struct Settings {
    std::size_t queue_max = 20'000;
    std::size_t batch_max = 512;
    base::Milliseconds batch_delay{1'000};
  };

  SpanExporter(const Settings& settings, Send send) : settings_(settings), send_(std::move(send)) {}
  ~SpanExporter() { stop(); }
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  void start();
  // Idempotent; takes kStopPatience at most. What is finished later is lost.
  void stop();

  void finish(broker::Span span) override;
  void abandon(std::uint64_t count) override;

  const SpanCounters& counters() const { return counters_; }
  std::size_t waiting() const;

 private:
  void run();
  void send(const std::vector<broker::Span>& batch);

  const Settings settings_;
  const Send send_;
  SpanCounters counters_;
  // Cuts a request short that takes too long when it stops.
  std::atomic<bool> cut_short_{false};
  bool failing_ = false;  // the thread's

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<broker::Span> queue_;
  bool stopping_ = false;
  bool ended_ = false;
  std::condition_variable end_;
  std::thread thread_;
};

// One that posts to the collector of these options; `instance` is asked for each batch. An endpoint
// that is none is an error.
base::Result<std::unique_ptr<SpanExporter>> span_exporter(const TracingOptions& options,
                                                          std::function<std::string()> instance);

}  // namespace harrier::server
