#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/naive_topic_match.h"
#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

class TopicExchangeTest : public testing::Test {
 protected:
  // Whether a single binding of this pattern matches; asks the naive matcher too, so that the
  // random comparisons stand on a checked one.
  static bool matches(std::string_view pattern, std::string_view key) {
    ExchangeFixture x(ExchangeType::kTopic);
    x.bind("q", pattern);
    const bool matched = !x.match(key).empty();
    EXPECT_EQ(matched, naive_topic_match(pattern, key)) << pattern << " | " << key;
    return matched;
  }

  ExchangeFixture x_{ExchangeType::kTopic};
};

TEST_F(TopicExchangeTest, LiteralPatternMatchesItselfAlone) {
  EXPECT_TRUE(matches("a.b", "a.b"));
  EXPECT_FALSE(matches("a.b", "a"));
  EXPECT_FALSE(matches("a.b", "a.b.c"));
  EXPECT_FALSE(matches("a.b", "b.a"));
  EXPECT_FALSE(matches("ab", "a"));
}

TEST_F(TopicExchangeTest, StarMatchesExactlyOneWord) {
  EXPECT_TRUE(matches("*", "a"));
  EXPECT_FALSE(matches("*", "a.b"));
  EXPECT_TRUE(matches("a.*.c", "a.b.c"));
  EXPECT_FALSE(matches("a.*.c", "a.c"));
  EXPECT_FALSE(matches("a.*.c", "a.b.b.c"));
}

TEST_F(TopicExchangeTest, HashMatchesZeroWords) {
  EXPECT_TRUE(matches("#", ""));
  EXPECT_TRUE(matches("a.#", "a"));
  EXPECT_TRUE(matches("#.a", "a"));
  EXPECT_TRUE(matches("a.#.b", "a.b"));
}

TEST_F(TopicExchangeTest, HashMatchesManyWords) {
  EXPECT_TRUE(matches("#", "a.b.c"));
  EXPECT_TRUE(matches("a.#", "a.b.c"));
  EXPECT_TRUE(matches("#.c", "a.b.c"));
  EXPECT_TRUE(matches("a.#.c", "a.b.b.b.c"));
  EXPECT_FALSE(matches("a.#.c", "a.b.b"));
  EXPECT_TRUE(matches("#.a.#", "b.a.c"));
  EXPECT_FALSE(matches("#.a.#", "b.c"));
}

TEST_F(TopicExchangeTest, HashMustSometimesTakeBackWords) {
  EXPECT_TRUE(matches("#.a.b", "a.a.b"));
  EXPECT_TRUE(matches("#.a.*.b", "a.a.c.b"));
  EXPECT_TRUE(matches("a.#.a", "a.a.a"));
  EXPECT_FALSE(matches("a.#.a", "a"));
}

TEST_F(TopicExchangeTest, StarBesideHashNeedsAtLeastOneWord) {
  for (const char* pattern : {"*.#", "#.*", "#.*.#"}) {
    EXPECT_FALSE(matches(pattern, "")) << pattern;
    EXPECT_TRUE(matches(pattern, "a")) << pattern;
    EXPECT_TRUE(matches(pattern, "a.b")) << pattern;
  }
  EXPECT_FALSE(matches("*.#.*", "a"));
  EXPECT_TRUE(matches("*.#.*", "a.b"));
}

TEST_F(TopicExchangeTest, EmptyKeyHasNoWords) {
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("*", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("a", ""));
  EXPECT_TRUE(matches("#.#", ""));
}

TEST_F(TopicExchangeTest, EmptyWordsAreWords) {
  EXPECT_TRUE(matches("*.*", "."));
  EXPECT_FALSE(matches("*", "."));
  EXPECT_TRUE(matches("a..b", "a..b"));
  EXPECT_FALSE(matches("a.b", "a..b"));
  EXPECT_TRUE(matches("a.*.b", "a..b"));
  EXPECT_TRUE(matches("a.", "a."));
  EXPECT_FALSE(matches("a", "a."));
  EXPECT_TRUE(matches("a.*", "a."));
  EXPECT_TRUE(matches(".*", ".a"));
  EXPECT_FALSE(matches("*", ".a"));
}

TEST_F(TopicExchangeTest, WildcardsInsideAWordAreLetters) {
  EXPECT_FALSE(matches("a*", "ab"));
  EXPECT_TRUE(matches("a*", "a*"));
  EXPECT_FALSE(matches("##", "a"));
  EXPECT_TRUE(matches("##", "##"));
  EXPECT_FALSE(matches("*#", "a"));
}

TEST_F(TopicExchangeTest, WildcardsInARoutingKeyAreLetters) {
  EXPECT_FALSE(matches("a", "*"));
  EXPECT_FALSE(matches("a", "#"));
  EXPECT_TRUE(matches("*", "#"));
  EXPECT_TRUE(matches("*", "*"));
  EXPECT_FALSE(matches("a.b", "a.#"));
  EXPECT_TRUE(matches("#.*", "#.*"));
}

TEST_F(TopicExchangeTest, CaseCounts) { EXPECT_FALSE(matches("Order.New", "order.new")); }

TEST_F(TopicExchangeTest, SeveralPatternsMatchTogether) {
  x_.bind("all", "#");
  x_.bind("word", "a.*");
  x_.bind("same", "a.b");
  x_.bind("tail", "#.b");
  x_.bind("other", "b.#");
  EXPECT_EQ(x_.matched_names("a.b"), (Names{"all", "same", "tail", "word"}));
  EXPECT_EQ(x_.matched_names("b"), (Names{"all", "other", "tail"}));
  EXPECT_EQ(x_.matched_names(""), Names{"all"});
}

TEST_F(TopicExchangeTest, OnePatternOfSeveralTargetsInOrderOfAge) {
  for (const char* name : {"q3", "q1", "q2"})
    x_.bind(name, "a.#");
  EXPECT_EQ(x_.match("a.b"), (Names{"q3", "q1", "q2"}));
  x_.unbind("q1", "a.#");
  EXPECT_EQ(x_.match("a.b"), (Names{"q3", "q2"}));
}

TEST_F(TopicExchangeTest, EachMatchingBindingComesOnce) {
  x_.bind("q", "#.#.#");
  x_.bind("q", "#.*.#");
  EXPECT_EQ(x_.match("a.b.c.d"), (Names{"q", "q"}));
}

TEST_F(TopicExchangeTest, PatternsThatMeanTheSameStayApartBindings) {
  x_.bind("q", "a.#");
  x_.bind("q", "a.#.#");
  EXPECT_NE(x_.find("q", "a.#"), x_.find("q", "a.#.#"));
  EXPECT_EQ(x_.find("q", "a.#.#")->routing_key(), "a.#.#");
  x_.unbind("q", "a.#");
  EXPECT_EQ(x_.match("a.b"), Names{"q"});
  x_.unbind("q", "a.#.#");
  EXPECT_EQ(x_.match("a.b"), Names{});
}

TEST_F(TopicExchangeTest, DependsOnKeyAlone) {
  EXPECT_TRUE(x_.exchange().routes_by_key());
  EXPECT_FALSE(x_.exchange().routes_by_headers());
}

}  // namespace
}  // namespace harrier::broker
