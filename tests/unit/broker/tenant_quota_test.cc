// What a virtual host may have, and what happens when it has it.

#include "broker/tenant_quota.h"

#include <gmock/gmock.h>

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using broker::LimitKind;
using broker::QuotaAction;
using broker::TenantLimits;

class TenantQuotaTest : public QueueFixture {
 protected:
  explicit TenantQuotaTest(broker::VirtualHostLimits node = stepwise_limits())
      : QueueFixture(node) {}

  void limit(const TenantLimits& limits) {
    broker.act([&] { broker.host.set_limits(limits); });
  }
  std::string declare_error(std::string name) {
    std::string error;
    broker.act([&] {
      error = error_of(
          broker.host.declare_queue(broker.actor, declaration(std::move(name)), connection));
    });
    return error;
  }
  std::string exchange_error(std::string name) {
    std::string error;
    broker.act([&] {
      broker::ExchangeDeclaration wanted;
      wanted.name = std::move(name);
      error = error_of(broker.host.declare_exchange(broker.actor, std::move(wanted)));
    });
    return error;
  }
  std::string bind_error(std::string key) {
    std::string error;
    broker.act([&] {
      error = error_of(broker.host.bind(
          broker.actor,
          {broker::RoutingTarget::Kind::kQueue, "q", "amq.direct", std::move(key), {}},
          connection));
    });
    return error;
  }
  std::uint64_t refused(LimitKind kind) {
    return broker.host.counters().limit_refusals_of(kind).value();
  }
  bool held() const { return broker.host.quota().held(); }
  std::uint64_t stored() const { return broker.host.quota().stored_bytes(); }
  static std::string bytes(std::size_t count) { return std::string(count, 'x'); }
};

TEST_F(TenantQuotaTest, TheQueueAfterTheLastIsRefusedInRabbitmqsWords) {
  limit({.queues_max = 2});
  EXPECT_EQ(declare_error("a"), "ok");
  EXPECT_EQ(declare_error("b"), "ok");
  EXPECT_EQ(
      declare_error("c"),
      "PRECONDITION_FAILED - cannot declare queue 'c': queue limit in vhost '/' (2) is reached");
  // What is there may be declared again.
  EXPECT_EQ(declare_error("b"), "ok");
  EXPECT_EQ(refused(LimitKind::kVirtualHostQueues), 1u);
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "a", connection, false, false).ok());
  });
  EXPECT_EQ(declare_error("c"), "ok");
}

TEST_F(TenantQuotaTest, ALowerLimitKeepsWhatIsThere) {
  declare("a");
  declare("b");
  limit({.queues_max = 1});
  EXPECT_NE(broker.host.find_queue("b"), nullptr);
  EXPECT_NE(declare_error("c"), "ok");
  limit({});
  EXPECT_EQ(declare_error("c"), "ok");
}

TEST_F(TenantQuotaTest, ExchangesAndBindings) {
  declare("q");
  limit({.exchanges_max = 6, .bindings_max = 1});
  EXPECT_EQ(exchange_error("e"), "ok");  // besides five of its own
  EXPECT_EQ(exchange_error("f"),
            "PRECONDITION_FAILED - cannot declare exchange 'f': exchange limit in vhost '/' (6) is "
            "reached");
  EXPECT_EQ(bind_error("1"), "ok");
  EXPECT_EQ(bind_error("1"), "ok");
  EXPECT_EQ(bind_error("2"),
            "PRECONDITION_FAILED - cannot bind to exchange 'amq.direct': binding limit in vhost "
            "'/' (1) is reached");
  EXPECT_EQ(refused(LimitKind::kVirtualHostExchanges), 1u);
  EXPECT_EQ(refused(LimitKind::kVirtualHostBindings), 1u);
}

class TenantQuotaBelowNode : public TenantQuotaTest {
 protected:
  static broker::VirtualHostLimits node() {
    broker::VirtualHostLimits limits = stepwise_limits();
    limits.queues_max = 1;
    return limits;
  }
  TenantQuotaBelowNode() : TenantQuotaTest(node()) {}
};

TEST_F(TenantQuotaBelowNode, TheNodesOwnLimitIsTheCeiling) {
  limit({.queues_max = 5});
  declare("a");
  EXPECT_THAT(declare_error("b"), ::testing::HasSubstr("(1) is reached"));
}

