#include "perf/workloads.h"

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

TEST(NumberedEndpoint, LeavesTheFirstAddressToTheSystem) {
  Endpoint endpoint;
  endpoint.port = 1234;
  EXPECT_EQ(numbered_endpoint(endpoint, 19'999).source_address, "");
  EXPECT_EQ(numbered_endpoint(endpoint, 19'999).port, 1234);
}

TEST(NumberedEndpoint, TakesAnotherAddressBeforeThePortsOfOneAreUsedUp) {
  EXPECT_EQ(numbered_endpoint({}, 20'000).source_address, "127.0.0.2");
  EXPECT_EQ(numbered_endpoint({}, kNumberedEndpointsMax - 1).source_address, "127.0.0.250");
}

}  // namespace
}  // namespace harrier::perf
