// Commands on a running node, from this thread, with one loop and with several.
#include "server/commands.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/server/administered_node.h"

namespace harrier::server {
namespace {

using amqp::ReplyCode;
using test::FrameClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class CommandsTest : public AdministeredNodeTest {
 protected:
  Commands& commands() { return node_->commands(); }
  template <class T>
  static T value_of(Command<T> command) {
    EXPECT_TRUE(command.ok()) << (command.ok() ? "" : command.error().message);
    return command.ok() ? std::move(command).value() : T();
  }
  static void expect_done(const CommandStatus& status) {
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  }
  template <class T>
  static ReplyCode code_of(const base::Result<T, CommandError>& command) {
    return command.ok() ? ReplyCode::kReplySuccess : command.error().code;
  }
  bool declare(const std::string& name, amqp::FieldTable arguments = {}) {
    broker::QueueDeclaration declaration;
    declaration.name = name;
    declaration.durable = true;
    declaration.arguments = std::move(arguments);
    return value_of(commands().declare_queue(guest_, "/", declaration));
  }
  bool publish(const std::string& key, const std::string& body, bool persistent = true) {
    PublishRequest request;
    request.routing_key = key;
    request.body = body;
    if (persistent) {
      request.properties.flags = amqp::kDeliveryMode;
      request.properties.delivery_mode = 2;
    }
    return value_of(commands().publish(guest_, "/", request));
  }
  std::vector<std::string> bodies(const std::vector<ReadMessage>& messages) {
    std::vector<std::string> bodies;
    for (const ReadMessage& message : messages)
      bodies.push_back(message.body);
    return bodies;
  }
  std::vector<std::string> browse(const std::string& queue, BrowseRequest request = {}) {
    return bodies(value_of(commands().browse(guest_, "/", queue, request, {})).messages);
  }
  static amqp::FieldTable dead_letters_to(std::string_view key) {
    amqp::FieldTable arguments;
    arguments.add_string("x-dead-letter-exchange", "");
    arguments.add_string("x-dead-letter-routing-key", key);
    return arguments;
  }
  void reject_all(const std::string& queue) {
    GetRequest request;
    request.count = 10'000;
    request.ack = GetAck::kReject;
    value_of(commands().get(guest_, "/", queue, request, {}));
  }

  const broker::Actor guest_{"guest", {"administrator"}, "HTTP", "127.0.0.1:1"};
};

INSTANTIATE_TEST_SUITE_P(Loops, CommandsTest, testing::Values(1u, 3u));

// ---- definitions

TEST_P(CommandsTest, WhatIsDeclaredIsThereAfterARestart) {
  start();
  EXPECT_TRUE(declare("q"));
  EXPECT_FALSE(declare("q"));
  broker::ExchangeDeclaration exchange;
  exchange.name = "events";
  exchange.durable = true;
  EXPECT_TRUE(value_of(commands().declare_exchange(guest_, "/", exchange)));
  EXPECT_FALSE(value_of(commands().declare_exchange(guest_, "/", exchange)));
  const BindingPlace place{"events", broker::RoutingTarget::Kind::kQueue, "q"};
  EXPECT_EQ(value_of(commands().bind(guest_, "/", place, "a b", {})), "a+b");
  restart();
  FrameClient client = this->client();
  client.publish(1, "events", "a b", "1");
  client.expect_quiet(1, "q");
  EXPECT_THAT(browse("q"), ElementsAre("1"));
}

TEST_P(CommandsTest, WhatIsNotThereIsNotFound) {
  start();
  EXPECT_EQ(code_of(commands().delete_queue(guest_, "/", "none", false, false)),
            ReplyCode::kNotFound);
  EXPECT_EQ(code_of(commands().purge_queue(guest_, "/", "none")), ReplyCode::kNotFound);
  EXPECT_EQ(code_of(commands().delete_exchange(guest_, "/", "none", false)), ReplyCode::kNotFound);
  EXPECT_EQ(code_of(commands().get(guest_, "/", "none", {}, {})), ReplyCode::kNotFound);
  EXPECT_EQ(code_of(commands().browse(guest_, "/", "none", {}, {})), ReplyCode::kNotFound);
  EXPECT_EQ(code_of(commands().set_paused(guest_, "/", "none", true)), ReplyCode::kNotFound);
  declare("q");
  EXPECT_EQ(code_of(commands().delete_message(guest_, "/", "q", {1, 0}, {})), ReplyCode::kNotFound);
  EXPECT_EQ(code_of(commands().move(guest_, "/", {"q", "none", {}, {}, 0}, {})),
            ReplyCode::kNotFound);
  EXPECT_EQ(code_of(commands().cancel_consumer(guest_, "/", "q", "none")), ReplyCode::kNotFound);
  const auto nowhere = commands().purge_queue(guest_, "nowhere", "q");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().kind, CommandFailure::kNoVirtualHost);
}

TEST_P(CommandsTest, RightsAreAskedAsOfAClient) {
  start();
  declare("q");
  declare("other");
  const broker::Actor stranger{"stranger", {"administrator"}, "HTTP", "127.0.0.1:1"};
  EXPECT_EQ(code_of(commands().purge_queue(stranger, "/", "q")), ReplyCode::kNotAllowed);
  ASSERT_TRUE(
      node_->administration()
          .apply({SetUser{.name = "ali"}, SetPermission{{"ali", "/", "^$", "^$", "^q$"}}}, guest_)
          .ok());
  const broker::Actor ali{"ali", {"management"}, "HTTP", "127.0.0.1:1"};
  EXPECT_TRUE(commands().get(ali, "/", "q", {}, {}).ok());
  EXPECT_TRUE(commands().browse(ali, "/", "q", {}, {}).ok());
  EXPECT_EQ(code_of(commands().get(ali, "/", "other", {}, {})), ReplyCode::kAccessRefused);
  EXPECT_EQ(code_of(commands().set_paused(ali, "/", "q", true)), ReplyCode::kAccessRefused);
  EXPECT_EQ(code_of(commands().delete_queue(ali, "/", "q", false, false)),
            ReplyCode::kAccessRefused);
  // It would publish by the default exchange.
  EXPECT_EQ(code_of(commands().move(ali, "/", {"q", "other", {}, {}, 0}, {})),
            ReplyCode::kAccessRefused);
  EXPECT_EQ(code_of(commands().redrive(ali, "/", {"q", {}, {}, 0, false}, {})),
            ReplyCode::kAccessRefused);
}

TEST_P(CommandsTest, AnotherConnectionsQueueIsLocked) {
  start();
  FrameClient client = this->client();
  client.declare_queue(1, "mine", {.exclusive = true});
  EXPECT_EQ(code_of(commands().get(guest_, "/", "mine", {}, {})), ReplyCode::kResourceLocked);
  EXPECT_EQ(code_of(commands().delete_queue(guest_, "/", "mine", false, false)),
            ReplyCode::kResourceLocked);
  declare("q");
  EXPECT_EQ(code_of(commands().move(guest_, "/", {"q", "mine", {}, {}, 0}, {})),
            ReplyCode::kResourceLocked);
}

TEST_P(CommandsTest, BindingsGoByTheirPropertiesKey) {
  start();
  declare("q");
  const BindingPlace place{"amq.headers", broker::RoutingTarget::Kind::kQueue, "q"};
  amqp::FieldTable arguments;
  arguments.add_string("x-match", "all").add_string("kind", "a");
  const std::string key = value_of(commands().bind(guest_, "/", place, "k", arguments));
  EXPECT_EQ(code_of(commands().unbind(guest_, "/", place, "k")), ReplyCode::kNotFound);
  expect_done(commands().unbind(guest_, "/", place, key));
  EXPECT_EQ(code_of(commands().unbind(guest_, "/", place, key)), ReplyCode::kNotFound);
}

TEST_P(CommandsTest, NamesThatNoFrameCouldCarryAreRefused) {
  start();
  broker::QueueDeclaration declaration;
  declaration.name = std::string(256, 'q');
  EXPECT_EQ(code_of(commands().declare_queue(guest_, "/", declaration)),
            ReplyCode::kPreconditionFailed);
  PublishRequest request;
  request.properties.flags = amqp::kMessageId;
  const std::string id(256, 'i');
  request.properties.message_id = id;
  EXPECT_EQ(code_of(commands().publish(guest_, "/", request)), ReplyCode::kSyntaxError);
}

// ---- publish and get

TEST_P(CommandsTest, PublishSaysWhetherItWasRouted) {
  start();
  EXPECT_FALSE(publish("q", "lost"));
  declare("q");
  EXPECT_TRUE(publish("q", "kept"));
  restart();
  EXPECT_THAT(browse("q"), ElementsAre("kept"));
}

TEST_P(CommandsTest, PublishIsRefusedWhileOthersAreHeld) {
  start();
  declare("q");
  node_->block_publishers("low on patience");
  const auto held = commands().publish(guest_, "/", {"", "q", {}, "1"});
  ASSERT_FALSE(held.ok());
  EXPECT_EQ(held.error().kind, CommandFailure::kHeld);
  EXPECT_THAT(held.error().message, HasSubstr("low on patience"));
}

TEST_P(CommandsTest, PublishToAFullQueueIsRefused) {
  start();
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length", 1);
  arguments.add_string("x-overflow", "reject-publish");
  declare("q", std::move(arguments));
  EXPECT_TRUE(publish("q", "1"));
  EXPECT_EQ(code_of(commands().publish(guest_, "/", {"", "q", {}, "2"})),
            ReplyCode::kPreconditionFailed);
}

TEST_P(CommandsTest, GotMessagesComeBackFlaggedOrGo) {
  start();
  declare("q");
  publish("q", "one");
  publish("q", "two");
  const auto first = value_of(commands().get(guest_, "/", "q", {2, GetAck::kRequeue, 2}, {}));
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_EQ(first[0].body, "on");
  EXPECT_EQ(first[0].body_bytes, 3u);
  EXPECT_EQ(first[0].message_count, 1u);
  EXPECT_EQ(first[0].routing_key, "q");
  EXPECT_FALSE(first[0].redelivered);
  EXPECT_EQ(amqp::parse_properties(first[0].property_bytes).delivery_mode, 2);
  const auto second = value_of(commands().get(guest_, "/", "q", {5, GetAck::kAck, SIZE_MAX}, {}));
  EXPECT_THAT(bodies(second), ElementsAre("one", "two"));
  EXPECT_TRUE(second[0].redelivered);
  EXPECT_THAT(browse("q"), IsEmpty());
}

TEST_P(CommandsTest, WhatWasGotForNobodyIsGivenBack) {
  start();
  declare("q");
  publish("q", "one");
  const auto got =
      commands().get(guest_, "/", "q", {5, GetAck::kAck, SIZE_MAX}, [] { return true; });
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().kind, CommandFailure::kGivenUp);
  EXPECT_THAT(browse("q"), ElementsAre("one"));
}

