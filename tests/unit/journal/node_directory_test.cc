#include "journal/node_directory.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "journal/journal.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"
#include "support/temporary_directory.h"

namespace harrier::journal {
namespace {

using test::FaultyFileSystem;
using test::TemporaryDirectory;

unsigned mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

TEST(NodeDirectory, IsMadeForItsOwnerOnlyAndCountsStarts) {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/node";
  std::string uuid;
  for (std::uint64_t start = 1; start <= 3; ++start) {
    auto directory = NodeDirectory::open(path);
    ASSERT_TRUE(directory.ok()) << directory.error().message;
    EXPECT_EQ((*directory)->previous_epoch(), start - 1);
    EXPECT_EQ((*directory)->epoch(), start);
    EXPECT_EQ((*directory)->uuid().size(), 36u);
    EXPECT_TRUE(start == 1 || (*directory)->uuid() == uuid);
    uuid = (*directory)->uuid();
  }
  EXPECT_EQ(mode_of(path), 0700u);
  EXPECT_EQ(mode_of(path + "/node"), 0600u);
  EXPECT_EQ(mode_of(path + "/LOCK"), 0600u);
}

TEST(NodeDirectory, ASecondOpenerIsRefusedAndToldByWhom) {
  const TemporaryDirectory directory;
  auto first = NodeDirectory::open(directory.path());
  ASSERT_TRUE(first.ok()) << first.error().message;
  auto second = NodeDirectory::open(directory.path());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, NodeFailure::kHeld);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  EXPECT_NE(second.error().message.find((*first)->uuid()), std::string::npos);
  first->reset();
  EXPECT_TRUE(NodeDirectory::open(directory.path()).ok());
}

TEST(NodeDirectory, AForeignDirectoryIsRefused) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/letters.txt") << "dear";
  auto opened = NodeDirectory::open(directory.path());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, NodeFailure::kForeign);
  EXPECT_NE(opened.error().message.find("letters.txt"), std::string::npos);
}

TEST(NodeDirectory, AJournalInItIsForItsOwnerOnly) {
  const TemporaryDirectory directory;
  auto node = NodeDirectory::open(directory.path());
  ASSERT_TRUE(node.ok());
  RecoveryReport report;
  auto journal =
      Journal::open((*node)->files(), (*node)->uuid(), {.segment_bytes = 64 << 10, .segments = 2},
                    {.epoch = (*node)->epoch()},
                    [](std::size_t, const Record&, std::string&) { return true; }, {}, report);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  EXPECT_EQ(mode_of(directory.path() + "/journal"), 0700u);
  EXPECT_EQ(mode_of(directory.path() + "/journal/01.seg"), 0600u);
  EXPECT_EQ(std::filesystem::file_size(directory.path() + "/journal/01.seg"), 64u << 10);
}

// ---- the file, on a disk that fails

base::Result<NodeIdentity, NodeError> start(FaultyFileSystem& files, std::uint64_t seed = 1) {
  base::SeededRandom random(seed);
  return load_or_create_identity(files, random);
}

TEST(NodeIdentity, SurvivesALossOfPowerAtEveryCall) {
  for (std::uint64_t call = 1; call < 30; ++call) {
    for (const std::uint64_t seed : {0, 1, 2}) {
      FaultyFileSystem files;
      std::string uuid;
      std::uint64_t epoch = 0;
      files.fail_at(call, test::Fault::kCrash);
      while (!files.crashed() && epoch < 3) {
        auto identity = start(files);
        if (!identity.ok()) break;
        uuid = identity->uuid;
        EXPECT_EQ(identity->epoch, epoch + 1);
        epoch = identity->epoch;
      }
      auto survivor = files.after_crash(seed);
      auto identity = start(*survivor, 2);
      ASSERT_TRUE(identity.ok()) << call << " " << identity.error().message;
      EXPECT_GT(identity->epoch, epoch) << call;
      EXPECT_TRUE(epoch == 0 || identity->uuid == uuid) << call;
    }
  }
}

TEST(NodeIdentity, OnAFullDiskTheReserveMakesRoom) {
  for (const bool there : {true, false}) {
    FaultyFileSystem files;
    ASSERT_TRUE(start(files).ok());
    if (there) files.set_contents("reserve", "room");
    files.fail_next_write(test::Fault::kNoSpace);
    base::SeededRandom random(1);
    const auto identity = load_or_create_identity(files, random, "reserve");
    EXPECT_EQ(identity.ok(), there);
    EXPECT_FALSE(files.open("reserve", OpenMode::kRead).ok());
  }
}

TEST(NodeIdentity, EveryFlippedBitIsNoticed) {
  FaultyFileSystem files;
  ASSERT_TRUE(start(files).ok());
  const std::string contents = files.contents("node");
  for (std::size_t bit = 0; bit < contents.size() * 8; ++bit) {
    FaultyFileSystem copy;
    copy.set_contents("node", contents);
    copy.flip_bit("node", bit);
    ASSERT_EQ(start(copy).error().kind, NodeFailure::kDamaged) << bit;
  }
  FaultyFileSystem cut;
  cut.set_contents("node", "");
  EXPECT_EQ(start(cut).error().kind, NodeFailure::kDamaged);
}

TEST(NodeIdentity, ANewerVersionIsRefusedInClearWords) {
  FaultyFileSystem files;
  const std::string text = "harriermq node\nversion 4\nmin_reader 3\nshards 64\n";
  char sum[16];
  std::snprintf(sum, sizeof sum, "%08x", base::crc32c(text));
  files.set_contents("node", text + "crc32c " + sum + "\n");
  const auto refused = start(files);
  EXPECT_EQ(refused.error().kind, NodeFailure::kForeign);
  EXPECT_NE(refused.error().message.find("newer HarrierMQ"), std::string::npos);
}

TEST(NodeIdentity, AJournalWithoutItsNodeFileIsNotNew) {
  FaultyFileSystem files;
  files.set_contents("journal/00.seg", "x");
  EXPECT_EQ(start(files).error().kind, NodeFailure::kForeign);
}

}  // namespace
}  // namespace harrier::journal
