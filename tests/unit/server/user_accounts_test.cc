#include "server/user_accounts.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

constexpr base::Milliseconds kBurst{1'000};

TEST(UserAccounts, AUserHasOneAccount) {
  UserAccounts users;
  const auto ada = users.account_of("ada");
  EXPECT_EQ(users.account_of("ada"), ada);
  EXPECT_NE(users.account_of("bob"), ada);
}

TEST(UserAccounts, LimitsReachTheAccountsThatAreThere) {
  UserAccounts users;
  const auto ada = users.account_of("ada");
  users.set_limits("ada", {.connections_max = 1}, kBurst);
  EXPECT_TRUE(ada->connections().take());
  EXPECT_FALSE(ada->connections().take());
  users.set_limits("ada", {}, kBurst);
  EXPECT_TRUE(ada->connections().take());
}

TEST(UserAccounts, ShowsWhatIsOpenAndAllowed) {
  UserAccounts users;
  users.set_limits("bob", {.channels_max = 5}, kBurst);
  const auto ada = users.account_of("ada");
  ada->connections().take();
  ada->channels().take();
  ada->channels().take();
  const std::vector<UserUsage> usage = users.usage();
  ASSERT_EQ(usage.size(), 2u);
  EXPECT_EQ(usage[0].name, "ada");
  EXPECT_EQ(usage[0].connections, 1u);
  EXPECT_EQ(usage[0].channels, 2u);
  EXPECT_EQ(usage[1].name, "bob");
  EXPECT_EQ(usage[1].limits.channels_max, 5u);
}

// Names come from clients' tokens, too.
TEST(UserAccounts, ForgetsWhoIsGoneAndKeepsWhoIsLimitedOrConnected) {
  UserAccounts users;
  const auto connected = users.account_of("connected");
  users.set_limits("limited", {.connections_max = 1}, kBurst);
  for (std::size_t n = 0; n != 4 * UserAccounts::kIdleMin; ++n)
    users.account_of("passing " + std::to_string(n));
  EXPECT_LE(users.usage().size(), 2 * UserAccounts::kIdleMin);
  EXPECT_EQ(users.account_of("connected"), connected);
  const auto limited = users.account_of("limited");
  EXPECT_TRUE(limited->connections().take());
  EXPECT_FALSE(limited->connections().take());
}

}  // namespace
}  // namespace harrier::server
