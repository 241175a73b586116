// Policies that apply to live queues and exchanges.

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using amqp::FieldTable;
using broker::ApplyTo;
using broker::Policy;
using broker::PolicyKind;
using broker::SettleReason;

class Told final : public broker::PolicyListener {
 public:
  int times = 0;
  void policies_applied() override { ++times; }
};

class QueuePolicies : public QueueFixture {
 protected:
  using QueueFixture::QueueFixture;

  const broker::Actor admin{"admin", {"administrator"}, "AMQP 0-9-1", ""};

  static FieldTable number(std::string_view key, std::int64_t value) {
    return std::move(FieldTable().add_long(key, value));
  }
  static FieldTable text(std::string_view key, std::string_view value) {
    return std::move(FieldTable().add_string(key, value));
  }
  static Policy policy(FieldTable definition, std::string pattern = "^q",
                       ApplyTo apply_to = ApplyTo::kAll, std::string name = "p") {
    return {std::move(name), std::move(pattern), apply_to, 0, std::move(definition)};
  }
  void set(Policy wanted, PolicyKind kind = PolicyKind::kUser) {
    Told told;
    broker.act([&] {
      const auto status = broker.host.set_policy(admin, kind, std::move(wanted), &told);
      ASSERT_EQ(error_of(status), "ok");
    });
    EXPECT_EQ(told.times, 1);
  }
  void set(FieldTable definition, PolicyKind kind = PolicyKind::kUser) {
    set(policy(std::move(definition)), kind);
  }
  void clear(PolicyKind kind = PolicyKind::kUser, std::string_view name = "p") {
    Told told;
    broker.act(
        [&] { ASSERT_EQ(error_of(broker.host.clear_policy(admin, kind, name, &told)), "ok"); });
    EXPECT_EQ(told.times, 1);
  }
  std::uint64_t settled(SettleReason reason) {
    return broker.host.counters().settled_by(reason).value();
  }
};

// ---- rights

