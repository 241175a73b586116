#include "server/span_exporter.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/log.h"
#include "server/http_client.h"
#include "server/otlp_json.h"

namespace harrier::server {

void SpanExporter::start() {
  thread_ = std::thread([this] { run(); });
}

void SpanExporter::stop() {
  {
    std::unique_lock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    wake_.notify_one();
    if (thread_.joinable() && !end_.wait_for(lock, kStopPatience, [this] { return ended_; }))
      cut_short_.store(true);
  }
  if (thread_.joinable()) thread_.join();
}

void SpanExporter::finish(broker::Span span) {
  bool full_batch = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= settings_.queue_max) {
      counters_.lost_unqueued.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.push_back(std::move(span));
    full_batch = queue_.size() == settings_.batch_max;
    // The first one starts the wait for others.
    if (queue_.size() != 1 && !full_batch) return;
  }
  wake_.notify_one();
}

void SpanExporter::abandon(std::uint64_t count) {
  counters_.abandoned.fetch_add(count, std::memory_order_relaxed);
}

std::size_t SpanExporter::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void SpanExporter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    wake_.wait_for(lock, settings_.batch_delay,
                   [this] { return stopping_ || queue_.size() >= settings_.batch_max; });
    const auto size = static_cast<std::ptrdiff_t>(std::min(queue_.size(), settings_.batch_max));
    const std::vector<broker::Span> batch(std::make_move_iterator(queue_.begin()),
                                          std::make_move_iterator(queue_.begin() + size));
    queue_.erase(queue_.begin(), queue_.begin() + size);
    const bool last = stopping_ && queue_.empty();
    lock.unlock();
    if (!batch.empty()) send(batch);
    lock.lock();
    // A collector that does not answer must not hold up the end: one failure is enough.
    if (last || (stopping_ && failing_)) break;
  }
  counters_.lost_unsent.fetch_add(queue_.size(), std::memory_order_relaxed);
  queue_.clear();
  ended_ = true;
  end_.notify_one();
}

void SpanExporter::send(const std::vector<broker::Span>& batch) {
  const base::Status<> sent = send_(batch, cut_short_);
  if (sent) {
    counters_.sent.fetch_add(batch.size(), std::memory_order_relaxed);
    if (std::exchange(failing_, false))
      base::log_info("tracing", "the collector takes spans again");
    return;
  }
  counters_.lost_unsent.fetch_add(batch.size(), std::memory_order_relaxed);
  if (!std::exchange(failing_, true)) {
    base::log_warning("tracing", "the collector does not take spans, they are lost",
                      {{"reason", sent.error().message}});
  }
}

base::Result<std::unique_ptr<SpanExporter>> span_exporter(const TracingOptions& options,
                                                          std::function<std::string()> instance) {
  HttpClient collector{options.endpoint, options.ca_file, options.timeout};
  collector.plain_anywhere = true;
  if (auto fine = collector.check(); !fine)
    return base::fail("tracing.endpoint: " + fine.error().message);
  return std::make_unique<SpanExporter>(
      SpanExporter::Settings{options.queue_max, options.batch_max, options.batch_delay},
      [collector, service = options.service_name, instance = std::move(instance)](
          const std::vector<broker::Span>& spans, const std::atomic<bool>& stopping) {
        return collector.post_json(otlp_json(spans, {service, instance()}), stopping);
      });
}

}  // namespace harrier::server
