#include "ctl/target.h"

#include <gtest/gtest.h>

namespace harrier::ctl {
namespace {

TEST(PercentEncoded, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encoded("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(percent_encoded("/ %+#?\n\xc3\xbc"), "%2F%20%25%2B%23%3F%0A%C3%BC");
}

TEST(PercentDecoded, IsTheInverse) {
  EXPECT_EQ(percent_decoded("%2F%20a+b"), "/ a+b");
  EXPECT_EQ(percent_decoded("%41"), "A");
}

TEST(PercentDecoded, RefusesWhatIsCutShortOrNotHexadecimal) {
  EXPECT_EQ(percent_decoded("%"), std::nullopt);
  EXPECT_EQ(percent_decoded("a%2"), std::nullopt);
  EXPECT_EQ(percent_decoded("%2x"), std::nullopt);
  EXPECT_EQ(percent_decoded("%-1"), std::nullopt);
}

TEST(Expand, ReplacesEachName) {
  const auto value = [](std::string_view name) { return "<" + std::string(name) + ">"; };
  EXPECT_EQ(expand("/api/{vhost}/{QUEUE}/x", value), "/api/<vhost>/<QUEUE>/x");
  EXPECT_EQ(expand("", value), "");
}

TEST(Expand, DoesNotExpandWhatItPutIn) {
  EXPECT_EQ(expand("a{x}b", [](std::string_view) { return "{x}"; }), "a{x}b");
}

}  // namespace
}  // namespace harrier::ctl
