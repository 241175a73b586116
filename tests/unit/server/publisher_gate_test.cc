#include "server/publisher_gate.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

TEST(PublisherGate, IsOpenWithoutReasons) {
  PublisherGate gate;
  EXPECT_FALSE(gate.closed());
  EXPECT_EQ(gate.notice(), std::nullopt);
}

TEST(PublisherGate, OpensWithTheLastReason) {
  PublisherGate gate;
  gate.set(HoldReason::kJournalFull);
  gate.set(HoldReason::kDiskAlarm);
  gate.clear(HoldReason::kJournalFull);
  EXPECT_TRUE(gate.closed());
  EXPECT_FALSE(gate.is_set(HoldReason::kJournalFull));
  gate.clear(HoldReason::kDiskAlarm);
  EXPECT_FALSE(gate.closed());
}

TEST(PublisherGate, TellsChangesOnly) {
  PublisherGate gate;
  int changes = 0;
  gate.watch([&changes] { ++changes; });
  gate.clear(HoldReason::kMemoryAlarm);
  EXPECT_EQ(changes, 0);
  gate.set(HoldReason::kMemoryAlarm);
  gate.set(HoldReason::kMemoryAlarm);
  EXPECT_EQ(changes, 1);
  gate.clear(HoldReason::kMemoryAlarm);
  gate.clear(HoldReason::kMemoryAlarm);
  EXPECT_EQ(changes, 2);
  gate.set_operator("maintenance");
  gate.set_operator("another text");
  EXPECT_EQ(changes, 4);
}

TEST(PublisherGate, SpeaksRabbitmqsWords) {
  PublisherGate gate;
  gate.set(HoldReason::kDiskAlarm);
  EXPECT_EQ(gate.notice(), "low on disk");
  gate.set(HoldReason::kMemoryAlarm);
  EXPECT_EQ(gate.notice(), "low on memory & disk");
  gate.clear(HoldReason::kDiskAlarm);
  EXPECT_EQ(gate.notice(), "low on memory");
}

TEST(PublisherGate, KeepsTheJournalsReasonsToItself) {
  PublisherGate gate;
  gate.set(HoldReason::kJournalFull);
  gate.set(HoldReason::kJournalBacklog);
  EXPECT_TRUE(gate.closed());
  EXPECT_EQ(gate.notice(), std::nullopt);
}

TEST(PublisherGate, SaysWhatTheOperatorSays) {
  PublisherGate gate;
  gate.set(HoldReason::kDiskAlarm);
  gate.set_operator("maintenance");
  EXPECT_EQ(gate.notice(), "maintenance");
  gate.set_operator("later");
  EXPECT_EQ(gate.notice(), "later");
  gate.clear(HoldReason::kOperator);
  EXPECT_EQ(gate.notice(), "low on disk");
}

TEST(PublisherGate, ThreadsDoNotLoseEachOthersReasons) {
  PublisherGate gate;
  std::vector<std::thread> threads;
  for (const HoldReason reason : kHoldReasons)
    threads.emplace_back([&gate, reason] {
      for (int turn = 0; turn < 10'000; ++turn) {
        gate.set(reason);
        EXPECT_TRUE(gate.is_set(reason));
        gate.clear(reason);
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_FALSE(gate.closed());
}

}  // namespace
}  // namespace harrier::server
