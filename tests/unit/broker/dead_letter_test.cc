// What dead letters look like, and where they go.

#include "broker/dead_letter.h"

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using amqp::FieldArray;
using amqp::FieldTable;
using amqp::TableView;
using broker::Death;
using broker::SettleReason;

class DeadLetter : public QueueFixture {
 protected:
  static FieldTable dead_letters_to(std::string_view key, FieldTable arguments = {}) {
    arguments.add_string("x-dead-letter-exchange", "");
    arguments.add_string("x-dead-letter-routing-key", key);
    return arguments;
  }
  static std::string headers_of(const broker::Message& message) {
    return std::string(amqp::parse_properties(message.property_bytes()).headers.bytes());
  }
  static broker::MessageRef die(const broker::Message& message, std::string_view queue,
                                SettleReason reason, int second = 0) {
    Death death;
    death.queue = queue;
    death.reason = reason;
    death.time = base::WallTime(std::chrono::seconds(second));
    return broker::dead_letter_message(message, death, "dlx");
  }
  // "queue/reason/count@time" of each entry of x-death.
  static Bodies deaths_of(const broker::Message& message) {
    Bodies deaths;
    const std::string headers = headers_of(message);
    const auto entries = TableView(headers).find("x-death");
    if (!entries) return {"none"};
    for (const amqp::FieldValue& entry : entries->array()) {
      const TableView table = entry.table();
      deaths.push_back(std::string(table.find("queue")->bytes) + "/" +
                       std::string(table.find("reason")->bytes) + "/" +
                       std::to_string(table.find("count")->integer()) + "@" +
                       std::to_string(table.find("time")->timestamp()));
    }
    return deaths;
  }
  static std::string text(const broker::Message& message, std::string_view header) {
    const std::string headers = headers_of(message);
    const auto value = TableView(headers).find(header);
    return value ? std::string(value->bytes) : "none";
  }
};

// ---- the message

TEST_F(DeadLetter, first_death_tells_all) {
  const auto dead =
      die(*message("key", "body", {.expiration = 500}), "q", SettleReason::kExpired, 7);
  EXPECT_EQ(deaths_of(*dead), (Bodies{"q/expired/1@7"}));
  EXPECT_EQ(dead->body(), "body");
  EXPECT_EQ(dead->exchange(), "dlx");
  EXPECT_EQ(dead->routing_key(), "key");
  const std::string headers = headers_of(*dead);
  const auto entry = *TableView(headers).find("x-death")->array().begin();
  EXPECT_EQ(entry.table().find("exchange")->bytes, "");
  EXPECT_EQ(entry.table().find("original-expiration")->bytes, "500");
  EXPECT_EQ(entry.table().find("count")->type, 'l');
  EXPECT_EQ(entry.table().find("time")->type, 'T');
  EXPECT_EQ((*entry.table().find("routing-keys")->array().begin()).bytes, "key");
  EXPECT_EQ(text(*dead, "x-first-death-reason"), "expired");
  EXPECT_EQ(text(*dead, "x-first-death-queue"), "q");
  EXPECT_EQ(text(*dead, "x-first-death-exchange"), "");
  EXPECT_EQ(text(*dead, "x-last-death-reason"), "expired");
}

TEST_F(DeadLetter, expiration_is_removed_and_only_told_when_there_was_one) {
  const auto dead = die(*message("key", "b", {.expiration = 500}), "q", SettleReason::kExpired);
  EXPECT_FALSE(dead->has_expiration());
  EXPECT_FALSE(amqp::parse_properties(dead->property_bytes()).has(amqp::kExpiration));
  const auto other = die(*message("key", "b"), "q", SettleReason::kRejected);
  const std::string headers = headers_of(*other);
  const auto entry = *TableView(headers).find("x-death")->array().begin();
  EXPECT_FALSE(entry.table().find("original-expiration").has_value());
}

TEST_F(DeadLetter, same_queue_and_reason_are_counted_and_keep_the_first_time) {
  auto dead = die(*message("key", "b"), "q", SettleReason::kRejected, 1);
  dead = die(*dead, "q", SettleReason::kRejected, 2);
  dead = die(*dead, "q", SettleReason::kRejected, 3);
  EXPECT_EQ(deaths_of(*dead), (Bodies{"q/rejected/3@1"}));
}

TEST_F(DeadLetter, newest_death_stands_first) {
  auto dead = die(*message("key", "b"), "a", SettleReason::kRejected, 1);
  dead = die(*dead, "b", SettleReason::kExpired, 2);
  dead = die(*dead, "a", SettleReason::kMaxLength, 3);
  EXPECT_EQ(deaths_of(*dead), (Bodies{"a/maxlen/1@3", "b/expired/1@2", "a/rejected/1@1"}));
  dead = die(*dead, "b", SettleReason::kExpired, 4);
  EXPECT_EQ(deaths_of(*dead), (Bodies{"b/expired/2@2", "a/maxlen/1@3", "a/rejected/1@1"}));
  EXPECT_EQ(text(*dead, "x-first-death-queue"), "a");
  EXPECT_EQ(text(*dead, "x-first-death-reason"), "rejected");
  EXPECT_EQ(text(*dead, "x-last-death-queue"), "b");
  EXPECT_EQ(text(*dead, "x-last-death-reason"), "expired");
}

