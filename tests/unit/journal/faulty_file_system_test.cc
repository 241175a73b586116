// The disk that the other tests rely on must lose what it should, and nothing else.

#include "support/faulty_file_system.h"

#include <cerrno>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace harrier::test {
namespace {

using journal::File;
using journal::OpenMode;

std::unique_ptr<File> make(FaultyFileSystem& files, std::string_view path) {
  auto file = files.open(path, OpenMode::kCreate);
  EXPECT_TRUE(file.ok());
  return *std::move(file);
}

journal::IoStatus put(File& file, std::uint64_t offset, std::string_view text) {
  const base::Bytes bytes = text;
  return file.write_at(offset, {&bytes, 1});
}

// A file of 4096 'o', all of it durable.
std::unique_ptr<File> make_durable(FaultyFileSystem& files) {
  auto file = make(files, "f");
  EXPECT_TRUE(put(*file, 0, std::string(4096, 'o')).ok());
  EXPECT_TRUE(file->sync_contents().ok());
  EXPECT_TRUE(files.sync_directory("").ok());
  return file;
}

TEST(FaultyFileSystem, ReadsBackWhatWasWritten) {
  FaultyFileSystem files;
  auto file = make(files, "f");
  ASSERT_TRUE(put(*file, 3, "abc").ok());
  char text[10];
  EXPECT_EQ(*file->read_at(0, text, sizeof text), 6u);
  EXPECT_EQ(std::string(text, 6), std::string("\0\0\0abc", 6));
  EXPECT_EQ(*file->size(), 6u);
  EXPECT_EQ(files.open("missing", OpenMode::kRead).error().code, ENOENT);
  EXPECT_EQ(files.open("f", OpenMode::kCreate).error().code, EEXIST);
}

TEST(FaultyFileSystem, UnsyncedBytesAreLost) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  ASSERT_TRUE(put(*file, 0, std::string(2048, 'n')).ok());
  EXPECT_EQ(files.contents("f")[0], 'n');
  EXPECT_EQ(files.after_crash(0)->contents("f"), std::string(4096, 'o'));
}

TEST(FaultyFileSystem, UnsyncedSectorsSurviveInAnySubset) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  ASSERT_TRUE(put(*file, 0, std::string(1536, 'n')).ok());
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    const std::string contents = files.after_crash(seed)->contents("f");
    std::string sectors;
    for (std::size_t at = 0; at < 4096; at += 512) {
      EXPECT_EQ(contents.substr(at, 512), std::string(512, contents[at]));
      sectors.push_back(contents[at]);
    }
    seen.insert(sectors);
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST(FaultyFileSystem, AFileWithoutASyncedFolderIsGone) {
  FaultyFileSystem files;
  auto file = make(files, "f");
  ASSERT_TRUE(put(*file, 0, "x").ok());
  ASSERT_TRUE(file->sync_contents().ok());
  EXPECT_FALSE(files.after_crash(0)->exists("f"));
  ASSERT_TRUE(files.sync_directory("").ok());
  EXPECT_EQ(files.after_crash(0)->contents("f"), "x");
}

TEST(FaultyFileSystem, AnUnsyncedSizeIsLost) {
  FaultyFileSystem files;
  auto file = make(files, "f");
  ASSERT_TRUE(files.sync_directory("").ok());
  ASSERT_TRUE(put(*file, 0, std::string(5000, 'x')).ok());
  EXPECT_EQ(files.after_crash(0)->contents("f"), "");
}

TEST(FaultyFileSystem, UnsyncedRenamesAndRemovesComeUndone) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  ASSERT_TRUE(files.rename("f", "g").ok());
  EXPECT_FALSE(files.exists("f"));
  EXPECT_TRUE(files.after_crash(0)->exists("f"));
  EXPECT_FALSE(files.after_crash(0)->exists("g"));
  ASSERT_TRUE(files.sync_directory("").ok());
  EXPECT_TRUE(files.after_crash(0)->exists("g"));
  ASSERT_TRUE(files.remove("g").ok());
  EXPECT_TRUE(files.after_crash(0)->exists("g"));
  bool removed = false;
  for (std::uint64_t seed = 1; seed < 50; ++seed)
    removed = removed || !files.after_crash(seed)->exists("g");
  EXPECT_TRUE(removed);
}

