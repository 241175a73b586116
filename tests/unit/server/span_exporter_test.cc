// Spans leave in batches, and what cannot leave is counted.

#include "server/span_exporter.h"

#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>

namespace harrier::test {
namespace {

using broker::Span;
using server::SpanExporter;
using ::testing::ElementsAre;

// What the exporter sends to; it may be made to wait, or to refuse.
class Collector {
 public:
  base::Status<> take(const std::vector<Span>& spans) {
    std::unique_lock lock(mutex_);
    sizes_.push_back(spans.size());
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    return refuses_ ? base::Status<>(base::fail(std::string("no room"))) : base::Done{};
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  void refuse() {
    const std::lock_guard lock(mutex_);
    refuses_ = true;
  }
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sizes_.size() >= count; });
  }
  std::vector<std::size_t> sizes() {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> sizes_;
  bool held_ = false;
  bool refuses_ = false;
};

constexpr base::Milliseconds kLong{3'600'000};

struct Exporting : ::testing::Test {
  Collector collector;
  SpanExporter::Send send = [this](const std::vector<Span>& spans, const std::atomic<bool>&) {
    return collector.take(spans);
  };
};

TEST_F(Exporting, AFullBatchLeavesAtOnce) {
  SpanExporter exporter({.queue_max = 10, .batch_max = 2, .batch_delay = kLong}, send);
  exporter.start();
  exporter.finish({});
  exporter.finish({});
  collector.wait_for_batches(1);
  EXPECT_THAT(collector.sizes(), ElementsAre(2));
}

TEST_F(Exporting, AnotherLeavesAfterItsDelay) {
  SpanExporter exporter({.queue_max = 10, .batch_max = 5, .batch_delay = base::Milliseconds(1)},
                        send);
  exporter.start();
  exporter.finish({});
  collector.wait_for_batches(1);
  EXPECT_THAT(collector.sizes(), ElementsAre(1));
}

TEST_F(Exporting, TheEndSendsWhatWaits) {
  SpanExporter exporter({.queue_max = 10, .batch_max = 2, .batch_delay = kLong}, send);
  for (int i = 0; i != 5; ++i)
    exporter.finish({});
  exporter.start();
  exporter.stop();
  EXPECT_THAT(collector.sizes(), ElementsAre(2, 2, 1));
  EXPECT_EQ(exporter.counters().sent.load(), 5U);
  exporter.finish({});
  EXPECT_EQ(exporter.counters().lost_unqueued.load(), 1U) << "it has ended";
}

TEST_F(Exporting, AFullQueueLosesTheNewest) {
  SpanExporter exporter({.queue_max = 3, .batch_max = 2, .batch_delay = kLong}, send);
  for (int i = 0; i != 5; ++i)
    exporter.finish({});
  EXPECT_EQ(exporter.counters().lost_unqueued.load(), 2U);
  EXPECT_EQ(exporter.waiting(), 3U);
}

TEST_F(Exporting, WhatTheCollectorRefusesIsLostAndCountedAndTheEndDoesNotTryForLong) {
  collector.refuse();
  SpanExporter exporter({.queue_max = 10, .batch_max = 2, .batch_delay = kLong}, send);
  for (int i = 0; i != 6; ++i)
    exporter.finish({});
  exporter.start();
  exporter.stop();
  EXPECT_EQ(exporter.counters().lost_unsent.load(), 6U);
  EXPECT_EQ(exporter.counters().sent.load(), 0U);
  EXPECT_LT(collector.sizes().size(), 4U);
}

TEST_F(Exporting, WhileOneBatchIsUnderWayOthersGather) {
  collector.hold(true);
  SpanExporter exporter({.queue_max = 10, .batch_max = 3, .batch_delay = base::Milliseconds(0)},
                        send);
  exporter.start();
  exporter.finish({});
  collector.wait_for_batches(1);
  exporter.finish({});
  exporter.finish({});
  EXPECT_EQ(exporter.waiting(), 2U);
  collector.hold(false);
  exporter.stop();
  EXPECT_THAT(collector.sizes(), ElementsAre(1, 2));
}

}  // namespace
}  // namespace harrier::test
