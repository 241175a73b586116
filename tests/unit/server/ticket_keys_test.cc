#include "server/ticket_keys.h"

#include <string>

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using base::Milliseconds;

constexpr base::MonotonicTime kStart{std::chrono::hours(5)};

std::string name_of(const std::optional<TicketKeys::Key>& key) {
  return {reinterpret_cast<const char*>(key->name.data()), key->name.size()};
}

TEST(TicketKeys, OneKeyLastsForItsLifetime) {
  TicketKeys keys;
  const std::string first = name_of(keys.current(kStart));
  const auto last = kStart + TicketKeys::kLifetime - Milliseconds(1);
  EXPECT_EQ(name_of(keys.current(last)), first);
  EXPECT_TRUE(keys.find(first, last)->is_current);
  EXPECT_NE(name_of(keys.current(kStart + TicketKeys::kLifetime)), first);
}

TEST(TicketKeys, PreviousKeyOpensTicketsUntilTheNextTakesItsPlace) {
  TicketKeys keys;
  const auto first = keys.current(kStart);
  const auto found = keys.find(name_of(first), kStart + TicketKeys::kLifetime);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_current);
  EXPECT_EQ(found->key.cipher, first->cipher);
  EXPECT_FALSE(keys.find(name_of(first), kStart + 2 * TicketKeys::kLifetime));
}

TEST(TicketKeys, KeyThatNobodyAskedForInTimeIsForgotten) {
  TicketKeys keys;
  const std::string first = name_of(keys.current(kStart));
  EXPECT_FALSE(keys.find(first, kStart + 2 * TicketKeys::kLifetime));
}

TEST(TicketKeys, UnknownNamesAreNotFound) {
  TicketKeys keys;
  const std::string name = name_of(keys.current(kStart));
  EXPECT_FALSE(keys.find(std::string(16, '\0'), kStart));
  EXPECT_FALSE(keys.find(name.substr(1), kStart));
}

}  // namespace
}  // namespace harrier::server
