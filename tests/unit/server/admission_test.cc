#include "server/admission.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

constexpr AcceptLimitOptions kLimits{
    .connections_max = 4, .unauthenticated_max = 3, .unauthenticated_per_address_max = 2};

TEST(Admission, LimitsUnauthenticatedConnectionsPerAddress) {
  Admission admission(kLimits);
  EXPECT_EQ(admission.admit("a"), "");
  EXPECT_EQ(admission.admit("a"), "");
  EXPECT_EQ(admission.admit("a"), "limits.accept.unauthenticated_per_address_max is reached");
  EXPECT_EQ(admission.admit("b"), "");
  admission.authenticated("a");
  EXPECT_EQ(admission.admit("a"), "");
}

TEST(Admission, LimitsUnauthenticatedConnectionsInAll) {
  Admission admission(kLimits);
  for (const char* address : {"a", "b", "c"})
    EXPECT_EQ(admission.admit(address), "");
  EXPECT_EQ(admission.admit("d"), "limits.accept.unauthenticated_max is reached");
  admission.gone("b", false);
  EXPECT_EQ(admission.admit("d"), "");
}

TEST(Admission, LimitsAllConnections) {
  Admission admission(kLimits);
  for (const char* address : {"a", "b", "c", "d"}) {
    EXPECT_EQ(admission.admit(address), "");
    admission.authenticated(address);
  }
  EXPECT_EQ(admission.admit("e"), "limits.accept.connections_max is reached");
  admission.gone("a", true);
  EXPECT_EQ(admission.admit("e"), "");
  EXPECT_EQ(admission.connections(), 4u);
}

TEST(Admission, NewLimitsAreForWhoComesLater) {
  Admission admission(kLimits);
  EXPECT_EQ(admission.admit("a"), "");
  EXPECT_EQ(admission.admit("a"), "");
  admission.set_limits(
      {.connections_max = 4, .unauthenticated_max = 3, .unauthenticated_per_address_max = 1});
  EXPECT_EQ(admission.connections(), 2u);
  admission.gone("a", false);
  EXPECT_EQ(admission.admit("a"), "limits.accept.unauthenticated_per_address_max is reached");
  EXPECT_EQ(admission.admit("b"), "");
}

// A proxy's connections: of nobody until it has named the client.
TEST(Admission, NobodysConnectionsCountInAllOnly) {
  Admission admission(kLimits);
  for (int i = 0; i != 3; ++i)
    EXPECT_EQ(admission.admit(""), "");
  EXPECT_EQ(admission.admit(""), "limits.accept.unauthenticated_max is reached");
  EXPECT_EQ(admission.assign("a"), "");
  EXPECT_EQ(admission.assign("a"), "");
  EXPECT_EQ(admission.assign("a"), "limits.accept.unauthenticated_per_address_max is reached");
  admission.gone("", false);
  EXPECT_EQ(admission.admit("a"), "limits.accept.unauthenticated_per_address_max is reached");
  admission.authenticated("a");
  EXPECT_EQ(admission.admit("a"), "");
  admission.gone("a", true);
  admission.gone("a", false);
  admission.gone("a", false);
  EXPECT_EQ(admission.connections(), 0u);
}

TEST(Admission, LimitsAllConnectionsPerAddress) {
  Admission admission({.connections_per_address_max = 2});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(admission.admit("a"), "");
    admission.authenticated("a");
  }
  EXPECT_EQ(admission.admit("a"), "limits.accept.connections_per_address_max is reached");
  EXPECT_EQ(admission.admit(""), "");
  EXPECT_EQ(admission.assign("a"), "limits.accept.connections_per_address_max is reached");
  EXPECT_EQ(admission.admit("b"), "");
  admission.gone("a", true);
  EXPECT_EQ(admission.admit("a"), "");
}

TEST(Admission, WaitsUntilNoneIsLeft) {
  Admission admission(kLimits);
  const auto soon = [] { return std::chrono::steady_clock::now() + std::chrono::milliseconds(1); };
  EXPECT_TRUE(admission.wait_until_none(soon()));
  ASSERT_EQ(admission.admit("a"), "");
  EXPECT_FALSE(admission.wait_until_none(soon()));
  admission.gone("a", false);
  EXPECT_TRUE(admission.wait_until_none(soon()));
}

}  // namespace
}  // namespace harrier::server
