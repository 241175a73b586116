// What a queue says it has counted, against what was done with it.
#include "broker/queue_statistics.h"

#include <array>
#include <string>

#include "broker/dead_letter.h"
#include "unit/broker/queue_fixture.h"

namespace harrier::test {
namespace {

using broker::MessageEvent;
using broker::QueueReading;
using broker::SettleReason;

class QueueStatisticsTest : public QueueFixture {
 protected:
  QueueReading read(const broker::Queue& queue) {
    QueueReading reading;
    broker.act([&] { queue.read(reading); });
    return reading;
  }
  std::uint64_t total(const broker::Queue& queue, MessageEvent event) {
    return read(queue).counts.total(event);
  }
};

TEST_F(QueueStatisticsTest, NothingIsKeptBeforeTheFirstMessage) {
  const QueueRef queue = declare("q");
  const QueueReading reading = read(*queue);
  EXPECT_EQ(reading.counts.totals, broker::MessageTotals{});
  EXPECT_FALSE(reading.measured);
  EXPECT_EQ(broker.host.next_deadline(), base::kNever);
}

TEST_F(QueueStatisticsTest, EveryWayOutIsCounted) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  publish_all("q", {"1", "2", "3", "4", "5", "6"});
  EXPECT_EQ(get(*queue), "1");
  channel.consume(*queue, "c");
  channel.ack(1);
  channel.reject(2);
  channel.requeue(3);
  channel.cancel("c");
  broker.act([&] { queue->purge(); });
  EXPECT_EQ(get(*queue), "(empty)");

  const QueueReading reading = read(*queue);
  EXPECT_EQ(reading.counts.total(MessageEvent::kPublish), 6u);
  EXPECT_EQ(reading.counts.total(MessageEvent::kGetNoAck), 1u);
  EXPECT_EQ(reading.counts.total(MessageEvent::kDeliver), 6u) << "five, and one again";
  EXPECT_EQ(reading.counts.total(MessageEvent::kRedeliver), 1u);
  EXPECT_EQ(reading.counts.total(MessageEvent::kAck), 1u);
  EXPECT_EQ(reading.counts.total(MessageEvent::kGetEmpty), 1u);
  EXPECT_EQ(reading.fates.settled_by(SettleReason::kRejected), 1u);
  EXPECT_EQ(reading.fates.requeued, 1u);
}

TEST_F(QueueStatisticsTest, DeadLettersAreCountedByReasonAndFate) {
  amqp::FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "")
      .add_string("x-dead-letter-routing-key", "dead");
  arguments.add_long("x-max-length", 1);
  const QueueRef queue = declare("q", arguments);
  publish_all("q", {"1", "2"});
  EXPECT_EQ(read(*queue).fates.dead_letters_dropped, 1u) << "nobody is there yet";
  const QueueRef dead = declare("dead");
  publish("q", "3");
  const QueueReading reading = read(*queue);
  EXPECT_EQ(reading.fates.settled_by(SettleReason::kMaxLength), 2u);
  EXPECT_EQ(reading.fates.dead_lettered, 1u);
  EXPECT_EQ(reading.counts.total(MessageEvent::kAck), 0u);
  EXPECT_EQ(total(*dead, MessageEvent::kPublish), 1u);
  auto& counters = broker.host.counters().by_type[0];
  EXPECT_EQ(
      counters.dead_lettered_for(broker::DeadLetterStrategy::kAtMostOnce, SettleReason::kMaxLength)
          .value(),
      2u);
}

TEST_F(QueueStatisticsTest, ExpiryWithoutADeadLetterExchangeIsTheStrategyDisabled) {
  const QueueRef queue = declare("q");
  publish("q", "1", {.expiration = 100});
  broker.pass(Milliseconds(100));
  EXPECT_EQ(read(*queue).fates.settled_by(SettleReason::kExpired), 1u);
  auto& counters = broker.host.counters().by_type[0];
  EXPECT_EQ(
      counters.dead_lettered_for(broker::DeadLetterStrategy::kDisabled, SettleReason::kExpired)
          .value(),
      1u);
}

