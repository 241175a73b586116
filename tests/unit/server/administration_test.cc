// Changes of a running node: in force at once on every loop, there again after a restart. Every
// test runs with one loop and with several.
#include "server/administration.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/eventually.h"
#include "unit/server/administered_node.h"

namespace harrier::server {
namespace {

using test::ConnectOptions;
using test::FrameClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// RabbitMQ's SHA-256 hash of "open sesame".
std::string hash_of_open_sesame() {
  base::SecureRandom random;
  return auth::StoredPassword::of_clear("open sesame", random).text();
}

SetUser ali() {
  SetUser user;
  user.name = "ali";
  user.password_kind = SetUser::Password::kHash;
  user.password = hash_of_open_sesame();
  return user;
}
SetPermission permit(const std::string& user, const std::string& host,
                     const std::string& pattern = ".*") {
  return {{user, host, pattern, pattern, pattern}};
}
SetPolicy limit_to_one(const std::string& host) {
  SetPolicy change{host, broker::PolicyKind::kUser, {"one", "^q", {}, 0, {}}};
  change.policy.definition.add_long("max-length", 1);
  return change;
}

class AdministrationTest : public AdministeredNodeTest {
 protected:
  void must(std::vector<AdministrativeChange> changes) {
    const auto status = node_->administration().apply(std::move(changes), {});
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  AdministrationError refused(std::vector<AdministrativeChange> changes) {
    const auto status = node_->administration().apply(std::move(changes), {});
    if (!status.ok()) return status.error();
    ADD_FAILURE() << "was not refused";
    return {};
  }
  // How many messages it has.
  static std::uint32_t declare_durable(FrameClient& client, const std::string& queue) {
    return client.declare_queue(1, queue, {.durable = true}).message_count;
  }
  // Why a client is not let in.
  std::string refusal(const ConnectOptions& options) {
    try {
      client(options);
    } catch (const test::Unexpected& unexpected) {
      return unexpected.what();
    }
    return "nothing";
  }
};

INSTANTIATE_TEST_SUITE_P(Loops, AdministrationTest, testing::Values(1u, 3u));

TEST_P(AdministrationTest, AUserIsThereAtOnceAndAfterARestart) {
  start();
  EXPECT_THAT(refusal(as_ali("/")), HasSubstr("ACCESS_REFUSED"));
  must({ali(), permit("ali", "/")});
  client(as_ali("/")).close();
  restart();
  client(as_ali("/")).close();
}

TEST_P(AdministrationTest, AClearPasswordIsHashedSlowly) {
  start();
  SetUser user = ali();
  user.password_kind = SetUser::Password::kClear;
  user.password = "open sesame";
  must({user, permit("ali", "/")});
  EXPECT_THAT(node_->administration().definitions().user("ali")->password_hash,
              testing::StartsWith("$"));
  client(as_ali("/")).close();
}

TEST_P(AdministrationTest, AnImportedHashIsReplacedAtLoginForGood) {
  start();
  must({ali(), permit("ali", "/")});
  client(as_ali("/")).close();
  const auto upgraded = [&] {
    return node_->administration().definitions().user("ali")->password_hash.starts_with("$");
  };
  EXPECT_TRUE(test::eventually(upgraded));
  node_->stop();
  node_.reset();
  start();
  EXPECT_TRUE(upgraded());
  client(as_ali("/")).close();
}

TEST_P(AdministrationTest, ADeletedUserIsCutOffAndStaysAway) {
  start();
  must({ali(), permit("ali", "/")});
  FrameClient live = client(as_ali("/"));
  FrameClient guest = client();
  must({DeleteUser{"ali"}});
  live.expect_connection_close(320, "user 'ali' is deleted");
  guest.close();
  EXPECT_THAT(refusal(as_ali("/")), HasSubstr("ACCESS_REFUSED"));
  restart();
  EXPECT_THAT(refusal(as_ali("/")), HasSubstr("ACCESS_REFUSED"));
  EXPECT_TRUE(node_->administration().definitions().permissions().size() == 1u);
}

// The configuration names it, the operator has taken it away: that holds.
TEST_P(AdministrationTest, WhatTheConfigurationNamesIsNotMadeAgain) {
  start();
  must({ali(), permit("ali", "/"), DeleteUser{"guest"}});
  restart();
  EXPECT_THAT(refusal({}), HasSubstr("ACCESS_REFUSED"));
  client(as_ali("/")).close();
  // Once it is no longer named, the removal is forgotten: named again it is made again.
  options_.users.clear();
  restart();
  options_.users = {guest_user()};
  restart();
  client().close();
}

TEST_P(AdministrationTest, AChangeWinsOverTheConfiguration) {
  start();
  must({permit("guest", "/", "^mine")});
  restart();
  FrameClient guest = client();
  guest.send(1, test::queue_declare("other"));
  guest.expect_channel_close(1, 403, "configure access to queue 'other'", {50, 10});
}

TEST_P(AdministrationTest, APermissionCountsForLiveChannels) {
  start();
  must({ali(), permit("ali", "/", "^a")});
  FrameClient live = client(as_ali("/"));
  live.declare_queue(1, "a");
  must({permit("ali", "/", "^b")});
  live.declare_queue(1, "b");
  live.send(1, test::queue_declare("a"));
  live.expect_channel_close(1, 403, "configure access to queue 'a'", {50, 10});
}

TEST_P(AdministrationTest, WhoLosesThePermissionIsCutOff) {
  start();
  must({AddVirtualHost{"shop", "", {}}, ali(), permit("ali", "/"), permit("ali", "shop")});
  FrameClient inside = client(as_ali("shop")), elsewhere = client(as_ali("/"));
  must({ClearPermission{"ali", "shop"}});
  inside.expect_connection_close(320, "access to vhost 'shop' refused for user 'ali'");
  elsewhere.close();
  EXPECT_THAT(refusal(as_ali("shop")), HasSubstr("access to vhost 'shop' refused"));
}

TEST_P(AdministrationTest, AVirtualHostIsThereAtOnceAndKeepsItsQueues) {
  start();
  must({AddVirtualHost{"shop", "sells", {"a", "b"}}, permit("guest", "shop")});
  ConnectOptions shop;
  shop.virtual_host = "shop";
  {
    FrameClient guest = client(shop);
    declare_durable(guest, "q");
    guest.close();
  }
  restart();
  FrameClient guest = client(shop);
  guest.call(1, test::queue_declare("q", {.passive = true}), {50, 11});
  const auto hosts = node_->administration().definitions().virtual_hosts();
  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[1].description, "sells");
  EXPECT_THAT(hosts[1].tags, ElementsAre("a", "b"));
}

TEST_P(AdministrationTest, ADeletedVirtualHostTakesAllWithIt) {
  start();
  must({AddVirtualHost{"shop", "", {}}, permit("guest", "shop"), limit_to_one("shop")});
  ConnectOptions shop;
  shop.virtual_host = "shop";
  FrameClient inside = client(shop), outside = client();
  declare_durable(inside, "q");
  must({DeleteVirtualHost{"shop"}});
  inside.expect_connection_close(320, "vhost 'shop' is deleted");
  outside.declare_queue(1, "still here");
  EXPECT_THAT(refusal(shop), HasSubstr("vhost shop not found"));
  EXPECT_EQ(node_->virtual_hosts().hosts.size(), 1u);
  EXPECT_TRUE(node_->administration().definitions().policies().empty());
  restart();
  EXPECT_THAT(refusal(shop), HasSubstr("vhost shop not found"));
  // The name may be used again, and nothing of the old one is in it.
  must({AddVirtualHost{"shop", "", {}}, permit("guest", "shop")});
  FrameClient again = client(shop);
  again.send(1, test::queue_declare("q", {.passive = true}));
  again.expect_channel_close(1, 404, "no queue 'q'", {50, 10});
}

// The process ends while the clients of a virtual host are waited for: the next start, here on a
// copy of the directory, goes on where it stopped.
TEST_P(AdministrationTest, AnEndThatWasBegunIsCompletedAtTheNextStart) {
  options_.shutdown_timeout = std::chrono::milliseconds(30'000);
  start();
  must({AddVirtualHost{"shop", "", {}}, permit("guest", "shop")});
  ConnectOptions shop;
  shop.virtual_host = "shop";
  FrameClient silent = client(shop);
  declare_durable(silent, "q");
  std::thread deleting(
      [&] { EXPECT_TRUE(node_->administration().apply({DeleteVirtualHost{"shop"}}, {}).ok()); });
  std::string seen;
  for (int tries = 0; tries != 10'000 && seen.find("not found") == std::string::npos; ++tries)
    seen = refusal(shop);
  const test::TemporaryDirectory copy;
  std::filesystem::copy(
      options_.data_dir, copy.path(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  silent.expect_connection_close(320, "vhost 'shop' is deleted");
  deleting.join();
  EXPECT_THAT(seen, HasSubstr("vhost shop not found"));

  options_.data_dir = copy.path();
  Node next(options_, clock_);
  ASSERT_TRUE(next.start().ok());
  EXPECT_EQ(next.administration().definitions().virtual_hosts().size(), 1u);
  EXPECT_EQ(next.virtual_hosts().hosts.size(), 1u);
}

// Its clients do not answer: they are cut off, and it ends all the same.
TEST_P(AdministrationTest, SilentClientsDoNotHoldUpTheEndOfAVirtualHost) {
  start();
  must({AddVirtualHost{"shop", "", {}}, permit("guest", "shop")});
  ConnectOptions shop;
  shop.virtual_host = "shop";
  std::vector<FrameClient> silent;
  for (int number = 0; number != 5; ++number)
    silent.push_back(client(shop));
  must({DeleteVirtualHost{"shop"}});
  EXPECT_EQ(node_->connections(), 0u);
}

TEST_P(AdministrationTest, APolicyReachesLiveQueuesAndARestartedNode) {
  start();
  const auto publish_three = [&](FrameClient& guest, const std::string& queue) {
    declare_durable(guest, queue);
    for (int number = 0; number != 3; ++number)
      guest.publish(1, "", queue, "x");
    guest.expect_quiet(1, queue);
    return declare_durable(guest, queue);
  };
  FrameClient guest = client();
  EXPECT_EQ(publish_three(guest, "q1"), 3u);
  must({limit_to_one("/")});
  EXPECT_EQ(declare_durable(guest, "q1"), 1u);
  guest.close();
  restart();
  FrameClient later = client();
  EXPECT_EQ(publish_three(later, "q2"), 1u);
  must({ClearPolicy{"/", broker::PolicyKind::kUser, "one"}});
  EXPECT_EQ(publish_three(later, "q3"), 3u);
}

TEST_P(AdministrationTest, LimitsCountAtOnceAndAfterARestart) {
  start();
  must({SetVirtualHostLimits{"/", {.queues_max = 1}}, ali(), permit("ali", "/"),
        SetUserLimits{"ali", {.connections_max = 1}}});
  const auto expect_limits = [&] {
    FrameClient one = client(as_ali("/"));
    declare_durable(one, "q");
    one.send(1, test::queue_declare("second"));
    one.expect_channel_close(1, 406, "queue limit in vhost '/' (1) is reached", {50, 10});
    EXPECT_THAT(refusal(as_ali("/")), HasSubstr("NOT_ALLOWED"));
    one.close();
  };
  expect_limits();
  restart();
  expect_limits();
  must({ClearVirtualHostLimits{"/"}, ClearUserLimits{"ali"}});
  FrameClient one = client(as_ali("/")), two = client(as_ali("/"));
  one.declare_queue(1, "second");
}

TEST_P(AdministrationTest, TheAuditLogHasWhatWasChangedAndByWhom) {
  start();
  broker::Actor admin;
  admin.user = "root";
  ASSERT_TRUE(node_->administration().apply({ali(), permit("ali", "/")}, admin).ok());
  node_->stop();
  std::ifstream file(options_.data_dir + "/audit.jsonl");
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(log, HasSubstr("user.set"));
  EXPECT_THAT(log, HasSubstr("permission.set"));
  EXPECT_THAT(log, HasSubstr("root"));
  EXPECT_THAT(log, Not(HasSubstr(ali().password)));
}

TEST_P(AdministrationTest, ABatchIsMadeWholeOrNotAtAll) {
  start();
  const auto error = refused({ali(), permit("ali", "nowhere")});
  EXPECT_EQ(error.kind, AdministrationFailure::kNotFound);
  EXPECT_EQ(error.message, "virtual host 'nowhere' does not exist");
  EXPECT_FALSE(node_->administration().definitions().user("ali").has_value());
  EXPECT_THAT(refused({ali(), permit("ali", "/", "(")}).message, HasSubstr("ali"));
  EXPECT_FALSE(node_->administration().definitions().user("ali").has_value());
}

TEST_P(AdministrationTest, AStoppedNodeRefusesChanges) {
  start();
  node_->stop();
  EXPECT_EQ(refused({ali()}).kind, AdministrationFailure::kStopping);
}

TEST_P(AdministrationTest, WithoutADataDirectoryChangesAreInForceToo) {
  options_.data_dir.clear();
  start();
  must({AddVirtualHost{"shop", "", {}}, ali(), permit("ali", "shop")});
  FrameClient inside = client(as_ali("shop"));
  must({DeleteVirtualHost{"shop"}});
  inside.expect_connection_close(320, "vhost 'shop' is deleted");
}

}  // namespace
}  // namespace harrier::server
