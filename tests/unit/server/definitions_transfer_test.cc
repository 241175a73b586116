// Definitions into a running node and out of it, with one loop and with several.
#include "server/definitions_transfer.h"

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/definitions_writer.h"
#include "unit/server/administered_node.h"

namespace harrier::server {
namespace {

using test::ConnectOptions;
using test::FrameClient;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// "open sesame" by SHA-256.
std::string hash_of_open_sesame() {
  base::SecureRandom random;
  return auth::StoredPassword::of_clear("open sesame", random).text();
}

std::string shop() {
  return R"({"users":[{"name":"ali","password_hash":")" + hash_of_open_sesame() +
         R"(","hashing_algorithm":"rabbit_password_hashing_sha256","tags":"monitoring"}],
    "vhosts":[{"name":"shop"}],
    "permissions":[{"user":"ali","vhost":"shop","configure":".*","write":".*","read":".*"}],
    "policies":[{"vhost":"shop","name":"short","pattern":"^q","definition":{"max-length":1}}],
    "parameters":[{"component":"vhost-limits","vhost":"shop","name":"limits",
                   "value":{"max-queues":3}}],
    "exchanges":[{"name":"events","vhost":"shop","type":"topic","durable":true}],
    "queues":[{"name":"q1","vhost":"shop","durable":true,"arguments":{"x-expires":60000}},
              {"name":"q2","vhost":"shop","durable":true,"arguments":{"x-queue-type":"quorum"}}],
    "bindings":[{"source":"events","vhost":"shop","destination":"q1","destination_type":"queue",
                 "routing_key":"a.*","arguments":{}}]})";
}

class DefinitionsTransferTest : public AdministeredNodeTest {
 protected:
  DefinitionsImport import(const std::string& text) {
    const auto document = parse_definitions(text);
    EXPECT_TRUE(document.ok()) << document.error().message;
    DefinitionsImport done = node_->definitions().import(*document, {});
    EXPECT_FALSE(done.failure) << done.failure->message;
    return done;
  }
  std::string exported(DefinitionsForm form = DefinitionsForm::kOwn) {
    return write_definitions(node_->definitions().export_all(), form).json;
  }
  std::string write_file(const std::string& text) {
    const std::string path = directory_.path() + "/definitions.json";
    std::ofstream(path) << text;
    return path;
  }
};

INSTANTIATE_TEST_SUITE_P(Loops, DefinitionsTransferTest, testing::Values(1u, 3u));

TEST_P(DefinitionsTransferTest, WhatIsImportedIsThereAtOnceAndAfterARestart) {
  start();
  const DefinitionsImport done = import(shop());
  EXPECT_THAT(done.refused, IsEmpty());
  EXPECT_EQ(done.made, 9u);
  const auto check = [&] {
    FrameClient ali = client(as_ali("shop"));
    ali.publish(1, "events", "a.b", "one");
    ali.publish(1, "events", "a.c", "two");
    ali.expect_quiet(1, "q2");
    // By the policy one is left.
    const auto queue = ali.passive(1, "q1");
    EXPECT_EQ(queue.message_count, 1u);
    ali.close();
  };
  check();
  restart();
  check();
}

TEST_P(DefinitionsTransferTest, TheSameAgainChangesNothing) {
  start();
  const std::string text = shop();
  import(text);
  const DefinitionsImport again = import(text);
  EXPECT_EQ(again.made, 0u);
  EXPECT_THAT(again.replaced, IsEmpty());
  EXPECT_THAT(again.refused, IsEmpty());
}

TEST_P(DefinitionsTransferTest, WhatDiffersIsNamedAndTheRestGoesOn) {
  start();
  import(shop());
  const DefinitionsImport done = import(
      R"({"users":[{"name":"ali","password_hash":"","tags":["a"]}],
          "permissions":[{"user":"nobody","vhost":"shop"}],
          "exchanges":[{"name":"events","vhost":"shop","type":"fanout","durable":true}],
          "queues":[{"name":"q1","vhost":"shop","durable":false},
                    {"name":"q3","vhost":"shop"},
                    {"name":"q4","vhost":"shop"},
                    {"name":"q","vhost":"nowhere"}],
          "bindings":[{"source":"nothing","vhost":"shop","destination":"q3"}]})");
  EXPECT_THAT(done.replaced, ElementsAre("user 'ali'"));
  EXPECT_THAT(
      done.refused,
      ElementsAre(HasSubstr("user 'nobody' does not exist"),
                  HasSubstr("vhost 'nowhere' does not exist: 1 "),
                  HasSubstr("exchange 'events' in vhost 'shop': inequivalent arg 'type'"),
                  HasSubstr("queue 'q1' in vhost 'shop': inequivalent arg 'durable'"),
                  HasSubstr("queue 'q4' in vhost 'shop': "),
                  HasSubstr("binding 'nothing' to 'q3' in vhost 'shop': no exchange 'nothing'")));
  EXPECT_EQ(done.made, 1u);
  EXPECT_EQ(node_->administration().definitions().user("ali")->password_hash, "");
}

