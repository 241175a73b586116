#include "broker/router.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "broker/queue.h"

namespace harrier::broker {
namespace {

using amqp::FieldArray;
using amqp::FieldTable;
using Names = std::vector<std::string>;

FieldTable with_keys(std::string_view header, const Names& keys, FieldTable table = {}) {
  FieldArray array;
  for (const std::string& key : keys)
    array.add_string(key);
  table.add_array(header, array);
  return table;
}

TEST(RoutingKeys, WithoutHeadersThereIsOne) {
  const auto keys = routing_keys("k", {});
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->keys, std::vector<Bytes>{"k"});
  EXPECT_FALSE(keys->has_bcc);
}

TEST(RoutingKeys, OwnKeyThenCcThenBcc) {
  const FieldTable headers = with_keys("CC", {"c1", "c2"}, with_keys("BCC", {"b"}));
  const auto keys = routing_keys("k", headers);
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->keys, (std::vector<Bytes>{"k", "c1", "c2", "b"}));
  EXPECT_TRUE(keys->has_bcc);
}

TEST(RoutingKeys, EachKeyOnce) {
  const FieldTable headers = with_keys("CC", {"a", "k", "a"}, with_keys("BCC", {"a", "b"}));
  EXPECT_EQ(routing_keys("k", headers)->keys, (std::vector<Bytes>{"k", "a", "b"}));
}

TEST(RoutingKeys, CcAloneIsNotStripped) {
  EXPECT_FALSE(routing_keys("k", with_keys("CC", {"a"}))->has_bcc);
}

TEST(RoutingKeys, EmptyBccIsStrippedToo) {
  const auto keys = routing_keys("k", with_keys("BCC", {}));
  EXPECT_EQ(keys->keys.size(), 1u);
  EXPECT_TRUE(keys->has_bcc);
}

TEST(RoutingKeys, NamesAreSpelledInCapitals) {
  EXPECT_EQ(routing_keys("k", with_keys("cc", {"a"}))->keys.size(), 1u);
}

TEST(RoutingKeys, ItemsThatAreNoStringsAreSkipped) {
  FieldArray array;
  array.add({'I', {"\0\0\0\1", 4}}).add_string("a").add({'V', ""}).add({'x', "b"});
  FieldTable headers;
  headers.add_array("CC", array);
  EXPECT_EQ(routing_keys("k", headers)->keys, (std::vector<Bytes>{"k", "a"}));
}

TEST(RoutingKeys, AnythingButAnArrayIsRefused) {
  const auto refusal = [](const FieldTable& headers) {
    const auto keys = routing_keys("k", headers);
    return keys.ok() ? "" : keys.error().reply_text();
  };
  EXPECT_EQ(refusal(FieldTable(FieldTable().add_string("CC", "a"))),
            "PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,\"CC\",longstr}");
  EXPECT_EQ(refusal(FieldTable(FieldTable().add_long("BCC", 1))),
            "PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,\"BCC\",long}");
  EXPECT_EQ(refusal(FieldTable(FieldTable().add_long("BCC", 1).add_boolean("CC", true))),
            "PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,\"CC\",bool}");
}

TEST(RoutingKeys, CcAndBccTogetherHaveALimit) {
  const Names many(kCarbonCopyMax - 1, "a");
  EXPECT_TRUE(routing_keys("k", with_keys("CC", many, with_keys("BCC", {"b"}))).ok());
  const auto keys = routing_keys("k", with_keys("CC", many, with_keys("BCC", {"b", "c"})));
  ASSERT_FALSE(keys.ok());
  EXPECT_EQ(keys.error().code, amqp::ReplyCode::kPreconditionFailed);
}

TEST(RoutingKeys, AreAsLongAsAShortStringAtMost) {
  EXPECT_TRUE(routing_keys("k", with_keys("CC", {std::string(255, 'a')})).ok());
  EXPECT_FALSE(routing_keys("k", with_keys("CC", {std::string(256, 'a')})).ok());
}

TEST(RoutingKeys, CollectingAgainForgetsTheLastMessage) {
  RoutingKeys keys;
  const FieldTable headers = with_keys("BCC", {"b"});
  ASSERT_TRUE(collect_routing_keys("k", headers, keys).ok());
  ASSERT_TRUE(collect_routing_keys("l", {}, keys).ok());
  EXPECT_EQ(keys.keys, std::vector<Bytes>{"l"});
  EXPECT_FALSE(keys.has_bcc);
}