TEST_F(TenantQuotaTest, AMessageOfTheLargestSizeIsTaken) {
  limit({.message_size_max = 3});
  EXPECT_TRUE(broker.host.quota().guards_size());
  EXPECT_EQ(error_of(broker.host.quota().check_size(3)), "ok");
  EXPECT_EQ(error_of(broker.host.quota().check_size(4)),
            "PRECONDITION_FAILED - message size 4 is larger than configured max size 3");
  EXPECT_EQ(refused(LimitKind::kVirtualHostMessageSize), 1u);
}

TEST_F(TenantQuotaTest, HoldsAtTheLimitAndReleasesAtNineTenths) {
  QueueRef q = declare("q");
  limit({.stored_bytes_max = 100});
  publish("q", bytes(9));
  publish("q", bytes(1));
  publish("q", bytes(89));
  EXPECT_FALSE(held());
  publish("q", bytes(1));
  EXPECT_TRUE(held());
  EXPECT_EQ(refused(LimitKind::kVirtualHostStoredBytes), 1u);
  get(*q);
  EXPECT_EQ(stored(), 91u);
  EXPECT_TRUE(held());
  get(*q);
  EXPECT_EQ(stored(), 90u);
  EXPECT_FALSE(held());
  EXPECT_EQ(refused(LimitKind::kVirtualHostStoredBytes), 1u);
}

TEST_F(TenantQuotaTest, EachQueuesCopyCounts) {
  declare("q");
  declare("r");
  publish("q", bytes(10));
  broker.act([&] {
    std::vector<broker::Queue*> queues{broker.host.find_queue("q"), broker.host.find_queue("r")};
    broker.host.publish(message("", bytes(10)), queues);
  });
  EXPECT_EQ(stored(), 30u);
}

