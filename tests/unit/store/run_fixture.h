// Messages and runs that several tests of run files need.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "broker/message.h"
#include "store/run_file.h"
#include "store/run_writer.h"
#include "unit/store/memory_file_system.h"

namespace harrier::store {

inline constexpr RunId kRun{5};
inline const std::string kNode = "n1";

inline base::WallTime at(std::int64_t milliseconds) {
  return base::WallTime(base::Milliseconds(milliseconds));
}

inline broker::MessageRef message(std::string_view body, std::string_view exchange = "",
                                  std::int64_t ingress = 1'000) {
  return broker::Message::create({.exchange = exchange,
                                  .routing_key = "key",
                                  .property_bytes = std::string_view("\0\0", 2),
                                  .body = body,
                                  .persistent = true,
                                  .ingress = at(ingress)});
}

inline std::string random_text(base::SeededRandom& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text)
    c = static_cast<char>(random.next());
  return text;
}

inline broker::MessageRef random_message(base::SeededRandom& random, std::size_t body_size_max) {
  const std::string exchange = random_text(random, random.below(20));
  const std::string key = random_text(random, random.below(100) == 0 ? 255 : random.below(20));
  const std::string properties = random_text(random, random.below(40));
  const std::string body = random_text(random, random.below(body_size_max + 1));
  return broker::Message::create(
      {.exchange = exchange,
       .routing_key = key,
       .property_bytes = properties,
       .body = body,
       .persistent = random.below(2) == 0,
       .priority = static_cast<std::uint8_t>(random.below(256)),
       .dead_lettered = random.below(2) == 0,
       .has_expiration = random.below(2) == 0,
       .expiration = base::Milliseconds(random.below(1'000'000)),
       .ingress = at(static_cast<std::int64_t>(random.below(1 << 30)))});
}

// What a run holds, kept to compare: the messages live as long as this does.
struct Wanted {
  std::vector<RunEntry> entries;
  std::vector<broker::MessageRef> messages;

  void add(RunEntry entry, const broker::MessageRef& message) {
    entry.message = message.get();
    messages.push_back(message);
    entries.push_back(entry);
  }
};

inline RunSummary write_run(journal::FileSystem& files, const Wanted& wanted, RunId run = kRun) {
  auto writer = RunWriter::create(files, run, kNode);
  EXPECT_TRUE(writer.ok());
  for (const RunEntry& entry : wanted.entries)
    EXPECT_TRUE((*writer)->add(entry).ok());
  auto summary = (*writer)->finish();
  EXPECT_TRUE(summary.ok());
  return *std::move(summary);
}

inline std::shared_ptr<const RunFile> open_run(journal::FileSystem& files, RunId run = kRun) {
  auto file = RunFile::open(files, run, kNode);
  EXPECT_TRUE(file.ok()) << file.error().message;
  return *file;
}

// Entries of several queues and levels with gaps, some messages in several of them, some huge.
inline Wanted random_entries(std::uint64_t seed, std::size_t per_sequence, std::size_t huge_bytes) {
  base::SeededRandom random(seed);
  Wanted wanted;
  std::vector<broker::MessageRef> common;
  for (int i = 0; i < 50; ++i)
    common.push_back(random_message(random, 3'000));
  std::uint64_t queue = 0;
  for (int sequence = 0; sequence < 8; ++sequence) {
    if (sequence % 2 == 0) queue += 1 + random.below(1'000);
    RunEntry entry{.queue = broker::QueueId(queue),
                   .level = static_cast<std::uint8_t>(sequence % 2 == 0 ? 0 : random.below(9) + 1),
                   .position = broker::Position(random.below(1'000))};
    for (std::size_t i = 0; i < per_sequence; ++i) {
      entry.position.value += 1 + (random.below(10) == 0 ? random.below(1'000) : 0);
      entry.expires_at =
          random.below(2) == 0 ? kNoExpiry : at(static_cast<std::int64_t>(random.below(1 << 30)));
      entry.delivery_count = static_cast<std::uint16_t>(random.below(5));
      entry.transient = random.below(3) == 0;
      entry.may_be_shared = random.below(4) == 0;
      const bool huge = random.below(per_sequence) == 0;
      wanted.add(entry, entry.may_be_shared ? common[random.below(common.size())]
                                            : random_message(random, huge ? huge_bytes : 500));
    }
  }
  return wanted;
}

inline void expect_same(const RunBlockEntry& entry, const RunEntry& wanted) {
  const broker::Message& message = *wanted.message;
  EXPECT_EQ(entry.position, wanted.position);
  EXPECT_EQ(entry.expires_at, wanted.expires_at);
  EXPECT_EQ(entry.delivery_count, wanted.delivery_count);
  EXPECT_EQ(entry.transient, wanted.transient);
  EXPECT_EQ(entry.may_be_shared, wanted.may_be_shared);
  EXPECT_TRUE(entry.parts.exchange == message.exchange());
  EXPECT_TRUE(entry.parts.routing_key == message.routing_key());
  EXPECT_TRUE(entry.parts.property_bytes == message.property_bytes());
  EXPECT_TRUE(entry.parts.body == message.body());
  EXPECT_EQ(entry.parts.persistent, message.persistent());
  EXPECT_EQ(entry.parts.priority, message.priority());
  EXPECT_EQ(entry.parts.dead_lettered, message.dead_lettered());
  EXPECT_EQ(entry.parts.has_expiration, message.has_expiration());
  if (message.has_expiration()) {
    EXPECT_EQ(entry.parts.expiration, message.expiration());
  }
  EXPECT_EQ(entry.parts.ingress, message.ingress());
}

}  // namespace harrier::store
