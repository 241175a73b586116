// Views of a running node, with one loop and with several.
#include "server/inspection.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/server/administered_node.h"

namespace harrier::server {
namespace {

using test::FrameClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class InspectionTest : public AdministeredNodeTest {
 protected:
  InspectionTest() { options_.data_dir.clear(); }

  Inspection& inspection() { return node_->inspection(); }
  template <class View>
  static Inspection::Take<View> into(std::vector<View>& all) {
    return [&all](std::vector<View>& batch) {
      EXPECT_LE(batch.size(), Inspection::kSliceObjects + 1);
      std::move(batch.begin(), batch.end(), std::back_inserter(all));
      return true;
    };
  }
  std::vector<QueueView> queues(const Inspection::Where& where = {},
                                const QueueParts& parts = QueueParts::all()) {
    std::vector<QueueView> all;
    inspection().queues(where, parts, into(all));
    return all;
  }
  std::vector<ConnectionView> connections(const Inspection::Where& where = {}) {
    std::vector<ConnectionView> all;
    inspection().connections(where, into(all));
    return all;
  }
  std::vector<ChannelView> channels(const Inspection::Where& where = {}) {
    std::vector<ChannelView> all;
    inspection().channels(where, into(all));
    return all;
  }
  std::vector<ConsumerView> consumers(const Inspection::Where& where = {}) {
    std::vector<ConsumerView> all;
    inspection().consumers(where, into(all));
    return all;
  }
  static test::ConsumeFlags tagged(std::string tag) {
    test::ConsumeFlags flags;
    flags.tag = std::move(tag);
    return flags;
  }
  void open_shop() {
    Administration& administration = node_->administration();
    ASSERT_TRUE(administration.apply({AddVirtualHost{"shop", {}, {}}}, {}).ok());
    ASSERT_TRUE(
        administration.apply({SetPermission{{"guest", "shop", ".*", ".*", ".*"}}}, {}).ok());
  }
};

INSTANTIATE_TEST_SUITE_P(Loops, InspectionTest, ::testing::Values(1u, 3u));

TEST_P(InspectionTest, AQueueIsShownAsItWasDeclared) {
  start();
  FrameClient one = client();
  test::QueueFlags flags;
  flags.durable = true;
  one.declare_queue(1, "q", flags);
  one.publish(1, "", "q", "hello");
  one.publish(1, "", "q", "hello");
  one.must_get(1, "q", false);
  const auto view = inspection().queue("/", "q", QueueParts::all());
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->name, "q");
  EXPECT_EQ(view->virtual_host, "/");
  EXPECT_TRUE(view->durable);
  EXPECT_FALSE(view->exclusive);
  EXPECT_EQ(view->type, broker::QueueType::kClassic);
  EXPECT_EQ(view->ready, 1u);
  EXPECT_EQ(view->ready_bytes, 5u);
  EXPECT_EQ(view->unacked, 1u);
  EXPECT_EQ(view->unacked_bytes, 5u);
  EXPECT_EQ(view->statistics.publish.total, 2u);
  EXPECT_GT(view->statistics.publish.rate, 0);
  EXPECT_EQ(view->statistics.get.total, 1u);
  EXPECT_EQ(view->statistics.deliver_get().total, 1u);
  EXPECT_EQ(view->time_in_queue.count(), 1u);
  EXPECT_TRUE(view->oldest_ready_age.has_value());
  EXPECT_FALSE(view->idle_since.has_value());
  EXPECT_FALSE(inspection().queue("/", "none", {}).has_value());
  EXPECT_FALSE(inspection().queue("none", "q", {}).has_value());
}

TEST_P(InspectionTest, NamesAndCountsAloneAreCheap) {
  start();
  FrameClient one = client();
  one.declare_queue(1, "q");
  one.publish(1, "", "q", "hello");
  one.passive(1, "q");
  const std::vector<QueueView> all = queues({}, {});
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].ready, 1u);
  EXPECT_EQ(all[0].statistics.publish.total, 0u) << "was not asked for";
  EXPECT_THAT(all[0].time_in_queue.counts, IsEmpty());
}

TEST_P(InspectionTest, AWalkCanBeOfOneVirtualHostAndCanEndEarly) {
  start();
  open_shop();
  FrameClient one = client();
  test::ConnectOptions in_shop;
  in_shop.virtual_host = "shop";
  FrameClient two = client(in_shop);
  one.declare_queue(1, "a");
  two.declare_queue(1, "b");
  ASSERT_THAT(queues("shop"), SizeIs(1));
  EXPECT_EQ(queues("shop")[0].name, "b");
  EXPECT_THAT(queues(), SizeIs(2));
  EXPECT_THAT(queues("none"), IsEmpty());
  int batches = 0;
  inspection().queues({}, {}, [&](std::vector<QueueView>&) { return ++batches == 0; });
  EXPECT_EQ(batches, 1);
  EXPECT_THAT(connections("shop"), SizeIs(1));
  EXPECT_THAT(channels("shop"), SizeIs(1));
}

