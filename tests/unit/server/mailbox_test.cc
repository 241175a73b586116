#include "server/mailbox.h"

#include <condition_variable>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using Item = std::unique_ptr<int>;

TEST(Mailbox, OnlyTheFirstItemWakesTheOwner) {
  Mailbox<Item> mailbox;
  EXPECT_TRUE(mailbox.put(std::make_unique<int>(1)));
  EXPECT_FALSE(mailbox.put(std::make_unique<int>(2)));
  std::vector<Item> several;
  several.push_back(std::make_unique<int>(3));
  EXPECT_FALSE(mailbox.put_all(several));
  EXPECT_TRUE(several.empty());

  std::vector<Item> taken;
  mailbox.take_all(taken);
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(*taken[0], 1);
  EXPECT_EQ(*taken[2], 3);
  EXPECT_TRUE(mailbox.put(std::make_unique<int>(4)));
}

TEST(Mailbox, TakingAnEmptyOneGivesNothing) {
  Mailbox<Item> mailbox;
  std::vector<Item> taken(3);
  mailbox.take_all(taken);
  EXPECT_TRUE(taken.empty());
}

// Concern: nothing is lost, repeated or reordered per sender, and no wake-up is missed. Plan: four
//          senders,
// one owner that sleeps until woken.
TEST(Mailbox, ManySendersOneOwner) {
  constexpr int kSenders = 4;
  constexpr int kItems = 20'000;
  Mailbox<std::pair<int, int>> mailbox;
  std::mutex mutex;
  std::condition_variable woken;
  int wakes = 0;

  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int item = 0; item < kItems; ++item) {
        if (!mailbox.put({sender, item})) continue;
        const std::lock_guard lock(mutex);
        ++wakes;
        woken.notify_one();
      }
    });
  }

  std::vector<int> next(kSenders, 0);
  std::vector<std::pair<int, int>> taken;
  for (int received = 0; received < kSenders * kItems;) {
    {
      std::unique_lock lock(mutex);
      ASSERT_TRUE(woken.wait_for(lock, std::chrono::seconds(30), [&] { return wakes != 0; }));
      --wakes;
    }
    mailbox.take_all(taken);
    for (const auto& [sender, item] : taken)
      ASSERT_EQ(item, next[static_cast<std::size_t>(sender)]++);
    received += static_cast<int>(taken.size());
  }
  for (std::thread& sender : senders)
    sender.join();
}

}  // namespace
}  // namespace harrier::server