TEST(FaultyFileSystem, FilesOfAFolderThatIsGoneAreGone) {
  FaultyFileSystem files;
  ASSERT_TRUE(files.make_directory("d").ok());
  auto file = make(files, "d/f");
  ASSERT_TRUE(file->sync_contents().ok());
  ASSERT_TRUE(files.sync_directory("d").ok());
  EXPECT_FALSE(files.after_crash(0)->exists("d/f"));
  ASSERT_TRUE(files.sync_directory("").ok());
  EXPECT_TRUE(files.after_crash(0)->exists("d/f"));
  EXPECT_EQ(*files.list("d"), std::vector<std::string>{"f"});
}

TEST(FaultyFileSystem, AFailedSyncLosesItsBytesThoughLaterOnesSucceed) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  ASSERT_TRUE(put(*file, 0, "new").ok());
  files.fail_next_sync(Fault::kIoError);
  EXPECT_EQ(file->sync_contents().error().code, EIO);
  EXPECT_TRUE(file->sync_contents().ok());
  EXPECT_EQ(files.contents("f").substr(0, 3), "new");
  EXPECT_EQ(files.after_crash(0)->contents("f").substr(0, 3), "ooo");
  ASSERT_TRUE(file->drop_cached().ok());
  EXPECT_EQ(files.contents("f").substr(0, 3), "ooo");
}

TEST(FaultyFileSystem, DroppingTheCacheKeepsWhatIsStillToBeWritten) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  ASSERT_TRUE(put(*file, 0, "new").ok());
  ASSERT_TRUE(file->drop_cached().ok());
  EXPECT_EQ(files.contents("f").substr(0, 3), "new");
}

TEST(FaultyFileSystem, TheNthCallFailsAsPlanned) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  files.fail_at(files.calls() + 2, Fault::kNoSpace);
  EXPECT_TRUE(put(*file, 0, "a").ok());
  EXPECT_TRUE(put(*file, 1, "b").error().is_out_of_space());
  EXPECT_TRUE(put(*file, 2, "c").ok());
  EXPECT_EQ(files.contents("f").substr(0, 3), "aoc");
  files.fail_next_write(Fault::kShortWrite);
  EXPECT_EQ(put(*file, 0, "1234").error().code, EIO);
  EXPECT_EQ(files.contents("f").substr(0, 4), "12co");
}

TEST(FaultyFileSystem, AfterACrashNothingChangesAnyMore) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  files.fail_at(files.calls() + 1, Fault::kCrash);
  EXPECT_EQ(put(*file, 0, "new").error().code, FaultyFileSystem::kCrashed);
  EXPECT_TRUE(files.crashed());
  EXPECT_EQ(file->sync_contents().error().code, FaultyFileSystem::kCrashed);
  EXPECT_EQ(files.remove("f").error().code, FaultyFileSystem::kCrashed);
  EXPECT_EQ(files.after_crash(0)->contents("f"), std::string(4096, 'o'));
  bool survived = false;
  for (std::uint64_t seed = 1; seed < 20; ++seed)
    survived = survived || files.after_crash(seed)->contents("f")[0] == 'n';
  EXPECT_TRUE(survived);
}

TEST(FaultyFileSystem, AKilledProcessLosesNothingUntilThePowerGoes) {
  FaultyFileSystem files;
  auto file = make_durable(files);
  ASSERT_TRUE(put(*file, 0, "new").ok());
  ASSERT_TRUE(files.rename("f", "g").ok());
  const auto next = files.after_kill();
  EXPECT_EQ(next->contents("g").substr(0, 3), "new");
  EXPECT_EQ(next->after_crash(0)->contents("f").substr(0, 3), "ooo");
  ASSERT_TRUE(next->sync_directory("").ok());
  EXPECT_EQ(next->after_crash(0)->contents("g").substr(0, 3), "ooo");
}

TEST(FaultyFileSystem, FullIsFull) {
  FaultyFileSystem files;
  files.set_free_bytes(1000);
  auto file = make(files, "f");
  EXPECT_TRUE(put(*file, 0, std::string(600, 'x')).ok());
  EXPECT_EQ(*files.free_bytes(), 400u);
  EXPECT_TRUE(put(*file, 600, std::string(401, 'x')).error().is_out_of_space());
  EXPECT_TRUE(put(*file, 0, std::string(600, 'y')).ok());  // overwriting needs none
}

}  // namespace
}  // namespace harrier::test