TEST_P(InspectionTest, QueuesByNameComeInTheirOrder) {
  start();
  FrameClient one = client();
  for (const char* name : {"a", "b", "c"})
    one.declare_queue(1, name);
  const std::vector<QueueView> found = inspection().queues_named(
      {{"/", "c"}, {"none", "a"}, {"/", "none"}, {"/", "a"}}, QueueParts::all());
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].name, "c");
  EXPECT_EQ(found[1].name, "a");
}

// The bound is by objects, whatever the time: a slice never has more.
TEST_P(InspectionTest, ManyQueuesComeInSlicesWhileOthersComeAndGo) {
  start();
  FrameClient one = client();
  constexpr int kQueues = 3'000;
  for (int i = 0; i != kQueues; ++i)
    one.declare_queue(1, "stays." + std::to_string(i));
  std::atomic<bool> done{false};
  std::thread churn([&] {
    FrameClient other = client();
    for (int i = 0; !done; ++i) {
      const std::string name = "goes." + std::to_string(i % 50);
      other.declare_queue(1, name);
      other.delete_queue(1, name);
    }
  });
  for (int round = 0; round != 5; ++round) {
    std::map<std::string, int> seen;
    int batches = 0;
    inspection().queues({}, QueueParts::all(), [&](std::vector<QueueView>& batch) {
      ++batches;
      EXPECT_LE(batch.size(), Inspection::kSliceObjects);
      for (const QueueView& view : batch)
        ++seen[view.name];
      return true;
    });
    EXPECT_GE(batches, 3);
    int stays = 0;
    for (const auto& [name, times] : seen) {
      if (!name.starts_with("stays.")) continue;
      ++stays;
      EXPECT_GE(times, 1) << name;
    }
    EXPECT_EQ(stays, kQueues);
  }
  done = true;
  churn.join();
}

TEST_P(InspectionTest, ExchangesHaveTheDefaultOneAndWhatWasPublished) {
  start();
  FrameClient one = client();
  one.declare_exchange(1, "x", "fanout");
  one.declare_queue(1, "q");
  one.bind_queue(1, "q", "x", "");
  one.publish(1, "x", "", "hello");
  one.passive(1, "q");
  std::vector<ExchangeView> all;
  inspection().exchanges("/", into(all));
  std::vector<std::string> names;
  for (const ExchangeView& view : all)
    names.push_back(view.name);
  EXPECT_THAT(names, UnorderedElementsAre("", "amq.direct", "amq.fanout", "amq.topic",
                                          "amq.headers", "amq.match", "x"));
  const auto view = inspection().exchange("/", "x");
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->type, broker::ExchangeType::kFanout);
  EXPECT_EQ(view->statistics.publish_in.total, 1u);
  EXPECT_EQ(view->statistics.publish_out.total, 1u);
  EXPECT_TRUE(inspection().exchange("/", "").has_value());
  EXPECT_FALSE(inspection().exchange("/", "none").has_value());
}

TEST_P(InspectionTest, BindingsAreFoundFromBothEnds) {
  start();
  FrameClient one = client();
  one.declare_exchange(1, "x", "topic");
  one.declare_exchange(1, "y", "fanout");
  one.declare_queue(1, "q");
  one.bind_queue(1, "q", "x", "a.#");
  one.bind_exchange(1, "y", "x", "b");
  const auto shown = [](const std::vector<BindingView>& all) {
    std::vector<std::string> lines;
    for (const BindingView& view : all)
      lines.push_back(view.source + ">" + view.destination + ":" + view.routing_key);
    return lines;
  };
  std::vector<BindingView> all, to, from, by_default;
  inspection().bindings("/", into(all));
  EXPECT_THAT(shown(all), UnorderedElementsAre(">q:q", "x>q:a.#", "x>y:b"));
  inspection().bindings_to("/", broker::RoutingTarget::Kind::kQueue, "q", into(to));
  EXPECT_THAT(shown(to), ElementsAre(">q:q", "x>q:a.#"));
  inspection().bindings_from("/", "x", into(from));
  EXPECT_THAT(shown(from), UnorderedElementsAre("x>q:a.#", "x>y:b"));
  inspection().bindings_from("/", "", into(by_default));
  EXPECT_THAT(shown(by_default), ElementsAre(">q:q"));
}