TEST_P(CommandsTest, AnAnswerEndsAtItsLimits) {
  options_.commands.messages_max = 2;
  start();
  declare("q");
  for (int i = 0; i != 4; ++i)
    publish("q", "x");
  EXPECT_THAT(value_of(commands().get(guest_, "/", "q", {9, GetAck::kRequeue, SIZE_MAX}, {})),
              SizeIs(2));
  const BrowsedMessages seen = value_of(commands().browse(guest_, "/", "q", {{}, 9, 9}, {}));
  EXPECT_THAT(seen.messages, SizeIs(2));
  EXPECT_TRUE(seen.more);
  EXPECT_EQ(seen.ready, 4u);
}

// ---- browse, delete, move

TEST_P(CommandsTest, BrowsingGoesOnBehindAPlaceAndChangesNothing) {
  start();
  declare("q");
  for (const char* body : {"1", "2", "3", "4"})
    publish("q", body);
  const BrowsedMessages seen = value_of(commands().browse(guest_, "/", "q", {{}, 2, SIZE_MAX}, {}));
  EXPECT_THAT(bodies(seen.messages), ElementsAre("1", "2"));
  EXPECT_TRUE(seen.more);
  const auto next =
      value_of(commands().browse(guest_, "/", "q", {seen.messages.back().place, 50, SIZE_MAX}, {}));
  EXPECT_THAT(bodies(next.messages), ElementsAre("3", "4"));
  EXPECT_FALSE(next.more);
  EXPECT_FALSE(next.messages[0].redelivered);
}