class RouterTest : public testing::Test {
 protected:
  RouterTest()
      : router_({.exchange = [this](std::string_view name) { return find_exchange(name); },
                 .queue = [this](std::string_view name) { return find_queue(name); }}) {}
  ~RouterTest() override {
    for (auto& [name, exchange] : exchanges_) {
      while (!exchange->bindings().empty())
        exchange->remove_binding(**exchange->bindings().begin());
    }
  }

  Exchange* find_exchange(std::string_view name) {
    const auto found = exchanges_.find(name);
    return found == exchanges_.end() ? nullptr : found->second.get();
  }
  Queue* find_queue(std::string_view name) {
    const auto found = queues_.find(name);
    return found == queues_.end() ? nullptr : found->second.get();
  }
  Exchange& exchange(const std::string& name, ExchangeType type = ExchangeType::kFanout) {
    base::Ref<Exchange>& exchange = exchanges_[name];
    if (!exchange) exchange = Exchange::create({.name = name, .type = type});
    return *exchange;
  }
  Exchange& exchange_with_alternate(const std::string& name, std::string_view alternate,
                                    ExchangeType type = ExchangeType::kDirect) {
    FieldTable arguments;
    arguments.add_string("alternate-exchange", alternate);
    exchanges_[name] = Exchange::create({.name = name, .type = type, .arguments = arguments});
    return *exchanges_[name];
  }
  Queue& queue(const std::string& name) {
    QueueRef& queue = queues_[name];
    if (!queue) {
      queue = base::make_ref<Queue>(QueueId(queues_.size()), QueueDeclaration{.name = name},
                                    QueueSettings{}, ConnectionId(0), turn_);
    }
    return *queue;
  }
  void bind(Exchange& source, RoutingTarget& destination, std::string_view key = "",
            amqp::TableView arguments = {}) {
    source.add_binding(++last_id_, destination, key, arguments);
  }

  // The names of the queues, in the order routed to.
  Names route(Exchange* exchange, const std::vector<Bytes>& keys, amqp::TableView headers = {}) {
    queues_routed_.clear();
    router_.route(exchange, keys, headers, queues_routed_);
    Names names;
    for (const Queue* queue : queues_routed_)
      names.push_back(queue->name());
    return names;
  }
  Names route(Exchange& from, Bytes key = "k", amqp::TableView headers = {}) {
    return route(&from, std::vector<Bytes>{key}, headers);
  }

  VolatileChangeLog log_;
  VirtualHostLimits limits_;
  Turn turn_{log_, limits_};
  std::map<std::string, QueueRef, std::less<>> queues_;
  std::map<std::string, base::Ref<Exchange>, std::less<>> exchanges_;
  Router router_;
  std::vector<Queue*> queues_routed_;
  std::uint64_t last_id_ = 0;
};

TEST_F(RouterTest, DefaultExchangeRoutesByQueueName) {
  queue("q");
  queue("r");
  EXPECT_EQ(route(nullptr, {"q"}), Names{"q"});
  EXPECT_EQ(route(nullptr, {"missing"}), Names{});
  EXPECT_EQ(route(nullptr, {"r", "missing", "q", "r"}), (Names{"r", "q"}));
  EXPECT_TRUE(router_.cacheable());
}

TEST_F(RouterTest, UnboundExchangeRoutesNowhere) { EXPECT_EQ(route(exchange("x")), Names{}); }

TEST_F(RouterTest, AppendsBehindWhatIsThere) {
  bind(exchange("x"), queue("q"));
  queues_routed_.push_back(&queue("earlier"));
  router_.route(&exchange("x"), {"k"}, {}, queues_routed_);
  EXPECT_EQ(queues_routed_.size(), 2u);
}

TEST_F(RouterTest, AQueueBoundTwiceGetsOneCopy) {
  bind(exchange("x"), queue("q"), "a");
  bind(exchange("x"), queue("q"), "b");
  EXPECT_EQ(route(exchange("x")), Names{"q"});
}

