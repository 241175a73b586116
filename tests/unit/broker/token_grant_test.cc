// Scopes of tokens: which names they match, after RabbitMQ's suite and its matcher's own edges.
#include "broker/token_grant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/access_control.h"

namespace harrier::broker {
namespace {

using ::testing::ElementsAre;

bool matches(const std::string& pattern, std::string_view name) {
  return TokenGrant({"read:*/" + pattern}).allows(Permission::kRead, "/", name);
}

TEST(TokenGrant, AStarStandsForAnyText) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "anything/at all"));
  EXPECT_TRUE(matches("a*", "a"));
  EXPECT_TRUE(matches("a*", "abc"));
  EXPECT_FALSE(matches("a*", "ba"));
  EXPECT_TRUE(matches("*c", "abc"));
  EXPECT_FALSE(matches("*c", "abcd"));
  EXPECT_TRUE(matches("a*b*c", "a-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a-c-b"));
}

TEST(TokenGrant, TextMatchesItselfAlone) {
  EXPECT_TRUE(matches("abc", "abc"));
  EXPECT_FALSE(matches("abc", "abcd"));
  EXPECT_FALSE(matches("abc", "ab"));
  EXPECT_FALSE(matches("abc", "ABC"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("a.c", "abc")) << "no regular expressions";
}

TEST(TokenGrant, APieceIsTakenAtItsFirstPlaceOnly) {
  EXPECT_TRUE(matches("a*b", "acb"));
  EXPECT_FALSE(matches("a*b", "abcb"));
  EXPECT_FALSE(matches("a*b", "abb"));
}

TEST(TokenGrant, ManyStarsAreOneExceptWhereNothingIsLeft) {
  EXPECT_TRUE(matches("a**", "ab"));
  EXPECT_FALSE(matches("a**", "a"));
  EXPECT_TRUE(matches("a***b", "axb"));
}

TEST(TokenGrant, PartsAreDecodedAsInUrls) {
  EXPECT_TRUE(matches("a%2Fb", "a/b"));
  EXPECT_TRUE(matches("a%2fb", "a/b"));
  EXPECT_TRUE(matches("a%2A", "a*"));
  EXPECT_FALSE(matches("a%2A", "abc")) << "a star that was encoded is a star";
  EXPECT_TRUE(matches("a+b", "a b"));
  EXPECT_TRUE(matches("%C3%BC", "\xC3\xBC"));
  EXPECT_TRUE(matches("%00", std::string_view("\0", 1)));
}

TEST(TokenGrant, WhatCannotBeDecodedMatchesNothing) {
  for (const char* broken : {"%", "%2", "%zz", "a*%g0", "*%"}) {
    EXPECT_FALSE(matches(broken, broken)) << broken;
    EXPECT_FALSE(matches(broken, "a")) << broken;
  }
  EXPECT_FALSE(TokenGrant({"read:%/*"}).may_enter("%"));
}

TEST(TokenGrant, EachPermissionIsItsOwn) {
  const TokenGrant grant({"configure:%2F/c", "write:%2F/w", "read:%2F/r"});
  EXPECT_TRUE(grant.allows(Permission::kConfigure, "/", "c"));
  EXPECT_TRUE(grant.allows(Permission::kWrite, "/", "w"));
  EXPECT_TRUE(grant.allows(Permission::kRead, "/", "r"));
  EXPECT_FALSE(grant.allows(Permission::kConfigure, "/", "w"));
  EXPECT_FALSE(grant.allows(Permission::kWrite, "/", "r"));
  EXPECT_FALSE(grant.allows(Permission::kRead, "/", "c"));
}

TEST(TokenGrant, TheVirtualHostIsAPatternToo) {
  const TokenGrant grant({"read:tenant-*/q"});
  EXPECT_TRUE(grant.may_enter("tenant-1"));
  EXPECT_FALSE(grant.may_enter("/"));
  EXPECT_TRUE(grant.allows(Permission::kRead, "tenant-1", "q"));
  EXPECT_FALSE(grant.allows(Permission::kRead, "other", "q"));
}

TEST(TokenGrant, TopicsNeedARoutingKeyInTheScope) {
  const TokenGrant grant({"write:%2F/news/sport.*", "write:%2F/open", "read:%2F/news/*"});
  EXPECT_TRUE(grant.allows_topic(Permission::kWrite, "/", "news", "sport.chess"));
  EXPECT_FALSE(grant.allows_topic(Permission::kWrite, "/", "news", "politics"));
  EXPECT_TRUE(grant.allows(Permission::kWrite, "/", "news"));
  EXPECT_TRUE(grant.allows(Permission::kWrite, "/", "open"));
  EXPECT_FALSE(grant.allows_topic(Permission::kWrite, "/", "open", "sport.chess"));
  EXPECT_TRUE(grant.allows_topic(Permission::kRead, "/", "news", "politics"));
}

TEST(TokenGrant, OtherScopesAreLeftOut) {
  const TokenGrant grant({"read", "read:", "read:a", "read:a/b/c/d", "admin:a/b", "READ:a/b",
                          "tag:administrator", "", "write:a/b"});
  EXPECT_THAT(grant.scopes(), ElementsAre("write:a/b"));
  EXPECT_FALSE(TokenGrant({}).may_enter("/"));
}

// ---- variables

TEST(TokenGrant, TheVirtualHostsNameMayStandInAScope) {
  const TokenGrant grant({"read:*/{vhost}-*", "write:t*/x-{vhost}/{vhost}.{vhost}"});
  EXPECT_TRUE(grant.allows(Permission::kRead, "t1", "t1-q"));
  EXPECT_FALSE(grant.allows(Permission::kRead, "t2", "t1-q"));
  EXPECT_TRUE(grant.allows_topic(Permission::kWrite, "t1", "x-t1", "t1.t1"));
  EXPECT_FALSE(grant.allows_topic(Permission::kWrite, "t1", "x-t1", "t1.t2"));
  EXPECT_TRUE(TokenGrant({"read:{vhost}/q"}).may_enter("any"));
}

TEST(TokenGrant, AVirtualHostsNameIsTextAndNothingElse) {
  const TokenGrant grant({"read:*/{vhost}"});
  for (const char* name : {"*", "a/b", "%2A", "+", "{vhost}", ""}) {
    EXPECT_TRUE(grant.allows(Permission::kRead, name, name)) << name;
    EXPECT_FALSE(grant.allows(Permission::kRead, name, "other")) << name;
  }
}

TEST(TokenGrant, AScopeWithAnUnknownVariableGrantsNothing) {
  for (const char* scope : {"read:*/{sub}", "read:{x}/*", "read:*/*/{", "read:*/{}*",
                            "read:*/{vhost }", "read:*/{Vhost}", "read:*/{{vhost}}"}) {
    const TokenGrant grant({scope});
    EXPECT_FALSE(grant.may_enter("/")) << scope;
    EXPECT_FALSE(grant.allows(Permission::kRead, "/", "{sub}")) << scope;
  }
  EXPECT_TRUE(matches("%7Bsub%7D", "{sub}"));
  EXPECT_TRUE(matches("a}", "a}"));
}

// ---- where permissions are asked

Actor bearer(std::vector<std::string> scopes) {
  Actor actor;
  actor.user = "ali";
  actor.grant = std::make_shared<TokenGrant>(std::move(scopes));
  return actor;
}

TEST(TokenGrant, StandsForTheRulesOfItsUsersName) {
  const auto access = AccessControl::create({{"ali", "/", ".*", ".*", ".*"}},
                                            {{"ali", "/", "amq.topic", "^a$", "^a$"}})
                          .value();
  const Actor poor = bearer({"read:%2F/r"});
  EXPECT_TRUE(access->may_enter(poor, "/"));
  EXPECT_FALSE(access->may_enter(poor, "other"));
  EXPECT_TRUE(access->check(poor, Permission::kRead, "queue", "r", "/").ok());
  const auto refused = access->check(poor, Permission::kWrite, "exchange", "", "/");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().detail,
            "write access to exchange 'amq.default' in vhost '/' refused for user 'ali'");
  EXPECT_TRUE(access->check_any(poor, "queue", "r", "/").ok());
  EXPECT_FALSE(access->check_any(poor, "queue", "other", "/").ok());

  const Actor rich = bearer({"write:%2F/amq.topic/b"});
  EXPECT_TRUE(access->check_topic(rich, Permission::kWrite, "amq.topic", "b", "/").ok());
  const auto key = access->check_topic(rich, Permission::kWrite, "amq.topic", "a", "/");
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().detail,
            "write access to topic 'a' in exchange 'amq.topic' in vhost '/' refused for user "
            "'ali'");
}

}  // namespace
}  // namespace harrier::broker
