// Random clients on the whole pure core, against the naive model of checker.h.
//
// Seeds: HARRIER_SIM_SEED=n replays one; else a fixed list and a few fresh ones, printed.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "checker.h"
#include "simulated_client.h"

namespace harrier::test {
namespace {

std::vector<std::uint64_t> seeds() {
  if (const char* given = std::getenv("HARRIER_SIM_SEED"))
    return {std::strtoull(given, nullptr, 10)};
  std::vector<std::uint64_t> chosen{1, 2, 3, 4, 5, 6, 7, 8};
  std::random_device device;
  for (int i = 0; i < 12; ++i)
    chosen.push_back(device());
  return chosen;
}

class World {
 public:
  World(const NodeOptions& options, std::uint64_t seed, int clients, const ClientOptions& behaviour)
      : node_(options, seed), random_(seed ^ 0x5eed) {
    for (int number = 1; number <= clients; ++number) {
      ClientOptions own = behaviour;
      if (!own.suffix.empty()) own.suffix += std::to_string(number);
      clients_.push_back(std::make_unique<SimulatedClient>(
          node_, events, number, seed * 1'000 + static_cast<std::uint64_t>(number), own));
    }
  }

  std::vector<Event> events;

  // Each client acts `bursts` times; then everything is given back and looked at.
  void go(int bursts) {
    std::vector<int> left(clients_.size(), bursts);
    int open = static_cast<int>(clients_.size()) * bursts;
    for (long steps = 0; open != 0; ++steps) {
      ASSERT_LT(steps, 2'000'000) << "no progress: " << describe();
      for (int i = 0; i < 20; ++i)
        node_.step();
      const std::size_t at = random_.below(clients_.size());
      SimulatedClient& client = *clients_[at];
      client.read();
      if (left[at] == 0 || !client.idle()) continue;
      client.act();
      --left[at];
      --open;
    }
    wind_down();
    drain();
  }
  // What everybody waits for.
  std::string describe() const {
    std::string text;
    for (const auto& client : clients_)
      text += client->describe();
    return text;
  }
  std::vector<std::string> complaints() const {
    std::vector<std::string> all;
    for (const auto& client : clients_)
      all.insert(all.end(), client->complaints().begin(), client->complaints().end());
    return all;
  }
  std::map<std::string, std::vector<std::string>> seen() const {
    std::map<std::string, std::vector<std::string>> all;
    for (const auto& client : clients_)
      all.insert(client->seen().begin(), client->seen().end());
    return all;
  }
  broker::VirtualHost& host() { return node_.broker.host; }
  std::size_t reads() { return node_.broker.store.answered_reads(); }
  std::uint64_t confirmed() { return node_.broker.host.counters().confirmed.value(); }

 private:
  void settle() {
    for (int round = 0; round < 1'000; ++round) {
      node_.settle();
      for (auto& client : clients_)
        client->read();
      bool idle = true;
      for (auto& client : clients_)
        idle = idle && client->idle();
      if (idle) return;
    }
    ADD_FAILURE() << "clients wait for ever";
  }
  void wind_down() {
    settle();
    for (auto& client : clients_)
      client->close();
    settle();
    for (auto& client : clients_)
      EXPECT_TRUE(client->closed());
    node_.settle();
    const auto& counters = host().counters();
    EXPECT_EQ(counters.connections.value(), 0u);
    EXPECT_EQ(counters.channels.value(), 0u);
    EXPECT_EQ(counters.consumers.value(), 0u);
    EXPECT_EQ(counters.unacked.value(), 0u);
  }
  // Takes what is left in the queues of client 1 or of all, past every session.
  void drain() {
    for (const auto& event : std::vector<Event>(events)) {
      if (event.kind != Event::Kind::kPublish || !drained_.insert(event.queue).second) continue;
      drain(event.queue);
    }
    EXPECT_EQ(host().counters().ready.value(), 0u);
    EXPECT_EQ(host().counters().ready_bytes.value(), 0u);
  }
  void drain(const std::string& name) {
    struct Waiter final : broker::GetWaiter {
      void try_again() override {}
    };
    broker::Queue* queue = host().find_queue(name);
    while (queue != nullptr && queue->ready_count() != 0) {
      broker::QueueEntry entry;
      Waiter waiter;
      broker::GetOutcome outcome = broker::GetOutcome::kWait;
      node_.broker.turn([&] { outcome = queue->get(true, entry, waiter); });
      if (outcome == broker::GetOutcome::kEntry) {
        Event event{.kind = Event::Kind::kDrained, .queue = name};
        event.body = std::string(entry.message->body());
        events.push_back(event);
      }
      waiter.unlink();
      node_.broker.catch_up();
    }
  }

  SimulatedNode node_;
  base::SeededRandom random_;
  std::vector<std::unique_ptr<SimulatedClient>> clients_;
  std::set<std::string> drained_;
};

std::vector<std::string> violations(const std::vector<Event>& events) {
  Checker checker;
  for (const Event& event : events)
    checker.apply(event);
  checker.finish();
  return checker.violations();
}

void check_shared(NodeOptions options) {
  for (const std::uint64_t seed : seeds()) {
    SCOPED_TRACE("HARRIER_SIM_SEED=" + std::to_string(seed));
    std::cout << "seed " << seed << std::endl;
    options.slice_entries = seed % 3 == 0 ? 7 : 4'096;
    options.read_ahead_bytes = seed % 5 * 1'000;
    options.output_credit_bytes = seed % 4 == 0 ? 20'000 : 1 << 20;
    World run(options, seed, 4, {});
    run.go(400);
    EXPECT_EQ(run.complaints(), std::vector<std::string>{});
    EXPECT_EQ(violations(run.events), std::vector<std::string>{});
    EXPECT_GT(run.confirmed(), 100u);
    EXPECT_GE(run.reads(), options.pages_out ? 100u : 0u);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, direct) { check_shared({}); }
TEST(Simulation, direct_with_a_slow_store) {
  check_shared({.late_commits = true, .pages_out = true});
}
TEST(Simulation, recorded) { check_shared({.recorded = true}); }
TEST(Simulation, recorded_with_a_slow_store) {
  check_shared({.recorded = true, .late_commits = true, .pages_out = true});
}

// Without shared queues what a client sees does not depend on who runs when.
TEST(Simulation, direct_and_recorded_show_the_same_frames) {
  for (const std::uint64_t seed : seeds()) {
    SCOPED_TRACE("HARRIER_SIM_SEED=" + std::to_string(seed));
    std::cout << "seed " << seed << std::endl;
    const ClientOptions alone{.suffix = "-", .drops = false, .recovers = true};
    World direct({.clock_stands = true}, seed, 3, alone);
    World recorded({.recorded = true, .clock_stands = true}, seed, 3, alone);
    direct.go(200);
    recorded.go(200);
    EXPECT_EQ(direct.complaints(), std::vector<std::string>{});
    EXPECT_EQ(recorded.complaints(), std::vector<std::string>{});
    EXPECT_GT(direct.seen().size(), 20u);
    for (const auto& [what, lines] : direct.seen()) {
      ASSERT_TRUE(recorded.seen().contains(what)) << what;
      ASSERT_EQ(lines, recorded.seen().at(what)) << what;
    }
    EXPECT_EQ(direct.seen().size(), recorded.seen().size());
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace harrier::test
