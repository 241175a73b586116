#include "base/random.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

TEST(SeededRandom, SameSeedGivesTheSameNumbersOnEveryMachine) {
  SeededRandom random(1234567);
  // The published first outputs of SplitMix64 for this seed.
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
  EXPECT_EQ(random.next(), 9817491932198370423u);
}

TEST(SeededRandom, SeedsDiffer) {
  SeededRandom one(1);
  SeededRandom two(2);
  EXPECT_NE(one.next(), two.next());
}

TEST(RandomSource, BelowStaysBelowAndReachesEveryNumber) {
  SeededRandom random(1);
  std::set<std::uint64_t> seen;
  for (int draw = 0; draw < 1000; ++draw)
    seen.insert(random.below(10));
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(*seen.rbegin(), 9u);
}

TEST(RandomSource, TokenIsUrlSafeAndHas22Characters) {
  SecureRandom random;
  std::set<std::string> tokens;
  for (int draw = 0; draw < 200; ++draw) {
    const std::string token = random.token();
    EXPECT_EQ(token.size(), 22u);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
              std::string::npos);
    tokens.insert(token);
  }
  EXPECT_EQ(tokens.size(), 200u);
}

TEST(SecureRandom, RefillsItsPool) {
  SecureRandom random;
  std::set<std::uint64_t> seen;
  for (int draw = 0; draw < 200; ++draw)
    seen.insert(random.next());
  EXPECT_EQ(seen.size(), 200u);
}

}  // namespace
}  // namespace harrier::base
