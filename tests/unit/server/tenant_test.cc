#include "server/tenant.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

TEST(Tenant, IsToldOnceWhenItsPublishersAreReleased) {
  int released = 0;
  Tenant tenant("v", [&] { ++released; });
  tenant.set_held(false);
  tenant.set_held(true);
  tenant.set_held(true);
  EXPECT_TRUE(tenant.held());
  EXPECT_EQ(released, 0);
  tenant.set_held(false);
  tenant.set_held(false);
  EXPECT_FALSE(tenant.held());
  EXPECT_EQ(released, 1);
}

TEST(Tenant, NamesItselfAndTheLimit) {
  EXPECT_EQ(Tenant("v", {}).notice(), "vhost 'v' is at its limit stored_bytes_max");
}

TEST(Tenant, ShowsItsLimitsAndHoldsToItsRates) {
  Tenant tenant("v", {});
  const broker::TenantLimits limits{.queues_max = 3, .publish_rate = {.messages = 1, .bytes = {}}};
  tenant.set_limits(limits, base::Milliseconds(1'000));
  EXPECT_EQ(tenant.limits(), limits);
  const base::MonotonicTime now(base::Milliseconds(5));
  EXPECT_EQ(tenant.publish_rates().take({3, 0}, now), now + base::Milliseconds(2'000));
}

}  // namespace
}  // namespace harrier::server
