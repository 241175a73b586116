#include "world.h"

#include <gtest/gtest.h>

#include "checker.h"

namespace harrier::test {

void World::start_alone(SimulatedBackend& backend, const NodeOptions& options) {
  node_.reset();
  node_ = std::make_unique<SimulatedNode>(backend, options, seed_ + 7 * nodes_++);
}

void World::start(SimulatedBackend& backend, const NodeOptions& options) {
  start_alone(backend, options);
  for (auto& client : clients_)
    client->go_on_with(*node_);
  while (static_cast<int>(clients_.size()) != client_count_) {
    const int number = static_cast<int>(clients_.size()) + 1;
    ClientOptions own = behaviour_;
    if (!own.suffix.empty()) own.suffix += std::to_string(number);
    clients_.push_back(std::make_unique<SimulatedClient>(
        *node_, events, number, seed_ * 1'000 + static_cast<std::uint64_t>(number), own));
  }
}

void World::run(int bursts, const Over& over) {
  std::vector<int> left(clients_.size(), bursts);
  int open = static_cast<int>(clients_.size()) * bursts;
  for (long steps = 0; open != 0; ++steps) {
    ASSERT_LT(steps, 2'000'000) << "no progress: " << describe();
    for (int i = 0; i < 20; ++i) {
      node_->step();
      if (over && over()) return;
    }
    const std::size_t at = random_.below(clients_.size());
    SimulatedClient& client = *clients_[at];
    client.read();
    if (left[at] == 0 || !client.idle()) continue;
    client.act();
    --left[at];
    --open;
  }
}

bool World::settle(const std::function<bool(const SimulatedClient&)>& done, const Over& over) {
  for (int round = 0; round < 1'000; ++round) {
    node_->settle();
    if (over && over()) return false;
    bool all = true;
    for (auto& client : clients_) {
      client->read();
      all = all && done(*client);
    }
    if (all) return true;
  }
  ADD_FAILURE() << "clients wait for ever: " << describe();
  return false;
}

void World::wind_down() {
  const auto idle = [](const SimulatedClient& client) { return client.idle(); };
  settle(idle, nullptr);
  for (auto& client : clients_)
    client->close();
  settle(idle, nullptr);
  for (auto& client : clients_)
    EXPECT_TRUE(client->closed());
  node_->settle();
  const auto& counters = node_->backend.host().counters();
  EXPECT_EQ(counters.connections.value(), 0u);
  EXPECT_EQ(counters.channels.value(), 0u);
  EXPECT_EQ(counters.consumers.value(), 0u);
  EXPECT_EQ(counters.unacked.value(), 0u);
}

void World::lose_node() {
  for (auto& client : clients_)
    client->lose_node(random_.below(2) == 0);
  node_.reset();
}

bool World::close_node(const Over& over) {
  for (auto& client : clients_)
    client->expect_close();
  node_->close_all();
  const auto away = [](const SimulatedClient& client) { return client.away(); };
  // One that is not open yet is not told.
  node_->settle();
  for (auto& client : clients_) {
    client->read();
    if (!client->away() && !client->connected()) client->lose_node(false);
  }
  if (!settle(away, over)) return false;
  node_.reset();
  return true;
}

void World::drain() {
  std::set<std::string> names;
  for (const auto& event : events)
    if (event.kind == Event::Kind::kPublish) names.insert(event.queue);
  for (const std::string& name : names)
    drain(name);
  EXPECT_EQ(node_->backend.host().counters().ready.value(), 0u);
  EXPECT_EQ(node_->backend.host().counters().ready_bytes.value(), 0u);
}

void World::drain(const std::string& name) {
  // Stays in line while the disk is read: else what arrives could leave memory again unseen.
  struct Getter final : broker::GetWaiter {
    explicit Getter(broker::Queue& from) : queue(from) {}
    void try_again() override { outcome = queue.get(true, entry, *this); }
    broker::Queue& queue;
    broker::QueueEntry entry;
    broker::GetOutcome outcome = broker::GetOutcome::kWait;
  };
  SimulatedBackend& backend = node_->backend;
  node_->settle();
  broker::Queue* queue = backend.host().find_queue(name);
  while (queue != nullptr && queue->ready_count() != 0) {
    Getter getter(*queue);
    backend.turn([&] { getter.try_again(); });
    node_->settle();
    ASSERT_NE(getter.outcome, broker::GetOutcome::kWait) << name << " does not give what it has";
    if (getter.outcome == broker::GetOutcome::kEmpty) continue;
    Event event{.kind = Event::Kind::kDrained, .queue = name};
    event.body = std::string(getter.entry.message->body());
    event.redelivered = getter.entry.redelivered;
    events.push_back(event);
  }
}

std::string World::describe() const {
  std::string text = node_->backend.describe();
  for (const auto& client : clients_)
    text += client->describe();
  return text;
}

std::vector<std::string> World::complaints() const {
  std::vector<std::string> all;
  for (const auto& client : clients_)
    all.insert(all.end(), client->complaints().begin(), client->complaints().end());
  return all;
}

std::vector<std::string> World::violations() const {
  Checker checker;
  for (const Event& event : events)
    checker.apply(event);
  checker.finish();
  return checker.violations();
}

std::map<std::string, std::vector<std::string>> World::seen() const {
  std::map<std::string, std::vector<std::string>> all;
  for (const auto& client : clients_)
    all.insert(client->seen().begin(), client->seen().end());
  return all;
}

}  // namespace harrier::test