TEST_F(DeadLetter, history_is_bounded_by_distinct_pairs) {
  auto dead = message("key", "b");
  for (int i = 0; i < 1'000; ++i)
    dead = die(*dead, i % 2 == 0 ? "a" : "b", SettleReason::kRejected, i);
  EXPECT_EQ(deaths_of(*dead), (Bodies{"b/rejected/500@1", "a/rejected/500@0"}));
}

TEST_F(DeadLetter, an_x_death_that_is_no_array_is_replaced) {
  FieldTable headers;
  headers.add_string("x-death", "nonsense").add_string("kept", "yes");
  const auto plain = message("key", "b", {.headers = std::string(headers.view().bytes())});
  const auto dead = die(*plain, "q", SettleReason::kRejected, 1);
  EXPECT_EQ(deaths_of(*dead), (Bodies{"q/rejected/1@1"}));
  EXPECT_EQ(text(*dead, "kept"), "yes");
}

TEST_F(DeadLetter, entries_of_x_death_that_are_no_tables_are_kept_and_harmless) {
  FieldArray deaths;
  deaths.add_string("nonsense");
  FieldTable headers;
  headers.add_array("x-death", deaths);
  const auto plain = message("key", "b", {.headers = std::string(headers.view().bytes())});
  const auto dead = die(*plain, "q", SettleReason::kRejected);
  const std::string bytes = headers_of(*dead);
  EXPECT_EQ(TableView(bytes).find("x-death")->array().count(), 2u);
  EXPECT_FALSE(broker::is_dead_letter_cycle(headers, "q"));
}

TEST_F(DeadLetter, cc_keys_are_told_and_routed_by_unless_a_key_replaces_them) {
  FieldArray copies;
  copies.add_string("copy1").add_string("copy2");
  FieldTable headers;
  headers.add_array("CC", copies);
  const auto plain = message("key", "b", {.headers = std::string(headers.view().bytes())});
  const auto dead = die(*plain, "q", SettleReason::kRejected);
  const auto keys = broker::dead_letter_keys(*dead);
  EXPECT_EQ(Bodies(keys.begin(), keys.end()), (Bodies{"key", "copy1", "copy2"}));

  Death death;
  death.queue = "q";
  death.routing_key = "other";
  const auto replaced = broker::dead_letter_message(*plain, death, "dlx");
  const auto new_keys = broker::dead_letter_keys(*replaced);
  EXPECT_EQ(Bodies(new_keys.begin(), new_keys.end()), (Bodies{"other"}));
  const std::string bytes = headers_of(*replaced);
  EXPECT_FALSE(TableView(bytes).find("CC").has_value());
  const auto entry = *TableView(bytes).find("x-death")->array().begin();
  EXPECT_EQ(entry.table().find("routing-keys")->array().count(), 3u);
}

TEST_F(DeadLetter, a_circle_without_rejection_is_a_cycle) {
  auto dead = die(*message("key", "b"), "a", SettleReason::kExpired);
  dead = die(*dead, "b", SettleReason::kMaxLength);
  std::string headers = headers_of(*dead);
  EXPECT_TRUE(broker::is_dead_letter_cycle(TableView(headers), "a"));
  EXPECT_TRUE(broker::is_dead_letter_cycle(TableView(headers), "b"));
  EXPECT_FALSE(broker::is_dead_letter_cycle(TableView(headers), "c"));
}

TEST_F(DeadLetter, a_rejection_since_breaks_the_circle) {
  auto dead = die(*message("key", "b"), "a", SettleReason::kExpired);
  dead = die(*dead, "b", SettleReason::kRejected);
  std::string headers = headers_of(*dead);
  EXPECT_FALSE(broker::is_dead_letter_cycle(TableView(headers), "a"));
  dead = die(*dead, "c", SettleReason::kExpired);
  headers = headers_of(*dead);
  EXPECT_FALSE(broker::is_dead_letter_cycle(TableView(headers), "a"));
  EXPECT_TRUE(broker::is_dead_letter_cycle(TableView(headers), "c"));
}

// ---- in the virtual host

TEST_F(DeadLetter, every_reason_has_its_name) {
  const QueueRef letters = declare("letters");
  FieldTable limited;
  limited.add_long("x-max-length", 1).add_long("x-message-ttl", 10);
  const QueueRef queue = declare("q", dead_letters_to("letters", limited));
  publish_all("q", {"overflowed", "expired"});
  broker.pass(Milliseconds(10));
  publish("q", "rejected");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.reject(1);
  TestChannel reader(broker);
  reader.consume(*letters, "r");
  std::map<std::string, std::string> reasons;
  for (const auto& [tag, held] : reader.unacked)
    reasons[std::string(held.entry.message->body())] =
        text(*held.entry.message, "x-first-death-reason");
  EXPECT_EQ(reasons,
            (std::map<std::string, std::string>{
                {"overflowed", "maxlen"}, {"expired", "expired"}, {"rejected", "rejected"}}));
  EXPECT_EQ(broker.host.counters().dead_lettered.value(), 3u);
}

TEST_F(DeadLetter, delivery_limit_is_a_reason) {
  const QueueRef letters = declare("letters");
  FieldTable limited;
  limited.add_long("x-delivery-limit", 1);
  const QueueRef queue = declare(quorum("q", dead_letters_to("letters", limited)));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  channel.requeue(1);
  channel.requeue(2);
  TestChannel reader(broker);
  reader.consume(*letters, "r");
  ASSERT_EQ(reader.unacked.size(), 1u);
  EXPECT_EQ(text(*reader.unacked.at(1).entry.message, "x-first-death-reason"), "delivery_limit");
}

TEST_F(DeadLetter, reject_publish_dlx_dead_letters_the_new_one) {
  const QueueRef letters = declare("letters");
  FieldTable limited;
  limited.add_long("x-max-length", 1).add_string("x-overflow", "reject-publish-dlx");
  const QueueRef queue = declare("q", dead_letters_to("letters", limited));
  EXPECT_TRUE(publish("q", "1"));
  EXPECT_FALSE(publish("q", "2"));
  EXPECT_EQ(drain(*queue), (Bodies{"1"}));
  EXPECT_EQ(drain(*letters), (Bodies{"2"}));
}

TEST_F(DeadLetter, plain_reject_publish_dead_letters_nothing) {
  const QueueRef letters = declare("letters");
  FieldTable limited;
  limited.add_long("x-max-length", 1).add_string("x-overflow", "reject-publish");
  declare("q", dead_letters_to("letters", limited));
  publish_all("q", {"1", "2"});
  EXPECT_EQ(letters->ready_count(), 0u);
}

TEST_F(DeadLetter, purge_and_deletion_dead_letter_nothing) {
  const QueueRef letters = declare("letters");
  const QueueRef queue = declare("q", dead_letters_to("letters"));
  publish_all("q", {"1", "2"});
  broker.act([&] { queue->purge(); });
  publish("q", "3");
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  EXPECT_EQ(letters->ready_count(), 0u);
}

TEST_F(DeadLetter, missing_exchange_drops) {
  FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "nowhere").add_long("x-message-ttl", 1);
  declare("q", arguments);
  publish("q", "1");
  broker.pass(Milliseconds(1));
  EXPECT_EQ(broker.host.counters().dead_letters_dropped.value(), 1u);
}

