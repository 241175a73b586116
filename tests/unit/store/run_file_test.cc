// What is written is read, however it lies in the file.

#include "store/run_file.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "run_fixture.h"
#include "run_mending.h"

namespace harrier::store {
namespace {

using test::MemoryFileSystem;

// Reads every block through the index and compares all with `wanted`.
void expect_holds(const RunFile& file, const Wanted& wanted, const RunSummary& summary) {
  const auto extents = file.read_index();
  ASSERT_TRUE(extents.ok()) << extents.error().message;
  EXPECT_EQ(*extents, summary.extents);
  auto next = wanted.entries.begin();
  for (const RunExtent& extent : *extents) {
    RunExtent sum = {extent.queue, extent.level, extent.offset, 0, next->position, {}};
    while (sum.length < extent.length) {
      const auto block = file.read_block(extent.offset + sum.length);
      ASSERT_TRUE(block.ok()) << block.error().message;
      const auto head = file.read_block_head(extent.offset + sum.length);
      ASSERT_TRUE(head.ok()) << head.error().message;
      EXPECT_EQ(*head, block->head);
      EXPECT_TRUE(head->length <= kBlockBytes || head->count == 1);
      for (const RunBlockEntry& entry : block->entries) {
        ASSERT_NE(next, wanted.entries.end());
        EXPECT_EQ(extent.queue, next->queue);
        EXPECT_EQ(extent.level, next->level);
        expect_same(entry, *next++);
      }
      sum.length += head->length;
      sum.last = head->last;
      sum.count += head->count;
      sum.body_bytes += head->body_bytes;
      sum.durable_count += head->durable_count;
      sum.durable_body_bytes += head->durable_body_bytes;
    }
    EXPECT_EQ(sum, extent);
  }
  EXPECT_EQ(next, wanted.entries.end());
  EXPECT_EQ(file.entry_count(), wanted.entries.size());
}

void expect_round_trip(const Wanted& wanted) {
  MemoryFileSystem disk;
  const RunSummary summary = write_run(disk, wanted);
  EXPECT_EQ(summary.run, kRun);
  EXPECT_EQ(summary.file_bytes, disk.contents(run_path(kRun)).size());
  const auto file = open_run(disk);
  EXPECT_EQ(file->run(), kRun);
  EXPECT_EQ(file->file_bytes(), summary.file_bytes);
  expect_holds(*file, wanted, summary);
}

TEST(RunPath, IsFoundAgain) {
  EXPECT_EQ(run_path(RunId(0x1f)), "runs/000000000000001f.run");
  EXPECT_EQ(run_of_file_name("000000000000001f.run"), RunId(0x1f));
  EXPECT_EQ(run_of_file_name("ffffffffffffffff.run"), RunId(UINT64_MAX));
  for (const char* name :
       {"", ".run", "1f.run", "000000000000001F.run", "000000000000001f.tmp",
        "0000000000000001f.run", "+00000000000001f.run", "000000000000001f.run "})
    EXPECT_EQ(run_of_file_name(name), std::nullopt) << name;
}

TEST(RunFile, EmptyRunHasNoExtent) {
  MemoryFileSystem disk;
  write_run(disk, {});
  EXPECT_EQ(disk.contents(run_path(kRun)).size(), 4152u);
  expect_round_trip({});
  const auto block = open_run(disk)->read_block(kRunHeadBytes);
  ASSERT_FALSE(block.ok());
  EXPECT_EQ(block.error().kind, RunFailure::kDamaged);
}

TEST(RunFile, GivesBackThousandsOfEntries) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    expect_round_trip(random_entries(seed, 800, 3'000'000));
  }
}

TEST(RunFile, BodiesOfEverySizeAroundABlock) {
  Wanted wanted;
  for (std::size_t size : {0, 1, 65'000, 65'300, 65'393, 65'394, 65'395, 65'400, 65'536, 200'000})
    wanted.add({.queue = broker::QueueId(1), .position = broker::Position(wanted.entries.size())},
               message(std::string(size, 'x')));
  expect_round_trip(wanted);
}

TEST(RunFile, ExtremesOfEveryNumber) {
  Wanted wanted;
  const auto last = broker::Position(UINT64_MAX);
  wanted.add({.position = broker::Position(0), .expires_at = base::WallTime::min()}, message("a"));
  wanted.add({.position = last, .expires_at = at(INT64_MAX - 1), .delivery_count = UINT16_MAX},
             message("b", "", INT64_MAX));
  wanted.add({.queue = broker::QueueId(UINT64_MAX), .level = 255, .position = last},
             message("c", "", INT64_MIN));
  expect_round_trip(wanted);
}