// RabbitMQ's files do not say it: guest must not become everybody's by importing one.
TEST_P(DefinitionsTransferTest, WhoMayLogInFromThisMachineAloneStillMay) {
  start();
  const auto loopback_only = [&](const std::string& user) {
    return node_->administration().definitions().user(user)->loopback_only;
  };
  import(R"({"users":[{"name":"guest","password_hash":""},{"name":"ali","password_hash":""}]})");
  EXPECT_TRUE(loopback_only("guest"));
  EXPECT_FALSE(loopback_only("ali"));
  import(R"({"users":[{"name":"guest","password_hash":"","loopback_only":false}]})");
  EXPECT_FALSE(loopback_only("guest"));
}

TEST_P(DefinitionsTransferTest, AnExportIsAnotherNodesImport) {
  start();
  import(shop());
  const std::string first = exported();
  EXPECT_THAT(first, HasSubstr("\"configured_password\":true"));
  node_->stop();
  node_.reset();
  options_.data_dir = directory_.path() + "/another";
  start();
  import(first);
  EXPECT_EQ(exported(), first);
}

TEST_P(DefinitionsTransferTest, ExclusiveQueuesAndTheBrokersOwnAreNotExported) {
  start();
  FrameClient guest = client();
  guest.declare_queue(1, "mine", {.exclusive = true});
  guest.declare_queue(1, "ours", {.durable = true});
  const DefinitionsDocument document = node_->definitions().export_all();
  EXPECT_THAT(document.exchanges, IsEmpty());
  ASSERT_THAT(document.queues, SizeIs(1));
  EXPECT_EQ(document.queues[0].declaration.name, "ours");
}

// More than a slice takes, of queues and of bindings of one queue.
TEST_P(DefinitionsTransferTest, ManyAreExportedEachOnce) {
  start();
  constexpr std::size_t kMany = 3'000;
  DefinitionsDocument document;
  for (std::size_t number = 0; number != kMany; ++number) {
    const std::string name = "q" + std::to_string(number);
    document.queues.push_back({"/", {name, true, false, false, {}}});
    document.bindings.push_back(
        {"/", broker::RoutingTarget::Kind::kQueue, "q0", "amq.direct", name, {}});
  }
  const DefinitionsImport done = node_->definitions().import(document, {});
  EXPECT_EQ(done.made, 2 * kMany);
  const DefinitionsDocument after = node_->definitions().export_all();
  EXPECT_THAT(after.queues, SizeIs(kMany));
  EXPECT_THAT(after.bindings, SizeIs(kMany));
}

TEST_P(DefinitionsTransferTest, TheConfiguredFileIsReadBeforeAnybodyLogsIn) {
  options_.definition_file.load = write_file(shop());
  start();
  client(as_ali("shop")).close();
}

TEST_P(DefinitionsTransferTest, ABadFileKeepsTheNodeFromStarting) {
  options_.definition_file.load = write_file("{");
  Node node(options_, clock_);
  const Outcome started = node.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, FailureKind::kBadOptions);
  EXPECT_EQ(started.failure().message,
            "definitions.load: " + options_.definition_file.load + ": no JSON");
}

TEST_P(DefinitionsTransferTest, AReloadAddsAndABadFileChangesNothing) {
  start();
  Options next = options_;
  next.definition_file.load = directory_.path() + "/missing.json";
  next.accept.connections_max = 1;
  const auto refused = node_->reload(next);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("missing.json: "));
  FrameClient first = client(), second = client();
  next.accept = options_.accept;
  next.definition_file.load = write_file(shop());
  ASSERT_TRUE(node_->reload(next).ok());
  client(as_ali("shop")).close();
  first.declare_queue(1, "still here");
}

}  // namespace
}  // namespace harrier::server
