#include "perf/topology.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

Topology planned(std::vector<std::string> words) {
  words.insert(words.end(), {"-d", "run"});
  return plan_topology(*parse_options(std::move(words)).options);
}

TEST(Topology, WithoutAnExchangeTheQueueIsTheKey) {
  const Topology topology = planned({});
  EXPECT_EQ(topology.exchange, "");
  EXPECT_FALSE(topology.owns_exchange);
  ASSERT_EQ(topology.queues, (std::vector<std::string>{"run"}));
  EXPECT_EQ(topology.routes[0].key, "run");
  EXPECT_TRUE(topology.bindings.empty());
  EXPECT_EQ(topology.copies, 1u);
}

TEST(Topology, AFanoutGivesEachConsumerAQueue) {
  const Topology topology = planned({"-t", "fanout", "-y", "4"});
  EXPECT_TRUE(topology.owns_exchange);
  EXPECT_EQ(topology.queues.size(), 4u);
  EXPECT_EQ(topology.copies, 4u);
  EXPECT_EQ(queue_of(topology, 2), "run-2");
}

TEST(Topology, PredeclaredExchangesAreNotOurs) {
  EXPECT_FALSE(planned({"-e", "amq.topic", "-t", "topic"}).owns_exchange);
  EXPECT_FALSE(planned({"-p", "-e", "mine", "-u", "q", "-k", "key"}).owns_exchange);
}

TEST(Topology, QueuesOfAPatternAreSharedOut) {
  const Topology topology = planned({"-qp", "q-%d", "-qpt", "5", "-x", "2", "-y", "5"});
  ASSERT_EQ(topology.queues.size(), 5u);
  EXPECT_EQ(topology.copies, 1u);
  std::multiset<std::string> keys;
  for (unsigned producer = 0; producer < 2; ++producer) {
    for (const Route& route : routes_of(topology, producer, 2))
      keys.insert(route.key);
  }
  EXPECT_EQ(keys, (std::multiset<std::string>{"q-1", "q-2", "q-3", "q-4", "q-5"}));
  // More producers than queues: they go round.
  EXPECT_EQ(routes_of(topology, 6, 10)[0].key, "q-2");
}

TEST(Topology, KeysHaveOneBindingEach) {
  const Topology topology = planned({"-t", "topic", "--keys", "100", "-u", "q"});
  ASSERT_EQ(topology.routes.size(), 100u);
  ASSERT_EQ(topology.bindings.size(), 100u);
  EXPECT_EQ(topology.copies, 1u);
  std::set<std::string> keys;
  for (const Route& route : topology.routes)
    keys.insert(route.key);
  EXPECT_EQ(keys.size(), 100u);
  EXPECT_EQ(topology.routes[7].key, topology.bindings[7].key);
}

TEST(Topology, HeadersAreMatchedByAllOfABinding) {
  const Topology topology = planned({"-t", "headers", "--keys", "3"});
  const amqp::TableView binding = topology.bindings[2].headers;
  const amqp::TableView message = topology.routes[2].headers;
  EXPECT_EQ(binding.find("x-match")->bytes, "all");
  for (const amqp::Field& field : message)
    EXPECT_TRUE(same_value(*binding.find(field.name), field.value));
  EXPECT_EQ(binding.count(), message.count() + 1);
}

TEST(Topology, WildcardsStillMatchOneRouteOnly) {
  const Route binding = numbered_binding(21, "topic", true);
  EXPECT_EQ(binding.key, "shop.*.c0000021.order");
  EXPECT_EQ(numbered_route(21, "topic").key, "shop.r5.c0000021.order");
}

}  // namespace
}  // namespace harrier::perf
