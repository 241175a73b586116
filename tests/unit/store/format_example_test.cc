// The examples of docs/formats are what the code writes.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "store/checkpoint_file.h"
#include "store/queue_snapshot.h"
#include "store/shard_snapshot.h"
#include "unit/store/store_fixture.h"

namespace harrier::store {
namespace {

// The block of octets that begins with ```<tag> on a page: hexadecimal up to a '|' in each line;
// "..." stands for zeros up to the offset `zeros_end`.
std::string example_of(const std::string& page, const std::string& tag, std::size_t zeros_end) {
  const char* source = std::getenv("HARRIER_SOURCE_DIR");
  std::string root = source == nullptr ? std::string(__FILE__) : std::string(source);
  if (source == nullptr) root.resize(root.rfind("/tests/"));
  std::ifstream file(root + "/docs/formats/" + page);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t begin = text.find("```" + tag + "\n");
  const std::size_t end = text.find("```", begin + 3);
  if (begin == std::string::npos || end == std::string::npos) return "no example";
  std::istringstream lines(text.substr(begin + 4 + tag.size(), end - begin - 4 - tag.size()));
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream octets(line.substr(0, line.find('|')));
    for (std::string octet; octets >> octet;) {
      if (octet == "...") {
        bytes.resize(zeros_end);
      } else {
        bytes += static_cast<char>(std::strtol(octet.c_str(), nullptr, 16));
      }
    }
  }
  return bytes;
}

std::string hex_of(const std::string& bytes) {
  std::string text;
  char digits[4];
  for (const char c : bytes) {
    std::snprintf(digits, sizeof digits, "%02x ", static_cast<unsigned char>(c));
    text += digits;
  }
  return text;
}

QueueSnapshot example_queue() {
  QueueSnapshot queue;
  queue.id = kQueue;
  queue.next = Position(7);
  queue.spilled_through = Position(4);
  queue.applied_lsn = 9;
  queue.delivery_counts = {{Position(3), 0, 1}};
  LevelSnapshot level;
  level.dispatched = Position(3);
  ExtentSnapshot extent;
  extent.run = kRun;
  extent.offset = 4096;
  extent.length = 302;
  extent.first = Position(1);
  extent.last = Position(4);
  extent.count = 3;
  extent.body_bytes = 6;
  level.extents = {extent};
  level.settled = {{Position(2), Position(2)}};
  level.suspect = {{Position(1), Position(3)}};
  queue.levels = {level};
  return queue;
}

TEST(CheckpointExample, IsWhatIsWritten) {
  test::FaultyFileSystem files;
  ASSERT_TRUE(files.make_directory(kCheckpointFolder).ok());
  ShardState control, state;
  control.restore_definition(
      {RecordType::kVirtualHostCreated, virtual_host_payload(kHost, kShard, "/")});
  const broker::QueueDeclaration declaration{.name = "q", .durable = true};
  base::Buffer payload;
  encode_queue(payload, kQueue, declaration);
  state.restore_definition({RecordType::kQueueDeclared, payload.bytes()});

  CheckpointEntries written;
  snapshot_definitions(control, 0, written);
  snapshot_definitions(state, kShard, written);
  base::Buffer& definition =
      written.begin(kShard, static_cast<std::uint8_t>(CheckpointEntryType::kDefinition));
  definition.append_number(static_cast<std::uint8_t>(RecordType::kQueueDeclared));
  definition.append(payload.bytes());
  written.end();
  encode_queue_snapshot(
      written.begin(kShard, static_cast<std::uint8_t>(CheckpointEntryType::kQueue)),
      example_queue());
  written.end();
  written.begin(0, static_cast<std::uint8_t>(CheckpointEntryType::kRun)).append_number(kRun.value);
  written.end();
  CheckpointHead head;
  head.generation = Generation(7);
  head.epoch = 2;
  head.first_segment = 3;
  head.last_batch = 40;
  head.last_run = 5;
  head.lsns[0] = 1;
  head.lsns[kShard] = 9;
  CheckpointFiles checkpoints(files, test::kTestNode);
  ASSERT_TRUE(checkpoints.write(head, written.take_chunks()).ok());
  const std::string bytes = files.contents(checkpoint_path(head.generation));
  EXPECT_TRUE(example_of("checkpoint.md", "hex", 508) == bytes) << hex_of(bytes);
}

using RecordExample = ShardLogTest;

TEST_F(RecordExample, IsWhatIsWritten) {
  const broker::QueueDeclaration declaration{.name = "q", .durable = true};
  base::Buffer payload;
  encode_queue(payload, kQueue, declaration);
  log_->append_definition(RecordType::kQueueDeclared, payload.bytes());
  const auto text = [](std::string_view body) {
    return broker::Message::create({.routing_key = "q",
                                    .property_bytes = std::string_view("\x10\0\2", 3),
                                    .body = body,
                                    .persistent = true,
                                    .ingress = at(1'000)});
  };
  const auto hi = text("hi"), yo = text("yo");
  auto expiring = place_of(kQueue, 2);
  expiring.expires_at = at(61'000);
  log_->begin_group();
  log_->append(kHost, broker::PublishChange{*hi, std::vector{place_of(kQueue, 1)}});
  log_->append(kHost, broker::PublishChange{*yo, std::vector{expiring}});
  log_->end_group();
  settle(kQueue, 1, 1, 2);
  settle(kQueue, 2, 2, 2);
  flush();
  open({.epoch = 2});
  std::string bytes;
  const std::uint8_t types[] = {16, 4, 4, 5};
  std::size_t index = 0;
  for (const test::ReplayedRecord& record : opened_.records[kShard]) {
    ASSERT_LT(index, std::size(types));
    const auto whole = test::record_bytes(record.payload, record.flags, types[index++]);
    bytes.append(whole.bytes());
  }
  EXPECT_TRUE(example_of("journal.md", "records", 0) == bytes) << hex_of(bytes);
}

}  // namespace
}  // namespace harrier::store