TEST_F(QueuePolicies, operator_policies_are_for_administrators) {
  const broker::Actor maker{"ali", {"policymaker"}, "AMQP 0-9-1", ""};
  const broker::Actor stranger{"stranger", {"policymaker"}, "AMQP 0-9-1", ""};
  const auto try_as = [&](const broker::Actor& actor, PolicyKind kind) {
    std::string answer;
    broker.act([&] {
      answer =
          error_of(broker.host.set_policy(actor, kind, policy(number("expires", 1'000)), nullptr));
    });
    return answer;
  };
  EXPECT_EQ(try_as(admin, PolicyKind::kOperator), "ok");
  EXPECT_EQ(try_as(maker, PolicyKind::kUser), "ok");
  EXPECT_EQ(try_as(maker, PolicyKind::kOperator),
            "ACCESS_REFUSED - operator policies in vhost '/' refused for user 'ali'");
  EXPECT_EQ(try_as(stranger, PolicyKind::kUser),
            "NOT_ALLOWED - access to vhost '/' refused for user 'stranger'");
  EXPECT_EQ(try_as(broker.actor, PolicyKind::kUser),
            "ACCESS_REFUSED - policies in vhost '/' refused for user 'guest'");
}

TEST_F(QueuePolicies, a_bad_one_is_refused_in_rabbitmqs_words_and_changes_nothing) {
  broker.act([&] {
    EXPECT_EQ(error_of(broker.host.set_policy(admin, PolicyKind::kUser, policy(number("foo", 1)),
                                              nullptr)),
              "PRECONDITION_FAILED - Validation failed\n\n[{<<\"foo\">>,1}] are not recognised "
              "policy settings\n");
    EXPECT_EQ(error_of(broker.host.clear_policy(admin, PolicyKind::kUser, "p", nullptr)),
              "NOT_FOUND - Parameter does not exist");
    EXPECT_TRUE(broker.host.list_policies(admin, PolicyKind::kUser)->empty());
  });
}

// ---- what applies, and when

TEST_F(QueuePolicies, a_live_queue_and_a_new_one_get_them_and_lose_them_again) {
  const QueueRef old = declare("q.old", number("x-max-length", 5));
  set(number("max-length", 3));
  const QueueRef fresh = declare("q.new", number("x-max-length", 2));
  const QueueRef other = declare("other");
  EXPECT_EQ(old->settings().max_length, 3u);
  EXPECT_EQ(fresh->settings().max_length, 2u);
  EXPECT_EQ(other->settings().max_length, std::nullopt);
  ASSERT_NE(old->settings().policies.user, nullptr);
  EXPECT_EQ(old->settings().policies.user->name, "p");
  EXPECT_EQ(broker.host.counters().policies.value(), 1u);
  clear();
  EXPECT_EQ(broker.host.counters().policies.value(), 0u);
  EXPECT_EQ(old->settings().max_length, 5u);
  EXPECT_EQ(fresh->settings().max_length, 2u);
  EXPECT_FALSE(old->settings().policies.any());
}

TEST_F(QueuePolicies, a_redeclaration_compares_arguments_alone) {
  const QueueRef queue = declare("q", number("x-max-length", 5));
  set(number("max-length", 3));
  EXPECT_EQ(declare("q", number("x-max-length", 5)).get(), queue.get());
  broker.act([&] {
    EXPECT_FALSE(
        broker.host
            .declare_queue(broker.actor, declaration("q", number("x-max-length", 3)), connection)
            .ok());
  });
}

TEST_F(QueuePolicies, the_lowest_of_argument_policy_and_operator_policy_counts) {
  const QueueRef queue = declare("q", number("x-max-length", 20));
  set(number("max-length", 30));
  EXPECT_EQ(queue->settings().max_length, 20u);
  set(number("max-length", 10), PolicyKind::kOperator);
  EXPECT_EQ(queue->settings().max_length, 10u);
  set(number("max-length", 5));
  EXPECT_EQ(queue->settings().max_length, 5u);
  EXPECT_EQ(queue->settings().policies.definition().view().find("max-length")->integer(), 5);
  clear();
  clear(PolicyKind::kOperator);
  EXPECT_EQ(queue->settings().max_length, 20u);
}

TEST_F(QueuePolicies, numbers_of_every_key_reach_the_queue) {
  const QueueRef classic = declare("q.classic");
  const QueueRef quorum = declare(QueueFixture::quorum("q.quorum"));
  FieldTable definition;
  definition.add_long("message-ttl", 1).add_long("expires", 2).add_long("max-length", 3);
  definition.add_long("max-length-bytes", 4).add_long("consumer-timeout", 5);
  set(definition);
  for (const QueueRef& queue : {classic, quorum}) {
    EXPECT_EQ(queue->settings().message_ttl, Milliseconds(1));
    EXPECT_EQ(queue->settings().expires, Milliseconds(2));
    EXPECT_EQ(queue->settings().max_length, 3u);
    EXPECT_EQ(queue->settings().max_length_bytes, 4u);
    EXPECT_EQ(queue->settings().consumer_timeout, Milliseconds(5));
  }
}

TEST_F(QueuePolicies, a_declared_text_wins_over_the_policys) {
  FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "own");
  const QueueRef own = declare("q.own", arguments);
  const QueueRef none = declare("q.none");
  FieldTable definition;
  definition.add_string("dead-letter-exchange", "policys");
  definition.add_string("dead-letter-routing-key", "key");
  set(definition);
  EXPECT_EQ(own->settings().dead_letter_exchange, "own");
  EXPECT_EQ(own->settings().dead_letter_routing_key, "key");
  EXPECT_EQ(none->settings().dead_letter_exchange, "policys");
}

TEST_F(QueuePolicies, overflow_is_the_arguments_on_classic_and_the_policys_on_quorum_queues) {
  const QueueRef classic = declare("q.classic", text("x-overflow", "drop-head"));
  const QueueRef bare = declare("q.bare");
  const QueueRef quorum =
      declare(QueueFixture::quorum("q.quorum", text("x-overflow", "drop-head")));
  set(text("overflow", "reject-publish"));
  EXPECT_EQ(classic->settings().overflow, broker::Overflow::kDropHead);
  EXPECT_EQ(bare->settings().overflow, broker::Overflow::kRejectPublish);
  EXPECT_EQ(quorum->settings().overflow, broker::Overflow::kRejectPublish);
  set(text("overflow", "reject-publish-dlx"), PolicyKind::kOperator);
  EXPECT_EQ(bare->settings().overflow, broker::Overflow::kRejectPublishDeadLetter);
  EXPECT_EQ(quorum->settings().overflow, broker::Overflow::kDropHead);
}

TEST_F(QueuePolicies, a_delivery_limit_replaces_the_default_and_leaves_classic_queues_alone) {
  const QueueRef quorum = declare(QueueFixture::quorum("q.quorum"));
  const QueueRef unlimited =
      declare(QueueFixture::quorum("q.unlimited", number("x-delivery-limit", -1)));
  const QueueRef classic = declare("q.classic");
  FieldTable definition;
  definition.add_long("delivery-limit", 30).add_long("max-length", 9);
  set(definition);
  EXPECT_EQ(quorum->settings().delivery_limit, 30);
  EXPECT_EQ(unlimited->settings().delivery_limit, 30);
  EXPECT_EQ(classic->settings().max_length, std::nullopt);
  clear();
  EXPECT_EQ(quorum->settings().delivery_limit, 20);
  EXPECT_EQ(unlimited->settings().delivery_limit, -1);
}

TEST_F(QueuePolicies, a_lower_delivery_limit_counts_at_the_next_return) {
  const QueueRef quorum = declare(QueueFixture::quorum("q"));
  TestChannel channel(broker);
  channel.consume(*quorum, "a");
  publish("q", "1", {.persistent = true});
  channel.requeue(1);
  channel.requeue(2);
  set(number("delivery-limit", 2));
  channel.requeue(3);
  EXPECT_EQ(settled(SettleReason::kDeliveryLimit), 1u);
  EXPECT_TRUE(channel.unacked.empty());
}

// ---- time to live and expiry

TEST_F(QueuePolicies, a_time_to_live_counts_for_messages_that_come_later) {
  const QueueRef queue = declare("q");
  publish("q", "old");
  set(number("message-ttl", 100));
  broker.pass(Milliseconds(1'000));
  EXPECT_EQ(queue->ready_count(), 1u);
  publish("q", "new");
  broker.pass(Milliseconds(1'000));
  // As in RabbitMQ: decided at the head.
  EXPECT_EQ(queue->ready_count(), 2u);
  EXPECT_EQ(get(*queue), "old");
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(settled(SettleReason::kExpired), 1u);
}

TEST_F(QueuePolicies, a_deadline_outlives_the_policy_that_gave_it) {
  set(number("message-ttl", 100));
  const QueueRef queue = declare("q");
  publish("q", "1");
  clear();
  publish("q", "2");
  broker.pass(Milliseconds(1'000));
  EXPECT_EQ(drain(*queue), Bodies({"2"}));
}

TEST_F(QueuePolicies, expiry_starts_with_the_policy) {
  declare("q");
  broker.pass(Milliseconds(500));
  set(number("expires", 100));
  broker.pass(Milliseconds(99));
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
  broker.pass(Milliseconds(1));
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
}

TEST_F(QueuePolicies, expiry_is_put_off_by_a_longer_one_and_ends_with_the_policy) {
  declare("q");
  set(number("expires", 100));
  broker.pass(Milliseconds(50));
  set(number("expires", 200));
  broker.pass(Milliseconds(199));
  ASSERT_NE(broker.host.find_queue("q"), nullptr);
  clear();
  broker.pass(Milliseconds(10'000));
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
}

TEST_F(QueuePolicies, a_queue_with_a_consumer_does_not_expire) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  set(number("expires", 100));
  broker.pass(Milliseconds(500));
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
}

// ---- dead letters

TEST_F(QueuePolicies, a_dead_letter_exchange_counts_at_once) {
  const QueueRef letters = declare("letters");
  const QueueRef queue = declare("q");
  publish("q", "1", {.expiration = 100});
  publish("q", "2", {.expiration = 200});
  FieldTable definition = text("dead-letter-exchange", "");
  definition.add_string("dead-letter-routing-key", "letters");
  set(definition);
  broker.pass(Milliseconds(100));
  EXPECT_EQ(letters->ready_count(), 1u);
  clear();
  broker.pass(Milliseconds(100));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(drain(*letters), Bodies({"1"}));
}

TEST_F(QueuePolicies, a_letter_that_waits_while_its_exchange_goes_is_dropped_and_counted) {
  const QueueRef letters = declare("letters");
  broker::QueueDeclaration durable = declaration("q");
  durable.durable = true;
  const QueueRef queue = declare(durable);
  FieldTable definition = text("dead-letter-exchange", "");
  definition.add_string("dead-letter-routing-key", "letters");
  set(definition);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1", {.persistent = true});
  broker.act([&] { broker.host.hold_internal_publishing(true); });
  channel.reject(1);
  clear();
  broker.act([&] { broker.host.hold_internal_publishing(false); });
  EXPECT_EQ(letters->ready_count(), 0u);
  EXPECT_EQ(broker.host.counters().dead_letters_dropped.value(), 1u);
  // Settled in the log, so that no restart brings it back.
  EXPECT_EQ(broker.store.count<broker::SettleChange>(), 1u);
}

TEST_F(QueuePolicies, a_delivery_whose_body_had_left_memory_is_read_to_be_dead_lettered) {
  const QueueRef letters = declare("letters");
  broker::QueueDeclaration durable = declaration("q");
  durable.durable = true;
  const QueueRef queue = declare(durable);
  publish("q", "1", {.persistent = true});
  publish("q", "2", {.persistent = true});
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  broker.catch_up();
  ASSERT_EQ(channel.unacked.size(), 2u);
  ASSERT_FALSE(channel.unacked.at(1).entry.resident());
  FieldTable definition = text("dead-letter-exchange", "");
  definition.add_string("dead-letter-routing-key", "letters");
  set(definition);
  channel.reject(2);
  channel.reject(1);
  EXPECT_EQ(letters->ready_count(), 0u);
  broker.catch_up();
  Bodies bodies = drain(*letters);
  std::sort(bodies.begin(), bodies.end());
  EXPECT_EQ(bodies, Bodies({"1", "2"}));
  EXPECT_EQ(broker.store.count<broker::SettleChange>(), 2u);
}

// ---- length

TEST_F(QueuePolicies, a_length_limit_trims_what_is_there) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3", "4"});
  set(number("max-length", 2));
  EXPECT_EQ(drain(*queue), Bodies({"3", "4"}));
  EXPECT_EQ(settled(SettleReason::kMaxLength), 2u);
}

TEST_F(QueuePolicies, a_limit_that_rejects_begins_to_reject) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  FieldTable definition = number("max-length", 1);
  definition.add_string("overflow", "reject-publish");
  set(definition);
  EXPECT_FALSE(publish("q", "2"));
  clear();
  EXPECT_TRUE(publish("q", "3"));
  EXPECT_EQ(drain(*queue), Bodies({"1", "3"}));
}

// ---- exchanges

class ExchangePolicies : public QueuePolicies {
 protected:
  void declare_exchange(std::string name, FieldTable arguments = {}) {
    broker.act([&] {
      broker::ExchangeDeclaration wanted;
      wanted.name = std::move(name);
      wanted.arguments = std::move(arguments);
      ASSERT_EQ(error_of(broker.host.declare_exchange(broker.actor, std::move(wanted))), "ok");
    });
  }
  std::size_t routed(std::string_view exchange, std::string_view key) {
    std::vector<broker::Queue*> queues;
    broker.act([&] { broker.host.route(broker.host.find_exchange(exchange), {key}, {}, queues); });
    return queues.size();
  }
};

TEST_F(ExchangePolicies, an_alternate_exchange_is_made_and_unmade) {
  declare("letters");
  declare_exchange("x");
  const std::uint64_t before = broker.host.routes_version();
  EXPECT_EQ(routed("x", "letters"), 0u);
  set(policy(text("alternate-exchange", ""), "^x$", ApplyTo::kExchanges));
  // Remembered routes are forgotten.
  EXPECT_NE(broker.host.routes_version(), before);
  EXPECT_EQ(routed("x", "letters"), 1u);
  EXPECT_EQ(broker.host.find_exchange("x")->policies().user->name, "p");
  clear();
  EXPECT_EQ(routed("x", "letters"), 0u);
}

TEST_F(ExchangePolicies, a_new_exchange_has_it_and_a_declared_one_wins) {
  set(policy(text("alternate-exchange", "policys"), "^x", ApplyTo::kExchanges));
  declare_exchange("x1");
  declare_exchange("x2", text("alternate-exchange", "own"));
  EXPECT_EQ(broker.host.find_exchange("x1")->alternate_exchange(), "policys");
  EXPECT_EQ(broker.host.find_exchange("x2")->alternate_exchange(), "own");
  // No inequivalent argument.
  declare_exchange("x1");
}

TEST_F(ExchangePolicies, one_for_queues_leaves_exchanges_alone) {
  declare_exchange("q");
  set(policy(text("alternate-exchange", "a"), "^q", ApplyTo::kQueues));
  EXPECT_FALSE(broker.host.find_exchange("q")->has_alternate_exchange());
}

TEST_F(ExchangePolicies, predeclared_exchanges_have_them_too) {
  set(policy(text("alternate-exchange", "a"), "^amq\\.direct$"));
  EXPECT_EQ(broker.host.find_exchange("amq.direct")->alternate_exchange(), "a");
  EXPECT_FALSE(broker.host.find_exchange("amq.topic")->has_alternate_exchange());
}

// ---- slices

broker::VirtualHostLimits small_slices() {
  broker::VirtualHostLimits limits = stepwise_limits();
  limits.slice_entries = 100;
  return limits;
}

class SlicedPolicies : public QueuePolicies {
 protected:
  SlicedPolicies() : QueuePolicies(small_slices()) {}

  std::size_t with_limit(std::size_t queues) {
    std::size_t count = 0;
    for (std::size_t i = 0; i != queues; ++i) {
      const broker::Queue* queue = broker.host.find_queue("q" + std::to_string(i));
      if (queue != nullptr && queue->settings().max_length) ++count;
    }
    return count;
  }
};

TEST_F(SlicedPolicies, many_queues_take_many_turns_and_the_answer_comes_at_the_end) {
  for (int i = 0; i != 1'000; ++i)
    declare("q" + std::to_string(i));
  Told told;
  broker.turn([&] {
    ASSERT_TRUE(
        broker.host.set_policy(admin, PolicyKind::kUser, policy(number("max-length", 5)), &told)
            .ok());
  });
  EXPECT_EQ(told.times, 0);
  const std::size_t first = with_limit(1'000);
  EXPECT_GT(first, 0u);
  EXPECT_LE(first, 100u);
  // Others are served meanwhile, and what is declared meanwhile has it already.
  EXPECT_TRUE(broker.turn([&] {
    ASSERT_TRUE(broker.host.declare_queue(broker.actor, declaration("q.new"), connection).ok());
  }));
  EXPECT_EQ(broker.host.find_queue("q.new")->settings().max_length, 5u);
  EXPECT_EQ(told.times, 0);
  broker.rest();
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(with_limit(1'000), 1'000u);
}

TEST_F(SlicedPolicies, a_change_during_a_walk_reaches_all_and_is_answered_after_another_walk) {
  for (int i = 0; i != 300; ++i)
    declare("q" + std::to_string(i));
  Told first;
  Told second;
  broker.turn([&] {
    (void)broker.host.set_policy(admin, PolicyKind::kUser, policy(number("max-length", 5)), &first);
  });
  broker.turn([&] { (void)broker.host.clear_policy(admin, PolicyKind::kUser, "p", &second); });
  while (first.times == 0)
    broker.turn();
  EXPECT_EQ(second.times, 0);
  broker.rest();
  EXPECT_EQ(second.times, 1);
  EXPECT_EQ(with_limit(300), 0u);
}

TEST_F(SlicedPolicies, queues_that_go_during_a_walk_take_none_with_them) {
  for (int i = 0; i != 500; ++i)
    declare("q" + std::to_string(i));
  Told told;
  broker.turn([&] {
    (void)broker.host.set_policy(admin, PolicyKind::kUser, policy(number("max-length", 5)), &told);
  });
  // Old and new ones, in between.
  for (int i = 0; i < 100; i += 25) {
    broker.turn([&] {
      for (int j = i; j != i + 25; ++j)
        (void)broker.host.delete_queue(broker.actor, "q" + std::to_string(j * 7 % 500), connection,
                                       false, false);
    });
    EXPECT_EQ(told.times, 0);
  }
  broker.rest();
  EXPECT_EQ(told.times, 1);
  std::size_t left = 0;
  for (int i = 0; i != 500; ++i)
    left += broker.host.find_queue("q" + std::to_string(i)) != nullptr ? 1 : 0;
  EXPECT_EQ(left, 400u);
  EXPECT_EQ(with_limit(500), left);
}

TEST_F(SlicedPolicies, a_listener_that_went_is_not_told) {
  for (int i = 0; i != 300; ++i)
    declare("q" + std::to_string(i));
  {
    Told told;
    broker.turn([&] {
      (void)broker.host.set_policy(admin, PolicyKind::kUser, policy(number("max-length", 5)),
                                   &told);
    });
  }
  broker.rest();
  EXPECT_EQ(with_limit(300), 300u);
}

TEST_F(SlicedPolicies, a_long_queue_is_trimmed_in_slices_while_others_are_served) {
  const QueueRef queue = declare("q");
  const QueueRef other = declare("other");
  for (int i = 0; i != 10'000; ++i)
    publish("q", "m");
  Told told;
  broker.turn([&] {
    (void)broker.host.set_policy(admin, PolicyKind::kUser, policy(number("max-length", 10)), &told);
  });
  int turns = 0;
  for (bool more = true; more; ++turns) {
    more = broker.turn([&] {
      std::vector<broker::Queue*> queues{other.get()};
      (void)broker.host.publish(message("other", "x"), queues);
    });
    EXPECT_EQ(other->ready_count(), static_cast<std::uint64_t>(turns) + 1);
  }
  EXPECT_GE(turns, 99);
  EXPECT_EQ(queue->ready_count(), 10u);
}

// ---- recovery

TEST_F(QueuePolicies, restored_queues_have_what_was_restored_before_them) {
  broker.turn([&] {
    ASSERT_EQ(error_of(broker.host.restore_policy(PolicyKind::kUser,
                                                  policy(number("max-length", 1), "."))),
              "ok");
    broker::QueueDeclaration durable = declaration("q");
    durable.durable = true;
    const broker::Queue* queue = broker.host.restore_queue(broker::QueueId(7), durable);
    ASSERT_NE(queue, nullptr);
    EXPECT_EQ(queue->settings().max_length, 1u);
  });
}

}  // namespace
}  // namespace harrier::test
