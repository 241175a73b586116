#include "broker/access_control.h"

#include <gmock/gmock.h>

#include "support/permissions.h"

namespace harrier::broker {
namespace {

using test::everything;
using test::permissions;
using ::testing::StartsWith;

const Actor kAli{.user = "ali"};

std::string said(const amqp::CheckedStatus& status) {
  return status.ok() ? "ok" : status.error().reply_text();
}
std::string check(const AccessControlRef& access, Permission permission, std::string_view name,
                  std::string_view kind = "queue") {
  return said(access->check(kAli, permission, kind, name, "/"));
}
bool may_configure(std::string_view pattern, std::string_view name) {
  const auto access = permissions({{"ali", "/", std::string(pattern), "", ""}});
  return access->check(kAli, Permission::kConfigure, "queue", name, "/").ok();
}

TEST(AccessControl, PatternsAreSearchedFor) {
  EXPECT_TRUE(may_configure("a", "bar"));
  EXPECT_FALSE(may_configure("^a", "bar"));
  EXPECT_TRUE(may_configure(".*", "bar"));
  EXPECT_TRUE(may_configure("^(bar|foo)$", "bar"));
}

TEST(AccessControl, AnEmptyPatternDeniesEveryName) {
  EXPECT_FALSE(may_configure("", "bar"));
  EXPECT_FALSE(may_configure("^$", "bar"));
}

TEST(AccessControl, EachPermissionHasItsOwnPattern) {
  const auto access = permissions({{"ali", "/", "^c", "^w", "^r"}});
  EXPECT_EQ(check(access, Permission::kConfigure, "c1"), "ok");
  EXPECT_EQ(check(access, Permission::kWrite, "w1"), "ok");
  EXPECT_EQ(check(access, Permission::kRead, "r1"), "ok");
  EXPECT_EQ(check(access, Permission::kConfigure, "w1"),
            "ACCESS_REFUSED - configure access to queue 'w1' in vhost '/' refused for user 'ali'");
  EXPECT_EQ(check(access, Permission::kWrite, "r1", "exchange"),
            "ACCESS_REFUSED - write access to exchange 'r1' in vhost '/' refused for user 'ali'");
  EXPECT_EQ(check(access, Permission::kRead, "c1"),
            "ACCESS_REFUSED - read access to queue 'c1' in vhost '/' refused for user 'ali'");
}

TEST(AccessControl, AnyOfTheThreeIsEnough) {
  const auto access = permissions({{"ali", "/", "^c", "^w", "^r"}});
  for (const char* name : {"c", "w", "r"})
    EXPECT_EQ(said(access->check_any(kAli, "queue", name, "/")), "ok");
  EXPECT_EQ(said(access->check_any(kAli, "queue", "x", "/")),
            "ACCESS_REFUSED - configure access to queue 'x' in vhost '/' refused for user 'ali'");
  EXPECT_FALSE(access->check_any({.user = "eve"}, "queue", "c", "/").ok());
}

TEST(AccessControl, TheDefaultExchangeGoesByItsName) {
  const auto access = permissions({{"ali", "/", "", "^amq\\.default$", "^$"}});
  EXPECT_EQ(check(access, Permission::kWrite, "", "exchange"), "ok");
  EXPECT_EQ(check(access, Permission::kRead, "", "exchange"),
            "ACCESS_REFUSED - read access to exchange 'amq.default' in vhost '/' refused for user "
            "'ali'");
}

TEST(AccessControl, RulesAreOfOneUserAndOneVirtualHost) {
  const auto access = permissions({everything("ali", "v"), everything("eve")});
  EXPECT_TRUE(access->may_enter(kAli, "v"));
  EXPECT_FALSE(access->may_enter(kAli, "/"));
  EXPECT_FALSE(access->may_enter({.user = "al"}, "v"));
  EXPECT_FALSE(access->check(kAli, Permission::kRead, "queue", "q", "/").ok());
  EXPECT_TRUE(access->check(kAli, Permission::kRead, "queue", "q", "v").ok());
}

TEST(AccessControl, TheLaterRuleOfTwoCounts) {
  const auto access = permissions({everything("ali"), {"ali", "/", "", "", ""}});
  EXPECT_TRUE(access->may_enter(kAli, "/"));
  EXPECT_FALSE(access->check(kAli, Permission::kRead, "queue", "q", "/").ok());
}

TEST(AccessControl, AMatchThatEndsAtALimitDenies) {
  EXPECT_FALSE(may_configure("(a+)+$", std::string(250, 'a') + "!"));
}

TEST(AccessControl, AWrongPatternNamesItsRule) {
  const auto access = AccessControl::create({everything("ali"), {"eve", "v", "", "[", ""}});
  ASSERT_FALSE(access.ok());
  EXPECT_THAT(access.error().message,
              StartsWith("write permission of user 'eve' in vhost 'v': the pattern is wrong at"));
  const auto topics =
      AccessControl::create({everything("ali")}, {{"ali", "/", "t", "", "\\{vhost}"}});
  ASSERT_FALSE(topics.ok());
  EXPECT_EQ(topics.error().message,
            "topic read permission of user 'ali' in vhost '/': the pattern has a backslash before "
            "{vhost}");
}

// ---- topics

std::string topic(const AccessControlRef& access, Permission permission, std::string_view key,
                  std::string_view exchange = "t", const Actor& actor = kAli) {
  return said(access->check_topic(actor, permission, exchange, key, "/"));
}

TEST(TopicPermission, AnExchangeWithoutARuleTakesEveryKey) {
  const auto access =
      permissions({everything("ali"), everything("eve")}, {{"ali", "/", "t", "", ""}});
  EXPECT_EQ(topic(access, Permission::kWrite, "k", "other"), "ok");
  EXPECT_EQ(topic(access, Permission::kWrite, "k", "t", {.user = "eve"}), "ok");
  EXPECT_EQ(topic(access, Permission::kWrite, "k"),
            "ACCESS_REFUSED - write access to topic 'k' in exchange 't' in vhost '/' refused for "
            "user 'ali'");
  EXPECT_EQ(topic(access, Permission::kWrite, ""), "ok");  // ^$
}

TEST(TopicPermission, WriteAndReadAreApart) {
  const auto access = permissions({everything("ali")}, {{"ali", "/", "t", "^w\\.", "^r\\."}});
  EXPECT_EQ(topic(access, Permission::kWrite, "w.x"), "ok");
  EXPECT_EQ(topic(access, Permission::kRead, "r.#"), "ok");
  EXPECT_NE(topic(access, Permission::kWrite, "r.x"), "ok");
  EXPECT_EQ(topic(access, Permission::kRead, "w.#"),
            "ACCESS_REFUSED - read access to topic 'w.#' in exchange 't' in vhost '/' refused for "
            "user 'ali'");
}

TEST(TopicPermission, UserAndVirtualHostStandForThemselvesOnly) {
  for (const char* user : {".*", "a|b", "(", "a.b", "[x]", "\\E.*\\Q", "a-z"}) {
    const Actor actor{.user = user};
    const auto access =
        permissions({everything(user)}, {{user, "/", "t", "^{username}\\.{vhost}$", "^{vhost}$"}});
    EXPECT_EQ(topic(access, Permission::kWrite, std::string(user) + "./", "t", actor), "ok");
    EXPECT_EQ(topic(access, Permission::kRead, "/", "t", actor), "ok");
    for (const char* other : {"someone./", "a./", "b./", "axb./", "x./", "./"})
      EXPECT_NE(topic(access, Permission::kWrite, other, "t", actor), "ok") << user << other;
  }
}

}  // namespace
}  // namespace harrier::broker
