#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

constexpr Milliseconds kSecond{1'000};

MonotonicTime at(std::int64_t ms) { return MonotonicTime(Milliseconds(ms)); }

TEST(TokenBucket, WithoutARateNobodyWaits) {
  TokenBucket bucket;
  EXPECT_FALSE(bucket.limited());
  EXPECT_LE(bucket.take(UINT64_MAX, at(0)), at(0));
  EXPECT_LE(bucket.paid_at(), at(0));
}

TEST(TokenBucket, OneBurstIsFreeAndTheNextTokenIsDebt) {
  TokenBucket bucket;
  bucket.set_rate(1'000, kSecond);
  EXPECT_LE(bucket.take(1'000, at(5'000)), at(5'000));
  EXPECT_EQ(bucket.take(1, at(5'000)), at(5'001));
  EXPECT_EQ(bucket.paid_at(), at(5'001));
}

TEST(TokenBucket, ADebtIsPaidAtTheRate) {
  TokenBucket bucket;
  bucket.set_rate(100, kSecond);
  EXPECT_EQ(bucket.take(350, at(0)), at(2'500));
  // Who goes on before then owes the more.
  EXPECT_EQ(bucket.take(50, at(1'000)), at(3'000));
  // At that very moment the burst is used up, the debt is not.
  EXPECT_EQ(bucket.take(0, at(3'000)), at(3'000));
  EXPECT_EQ(bucket.take(1, at(3'000)), at(3'010));
}

TEST(TokenBucket, FillsToTheBurstAndNoFurther) {
  TokenBucket bucket;
  bucket.set_rate(100, Milliseconds(500));
  EXPECT_EQ(bucket.take(150, at(0)), at(1'000));
  // After an hour of silence there is half a second's worth, not an hour's.
  EXPECT_LE(bucket.take(50, at(3'600'000)), at(3'600'000));
  EXPECT_EQ(bucket.take(1, at(3'600'000)), at(3'600'010));
}

TEST(TokenBucket, TakersWaitOneAfterAnother) {
  TokenBucket bucket;
  bucket.set_rate(10, kSecond);
  bucket.take(10, at(0));
  EXPECT_EQ(bucket.take(10, at(0)), at(1'000));
  EXPECT_EQ(bucket.take(10, at(0)), at(2'000));
}

TEST(TokenBucket, RoundsUpToWholeMilliseconds) {
  TokenBucket bucket;
  bucket.set_rate(3'000, kSecond);
  bucket.take(3'000, at(0));
  EXPECT_EQ(bucket.take(1, at(0)), at(1));
}

TEST(TokenBucket, ADebtOfMoreThanAnHourIsForgiven) {
  TokenBucket bucket;
  bucket.set_rate(1, kSecond);
  EXPECT_EQ(bucket.take(UINT64_MAX, at(0)), at(3'600'000));
  EXPECT_EQ(bucket.take(UINT64_MAX, at(10)), at(3'600'010));
}

TEST(TokenBucket, AnotherRateBeginsWithoutDebtAndTheSameKeepsIt) {
  TokenBucket bucket;
  bucket.set_rate(10, kSecond);
  EXPECT_EQ(bucket.take(1'010, at(0)), at(100'000));
  bucket.set_rate(10, kSecond);
  EXPECT_EQ(bucket.paid_at(), at(100'000));
  bucket.set_rate(20, kSecond);
  EXPECT_LE(bucket.paid_at(), at(0));
  EXPECT_EQ(bucket.take(40, at(0)), at(1'000));
  bucket.set_rate(0, kSecond);
  EXPECT_LE(bucket.paid_at(), at(0));
}

}  // namespace
}  // namespace harrier::base
