// Whatever happened to the bytes of a run, nothing but what was written is read from it.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "run_fixture.h"
#include "run_mending.h"
#include "store/message_codec.h"

namespace harrier::store {
namespace {

using test::MemoryFileSystem;

class RunDamage : public testing::Test {
 protected:
  std::string& bytes() { return disk.contents(run_path(kRun)); }

  void write(Wanted entries) {
    wanted = std::move(entries);
    summary = write_run(disk, wanted);
    intact = bytes();
    const auto file = open_run(disk);
    std::size_t entry = 0;
    for (const RunExtent& extent : summary.extents) {
      for (std::uint64_t at = extent.offset; at < extent.offset + extent.length;) {
        const RunBlockHead head = *file->read_block_head(at);
        blocks[at] = {head, entry};
        entry += head.count;
        at += head.length;
      }
    }
  }

  // Reads all that was there; how many blocks were not read.
  std::size_t count_damaged() {
    const auto file = RunFile::open(disk, kRun, kNode);
    if (!file.ok()) {
      expect_damage(file.error());
      return blocks.size();
    }
    if (const auto index = (*file)->read_index(); index.ok()) {
      EXPECT_EQ(*index, summary.extents);
    } else {
      expect_damage(index.error());
    }
    std::size_t damaged = 0;
    for (const auto& [offset, place] : blocks) {
      const auto head = (*file)->read_block_head(offset);
      if (head.ok()) {
        EXPECT_EQ(*head, place.head);
      } else {
        expect_damage(head.error());
      }
      const auto block = (*file)->read_block(offset);
      if (block.ok()) {
        EXPECT_EQ(block->head, place.head);
        EXPECT_EQ(block->entries.size(), place.head.count);
        for (std::size_t i = 0; i < block->entries.size(); ++i)
          expect_same(block->entries[i], wanted.entries[place.first_entry + i]);
      } else {
        expect_damage(block.error());
        ++damaged;
      }
    }
    return damaged;
  }

  static void expect_damage(const RunError& error) {
    EXPECT_EQ(error.kind, RunFailure::kDamaged);
    EXPECT_TRUE(error.message.find(run_path(kRun)) != std::string::npos) << error.message;
  }

  // A change behind intact checksums of the block at `block`.
  template <class Number>
  std::string message_after(std::size_t block, std::size_t at, Number number) {
    bytes() = intact;
    store_at(bytes(), block + at, number);
    EXPECT_TRUE(mend_block(bytes(), block, intact.size()));
    const auto read = open_run(disk)->read_block(block);
    if (read.ok()) return "";
    EXPECT_EQ(read.error().kind, RunFailure::kDamaged);
    return read.error().message;
  }

  struct Place {
    RunBlockHead head;
    std::size_t first_entry = 0;
  };