TEST_F(DeadLetter, order_is_kept) {
  const QueueRef letters = declare("letters");
  FieldTable limited;
  limited.add_long("x-message-ttl", 10);
  declare("q", dead_letters_to("letters", limited));
  publish_all("q", {"1", "2", "3", "4", "5"});
  broker.pass(Milliseconds(10));
  EXPECT_EQ(drain(*letters), (Bodies{"1", "2", "3", "4", "5"}));
}

TEST_F(DeadLetter, a_queue_that_expires_into_itself_drops) {
  FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "").add_long("x-message-ttl", 10);
  const QueueRef queue = declare("q", arguments);
  publish("q", "1");
  broker.pass(Milliseconds(100));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(broker.host.counters().dead_letters_dropped.value(), 1u);
}

TEST_F(DeadLetter, a_rejection_into_itself_goes_round_for_ever) {
  FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "");
  const QueueRef queue = declare("q", arguments);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  for (std::uint64_t tag = 1; tag <= 5; ++tag)
    channel.reject(tag);
  ASSERT_EQ(channel.unacked.size(), 1u);
  EXPECT_EQ(deaths_of(*channel.unacked.at(6).entry.message).at(0).substr(0, 12), "q/rejected/5");
}

TEST_F(DeadLetter, a_full_backlog_makes_expiry_wait_and_loses_nothing) {
  broker::VirtualHostLimits limits;
  limits.pending_dead_letters_max = 3;
  limits.slice_entries = 5;
  SimulatedBroker slow(limits);
  QueueRef letters;
  QueueRef queue;
  slow.act([&] {
    letters = *slow.host.declare_queue(slow.actor, declaration("letters"), connection);
    FieldTable limited;
    limited.add_long("x-message-ttl", 10);
    queue = *slow.host.declare_queue(
        slow.actor, declaration("q", dead_letters_to("letters", limited)), connection);
  });
  for (int i = 0; i < 40; ++i) {
    slow.act([&] {
      broker::Queue* target[] = {queue.get()};
      slow.host.publish(message("q", std::to_string(i)), target);
    });
  }
  slow.pass(Milliseconds(10));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(letters->ready_count(), 40u);
}

}  // namespace
}  // namespace harrier::test
