#include "store/checkpoint_file.h"

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "base/random.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"

namespace harrier::store {
namespace {

using Entry = std::tuple<std::uint8_t, std::uint8_t, std::string>;
using test::FaultyFileSystem;
using test::kTestNode;

CheckpointHead a_head(std::uint64_t generation) {
  CheckpointHead head;
  head.generation = Generation(generation);
  head.epoch = 4;
  head.first_segment = 17;
  head.last_batch = 3'000;
  head.last_run = 8;
  for (std::size_t shard = 0; shard < head.lsns.size(); ++shard)
    head.lsns[shard] = 1'000 * shard;
  return head;
}

std::vector<Entry> some_entries(std::size_t count, std::size_t size_max, std::uint64_t seed = 1) {
  base::SeededRandom random(seed);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    std::string payload(random.below(size_max + 1), '\0');
    for (char& c : payload)
      c = static_cast<char>(random.next());
    entries.emplace_back(random.below(17), random.below(5), payload);
  }
  return entries;
}

std::vector<base::Buffer> chunks_of(const std::vector<Entry>& entries) {
  CheckpointEntries gathered;
  for (const auto& [shard, type, payload] : entries) {
    gathered.begin(shard, type).append(payload);
    gathered.end();
  }
  return gathered.take_chunks();
}

struct Read {
  CheckpointResult<CheckpointHead> head;
  std::vector<Entry> entries;
};
Read read(CheckpointFiles& checkpoints, std::uint64_t generation) {
  std::vector<Entry> entries;
  auto head =
      checkpoints.read(Generation(generation), [&](const CheckpointEntry& entry, std::string&) {
        entries.emplace_back(entry.shard, entry.type, entry.payload);
        return true;
      });
  return {std::move(head), std::move(entries)};
}

class CheckpointFileTest : public testing::Test {
 protected:
  CheckpointFileTest() : checkpoints_(files_, kTestNode) {
    EXPECT_TRUE(files_.make_directory(kCheckpointFolder).ok());
  }
  void write(std::uint64_t generation, const std::vector<Entry>& entries) {
    const auto written = checkpoints_.write(a_head(generation), chunks_of(entries));
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
  CheckpointFailure failure(std::uint64_t generation) {
    const Read got = read(checkpoints_, generation);
    if (got.head.ok()) ADD_FAILURE() << "it was read";
    return got.head.ok() ? CheckpointFailure::kIo : got.head.error().kind;
  }
  // The head changed and its checksum made to fit.
  void change_head(std::size_t offset, char value) {
    const std::string path = checkpoint_path(Generation(1));
    std::string bytes = files_.contents(path);
    bytes[offset] = value;
    base::store_big_endian(bytes.data() + 508,
                           base::crc32c(std::string_view(bytes).substr(0, 508)));
    files_.set_contents(path, bytes);
  }

  FaultyFileSystem files_;
  CheckpointFiles checkpoints_;
};

TEST_F(CheckpointFileTest, GivesBackWhatItWasGiven) {
  for (const auto& [count, size] : std::vector<std::pair<std::size_t, std::size_t>>{
           {0, 0}, {1, 0}, {1, 700'000}, {3'000, 400}}) {
    const auto entries = some_entries(count, size);
    write(1, entries);
    const Read got = read(checkpoints_, 1);
    ASSERT_TRUE(got.head.ok()) << got.head.error().message;
    EXPECT_EQ(got.entries, entries);
    const CheckpointHead wanted = a_head(1);
    EXPECT_EQ(got.head->generation, wanted.generation);
    EXPECT_EQ(got.head->epoch, wanted.epoch);
    EXPECT_EQ(got.head->first_segment, wanted.first_segment);
    EXPECT_EQ(got.head->last_batch, wanted.last_batch);
    EXPECT_EQ(got.head->last_run, wanted.last_run);
    EXPECT_EQ(got.head->lsns, wanted.lsns);
  }
}

TEST_F(CheckpointFileTest, TellsEveryTruncationAndEveryByteTooMany) {
  write(1, some_entries(20, 60));
  const std::string path = checkpoint_path(Generation(1));
  const std::string whole = files_.contents(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    files_.set_contents(path, whole.substr(0, size));
    ASSERT_EQ(failure(1), CheckpointFailure::kDamaged) << size;
  }
  for (const std::size_t more : {1, 8, 512}) {
    files_.set_contents(path, whole + std::string(more, '\0'));
    EXPECT_EQ(failure(1), CheckpointFailure::kDamaged) << more;
  }
}

TEST_F(CheckpointFileTest, TellsFlippedBits) {
  write(1, some_entries(2'000, 400));
  const std::string path = checkpoint_path(Generation(1));
  const std::uint64_t bits = files_.contents(path).size() * 8;
  base::SeededRandom random(20'261'124);
  for (int i = 0; i < 1'000; ++i) {
    // Half of them in the head.
    const std::uint64_t bit = random.below(i % 2 == 0 ? 512 * 8 : bits);
    files_.flip_bit(path, bit);
    ASSERT_EQ(failure(1), CheckpointFailure::kDamaged) << "bit " << bit;
    files_.flip_bit(path, bit);
  }
  EXPECT_TRUE(read(checkpoints_, 1).head.ok());
}

TEST_F(CheckpointFileTest, ChunksHaveTheirPlaces) {
  std::vector<base::Buffer> chunks;
  for (const char* text : {"first", "other"}) {
    CheckpointEntries entries;
    entries.begin(1, 2).append(text);
    entries.end();
    chunks.push_back(std::move(entries.take_chunks()[0]));
  }
  ASSERT_TRUE(checkpoints_.write(a_head(1), chunks).ok());
  const std::string path = checkpoint_path(Generation(1));
  std::string bytes = files_.contents(path);
  const std::size_t size = 8 + 6 + 5;
  const std::string first = bytes.substr(512, size);
  bytes.replace(512, size, bytes.substr(512 + size, size));
  bytes.replace(512 + size, size, first);
  files_.set_contents(path, bytes);
  EXPECT_EQ(failure(1), CheckpointFailure::kDamaged);
}

TEST_F(CheckpointFileTest, AnotherNodesIsForeign) {
  write(1, some_entries(2, 10));
  CheckpointFiles other(files_, "00000000-0000-4000-8000-000000000000");
  const Read got = read(other, 1);
  ASSERT_FALSE(got.head.ok());
  EXPECT_EQ(got.head.error().kind, CheckpointFailure::kForeign);
}

TEST_F(CheckpointFileTest, ANewerVersionIsForeignOnlyIfItSaysSo) {
  write(1, some_entries(2, 10));
  change_head(9, 2);  // the format's version alone
  EXPECT_TRUE(read(checkpoints_, 1).head.ok());
  change_head(11, 2);  // the oldest reader
  EXPECT_EQ(failure(1), CheckpointFailure::kForeign);
}

TEST_F(CheckpointFileTest, OneUnderAnotherNameIsDamaged) {
  write(1, some_entries(2, 10));
  files_.set_contents(checkpoint_path(Generation(2)),
                      files_.contents(checkpoint_path(Generation(1))));
  EXPECT_EQ(failure(2), CheckpointFailure::kDamaged);
}

TEST_F(CheckpointFileTest, WhoReadsMayRefuse) {
  write(1, some_entries(2, 10));
  const auto head = checkpoints_.read(
      Generation(1), [](const CheckpointEntry&, std::string& why) { return why = "no", false; });
  ASSERT_FALSE(head.ok());
  EXPECT_EQ(head.error().kind, CheckpointFailure::kDamaged);
  EXPECT_NE(head.error().message.find("no"), std::string::npos);
}

TEST_F(CheckpointFileTest, ListsGenerationsByNumberAndNothingElse) {
  for (const std::uint64_t generation : {10, 9, 255, 1})
    write(generation, {});
  for (const char* name : {"1.ckpt", "0000000000000002.tmp", "000000000000000g.ckpt", "x"})
    files_.set_contents(std::string(kCheckpointFolder) + "/" + name, "");
  const auto generations = checkpoints_.list();
  ASSERT_TRUE(generations.ok());
  EXPECT_EQ(*generations,
            (std::vector{Generation(1), Generation(9), Generation(10), Generation(255)}));
  checkpoints_.remove_unfinished();
  EXPECT_FALSE(files_.exists("checkpoints/0000000000000002.tmp"));
  ASSERT_TRUE(checkpoints_.remove(Generation(9)).ok());
  EXPECT_EQ(checkpoints_.list()->size(), 3u);
}

// Whatever call fails, and whether the process goes on or the power does, the older one stays.
TEST_F(CheckpointFileTest, AFailedWriteLeavesTheOlderOneAlone) {
  const auto old = some_entries(50, 100, 1);
  const auto fresh = some_entries(9'000, 300, 2);
  for (const test::Fault fault : {test::Fault::kIoError, test::Fault::kNoSpace,
                                  test::Fault::kShortWrite, test::Fault::kCrash}) {
    for (std::uint64_t call = 1;; ++call) {
      FaultyFileSystem files;
      ASSERT_TRUE(files.make_directory(kCheckpointFolder).ok());
      ASSERT_TRUE(files.sync_directory("").ok());
      CheckpointFiles checkpoints(files, kTestNode);
      ASSERT_TRUE(checkpoints.write(a_head(1), chunks_of(old)).ok());
      files.fail_at(files.calls() + call, fault);
      const bool written = checkpoints.write(a_head(2), chunks_of(fresh)).ok();
      for (const std::uint64_t seed : {0, 1, 2, 3}) {
        const auto after = files.after_crash(seed);
        CheckpointFiles left(*after, kTestNode);
        const Read first = read(left, 1);
        ASSERT_TRUE(first.head.ok()) << "call " << call;
        EXPECT_EQ(first.entries, old);
        const Read second = read(left, 2);
        if (written) {
          EXPECT_TRUE(second.head.ok());
        } else if (!second.head.ok()) {
          // Never under its own name with other contents.
          EXPECT_EQ(second.head.error().kind, CheckpointFailure::kIo)
              << second.head.error().message;
        }
        if (second.head.ok()) {
          EXPECT_EQ(second.entries, fresh);
        }
      }
      if (written) break;
      ASSERT_LT(call, 100u);
    }
  }
}

}  // namespace
}  // namespace harrier::store
