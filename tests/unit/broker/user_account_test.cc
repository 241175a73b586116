#include "broker/user_account.h"

#include <gtest/gtest.h>

namespace harrier::broker {
namespace {

base::MonotonicTime at(std::int64_t ms) { return base::MonotonicTime(base::Milliseconds(ms)); }

TEST(CountedPlaces, TheLastIsTakenAndOneMoreIsNot) {
  CountedPlaces places;
  places.set_limit(2);
  EXPECT_TRUE(places.take());
  EXPECT_TRUE(places.take());
  EXPECT_FALSE(places.take());
  EXPECT_EQ(places.count(), 2u);
  places.give_back();
  EXPECT_TRUE(places.take());
}

TEST(CountedPlaces, ALimitBelowWhatIsTakenCountsForWhatComes) {
  CountedPlaces places;
  for (int taken = 0; taken != 3; ++taken)
    EXPECT_TRUE(places.take());
  places.set_limit(2);
  places.give_back();
  EXPECT_FALSE(places.take());
  places.give_back();
  EXPECT_TRUE(places.take());
}

TEST(CountedPlaces, ZeroMeansNone) {
  CountedPlaces places;
  places.set_limit(0);
  EXPECT_FALSE(places.take());
  places.set_limit(std::nullopt);
  EXPECT_TRUE(places.take());
}

TEST(PublishRates, TheSlowerOfMessagesAndBytesCounts) {
  PublishRates rates;
  rates.set({.messages = 10, .bytes = 1'000}, base::Milliseconds(1'000));
  EXPECT_LE(rates.take({10, 1'000}, at(0)), at(0));
  EXPECT_EQ(rates.take({1, 500}, at(0)), at(500));
  EXPECT_EQ(rates.take({19, 0}, at(0)), at(2'000));
  EXPECT_EQ(rates.paid_at(), at(2'000));
}

TEST(PublishRates, EmptyBodiesCostNoBytes) {
  PublishRates rates;
  rates.set({.messages = std::nullopt, .bytes = 1}, base::Milliseconds(1'000));
  EXPECT_LE(rates.take({1'000'000, 0}, at(0)), at(0));
}

}  // namespace
}  // namespace harrier::broker