TEST_P(CommandsTest, SingleMessagesAreDeletedAndMovedForGood) {
  start();
  declare("q");
  declare("other");
  for (const char* body : {"1", "2", "3", "4"})
    publish("q", body);
  const auto seen = value_of(commands().browse(guest_, "/", "q", {}, {})).messages;
  expect_done(commands().delete_message(guest_, "/", "q", seen[1].place, {}));
  const MoveOutcome moved =
      value_of(commands().move(guest_, "/", {"q", "other", {}, seen[2].place, 0}, {}));
  EXPECT_EQ(moved.moved, 1u);
  const auto check = [&] {
    EXPECT_THAT(browse("q"), ElementsAre("1", "4"));
    EXPECT_THAT(browse("other"), ElementsAre("3"));
  };
  check();
  restart();
  check();
}

TEST_P(CommandsTest, ABacklogOnDiskIsBrowsedDeletedAndMoved) {
  options_.memory.cache = 1 << 20;
  options_.journal.segment_size = 4 << 20;
  start();
  declare("q");
  declare("other");
  constexpr int kMany = 400;
  const std::string filling(20'000, 'x');
  FrameClient client = this->client();
  for (int i = 0; i != kMany; ++i)
    client.publish(1, "", "q", std::to_string(1'000 + i) + filling, {.delivery_mode = 2});
  client.expect_quiet(1, "q");
  BrowseRequest all;
  all.count = kMany;
  all.body_bytes_max = 4;
  const auto look = [&] { return value_of(commands().browse(guest_, "/", "q", all, {})).messages; };
  std::vector<ReadMessage> seen = look();
  const auto paged_out = [&] {
    return std::count_if(seen.begin(), seen.end(),
                         [](const ReadMessage& message) { return message.paged_out; });
  };
  const auto deadline = std::chrono::steady_clock::now() + test::kPatience;
  while (paged_out() < kMany / 2 && std::chrono::steady_clock::now() < deadline)
    seen = look();
  ASSERT_GE(paged_out(), kMany / 2);
  ASSERT_THAT(seen, SizeIs(kMany));
  for (int i = 0; i != kMany; ++i)
    ASSERT_EQ(seen[static_cast<std::size_t>(i)].body, std::to_string(1'000 + i));
  const auto on_disk =
      std::find_if(seen.begin(), seen.end(), [](const auto& message) { return message.paged_out; });
  expect_done(commands().delete_message(guest_, "/", "q", on_disk->place, {}));
  EXPECT_EQ(
      value_of(commands().move(guest_, "/", {"q", "other", {}, std::next(on_disk)->place, 0}, {}))
          .moved,
      1u);
  EXPECT_THAT(look(), SizeIs(kMany - 2));
  const MoveOutcome moved = value_of(commands().move(guest_, "/", {"q", "other", {}, {}, 0}, {}));
  EXPECT_EQ(moved.moved, kMany - 2u);
  EXPECT_EQ(moved.end, MoveEnd::kDone);
  restart();
  EXPECT_THAT(browse("q"), IsEmpty());
  all.count = 2 * kMany;
  EXPECT_THAT(value_of(commands().browse(guest_, "/", "other", all, {})).messages,
              SizeIs(kMany - 1));
}

TEST_P(CommandsTest, AMoveKeepsItsRateAndCanBeGivenUp) {
  start();
  declare("q");
  declare("other");
  for (int i = 0; i != 5; ++i)
    publish("q", "x");
  std::atomic<bool> gone{false};
  std::thread leaving([&] {
    while (browse("other").empty()) {
    }
    gone = true;
  });
  // One a second: the first is enough.
  MoveRequest request{"q", "other", {}, {}, 1};
  const MoveOutcome moved =
      value_of(commands().move(guest_, "/", request, [&] { return gone.load(); }));
  leaving.join();
  EXPECT_EQ(moved.end, MoveEnd::kGivenUp);
  EXPECT_GE(moved.moved, 1u);
  EXPECT_LT(moved.moved, 5u);
}

TEST_P(CommandsTest, MovesThatMakeNoSenseAreRefused) {
  start();
  declare("q");
  broker::QueueDeclaration passing;
  passing.name = "passing";
  value_of(commands().declare_queue(guest_, "/", passing));
  EXPECT_EQ(code_of(commands().move(guest_, "/", {"q", "q", {}, {}, 0}, {})),
            ReplyCode::kPreconditionFailed);
  EXPECT_EQ(code_of(commands().move(guest_, "/", {"q", "passing", {}, {}, 0}, {})),
            ReplyCode::kPreconditionFailed);
}

// ---- redrive

TEST_P(CommandsTest, ARedriveSendsDeadLettersBackAndADryRunOnlyCounts) {
  start();
  declare("dead");
  declare("orders", dead_letters_to("dead"));
  declare("bills", dead_letters_to("dead"));
  publish("orders", "o1");
  publish("bills", "b1");
  publish("orders", "o2");
  reject_all("orders");
  reject_all("bills");
  publish("dead", "stranger");
  value_of(commands().delete_queue(guest_, "/", "bills", false, false));
  RedriveRequest request{"dead", {}, {}, 0, true};
  for (const bool dry : {true, false}) {
    request.dry_run = dry;
    const RedriveOutcome outcome = value_of(commands().redrive(guest_, "/", request, {}));
    EXPECT_THAT(outcome.moved, ElementsAre(Pair("orders", 2u)));
    EXPECT_EQ(outcome.source_gone, 1u);
    EXPECT_EQ(outcome.no_history, 1u);
    EXPECT_EQ(outcome.end, MoveEnd::kDone);
    EXPECT_THAT(browse("dead"), SizeIs(dry ? 4 : 2));
  }
  EXPECT_THAT(browse("orders"), ElementsAre("o1", "o2"));
  EXPECT_THAT(browse("dead"), ElementsAre("b1", "stranger"));
  request.fallback = "orders";
  const RedriveOutcome rest = value_of(commands().redrive(guest_, "/", request, {}));
  EXPECT_THAT(rest.moved, ElementsAre(Pair("orders", 2u)));
  restart();
  EXPECT_THAT(browse("orders"), ElementsAre("o1", "o2", "b1", "stranger"));
}

// ---- pause

TEST_P(CommandsTest, APauseOutlivesARestart) {
  start();
  declare("q");
  publish("q", "1");
  expect_done(commands().set_paused(guest_, "/", "q", true));
  restart();
  FrameClient client = this->client();
  client.consume(1, "q", {.tag = "tag"});
  client.expect_quiet(1, "q");
  EXPECT_THAT(value_of(commands().get(guest_, "/", "q", {}, {})), IsEmpty());
  expect_done(commands().set_paused(guest_, "/", "q", false));
  EXPECT_EQ(client.deliver(1).body, "1");
  client.ack(1, 1);
  client.expect_quiet(1, "q");
  restart();
  publish("q", "2");
  EXPECT_THAT(value_of(commands().get(guest_, "/", "q", {}, {})), SizeIs(1));
}

TEST_P(CommandsTest, ACancelledConsumerIsTold) {
  start();
  declare("q");
  FrameClient client = this->client();
  client.consume(1, "q", {.tag = "tag"});
  expect_done(commands().cancel_consumer(guest_, "/", "q", "tag"));
  client.expect(1, test::kBasicCancel);
}

// ---- connections

TEST_P(CommandsTest, ConnectionsOfAUserAndOfAVirtualHostAreClosedWithTheReason) {
  start();
  FrameClient one = client();
  FrameClient other = client();
  EXPECT_EQ(commands().close_user_connections(guest_, "nobody", "go"), 0u);
  EXPECT_EQ(commands().close_user_connections(guest_, "", "go"), 0u);
  EXPECT_EQ(commands().close_virtual_host_connections(guest_, "/", "tidying up"), 2u);
  for (FrameClient* client : {&one, &other})
    EXPECT_EQ(client->expect_connection_close(320, "tidying up"), "CONNECTION_FORCED - tidying up");
  EXPECT_FALSE(commands().close_connection(guest_, 99, broker::ConnectionId(1), "go"));
  EXPECT_FALSE(commands().close_connection(guest_, 0, broker::ConnectionId(99), "go"));
}

}  // namespace
}  // namespace harrier::server
