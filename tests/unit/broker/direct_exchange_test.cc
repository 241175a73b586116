#include <string>

#include <gtest/gtest.h>

#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

class DirectExchangeTest : public testing::Test {
 protected:
  ExchangeFixture x_{ExchangeType::kDirect};
};

TEST_F(DirectExchangeTest, NoBindingMatchesNothing) { EXPECT_EQ(x_.match("k"), Names{}); }

TEST_F(DirectExchangeTest, OnlyTheSameKeyMatches) {
  x_.bind("q", "a.b");
  EXPECT_EQ(x_.match("a.b"), Names{"q"});
  EXPECT_EQ(x_.match("a.B"), Names{});
  EXPECT_EQ(x_.match("a"), Names{});
  EXPECT_EQ(x_.match("a.b.c"), Names{});
  EXPECT_EQ(x_.match(""), Names{});
}

TEST_F(DirectExchangeTest, WildcardsAreOrdinaryCharacters) {
  x_.bind("star", "a.*");
  x_.bind("hash", "#");
  EXPECT_EQ(x_.match("a.b"), Names{});
  EXPECT_EQ(x_.match("a.*"), Names{"star"});
  EXPECT_EQ(x_.match("#"), Names{"hash"});
}

TEST_F(DirectExchangeTest, EmptyKeyIsAKey) {
  x_.bind("q", "");
  EXPECT_EQ(x_.match(""), Names{"q"});
}

TEST_F(DirectExchangeTest, KeysMayHoldAnyBytes) {
  const std::string key("\0\xFF\n", 3);
  x_.bind("q", key);
  EXPECT_EQ(x_.match(key), Names{"q"});
  EXPECT_EQ(x_.match(std::string_view(key).substr(0, 1)), Names{});
}

TEST_F(DirectExchangeTest, TargetsComeInOrderOfAge) {
  for (const char* name : {"q3", "q1", "q2"})
    x_.bind(name, "k");
  EXPECT_EQ(x_.match("k"), (Names{"q3", "q1", "q2"}));
  x_.unbind("q1", "k");
  EXPECT_EQ(x_.match("k"), (Names{"q3", "q2"}));
  x_.bind("q1", "k");
  EXPECT_EQ(x_.match("k"), (Names{"q3", "q2", "q1"}));
}

TEST_F(DirectExchangeTest, OneTargetUnderSeveralKeys) {
  x_.bind("q", "a");
  x_.bind("q", "b");
  x_.unbind("q", "a");
  EXPECT_EQ(x_.match("a"), Names{});
  EXPECT_EQ(x_.match("b"), Names{"q"});
}

TEST_F(DirectExchangeTest, BindingsThatDifferInArgumentsAreUnboundOneByOne) {
  amqp::FieldTable arguments;
  arguments.add_string("a", "1");
  x_.bind("q", "k");
  x_.bind("q", "k", arguments);
  EXPECT_EQ(x_.matched_names("k"), Names{"q"});
  x_.unbind("q", "k");
  EXPECT_EQ(x_.match("k"), Names{"q"});
  x_.unbind("q", "k", arguments);
  EXPECT_EQ(x_.match("k"), Names{});
}

TEST_F(DirectExchangeTest, ManyKeysStayApart) {
  for (int i = 0; i < 2000; ++i)
    x_.bind("q" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 2000; i += 2)
    x_.unbind("q" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 2000; ++i) {
    const Names expected = i % 2 == 0 ? Names{} : Names{"q" + std::to_string(i)};
    EXPECT_EQ(x_.match(std::to_string(i)), expected);
  }
}

TEST_F(DirectExchangeTest, DependsOnKeyAlone) {
  EXPECT_TRUE(x_.exchange().routes_by_key());
  EXPECT_FALSE(x_.exchange().routes_by_headers());
}

}  // namespace
}  // namespace harrier::broker
