// What a SimulatedNode's connections stand on: a virtual host, its turns, and a store behind it
// that goes its own way.
//
// Role:   SimulatedNode calls in, the implementation says which store it is: FakeBackend, or
//         DurableBackend for the real one on a disk that fails.
// Thread: confined(test).
#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/simulated_broker.h"

namespace harrier::test {

class SimulatedBackend {
 public:
  virtual ~SimulatedBackend() = default;
  virtual broker::VirtualHost& host() = 0;
  virtual base::Now now() const = 0;
  // A turn of the broker loop with these calls in it.
  virtual void turn(const std::function<void()>& calls) = 0;
  // The loop has more to do.
  virtual bool busy() const = 0;
  virtual void pass(base::Milliseconds duration) = 0;
  // One small step of the store, drawn from `random`.
  virtual void step_store(base::RandomSource& random) = 0;
  // What the store has to do, or some of it; false when there was nothing.
  virtual bool work_off_store() = 0;
  // Connections that publish are not read.
  virtual bool holds_publishers() const { return false; }
  // For the report of a run that stands still.
  virtual std::string describe() const { return {}; }
};

class FakeBackend final : public SimulatedBackend {
 public:
  struct Options {
    bool late_commits = false;
    bool pages_out = false;
    std::uint32_t slice_entries = 4'096;
    std::uint64_t read_ahead_bytes = 0;
  };

  FakeBackend(const Options& options, std::uint64_t seed)
      : broker(limits_of(options), seed), pages_out_(options.pages_out) {
    broker.store.commits_at_once = !options.late_commits;
  }

  SimulatedBroker broker;

  broker::VirtualHost& host() override { return broker.host; }
  base::Now now() const override { return broker.now(); }
  void turn(const std::function<void()>& calls) override { busy_ = broker.turn(calls); }
  bool busy() const override { return busy_; }
  void pass(base::Milliseconds duration) override { broker.pass(duration); }
  void step_store(base::RandomSource& random) override {
    if (pages_out_ && random.below(4) == 0) page_out(random);
    if (!broker.store.has_uncommitted() && broker.store.pending_reads() == 0) return;
    broker.store.commit(random.below(20));
    turn([&] { broker.store.answer_some(broker.host, random); });
  }
  bool work_off_store() override {
    const bool evicts = !written_.empty();
    if (evicts) evict(0);
    if (!broker.store.has_uncommitted() && broker.store.pending_reads() == 0) return evicts;
    broker.catch_up();
    return true;
  }

 private:
  static broker::VirtualHostLimits limits_of(const Options& options) {
    broker::VirtualHostLimits limits;
    limits.slice_entries = options.slice_entries;
    limits.read_ahead_bytes = options.read_ahead_bytes;
    return limits;
  }
  // Writes some of a queue, or evicts what was written before.
  void page_out(base::RandomSource& random) {
    static constexpr const char* kNames[] = {"plain",  "durable", "quorum", "priority",
                                             "reject", "short",   "ttl"};
    if (!written_.empty() && random.below(2) == 0) return evict(random.below(written_.size()));
    broker::Queue* queue = broker.host.find_queue(kNames[random.below(std::size(kNames))]);
    const bool being_written = std::any_of(written_.begin(), written_.end(), [&](const auto& one) {
      return one.first.get() == queue;
    });
    if (queue == nullptr || being_written) return;
    const std::uint64_t bytes_max = 1 + random.below(20'000);
    written_.emplace_back(broker::QueueRef(queue), broker.store.write_out(*queue, bytes_max));
  }
  void evict(std::size_t index) {
    auto [queue, parts] = std::move(written_[index]);
    written_.erase(written_.begin() + static_cast<std::ptrdiff_t>(index));
    turn([&, &evicted = parts, &from = queue] { from->evict(evicted, 0); });
  }

  const bool pages_out_;
  std::vector<std::pair<broker::QueueRef, std::vector<broker::EvictionPart>>> written_;
  bool busy_ = false;
};

}  // namespace harrier::test