// Delivered, returned, delivered, rejected, acknowledged; closed with its deliveries outstanding.
TEST_F(TenantQuotaTest, UnackedMessagesCountUntilTheyAreSettled) {
  QueueRef q = declare("q");
  TestChannel channel(broker);
  channel.consume(*q, "c");
  publish_all("q", {bytes(1), bytes(20), bytes(300)});
  EXPECT_EQ(stored(), 321u);
  EXPECT_EQ(broker.host.counters().unacked_bytes.value(), 321u);
  channel.requeue(1);
  EXPECT_EQ(stored(), 321u);
  channel.ack(2);
  EXPECT_EQ(stored(), 301u);
  channel.reject(3);
  EXPECT_EQ(stored(), 1u);
  publish("q", bytes(50));
  EXPECT_EQ(stored(), 51u);
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  EXPECT_EQ(stored(), 0u);
  channel.ack(4);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(TenantQuotaTest, DeliveredWithoutAckIsNotStored) {
  QueueRef q = declare("q");
  TestChannel channel(broker);
  broker::ConsumerOptions options = channel.options("c");
  options.no_ack = true;
  channel.consume(*q, options);
  publish("q", bytes(10));
  EXPECT_EQ(stored(), 0u);
}

TEST_F(TenantQuotaTest, PurgingReleases) {
  declare("q");
  limit({.stored_bytes_max = 10});
  publish("q", bytes(10));
  EXPECT_TRUE(held());
  broker.act([&] { EXPECT_TRUE(broker.host.purge_queue(broker.actor, "q", connection).ok()); });
  EXPECT_FALSE(held());
}

TEST_F(TenantQuotaTest, AHigherLimitReleasesAtTheEndOfTheTurn) {
  declare("q");
  limit({.stored_bytes_max = 10});
  publish("q", bytes(10));
  EXPECT_TRUE(held());
  limit({.stored_bytes_max = 12});
  EXPECT_FALSE(held());
  limit({.stored_bytes_max = 9});
  EXPECT_TRUE(held());
  limit({});
  EXPECT_FALSE(held());
}

TEST_F(TenantQuotaTest, WithNothingStoredNobodyIsHeld) {
  limit({.stored_bytes_max = 0});
  EXPECT_FALSE(held());
}

TEST_F(TenantQuotaTest, RejectNacksWhatDoesNotFitAndHoldsNobody) {
  QueueRef q = declare("q");
  limit({.stored_bytes_max = 100, .quota_action = QuotaAction::kReject});
  EXPECT_TRUE(publish("q", bytes(60)));
  EXPECT_FALSE(publish("q", bytes(41)));
  EXPECT_TRUE(publish("q", bytes(40)));
  EXPECT_FALSE(publish("q", bytes(1)));
  EXPECT_TRUE(publish("q", ""));
  EXPECT_FALSE(held());
  EXPECT_EQ(stored(), 100u);
  EXPECT_EQ(refused(LimitKind::kVirtualHostStoredBytes), 2u);
  EXPECT_EQ(broker.host.counters().refused.value(), 2u);
  get(*q);
  EXPECT_TRUE(publish("q", bytes(1)));
}

TEST_F(TenantQuotaTest, RefusesFromNineTenthsOnIfItRejects) {
  QueueRef q = declare("q");
  publish("q", bytes(89));
  limit({.stored_bytes_max = 100, .quota_action = QuotaAction::kHold});
  publish("q", bytes(11));
  EXPECT_FALSE(broker.host.quota().refuses());
  limit({.stored_bytes_max = 100, .quota_action = QuotaAction::kReject});
  EXPECT_TRUE(broker.host.quota().refuses());
  get(*q);
  EXPECT_FALSE(broker.host.quota().refuses());
  publish("q", bytes(78));
  EXPECT_FALSE(broker.host.quota().refuses());
  publish("q", bytes(1));
  EXPECT_TRUE(broker.host.quota().refuses());
  limit({});
  EXPECT_FALSE(broker.host.quota().refuses());
}

TEST_F(TenantQuotaTest, WhatDoesNotFitIntoAllQueuesGoesToNone) {
  declare("q");
  declare("r");
  limit({.stored_bytes_max = 19, .quota_action = QuotaAction::kReject});
  broker.act([&] {
    std::vector<broker::Queue*> queues{broker.host.find_queue("q"), broker.host.find_queue("r")};
    EXPECT_TRUE(broker.host.publish(message("", bytes(10)), queues).refused);
  });
  EXPECT_EQ(stored(), 0u);
  EXPECT_EQ(refused(LimitKind::kVirtualHostStoredBytes), 1u);
  EXPECT_EQ(broker.host.counters().refused.value(), 2u);
}

// A queue that dead-letters what it refuses does so for the quota, too, until that would make the
// quota void.
TEST_F(TenantQuotaTest, RejectedMessagesAreDeadLetteredUpToElevenTenths) {
  QueueRef letters = declare("letters");
  amqp::FieldTable arguments;
  arguments.add_string("x-overflow", "reject-publish-dlx");
  arguments.add_string("x-dead-letter-exchange", "");
  arguments.add_string("x-dead-letter-routing-key", "letters");
  QueueRef q = declare("q", arguments);
  limit({.stored_bytes_max = 100, .quota_action = QuotaAction::kReject});
  EXPECT_TRUE(publish("q", bytes(100)));
  EXPECT_FALSE(publish("q", bytes(10)));
  EXPECT_EQ(letters->ready_count(), 1u);
  EXPECT_FALSE(publish("q", bytes(1)));
  EXPECT_EQ(letters->ready_count(), 2u);
  EXPECT_EQ(stored(), 111u);
  EXPECT_FALSE(publish("q", bytes(1)));
  EXPECT_EQ(letters->ready_count(), 2u);
  EXPECT_EQ(broker.host.counters().dead_letters_dropped.value(), 1u);
}

TEST_F(TenantQuotaTest, OtherDeadLettersAreNeverLostToAQuota) {
  QueueRef letters = declare("letters");
  amqp::FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "");
  arguments.add_string("x-dead-letter-routing-key", "letters");
  QueueRef q = declare("q", arguments);
  TestChannel channel(broker);
  channel.consume(*q, "c");
  limit({.stored_bytes_max = 10, .quota_action = QuotaAction::kReject});
  EXPECT_TRUE(publish("q", bytes(10)));
  limit({.stored_bytes_max = 1, .quota_action = QuotaAction::kReject});
  channel.reject(1);
  EXPECT_EQ(letters->ready_count(), 1u);
}

}  // namespace
}  // namespace harrier::test
