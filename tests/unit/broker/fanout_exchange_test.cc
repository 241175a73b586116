#include <string>

#include <gtest/gtest.h>

#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

class FanoutExchangeTest : public testing::Test {
 protected:
  ExchangeFixture x_{ExchangeType::kFanout};
};

TEST_F(FanoutExchangeTest, NoBindingMatchesNothing) { EXPECT_EQ(x_.match("k"), Names{}); }

TEST_F(FanoutExchangeTest, EveryBindingMatchesWhateverTheKey) {
  x_.bind("q2", "a");
  x_.bind("q1", "");
  EXPECT_EQ(x_.match("a"), (Names{"q2", "q1"}));
  EXPECT_EQ(x_.match("b"), (Names{"q2", "q1"}));
  EXPECT_EQ(x_.match(""), (Names{"q2", "q1"}));
}

TEST_F(FanoutExchangeTest, UnbindingOneOfTwoKeysLeavesTheTarget) {
  x_.bind("q", "a");
  x_.bind("q", "b");
  x_.unbind("q", "a");
  EXPECT_EQ(x_.match("a"), Names{"q"});
  x_.unbind("q", "b");
  EXPECT_EQ(x_.match("b"), Names{});
}

TEST_F(FanoutExchangeTest, UnbindingFromTheMiddleKeepsTheOrder) {
  for (int i = 0; i < 100; ++i)
    x_.bind("q" + std::to_string(i), "");
  Names expected;
  for (int i = 0; i < 100; ++i) {
    if (i % 3 == 0) {
      x_.unbind("q" + std::to_string(i), "");
    } else {
      expected.push_back("q" + std::to_string(i));
    }
  }
  EXPECT_EQ(x_.match(""), expected);
}

TEST_F(FanoutExchangeTest, DependsOnNothing) {
  EXPECT_FALSE(x_.exchange().routes_by_key());
  EXPECT_FALSE(x_.exchange().routes_by_headers());
}

}  // namespace
}  // namespace harrier::broker