TEST_F(QueueStatisticsTest, RatesAreOverTheLastSecondsAndEndWithThem) {
  const QueueRef queue = declare("q");
  for (int second = 0; second != 20; ++second) {
    publish_all("q", {"1", "2", "3"});
    broker.pass(Milliseconds(1'000));
  }
  EXPECT_NEAR(read(*queue).counts.rate(MessageEvent::kPublish), 3, 0.4);
  EXPECT_NEAR(read(*queue).ready_rate, 3, 0.4);
  broker.pass(Milliseconds(16'000));
  const QueueReading quiet = read(*queue);
  EXPECT_EQ(quiet.counts.rate(MessageEvent::kPublish), 0);
  EXPECT_EQ(quiet.counts.total(MessageEvent::kPublish), 60u) << "totals stay";
}

TEST_F(QueueStatisticsTest, AQuietQueueKeepsNoFiguresAndHasNoDeadline) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "c");
  publish("q", "1");
  EXPECT_TRUE(read(*queue).measured);
  EXPECT_FALSE(read(*queue).idle_since.has_value());
  const base::MonotonicTime last = broker.now().monotonic;
  channel.ack(1);
  broker.pass(Milliseconds(20'000));
  const QueueReading reading = read(*queue);
  EXPECT_FALSE(reading.measured);
  ASSERT_TRUE(reading.idle_since.has_value());
  EXPECT_GE(*reading.idle_since, last);
  EXPECT_LE(*reading.idle_since, last + Milliseconds(10'000));
  EXPECT_EQ(broker.host.next_deadline(), base::kNever);
}

TEST_F(QueueStatisticsTest, WhatPassesStraightThroughHasWaitedNoTime) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "c");
  publish_all("q", {"1", "2", "3"});
  const QueueReading reading = read(*queue);
  EXPECT_EQ(reading.time_in_queue.counts()[0], 3u);
  EXPECT_EQ(reading.time_in_queue.sum(), Milliseconds(0));
}

TEST_F(QueueStatisticsTest, WaitingForCreditLowersTheCapacityUntilItEnds) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  EXPECT_EQ(read(*queue).consumer_capacity, 0) << "no consumers";
  channel.consume(*queue, "c", 1);
  EXPECT_EQ(read(*queue).consumer_capacity, 1);
  publish_all("q", {"1", "2"});
  broker.pass(Milliseconds(10'000));
  EXPECT_LT(read(*queue).consumer_capacity, 0.1) << "the second waits for the first";
  channel.ack(1);
  broker.pass(Milliseconds(20'000));
  EXPECT_EQ(read(*queue).consumer_capacity, 1);
}

TEST_F(QueueStatisticsTest, AQueueWhoseConsumersLeftWhileOthersWaitedBecomesQuiet) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "c", 1);
  publish_all("q", {"1", "2"});
  channel.close();
  broker.pass(Milliseconds(30'000));
  EXPECT_FALSE(read(*queue).measured);
}

TEST_F(QueueStatisticsTest, PagedOutMessagesStayCounted) {
  broker::QueueDeclaration durable = declaration("q");
  durable.durable = true;
  const QueueRef queue = declare(durable);
  publish_all("q", {"1", "2", "3", "4"}, {.persistent = true});
  page_out(*queue);
  const QueueReading reading = read(*queue);
  EXPECT_EQ(reading.resident, 0u);
  EXPECT_EQ(reading.persistent, 4u);
  EXPECT_EQ(reading.counts.total(MessageEvent::kPublish), 4u);
  EXPECT_EQ(reading.counts.total(MessageEvent::kAck), 0u);
}

TEST_F(QueueStatisticsTest, WhatWasRestoredIsNoPublishAndNoAck) {
  broker::QueueDeclaration durable = declaration("q");
  durable.durable = true;
  broker::Queue* queue = nullptr;
  broker.act([&] {
    queue = broker.host.restore_queue(broker::QueueId(7), durable);
    for (std::uint64_t position = 11; position != 14; ++position) {
      broker::QueueEntry entry;
      entry.message = message("q", "old");
      entry.position = broker::Position(position);
      entry.body_size = 3;
      queue->restore_entry(std::move(entry));
    }
  });
  EXPECT_EQ(get(*queue), "old");
  publish("q", "new");
  EXPECT_EQ(total(*queue, MessageEvent::kPublish), 1u);
  EXPECT_EQ(total(*queue, MessageEvent::kGetNoAck), 1u);
  EXPECT_EQ(total(*queue, MessageEvent::kAck), 0u);
}

// What follows from the counts is what was done, whatever was done in whatever order.
TEST_F(QueueStatisticsTest, TotalsAreThoseOfRandomTraffic) {
  for (std::uint64_t seed = 1; seed != 30; ++seed) {
    base::SeededRandom random(seed);
    const std::string name = "q" + std::to_string(seed);
    amqp::FieldTable arguments;
    if (seed % 2 == 0) arguments.add_long("x-max-length", 8);
    if (seed % 3 == 0) arguments.add_long("x-max-priority", 3);
    const QueueRef queue = declare(seed % 5 == 0 ? quorum(name) : declaration(name, arguments));
    TestChannel channel(broker);
    bool consumes = false;
    std::uint64_t published = 0, acked = 0, got = 0, empty = 0, purged = 0, delivered = 0;
    for (int step = 0; step != 200; ++step) {
      switch (random.below(9)) {
        case 0:
        case 1:
        case 2:
          published += publish(name, "x",
                               {.priority = static_cast<int>(random.below(4)),
                                .expiration = random.below(4) == 0 ? 500 : -1});
          break;
        case 3:
          if (consumes) {
            channel.cancel("c");
          } else {
            channel.consume(*queue, "c", static_cast<std::uint16_t>(random.below(4)));
          }
          consumes = !consumes;
          break;
        case 4: {
          const std::string body = get(*queue);
          got += body == "x";
          empty += body == "(empty)";
          break;
        }
        case 5:
          if (channel.unacked.empty()) break;
          channel.ack(channel.unacked.begin()->first);
          ++acked;
          break;
        case 6:
          if (channel.unacked.empty()) break;
          if (random.below(2) == 0) {
            channel.reject(channel.unacked.begin()->first);
          } else {
            channel.requeue(channel.unacked.rbegin()->first);
          }
          break;
        case 7: broker.pass(Milliseconds(random.below(4) == 0 ? 12'000 : 300)); break;
        case 8:
          if (random.below(8) == 0) broker.act([&] { purged += queue->purge(); });
          break;
      }
      broker.catch_up();
      delivered += channel.take_bodies().size();
      const QueueReading reading = read(*queue);
      ASSERT_EQ(reading.counts.total(MessageEvent::kPublish), published) << seed << " " << step;
      ASSERT_EQ(reading.counts.total(MessageEvent::kAck), acked) << seed << " " << step;
      ASSERT_EQ(reading.counts.total(MessageEvent::kDeliver), delivered) << seed << " " << step;
      ASSERT_EQ(reading.counts.total(MessageEvent::kGetNoAck), got) << seed << " " << step;
      ASSERT_EQ(reading.counts.total(MessageEvent::kGetEmpty), empty) << seed << " " << step;
      ASSERT_EQ(reading.fates.settled_by(SettleReason::kPurged), purged) << seed << " " << step;
    }
  }
}

}  // namespace
}  // namespace harrier::test
