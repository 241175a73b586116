// What a policy may be, which one applies, and what two of them come to.

#include "broker/policy.h"

#include <string>

#include <gtest/gtest.h>

#include "broker/policies.h"

namespace harrier::broker {
namespace {

using amqp::FieldTable;

std::string complaint(const FieldTable& definition, PolicyKind kind = PolicyKind::kUser) {
  return check_definition(kind, definition);
}
template <class Value>
std::string complaint_about(std::string_view key, Value value,
                            PolicyKind kind = PolicyKind::kUser) {
  FieldTable definition;
  if constexpr (std::is_same_v<Value, bool>) {
    definition.add_boolean(key, value);
  } else if constexpr (std::is_integral_v<Value>) {
    definition.add_long(key, value);
  } else {
    definition.add_string(key, value);
  }
  return complaint(definition, kind);
}

// ---- definitions: the words are RabbitMQ 3.10's

TEST(PolicyDefinition, OneWithoutKeysIsNone) {
  EXPECT_EQ(complaint(FieldTable()), "no policy provided");
}

TEST(PolicyDefinition, UnknownKeysAreShownTogether) {
  FieldTable definition;
  definition.add_string("foo", "a").add_boolean("bar", true).add_long("expires", 5);
  EXPECT_EQ(complaint(definition),
            "[{<<\"bar\">>,true},{<<\"foo\">>,<<\"a\">>}] are not recognised policy settings");
  EXPECT_EQ(complaint_about("federation-upstream", "x"),
            "[{<<\"federation-upstream\">>,<<\"x\">>}] are not recognised policy settings");
}

TEST(PolicyDefinition, ABadValueIsShownAheadOfAnUnknownKey) {
  FieldTable definition;
  definition.add_long("aaa", 1).add_long("max-length", -1).add_long("expires", 0);
  EXPECT_EQ(complaint(definition), "0 is not a valid queue expiry");
}

TEST(PolicyDefinition, AKeyGivenTwiceIsRefused) {
  FieldTable definition;
  definition.add_long("expires", 1).add_long("expires", 2);
  EXPECT_EQ(complaint(definition), "[<<\"expires\">>] duplicate keys not allowed");
}

TEST(PolicyDefinition, NumbersMustBeNumbersAndNotTooLow) {
  EXPECT_EQ(complaint_about("message-ttl", -1), "-1 is not a valid message TTL");
  EXPECT_EQ(complaint_about("message-ttl", 0), "");
  EXPECT_EQ(complaint_about("message-ttl", 315'360'000'000), "");
  EXPECT_EQ(complaint_about("message-ttl", 315'360'000'001),
            "315360000001 is not a valid message TTL");
  EXPECT_EQ(complaint_about("expires", 0), "0 is not a valid queue expiry");
  EXPECT_EQ(complaint_about("expires", 1), "");
  EXPECT_EQ(complaint_about("max-length", "10"), "<<\"10\">> is not a valid maximum length");
  EXPECT_EQ(complaint_about("max-length", true), "true is not a valid maximum length");
  EXPECT_EQ(complaint_about("max-length-bytes", -1), "-1 is not a valid maximum length in bytes");
  EXPECT_EQ(complaint_about("delivery-limit", -1), "-1 is not a valid delivery limit");
  EXPECT_EQ(complaint_about("consumer-timeout", -1), "-1 is not a valid consumer timeout");
}

TEST(PolicyDefinition, AnArrayIsShownAsRabbitMqShowsIt) {
  amqp::FieldTable one;
  one.add_long("n", 1);
  amqp::FieldArray items;
  items.add(*one.view().find("n")).add_string("a");
  FieldTable definition;
  definition.add_array("max-length", items);
  EXPECT_EQ(complaint(definition), "[1,<<\"a\">>] is not a valid maximum length");
}

TEST(PolicyDefinition, WordsMustBeKnown) {
  for (const char* word : {"drop-head", "reject-publish", "reject-publish-dlx"})
    EXPECT_EQ(complaint_about("overflow", word), "");
  EXPECT_EQ(complaint_about("overflow", "drop"), "<<\"drop\">> is not a valid overflow value");
  EXPECT_EQ(complaint_about("queue-mode", "lazyy"),
            "<<\"lazyy\">> is not a valid queue-mode value");
}

TEST(PolicyDefinition, NamesMustFitAShortString) {
  EXPECT_EQ(complaint_about("dead-letter-exchange", 5),
            "5 is not a valid dead letter exchange name");
  EXPECT_EQ(complaint_about("alternate-exchange", std::string(255, 'a')), "");
  EXPECT_NE(complaint_about("alternate-exchange", std::string(256, 'a')), "");
}

TEST(PolicyDefinition, OperatorsHaveFewerKeys) {
  for (const char* key : {"message-ttl", "expires", "max-length", "max-length-bytes",
                          "delivery-limit", "consumer-timeout"})
    EXPECT_EQ(complaint_about(key, 1, PolicyKind::kOperator), "") << key;
  EXPECT_EQ(complaint_about("overflow", "drop-head", PolicyKind::kOperator), "");
  EXPECT_EQ(complaint_about("dead-letter-exchange", "x", PolicyKind::kOperator),
            "[{<<\"dead-letter-exchange\">>,<<\"x\">>}] are not recognised policy settings");
  EXPECT_NE(complaint_about("alternate-exchange", "x", PolicyKind::kOperator), "");
}

TEST(PolicyDefinition, MirrorKeysNeedAMode) {
  EXPECT_EQ(complaint_about("ha-mode", "all"), "");
  EXPECT_EQ(complaint_about("ha-params", 2),
            "ha-mode must be specified to specify ha-params, ha-sync-mode or "
            "ha-promote-on-shutdown");
}

TEST(Policy, WhatItAppliesToHasSixNames) {
  for (const char* word :
       {"all", "queues", "exchanges", "classic_queues", "quorum_queues", "streams"}) {
    const auto apply_to = parse_apply_to(word);
    ASSERT_TRUE(apply_to.ok());
    EXPECT_EQ(name_of(*apply_to), word);
  }
  const auto other = parse_apply_to("queue");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message,
            "apply-to 'queue' unrecognised; should be one of: 'queues', 'classic_queues', "
            "'quorum_queues', 'streams', 'exchanges', or 'all'");
}

TEST(Policy, ABadPatternIsNamedBesideTheDefinition) {
  Policy policy{.name = "p", .pattern = "q("};
  policy.definition.add_long("expires", 0);
  const auto status = check_policy(PolicyKind::kUser, policy);
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(status.error().message.starts_with(
      "0 is not a valid queue expiry\npattern should be regular expression but is invalid: "));
}

// ---- merging

struct MergeCase {
  std::string_view key;
  std::int64_t user, from_operator, merged;
};

TEST(PolicyMerge, TheLowerNumberCounts) {
  for (const MergeCase& each :
       {MergeCase{"max-length", 5, 3, 3}, MergeCase{"max-length", 3, 5, 3},
        MergeCase{"message-ttl", 0, 5, 0}, MergeCase{"consumer-timeout", 0, 5, 5},
        MergeCase{"consumer-timeout", 7, 0, 7}}) {
    FieldTable user;
    FieldTable from_operator;
    user.add_long(each.key, each.user);
    from_operator.add_long(each.key, each.from_operator);
    const FieldTable merged = merge_definitions(user, from_operator);
    EXPECT_EQ(merged.view().count(), 1u);
    EXPECT_EQ(merged.view().find(each.key)->integer(), each.merged) << each.key;
  }
}

TEST(PolicyMerge, AnUnlimitedDeliveryLimitIsTheHighest) {
  EXPECT_EQ(lower_limit("delivery-limit", -1, 5), 5);
  EXPECT_EQ(lower_limit("delivery-limit", 5, -1), 5);
  EXPECT_EQ(lower_limit("delivery-limit", 0, 5), 0);
}

TEST(PolicyMerge, TheOperatorsWordWinsAndKeysOfEitherStay) {
  FieldTable user;
  user.add_string("overflow", "drop-head").add_string("dead-letter-exchange", "dlx");
  FieldTable from_operator;
  from_operator.add_string("overflow", "reject-publish").add_long("expires", 9);
  const FieldTable merged = merge_definitions(user, from_operator);
  EXPECT_EQ(merged.view().count(), 3u);
  EXPECT_EQ(merged.view().find("overflow")->bytes, "reject-publish");
  EXPECT_EQ(merged.view().find("dead-letter-exchange")->bytes, "dlx");
  EXPECT_EQ(merged.view().find("expires")->integer(), 9);
}

// ---- which one applies

class PoliciesTest : public ::testing::Test {
 protected:
  std::uint32_t limit = 10;
  Policies policies{limit};

  static Policy policy(std::string name, std::string pattern, std::int64_t priority = 0,
                       ApplyTo apply_to = ApplyTo::kAll, std::string_view key = "expires") {
    Policy made{std::move(name), std::move(pattern), apply_to, priority, {}};
    made.definition.add_long(key, 1'000);
    return made;
  }
  void set(Policy wanted, PolicyKind kind = PolicyKind::kUser) {
    ASSERT_TRUE(policies.set(kind, std::move(wanted)).ok());
  }
  std::string applied(std::string_view name, PolicySubject subject = PolicySubject::kClassicQueue) {
    std::uint32_t asked = 0;
    const AppliedPolicies found = policies.match(subject, name, asked);
    return (found.user ? found.user->name : "-") + "/" +
           (found.from_operator ? found.from_operator->name : "-");
  }
};

TEST_F(PoliciesTest, TheHighestPriorityApplies) {
  set(policy("low", "^q", 1));
  set(policy("high", "^q", 2));
  set(policy("highest", "^other", 3));
  EXPECT_EQ(applied("q"), "high/-");
}

TEST_F(PoliciesTest, AmongEqualsTheFirstByNameApplies) {
  set(policy("b", "^q"));
  set(policy("a", "^q"));
  set(policy("c", "^q"));
  EXPECT_EQ(applied("q"), "a/-");
}

TEST_F(PoliciesTest, TheTwoKindsAreChosenApart) {
  set(policy("user", "^q"));
  set(policy("op", "q$"), PolicyKind::kOperator);
  EXPECT_EQ(applied("q"), "user/op");
  EXPECT_EQ(applied("qa"), "user/-");
  EXPECT_EQ(applied("aq"), "-/op");
}

TEST_F(PoliciesTest, APatternIsNotAnchoredAndAnEmptyOneIsInEveryName) {
  set(policy("inside", "rde"));
  EXPECT_EQ(applied("orders"), "inside/-");
  set(policy("any", "", -1));
  EXPECT_EQ(applied("else"), "any/-");
}

TEST_F(PoliciesTest, OnePolicyForEachTypeOfTarget) {
  const auto classic = PolicySubject::kClassicQueue;
  const auto quorum = PolicySubject::kQuorumQueue;
  const auto exchange = PolicySubject::kExchange;
  set(policy("exchanges", ".", 3, ApplyTo::kExchanges));
  set(policy("classic", ".", 2, ApplyTo::kClassicQueues));
  set(policy("quorum", ".", 2, ApplyTo::kQuorumQueues));
  set(policy("streams", ".", 9, ApplyTo::kStreams));
  EXPECT_EQ(applied("x", exchange), "exchanges/-");
  EXPECT_EQ(applied("x", classic), "classic/-");
  EXPECT_EQ(applied("x", quorum), "quorum/-");
  set(policy("queues", ".", 4, ApplyTo::kQueues));
  EXPECT_EQ(applied("x", exchange), "exchanges/-");
  EXPECT_EQ(applied("x", classic), "queues/-");
  EXPECT_EQ(applied("x", quorum), "queues/-");
}

TEST_F(PoliciesTest, APolicyWithAKeyTheTypeLacksMakesRoomForTheNext) {
  set(policy("limit", ".", 5, ApplyTo::kAll, "delivery-limit"));
  set(policy("other", "."));
  EXPECT_EQ(applied("q", PolicySubject::kClassicQueue), "other/-");
  EXPECT_EQ(applied("q", PolicySubject::kQuorumQueue), "limit/-");
}

TEST_F(PoliciesTest, ASecondOfTheNameReplacesTheFirst) {
  set(policy("p", "^a"));
  set(policy("p", "^b", 7));
  EXPECT_EQ(policies.list(PolicyKind::kUser).size(), 1u);
  EXPECT_EQ(applied("a"), "-/-");
  EXPECT_EQ(applied("b"), "p/-");
}

TEST_F(PoliciesTest, AClearedOneAppliesNoMore) {
  set(policy("p", "."));
  EXPECT_FALSE(policies.clear(PolicyKind::kOperator, "p"));
  EXPECT_TRUE(policies.clear(PolicyKind::kUser, "p"));
  EXPECT_FALSE(policies.clear(PolicyKind::kUser, "p"));
  EXPECT_EQ(applied("q"), "-/-");
}

TEST_F(PoliciesTest, OneMoreThanTheLimitIsRefusedAndReplacingIsNot) {
  limit = 2;
  set(policy("a", "."));
  set(policy("b", "."));
  set(policy("a", "^"), PolicyKind::kOperator);
  const auto third = policies.set(PolicyKind::kUser, policy("c", "."));
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().message, "policy limit of 2 is reached");
  set(policy("b", "^b"));
  EXPECT_EQ(policies.list(PolicyKind::kUser).size(), 2u);
}

TEST_F(PoliciesTest, ABadOneLeavesTheOldInPlace) {
  set(policy("p", "^a"));
  EXPECT_FALSE(policies.set(PolicyKind::kUser, policy("p", "(")).ok());
  EXPECT_EQ(applied("a"), "p/-");
}

TEST_F(PoliciesTest, APatternThatTakesTooLongDoesNotMatch) {
  set(policy("slow", "^(a+)+$", 5));
  set(policy("next", "."));
  EXPECT_EQ(applied(std::string(200, 'a')), "slow/-");
  EXPECT_EQ(applied(std::string(200, 'a') + "b"), "next/-");
}

}  // namespace
}  // namespace harrier::broker
