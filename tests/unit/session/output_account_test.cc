#include "session/output_account.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace harrier::session {
namespace {

TEST(OutputAccount, OwnBytesAreNobodysCredit) {
  OutputAccount account;
  account.add(OutputKind::kOwn, 10);
  account.add(OutputKind::kDelivery, 20);
  account.add(OutputKind::kReply, 30);
  EXPECT_EQ(account.reply_bytes(), 30u);
  EXPECT_EQ(account.sent(5), 0u);
  EXPECT_EQ(account.sent(15), 10u);
  EXPECT_EQ(account.reply_bytes(), 30u);
  EXPECT_EQ(account.sent(15), 15u);
  EXPECT_EQ(account.reply_bytes(), 25u);
  EXPECT_EQ(account.sent(25), 25u);
  EXPECT_EQ(account.reply_bytes(), 0u);
}

TEST(OutputAccount, MoreThanWasAddedIsIgnored) {
  OutputAccount account;
  account.add(OutputKind::kReply, 10);
  EXPECT_EQ(account.sent(100), 10u);
  account.add(OutputKind::kReply, 10);
  account.clear();
  EXPECT_EQ(account.reply_bytes(), 0u);
  EXPECT_EQ(account.sent(10), 0u);
}

TEST(OutputAccount, AgreesWithAListOfBytes) {
  base::SeededRandom random(5);
  OutputAccount account;
  std::string pending;  // one letter per byte: its kind
  for (int step = 0; step < 5'000; ++step) {
    const auto kind = static_cast<OutputKind>(random.below(3));
    const std::size_t size = random.below(20);
    account.add(kind, size);
    pending.append(size, "odr"[static_cast<int>(kind)]);
    const std::size_t sent = random.below(pending.size() + 1);
    const std::string taken = pending.substr(0, sent);
    pending.erase(0, sent);
    const auto own = static_cast<std::size_t>(std::count(taken.begin(), taken.end(), 'o'));
    const auto replies = std::count(pending.begin(), pending.end(), 'r');
    ASSERT_EQ(account.sent(sent), sent - own);
    ASSERT_EQ(account.reply_bytes(), static_cast<std::size_t>(replies));
  }
}

}  // namespace
}  // namespace harrier::session