TEST(RunFile, BodyInHundredQueuesStandsOnce) {
  MemoryFileSystem disk;
  Wanted wanted;
  const broker::MessageRef huge = message(std::string(300'000, 'h'));
  const broker::MessageRef small = message(std::string(1'000, 's'));
  for (std::uint64_t queue = 1; queue <= 100; ++queue) {
    RunEntry entry{.queue = broker::QueueId(queue), .may_be_shared = true};
    wanted.add(entry, huge);
    entry.position = broker::Position(1);
    wanted.add(entry, small);
  }
  const RunSummary summary = write_run(disk, wanted);
  EXPECT_LT(summary.file_bytes, 301'000u + 4'152 + 100 * (73 + 2 * (104 + 31 + 20)));
  const auto file = open_run(disk);
  expect_holds(*file, wanted, summary);
  std::set<std::uint64_t> places;
  for (const RunExtent& extent : summary.extents)
    places.insert(file->read_block(extent.offset)->entries.front().message_offset);
  EXPECT_EQ(places.size(), 1u);
}

TEST(RunFile, MessageThatMayNotBeSharedStandsAgain) {
  MemoryFileSystem disk;
  Wanted wanted;
  const broker::MessageRef one = message(std::string(1'000, 's'));
  for (std::uint64_t queue = 1; queue <= 10; ++queue)
    wanted.add({.queue = broker::QueueId(queue)}, one);
  EXPECT_GT(write_run(disk, wanted).file_bytes, 10'000u);
}

TEST(RunFile, OneMessageTwiceInOneBlock) {
  Wanted wanted;
  const broker::MessageRef one = message("one");
  for (std::uint64_t position = 1; position <= 3; ++position)
    wanted.add({.position = broker::Position(position), .may_be_shared = true}, one);
  expect_round_trip(wanted);
}

TEST(RunFile, NeighbouringSharedBodiesAreOneRead) {
  MemoryFileSystem disk;
  Wanted wanted;
  std::vector<broker::MessageRef> messages;
  for (std::uint64_t i = 0; i < 100; ++i)
    messages.push_back(message(std::string(100, 'x')));
  for (std::uint64_t queue : {1, 2}) {
    for (std::uint64_t i = 0; i < 100; ++i)
      wanted.add(
          {.queue = broker::QueueId(queue), .position = broker::Position(i), .may_be_shared = true},
          messages[i]);
  }
  const RunSummary summary = write_run(disk, wanted);
  ASSERT_EQ(summary.extents.size(), 2u);
  const auto file = open_run(disk);
  disk.read_calls = 0;
  const auto block = file->read_block(summary.extents[1].offset);
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(block->entries.size(), 100u);
  EXPECT_EQ(disk.read_calls, 2u);
}

TEST(RunFile, HeadIsReadWithoutBodies) {
  MemoryFileSystem disk;
  Wanted wanted;
  RunEntry entry{.queue = broker::QueueId(3), .level = 2, .position = broker::Position(10)};
  entry.expires_at = at(5'000);
  wanted.add(entry, message(std::string(500, 'x'), "", 70));
  entry.position = broker::Position(15);
  entry.expires_at = at(9'000);
  entry.transient = true;
  wanted.add(entry, message(std::string(30'000, 'x'), "", 60));
  const RunSummary summary = write_run(disk, wanted);
  const auto file = open_run(disk);
  disk.read_bytes = disk.read_calls = 0;
  const auto head = file->read_block_head(summary.extents[0].offset);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(*head, (RunBlockHead{.queue = broker::QueueId(3),
                                 .level = 2,
                                 .length = summary.extents[0].length,
                                 .first = broker::Position(10),
                                 .last = broker::Position(15),
                                 .count = 2,
                                 .body_bytes = 30'500,
                                 .durable_count = 1,
                                 .durable_body_bytes = 500,
                                 .latest_expiry = at(9'000),
                                 .earliest_ingress = at(60)}));
  EXPECT_EQ(disk.read_bytes, kBlockHeadBytes);
  EXPECT_EQ(disk.read_calls, 1u);
}

TEST(RunFile, OneEntryWithoutExpiryKeepsItsBlock) {
  MemoryFileSystem disk;
  Wanted wanted;
  wanted.add({.position = broker::Position(1), .expires_at = at(5)}, message("a"));
  wanted.add({.position = broker::Position(2)}, message("b"));
  wanted.add({.position = broker::Position(3), .expires_at = at(7)}, message("c"));
  write_run(disk, wanted);
  EXPECT_EQ(open_run(disk)->read_block_head(kRunHeadBytes)->latest_expiry, kNoExpiry);
}

TEST(RunFile, ViewsOutliveAMoveOfTheirBlock) {
  MemoryFileSystem disk;
  const Wanted wanted = random_entries(11, 5, 100);
  const RunSummary summary = write_run(disk, wanted);
  std::vector<RunBlock> blocks;
  for (const RunExtent& extent : summary.extents)
    blocks.push_back(*open_run(disk)->read_block(extent.offset));
  auto next = wanted.entries.begin();
  for (const RunBlock& block : blocks) {
    for (const RunBlockEntry& entry : block.entries)
      expect_same(entry, *next++);
  }
}

TEST(RunWriter, WritesPiecesAndSyncsEach) {
  MemoryFileSystem disk;
  Wanted wanted;
  wanted.add({.position = broker::Position(1)}, message(std::string(5'000'000, 'x')));
  for (std::uint64_t i = 2; i < 4'000; ++i)
    wanted.add({.position = broker::Position(i)}, message(std::string(1'000, 'x')));
  write_run(disk, wanted);
  EXPECT_LE(disk.largest_write, 1u << 20);
  EXPECT_EQ(disk.write_calls, disk.content_syncs);
  EXPECT_LE(disk.write_calls, 12u);
  EXPECT_EQ(disk.directory_syncs, 1u);
}

TEST(RunWriter, IsDeadAfterAFailure) {
  const Wanted wanted = random_entries(3, 300, 2'000'000);
  std::size_t failing_call = 1;
  for (;; ++failing_call) {
    SCOPED_TRACE(failing_call);
    MemoryFileSystem disk;
    disk.failing_call = failing_call;
    auto writer = RunWriter::create(disk, kRun, kNode);
    std::vector<std::string> failures;
    if (writer.ok()) {
      for (const RunEntry& entry : wanted.entries) {
        const auto added = (*writer)->add(entry);
        if (!added.ok()) failures.push_back(added.error().message);
      }
      const auto summary = (*writer)->finish();
      if (summary.ok()) break;
      failures.push_back(summary.error().message);
      // Only the last step leaves a whole file.
      const bool finished = failures.front() == "fsync runs";
      const bool last_sync = failures.size() == 1 && failures.front().starts_with("fdatasync");
      if (!finished && !last_sync) {
        EXPECT_FALSE(RunFile::open(disk, kRun, kNode).ok());
      }
    } else {
      failures.push_back(writer.error().message);
      EXPECT_TRUE(disk.files.empty());
    }
    for (const std::string& failure : failures)
      EXPECT_EQ(failure, failures.front());
  }
  EXPECT_GT(failing_call, 5u);
}

TEST(RunWriter, DoesNotWriteOverARun) {
  MemoryFileSystem disk;
  write_run(disk, {});
  EXPECT_FALSE(RunWriter::create(disk, kRun, kNode).ok());
  EXPECT_TRUE(RunFile::open(disk, kRun, kNode).ok());
}

TEST(RunWriterDeathTest, WrongOrderIsABug) {
  MemoryFileSystem disk;
  auto writer = *RunWriter::create(disk, kRun, kNode);
  const broker::MessageRef one = message("one");
  const RunEntry first{.queue = broker::QueueId(5),
                       .level = 1,
                       .position = broker::Position(9),
                       .message = one.get()};
  ASSERT_TRUE(writer->add(first).ok());
  RunEntry entry = first;
  EXPECT_DEATH((void)writer->add(entry), "CHECK");
  entry.position = broker::Position(8);
  EXPECT_DEATH((void)writer->add(entry), "CHECK");
  entry = first;
  entry.level = 0;
  entry.position = broker::Position(10);
  EXPECT_DEATH((void)writer->add(entry), "CHECK");
  entry = first;
  entry.queue = broker::QueueId(4);
  EXPECT_DEATH((void)writer->add(entry), "CHECK");
  entry = first;
  entry.position = broker::Position(10);
  entry.message = nullptr;
  EXPECT_DEATH((void)writer->add(entry), "CHECK");
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_DEATH((void)writer->finish(), "CHECK");
}

// ---- the document's example

// Octets in hexadecimal, up to a '|' in each line; "..." stands for zeros up to offset 4092.
std::string bytes_of_dump(const std::string& dump) {
  std::string bytes;
  std::istringstream lines(dump);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream octets(line.substr(0, line.find('|')));
    for (std::string octet; octets >> octet;) {
      if (octet == "...")
        bytes.resize(kRunHeadBytes - kCrcBytes);
      else
        bytes += static_cast<char>(std::stoi(octet, nullptr, 16));
    }
  }
  return bytes;
}

std::string dump_of(const std::string& bytes) {
  std::string dump;
  char digits[4];
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(bytes[i]));
    dump += digits;
    dump += (i + 1) % 16 == 0 ? "\n" : " ";
  }
  return dump;
}

TEST(RunExample, IsWhatIsWritten) {
  Wanted wanted;
  const broker::MessageRef hi = message("hi");
  wanted.add({.queue = broker::QueueId(7), .position = broker::Position(1), .may_be_shared = true},
             hi);
  wanted.add({.queue = broker::QueueId(9),
              .position = broker::Position(4),
              .expires_at = at(61'000),
              .delivery_count = 2,
              .may_be_shared = true},
             hi);
  wanted.add({.queue = broker::QueueId(9), .position = broker::Position(6), .transient = true},
             message("", "x", 2'000));
  MemoryFileSystem disk;
  const RunSummary summary = write_run(disk, wanted);
  expect_holds(*open_run(disk), wanted, summary);

  const char* root = std::getenv("HARRIER_SOURCE_DIR");
  std::ifstream stream(std::string(root == nullptr ? "." : root) + "/docs/formats/run.md");
  const std::string page{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const std::size_t start = page.find("```hex\n");
  ASSERT_NE(start, std::string::npos);
  const std::size_t end = page.find("```", start + 3);
  const std::string& written = disk.contents(run_path(kRun));
  EXPECT_TRUE(bytes_of_dump(page.substr(start + 7, end - start - 7)) == written)
      << dump_of(written);
}

}  // namespace
}  // namespace harrier::store