TEST_P(InspectionTest, AQueueOfManyBindingsIsGoneThroughInSlices) {
  start();
  FrameClient one = client();
  one.declare_queue(1, "q");
  constexpr int kBindings = 2'500;
  for (int i = 0; i != kBindings; ++i)
    one.bind_queue(1, "q", "amq.direct", "key" + std::to_string(i));
  std::set<std::string> keys;
  int batches = 0;
  inspection().bindings_to("/", broker::RoutingTarget::Kind::kQueue, "q",
                           [&](std::vector<BindingView>& batch) {
                             ++batches;
                             for (const BindingView& view : batch)
                               EXPECT_TRUE(keys.insert(view.routing_key).second);
                             return true;
                           });
  EXPECT_EQ(keys.size(), kBindings + 1u);
  EXPECT_GE(batches, 3);
}

TEST_P(InspectionTest, AConnectionSaysWhoItIs) {
  start();
  FrameClient one = client();
  one.declare_queue(1, "q");
  one.publish(1, "", "q", "hello");
  one.passive(1, "q");
  const std::vector<ConnectionView> all = connections();
  ASSERT_THAT(all, SizeIs(1));
  const ConnectionView& view = all[0];
  const std::string port = std::to_string(node_->port());
  EXPECT_THAT(view.name, HasSubstr(" -> 127.0.0.1:" + port));
  EXPECT_EQ(view.ends.host, "127.0.0.1");
  EXPECT_EQ(view.ends.peer_host, "127.0.0.1");
  EXPECT_EQ(view.ends.port, node_->port());
  EXPECT_EQ(view.state, ConnectionStateView::kRunning);
  EXPECT_EQ(view.user, "guest");
  EXPECT_EQ(view.virtual_host, "/");
  EXPECT_EQ(view.protocol, "AMQP 0-9-1");
  EXPECT_EQ(view.auth_mechanism, "PLAIN");
  EXPECT_TRUE(view.client_properties.view().find("capabilities").has_value());
  EXPECT_EQ(view.channels, 1u);
  EXPECT_EQ(view.statistics.publish.total, 1u);
  EXPECT_GT(view.received_octets.total, 100u);
  EXPECT_GT(view.received_octets.rate, 0);
  EXPECT_GT(view.sent_octets.total, 100u);
  EXPECT_GT(view.reads, 0u);
  EXPECT_FALSE(view.tls);
  EXPECT_THAT(inspection().connections_named(view.name), ElementsAre(view.key));
  EXPECT_THAT(inspection().connections_named("nobody"), IsEmpty());
  EXPECT_EQ(inspection().connection(view.key)->name, view.name);
  EXPECT_FALSE(inspection().connection({99, view.key.id}).has_value());
}

TEST_P(InspectionTest, WhoIsHeldIsBlockedAndTheOthersAreBlocking) {
  start();
  FrameClient publisher = client();
  FrameClient consumer = client();
  publisher.declare_queue(1, "q");
  publisher.publish(1, "", "q", "hello");
  publisher.passive(1, "q");
  node_->block_publishers("test");
  publisher.expect(0, {10, 60});  // connection.blocked
  std::vector<std::string_view> states;
  for (const ConnectionView& view : connections())
    states.push_back(name_of(view.state));
  EXPECT_THAT(states, UnorderedElementsAre("blocked", "blocking"));
  node_->unblock_publishers();
}

TEST_P(InspectionTest, ChannelsAndConsumersAreNamedByTheirConnection) {
  start();
  FrameClient one = client();
  one.open_channel(7);
  one.declare_queue(1, "q");
  one.qos(7, 3);
  one.select_confirms(1);
  one.consume(7, "q", tagged("tag"));
  one.publish(1, "", "q", "hello");
  one.deliver(7);
  const std::vector<ChannelView> all = channels();
  ASSERT_THAT(all, SizeIs(2));
  const ChannelView& publishing = all[0].key.number == 1 ? all[0] : all[1];
  const ChannelView& consuming = all[0].key.number == 1 ? all[1] : all[0];
  EXPECT_TRUE(publishing.confirm);
  EXPECT_EQ(publishing.statistics.publish.total, 1u);
  EXPECT_EQ(publishing.state, "running");
  EXPECT_THAT(consuming.name, HasSubstr(" (7)"));
  EXPECT_EQ(consuming.consumers, 1u);
  EXPECT_EQ(consuming.unacked, 1u);
  EXPECT_EQ(consuming.prefetch_count, 3u);
  EXPECT_EQ(inspection().channel(consuming.name)->key, consuming.key);
  EXPECT_EQ(inspection().channel(consuming.key)->name, consuming.name);
  for (const char* name : {"", " ()", "x (1)", "x (0)", "x (99999)", "x (-1)", "(7)"})
    EXPECT_FALSE(inspection().channel(name).has_value()) << name;
  std::vector<ChannelView> of_connection;
  inspection().channels_of(consuming.key.connection, into(of_connection));
  EXPECT_THAT(of_connection, SizeIs(2));

  const std::vector<ConsumerView> found = consumers();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].consumer_tag, "tag");
  EXPECT_EQ(found[0].queue, "q");
  EXPECT_EQ(found[0].channel, consuming.key);
  EXPECT_EQ(found[0].channel_name, consuming.name);
  EXPECT_TRUE(found[0].ack_required);
  EXPECT_EQ(found[0].prefetch_count, 3u);
  EXPECT_EQ(found[0].activity_status, "up");
  std::vector<ConsumerView> of_queue;
  inspection().consumers_of("/", "q", into(of_queue));
  EXPECT_THAT(of_queue, SizeIs(1));
  const auto queue = inspection().queue("/", "q", QueueParts::all());
  EXPECT_TRUE(queue->oldest_unacked_age.has_value());
}

