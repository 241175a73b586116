#include "server/rate_limit.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using base::Milliseconds;
using base::MonotonicTime;

TEST(RateLimit, RefusesBeyondItsNumberUntilTheSpanIsOver) {
  RateLimit limit(2, Milliseconds(1000));
  const MonotonicTime start(Milliseconds(5000));
  EXPECT_TRUE(limit.take(start));
  EXPECT_TRUE(limit.take(start + Milliseconds(998)));
  EXPECT_FALSE(limit.allows(start + Milliseconds(999)));
  EXPECT_FALSE(limit.take(start + Milliseconds(999)));
  EXPECT_EQ(limit.end(), start + Milliseconds(1000));
  EXPECT_TRUE(limit.allows(limit.end()));
  EXPECT_TRUE(limit.take(limit.end()));
}

TEST(RateLimit, SpanBeginsWithItsFirstEvent) {
  RateLimit limit(1, Milliseconds(1000));
  const MonotonicTime start(Milliseconds(5000));
  EXPECT_TRUE(limit.take(start));
  EXPECT_TRUE(limit.take(start + Milliseconds(4000)));
  EXPECT_EQ(limit.end(), start + Milliseconds(5000));
}

}  // namespace
}  // namespace harrier::server
