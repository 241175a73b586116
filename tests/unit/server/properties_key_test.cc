#include "server/properties_key.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

TEST(PropertiesKey, IsATildeForNoKeyAndTheQuotedKeyElse) {
  EXPECT_EQ(properties_key("", {}), "~");
  EXPECT_EQ(properties_key("orders.eu-1_a", {}), "orders.eu-1_a");
  EXPECT_EQ(properties_key("a ~/%\xFF", {}), "a+%7E%2F%25%FF");
}

TEST(PropertiesKey, ArgumentsAddAHashThatTellsThemApart) {
  amqp::FieldTable one, other;
  one.add_string("x-match", "all");
  other.add_string("x-match", "any");
  const std::string key = properties_key("k", one.view());
  EXPECT_EQ(key.substr(0, 2), "k~");
  EXPECT_EQ(key.size(), 2u + 22u);
  EXPECT_EQ(key, properties_key("k", one.view()));
  EXPECT_NE(key, properties_key("k", other.view()));
  EXPECT_EQ(properties_key("", one.view()).front(), '~');
}

}  // namespace
}  // namespace harrier::server