TEST_F(RouterTest, EveryKeyOfCcIsRouted) {
  Exchange& x = exchange("x", ExchangeType::kDirect);
  for (const char* key : {"a", "b", "c"})
    bind(x, queue(key), key);
  EXPECT_EQ(route(&x, {"a", "c", "none"}), (Names{"a", "c"}));
}

TEST_F(RouterTest, CcCountsBehindExchangeBindingsToo) {
  Exchange& direct = exchange("direct", ExchangeType::kDirect);
  Exchange& topic = exchange("topic", ExchangeType::kTopic);
  bind(direct, topic, "a");
  bind(topic, queue("q"), "b.*");
  EXPECT_EQ(route(&direct, {"a", "b.c"}), Names{"q"});
  EXPECT_EQ(route(&direct, {"b.c"}), Names{});
}

TEST_F(RouterTest, ChainOfExchanges) {
  bind(exchange("x1"), exchange("x2"));
  bind(exchange("x2"), exchange("x3"));
  bind(exchange("x3"), queue("q"));
  EXPECT_EQ(route(exchange("x1")), Names{"q"});
}

TEST_F(RouterTest, NearerQueuesComeFirst) {
  bind(exchange("x1"), exchange("x2"));
  bind(exchange("x1"), queue("near"));
  bind(exchange("x2"), queue("far"));
  EXPECT_EQ(route(exchange("x1")), (Names{"near", "far"}));
}

TEST_F(RouterTest, DiamondGivesOneCopy) {
  bind(exchange("top"), exchange("left"));
  bind(exchange("top"), exchange("right"));
  bind(exchange("left"), exchange("bottom"));
  bind(exchange("right"), exchange("bottom"));
  bind(exchange("bottom"), queue("q"));
  EXPECT_EQ(route(exchange("top")), Names{"q"});
}

TEST_F(RouterTest, CyclesAreCut) {
  bind(exchange("x1"), exchange("x1"));
  bind(exchange("x1"), exchange("x2"));
  bind(exchange("x2"), exchange("x1"));
  bind(exchange("x2"), queue("q"));
  bind(exchange("x1"), queue("r"));
  EXPECT_EQ(route(exchange("x1")), (Names{"r", "q"}));
  EXPECT_EQ(route(exchange("x2")), (Names{"q", "r"}));
}