TEST_P(InspectionTest, ManyConsumersOfOneQueueAreSeenOnce) {
  start();
  FrameClient one = client();
  one.declare_queue(1, "q");
  constexpr int kConsumers = 1'500;
  for (int i = 0; i != kConsumers; ++i)
    one.consume(1, "q", tagged("c" + std::to_string(i)));
  std::vector<ConsumerView> of_queue;
  inspection().consumers_of("/", "q", into(of_queue));
  std::set<std::string> tags;
  for (const ConsumerView& view : of_queue)
    tags.insert(view.consumer_tag);
  EXPECT_EQ(tags.size(), kConsumers + 0u);
  EXPECT_THAT(of_queue, SizeIs(kConsumers));
  EXPECT_THAT(consumers(), SizeIs(kConsumers));
}

TEST_P(InspectionTest, TotalsOfTheNodeOutliveAVirtualHost) {
  start();
  open_shop();
  test::ConnectOptions in_shop;
  in_shop.virtual_host = "shop";
  {
    FrameClient one = client(in_shop);
    one.declare_queue(1, "q");
    one.publish(1, "", "q", "hello");
    one.must_get(1, "q");
    one.close();
    one.expect_end();
  }
  const NodeStatistics before = inspection().node();
  EXPECT_EQ(before.statistics.publish.total, 1u);
  EXPECT_EQ(before.churn.queues_created.total, 1u);
  ASSERT_TRUE(node_->administration().apply({DeleteVirtualHost{"shop"}}, {}).ok());
  const NodeStatistics after = inspection().node();
  EXPECT_EQ(after.statistics.publish.total, 1u);
  EXPECT_EQ(after.statistics.get_no_ack.total, 1u);
  EXPECT_EQ(after.churn.queues_deleted.total, 1u);
  std::uint64_t published = 0;
  const VirtualHostViews views = node_->virtual_hosts();
  for (const VirtualHostView& host : views.hosts)
    published += host.counters->published.value();
  for (const broker::VirtualHostCounters* gone : views.ended)
    published += gone->published.value();
  EXPECT_EQ(published, 1u);
}

TEST_P(InspectionTest, AVirtualHostHasItsTraffic) {
  start();
  FrameClient one = client();
  one.declare_queue(1, "q");
  one.publish(1, "", "q", "hello");
  one.passive(1, "q");
  const std::vector<VirtualHostStatistics> hosts = inspection().virtual_hosts();
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_EQ(hosts[0].name, "/");
  EXPECT_EQ(hosts[0].ready.value, 1u);
  EXPECT_EQ(hosts[0].connections, 1u);
  EXPECT_EQ(hosts[0].exchanges, 6u);
  EXPECT_EQ(hosts[0].statistics.publish.total, 1u);
  EXPECT_GT(hosts[0].received_octets.total, 0u);
}

TEST_P(InspectionTest, SeveralMayAskWhileClientsComeAndGo) {
  start();
  std::atomic<bool> done{false};
  std::vector<std::thread> askers;
  for (int i = 0; i != 3; ++i)
    askers.emplace_back([&] {
      while (!done) {
        queues();
        connections();
        channels();
        consumers();
        inspection().node();
      }
    });
  for (int i = 0; i != 40; ++i) {
    FrameClient one = client();
    const std::string name = "q" + std::to_string(i);
    one.declare_queue(1, name);
    one.consume(1, name, {});
    one.publish(1, "", name, "hello");
    one.deliver(1);
    one.close();
  }
  done = true;
  for (std::thread& asker : askers)
    asker.join();
}

}  // namespace
}  // namespace harrier::server