  MemoryFileSystem disk;
  Wanted wanted;
  RunSummary summary;
  std::string intact;
  std::map<std::uint64_t, Place> blocks;
};

TEST_F(RunDamage, ThousandRandomChanges) {
  constexpr std::uint64_t kSeed = 20'261'102;
  SCOPED_TRACE(kSeed);
  base::SeededRandom random(kSeed);
  write(random_entries(kSeed, 40, 100'000));
  EXPECT_EQ(count_damaged(), 0u);
  std::size_t noticed = 0;
  for (int i = 0; i < 1'000; ++i) {
    SCOPED_TRACE(i);
    std::string& file = bytes();
    file = intact;
    const std::size_t at = random.below(file.size());
    const std::size_t size = random.below(200) + 1;
    auto one = std::next(blocks.begin(), static_cast<long>(random.below(blocks.size())));
    auto other = std::next(blocks.begin(), static_cast<long>(random.below(blocks.size())));
    switch (random.below(5)) {
      case 0:
      case 1: file[at] = static_cast<char>(file[at] ^ (1 << random.below(8))); break;
      case 2: file.resize(at); break;
      case 3: file.replace(at, size, std::string(std::min(size, file.size() - at), '\0')); break;
      default:  // a block where another one was
        const std::size_t moved = std::min(one->second.head.length, other->second.head.length);
        file.replace(other->first, moved, intact, one->first, moved);
    }
    if (count_damaged() > 0) ++noticed;
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(noticed, 700u);
}

TEST_F(RunDamage, EveryTruncationIsNoRun) {
  write(random_entries(1, 2, 100));
  for (std::size_t size = 0; size < intact.size(); ++size) {
    bytes().resize(0);
    bytes() = intact.substr(0, size);
    const auto file = RunFile::open(disk, kRun, kNode);
    ASSERT_FALSE(file.ok());
    expect_damage(file.error());
  }
}

TEST_F(RunDamage, EveryBitOfASmallRun) {
  Wanted entries;
  const broker::MessageRef one = message("one");
  entries.add({.queue = broker::QueueId(1), .may_be_shared = true}, one);
  entries.add({.queue = broker::QueueId(2), .may_be_shared = true}, one);
  write(entries);
  for (std::size_t bit = 0; bit < intact.size() * 8; ++bit) {
    if (bit == 64 * 8) bit = (kRunHeadBytes - 8) * 8;  // the head's padding is all the same
    bytes() = intact;
    bytes()[bit / 8] = static_cast<char>(bytes()[bit / 8] ^ (1 << (bit % 8)));
    const auto file = RunFile::open(disk, kRun, kNode);
    const bool index_damaged = file.ok() && !(*file)->read_index().ok();
    EXPECT_TRUE(count_damaged() > 0 || index_damaged) << bit;
  }
}

TEST_F(RunDamage, BlocksThatChangedPlaces) {
  Wanted entries;
  for (std::uint64_t queue : {1, 2})
    entries.add({.queue = broker::QueueId(queue)}, message("body"));
  write(entries);
  const std::size_t length = summary.extents[0].length;
  ASSERT_EQ(length, summary.extents[1].length);
  bytes().replace(
      kRunHeadBytes, 2 * length,
      intact.substr(kRunHeadBytes + length, length) + intact.substr(kRunHeadBytes, length));
  EXPECT_EQ(count_damaged(), 2u);
}

TEST_F(RunDamage, BlockOfAnotherRun) {
  Wanted entries;
  entries.add({}, message("body"));
  write(entries);
  write_run(disk, entries, RunId(6));
  bytes().replace(kRunHeadBytes, summary.extents[0].length, disk.contents(run_path(RunId(6))),
                  kRunHeadBytes, summary.extents[0].length);
  EXPECT_EQ(count_damaged(), 1u);
  bytes() = disk.contents(run_path(RunId(6)));
  const auto file = RunFile::open(disk, kRun, kNode);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().kind, RunFailure::kDamaged);
}

TEST_F(RunDamage, OffsetsThatNothingNamed) {
  write(random_entries(2, 3, 100));
  const auto file = open_run(disk);
  for (std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{4095}, std::uint64_t{4097}, intact.size() - 73 * 8 - 56,
        intact.size() - 1, std::uint64_t{intact.size()}, UINT64_MAX - 50, UINT64_MAX}) {
    ASSERT_FALSE(file->read_block(offset).ok());
    expect_damage(file->read_block(offset).error());
    ASSERT_FALSE(file->read_block_head(offset).ok());
    expect_damage(file->read_block_head(offset).error());
  }
}

TEST_F(RunDamage, LiesBehindIntactChecksums) {
  Wanted entries;
  const broker::MessageRef one = message("one");
  for (std::uint64_t position : {5, 6, 7})
    entries.add({.position = broker::Position(position), .may_be_shared = true}, one);
  write(entries);
  const std::size_t first = kRunHeadBytes;
  EXPECT_EQ(message_after(first, 4, std::uint32_t{3}), "");
  for (std::uint32_t count : {0u, 2u, 4u, UINT32_MAX})
    EXPECT_NE(message_after(first, 4, count), "") << count;
  EXPECT_NE(message_after(first, 40, std::uint64_t{4}), "");   // first position
  EXPECT_NE(message_after(first, 48, std::uint64_t{8}), "");   // last position
  EXPECT_NE(message_after(first, 56, std::uint64_t{10}), "");  // bodies
  EXPECT_NE(message_after(first, 64, std::uint64_t{8}), "");   // durable bodies
  EXPECT_NE(message_after(first, 72, std::uint32_t{2}), "");   // durable
  EXPECT_NE(message_after(first, 76, std::uint32_t{256}), "");
  EXPECT_NE(message_after(first, 80, std::uint64_t{1}), "");  // latest expiry
  EXPECT_NE(message_after(first, 88, std::uint64_t{1}), "");  // earliest ingress
  const std::size_t entry = kBlockHeadBytes + 11 + encoded_size(*one);
  EXPECT_NE(message_after(first, entry, std::uint64_t{5}), "");                // position
  EXPECT_NE(message_after(first, entry + 8, std::uint8_t{0x12}), "");          // unknown flag
  EXPECT_NE(message_after(first, entry + 8, std::uint8_t{0x0a}), "");          // refers and offered
  EXPECT_NE(message_after(first, entry + 8, std::uint8_t{0}), "");             // does not refer
  EXPECT_NE(message_after(first, entry + 11, std::uint64_t{0}), "");           // into the head
  EXPECT_NE(message_after(first, entry + 11, first + entry + 11), "");         // behind itself
  EXPECT_NE(message_after(first, entry + 11, UINT64_MAX), "");                 // out of the file
  EXPECT_NE(message_after(first, entry + 19, UINT64_MAX), "");                 // too long
  EXPECT_NE(message_after(first, entry + 19, std::uint64_t{0}), "");           // empty
  EXPECT_NE(message_after(first, entry + 27, std::uint32_t{0x12345678}), "");  // CRC
}

// A block must not cost more to read than its writer would have let it.
TEST_F(RunDamage, ManyReferencesToOneHugeBody) {
  Wanted entries;
  const broker::MessageRef huge = message(std::string(200'000, 'h'));
  const broker::MessageRef small = message("small");
  entries.add({.queue = broker::QueueId(1), .may_be_shared = true}, huge);
  for (std::uint64_t position : {1, 2})
    entries.add({.queue = broker::QueueId(2),
                 .position = broker::Position(position),
                 .may_be_shared = true},
                small);
  write(entries);
  const std::size_t second = summary.extents[1].offset;
  const std::size_t reference = kBlockHeadBytes + 11 + encoded_size(*small) + 11;
  store_at(intact, second + reference, std::uint64_t{kRunHeadBytes + kBlockHeadBytes + 11});
  EXPECT_NE(message_after(second, reference + 8, std::uint64_t{encoded_size(*huge)})
                .find("more than a block may hold"),
            std::string::npos);
}

TEST_F(RunDamage, IndexThatDoesNotFit) {
  write(random_entries(4, 3, 100));
  const std::size_t index = intact.size() - kTailBytes - summary.extents.size() * kExtentBytes;
  for (std::size_t at : {0, 9, 17, 25, 41, 57, 65}) {
    bytes() = intact;
    store_at(bytes(), index + kExtentBytes + at, UINT64_MAX - 7);
    mend_run(bytes());
    const auto extents = open_run(disk)->read_index();
    ASSERT_FALSE(extents.ok()) << at;
    expect_damage(extents.error());
  }
  for (std::size_t at : {24, 32}) {  // the tail's offset of the index and number of extents
    bytes() = intact;
    store_at(bytes(), intact.size() - kTailBytes + at, UINT64_MAX - 7);
    mend_run(bytes());
    const auto file = RunFile::open(disk, kRun, kNode);
    ASSERT_FALSE(file.ok()) << at;
    expect_damage(file.error());
  }
}

TEST_F(RunDamage, FileThatBecameShorterWhileOpen) {
  write(random_entries(5, 3, 100));
  const auto file = open_run(disk);
  bytes().resize(kRunHeadBytes + 20);
  ASSERT_FALSE(file->read_block(kRunHeadBytes).ok());
  expect_damage(file->read_block(kRunHeadBytes).error());
  expect_damage(file->read_index().error());
}

TEST_F(RunDamage, FailingDiskIsNoDamage) {
  write(random_entries(6, 3, 100'000));
  for (std::size_t failing_call = 1;; ++failing_call) {
    disk.calls = 0;
    disk.failing_call = failing_call;
    const auto file = RunFile::open(disk, kRun, kNode);
    if (!file.ok()) {
      EXPECT_EQ(file.error().kind, RunFailure::kIo);
      continue;
    }
    bool failed = false;
    for (const auto& [offset, place] : blocks) {
      const auto block = (*file)->read_block(offset);
      if (block.ok()) continue;
      EXPECT_EQ(block.error().kind, RunFailure::kIo);
      failed = true;
    }
    if (!failed) break;
  }
  EXPECT_GT(disk.failing_call, 10u);
}

TEST_F(RunDamage, RunOfAnotherNodeIsForeign) {
  write(random_entries(7, 1, 100));
  const auto file = RunFile::open(disk, kRun, "n2");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().kind, RunFailure::kForeign);
  EXPECT_EQ(file.error().message, "runs/0000000000000005.run belongs to node n1, this is node n2");
}

TEST_F(RunDamage, NewerVersionIsForeign) {
  write(random_entries(7, 1, 100));
  store_at(bytes(), 8, std::uint16_t{2});
  mend_part(bytes(), 0, kRunHeadBytes);
  EXPECT_TRUE(RunFile::open(disk, kRun, kNode).ok());  // may be read by this one
  store_at(bytes(), 10, std::uint16_t{2});
  mend_part(bytes(), 0, kRunHeadBytes);
  const auto file = RunFile::open(disk, kRun, kNode);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().kind, RunFailure::kForeign);
  EXPECT_EQ(file.error().message,
            "runs/0000000000000005.run was written by a newer HarrierMQ: it asks for version 2 of "
            "the format, this one reads version 1");
}

}  // namespace
}  // namespace harrier::store