TEST_F(RouterTest, EachPassStartsWithFreshMarks) {
  bind(exchange("x"), queue("q"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(route(exchange("x")), Names{"q"});
}

TEST_F(RouterTest, AlternateExchangeGetsWhatMatchesNothing) {
  Exchange& x = exchange_with_alternate("x", "ae");
  bind(x, queue("q"), "k");
  bind(exchange("ae"), queue("fallback"));
  EXPECT_EQ(route(x, "k"), Names{"q"});
  EXPECT_EQ(route(x, "other"), Names{"fallback"});
}

TEST_F(RouterTest, AlternateExchangeKeepsTheKeys) {
  Exchange& x = exchange_with_alternate("x", "ae");
  bind(exchange("ae", ExchangeType::kDirect), queue("q"), "k");
  EXPECT_EQ(route(x, "k"), Names{"q"});
  EXPECT_EQ(route(x, "other"), Names{});
}

TEST_F(RouterTest, OneMatchingKeyOfSeveralKeepsTheAlternateExchangeOut) {
  Exchange& x = exchange_with_alternate("x", "ae");
  bind(x, queue("q"), "k");
  bind(exchange("ae"), queue("fallback"));
  EXPECT_EQ(route(&x, {"other", "k"}), Names{"q"});
  EXPECT_EQ(route(&x, {"other", "another"}), Names{"fallback"});
}

TEST_F(RouterTest, MatchedButEmptyExchangeKeepsTheAlternateExchangeOut) {
  Exchange& x = exchange_with_alternate("x", "ae");
  bind(x, exchange("dead end"), "k");
  bind(exchange("ae"), queue("fallback"));
  EXPECT_EQ(route(x, "k"), Names{});
}

TEST_F(RouterTest, AlternateExchangeDownstreamIsUsed) {
  bind(exchange("x1"), exchange_with_alternate("x2", "ae"));
  bind(exchange("ae"), queue("fallback"));
  EXPECT_EQ(route(exchange("x1")), Names{"fallback"});
}

TEST_F(RouterTest, AlternateExchangesChain) {
  Exchange& x = exchange_with_alternate("x", "ae1");
  exchange_with_alternate("ae1", "ae2");
  bind(exchange("ae2"), queue("fallback"));
  EXPECT_EQ(route(x), Names{"fallback"});
}

TEST_F(RouterTest, LoopsOfAlternateExchangesEnd) {
  Exchange& x = exchange_with_alternate("x", "y");
  Exchange& y = exchange_with_alternate("y", "x");
  Exchange& self = exchange_with_alternate("self", "self");
  EXPECT_EQ(route(x), Names{});
  EXPECT_EQ(route(y), Names{});
  EXPECT_EQ(route(self), Names{});
}

TEST_F(RouterTest, MissingAlternateExchangeIsPassedOver) {
  EXPECT_EQ(route(exchange_with_alternate("x", "missing")), Names{});
}

TEST_F(RouterTest, AlternateExchangeMayBeTheDefaultExchange) {
  Exchange& x = exchange_with_alternate("x", "");
  queue("q");
  EXPECT_EQ(route(x, "q"), Names{"q"});
  EXPECT_EQ(route(x, "r"), Names{});
}

TEST_F(RouterTest, AlternateExchangeAndBindingToOneQueueGiveOneCopy) {
  bind(exchange("top"), exchange_with_alternate("x", "ae"));
  bind(exchange("top"), queue("q"));
  bind(exchange("ae"), queue("q"));
  EXPECT_EQ(route(exchange("top")), Names{"q"});
}

TEST_F(RouterTest, KeysAreCacheable) {
  Exchange& topic = exchange("topic", ExchangeType::kTopic);
  bind(topic, exchange("direct", ExchangeType::kDirect), "#");
  bind(exchange("direct"), queue("q"), "k");
  EXPECT_EQ(route(topic, "k"), Names{"q"});
  EXPECT_TRUE(router_.cacheable());
}

TEST_F(RouterTest, HeadersAnywhereOnTheWayAreNotCacheable) {
  Exchange& headers = exchange("headers", ExchangeType::kHeaders);
  bind(exchange("x"), headers);
  bind(headers, queue("q"), "", FieldTable().add_string("color", "red"));
  EXPECT_EQ(route(exchange("x"), "k", FieldTable().add_string("color", "red")), Names{"q"});
  EXPECT_FALSE(router_.cacheable());
  EXPECT_EQ(route(exchange("x"), "k"), Names{});
  EXPECT_FALSE(router_.cacheable());
  EXPECT_EQ(route(nullptr, {"q"}), Names{"q"});
  EXPECT_TRUE(router_.cacheable());
}

TEST_F(RouterTest, HeadersOfAnAlternateExchangeAreNotCacheable) {
  exchange("ae", ExchangeType::kHeaders);
  route(exchange_with_alternate("x", "ae"));
  EXPECT_FALSE(router_.cacheable());
}

// Concern: marks and worklist find exactly the queues that can be reached. Plan: random graphs of
// fanout exchanges with cycles, compared with a search by name.
TEST_F(RouterTest, RandomGraphsReachWhatCanBeReached) {
  constexpr std::uint64_t kCount = 8;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::SeededRandom random(seed);
    const std::string prefix = std::to_string(seed) + "-";
    const auto name = [&](std::uint64_t number) { return prefix + std::to_string(number); };
    std::map<std::string, Names> edges;
    for (std::uint64_t i = random.below(3 * kCount); i != 0; --i) {
      const std::string from = name(random.below(kCount));
      const std::string to = name(random.below(kCount));
      if (std::count(edges[from].begin(), edges[from].end(), to) != 0) continue;
      edges[from].push_back(to);
      bind(exchange(from), exchange(to));
    }
    for (std::uint64_t i = 0; i < kCount; ++i)
      bind(exchange(name(i)), queue(name(i)));
    for (std::uint64_t i = 0; i < kCount; ++i) {
      Names reached{name(i)};
      for (std::size_t next = 0; next < reached.size(); ++next) {
        for (const std::string& to : edges[reached[next]]) {
          if (std::count(reached.begin(), reached.end(), to) == 0) reached.push_back(to);
        }
      }
      EXPECT_EQ(route(exchange(name(i))), reached);
    }
  }
}

}  // namespace
}  // namespace harrier::broker
