#include "journal/posix_file_system.h"

#include <cerrno>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace harrier::journal {
namespace {

class PosixFileSystemTest : public testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  std::unique_ptr<PosixFileSystem> files_ = *PosixFileSystem::open_root(directory_.path());
};

TEST_F(PosixFileSystemTest, WritesPartsOneBehindTheOther) {
  auto file = *files_->open("f", OpenMode::kCreate);
  std::vector<base::Bytes> parts(1000, "ab");
  parts[7] = "";
  parts[999] = "";
  ASSERT_TRUE(file->write_at(10, parts).ok());
  ASSERT_TRUE(file->sync_contents().ok());
  ASSERT_TRUE(file->drop_cached().ok());
  EXPECT_EQ(*file->size(), 10 + 998 * 2u);
  std::string text(5000, '?');
  ASSERT_EQ(*file->read_at(10, text.data(), text.size()), 1996u);
  for (std::size_t i = 0; i < 1996; ++i)
    ASSERT_EQ(text[i], i % 2 == 0 ? 'a' : 'b');
  ASSERT_TRUE(file->truncate(3).ok());
  EXPECT_EQ(*file->size(), 3u);
}

// Calls of ours, not of the kernel's: a write of a thousand parts is one.
TEST_F(PosixFileSystemTest, CountsCallsAndBytes) {
  auto file = *files_->open("f", OpenMode::kCreate);
  ASSERT_TRUE(file->write_at(0, std::vector<base::Bytes>(1000, "ab")).ok());
  ASSERT_TRUE(file->sync_contents().ok());
  std::string text(5000, '?');
  ASSERT_EQ(*file->read_at(0, text.data(), text.size()), 2000u);
  ASSERT_EQ(*file->read_at(0, text.data(), 10), 10u);
  const DiskCounters& counters = files_->counters();
  EXPECT_EQ(counters.writes.count, 1u);
  EXPECT_EQ(counters.writes.bytes, 2000u);
  EXPECT_EQ(counters.reads.count, 2u);
  EXPECT_EQ(counters.reads.bytes, 2010u);
  EXPECT_EQ(counters.syncs.count, 1u);
  EXPECT_GT(counters.writes.nanoseconds, 0u);
  EXPECT_GT(counters.syncs.nanoseconds, 0u);
}

TEST_F(PosixFileSystemTest, AShortWriteIsContinuedUntilItFails) {
  auto file = *files_->open("f", OpenMode::kCreate);
  // The kernel writes up to the limit, then refuses.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit limit = before;
  limit.rlim_cur = 10'000;
  const auto old = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const std::string text(8000, 'x');
  const std::vector<base::Bytes> parts{text, text};
  const auto done = file->write_at(0, parts);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, EFBIG);
  EXPECT_EQ(*file->size(), 10'000u);
}

TEST_F(PosixFileSystemTest, ErrorsNameCallAndPath) {
  const auto missing = files_->open("no/file", OpenMode::kRead);
  ASSERT_FALSE(missing.ok());
  EXPECT_TRUE(missing.error().is_not_found());
  EXPECT_EQ(missing.error().message,
            "open " + directory_.path() + "/no/file: No such file or directory");
  EXPECT_FALSE(files_->rename("a", "b").ok());
  EXPECT_TRUE(files_->remove("a").error().is_not_found());
  EXPECT_TRUE(files_->list("a").error().is_not_found());
  EXPECT_FALSE(files_->sync_directory("a").ok());
  EXPECT_FALSE(PosixFileSystem::open_root(directory_.path() + "/a").ok());
}

TEST_F(PosixFileSystemTest, FoldersAndNames) {
  ASSERT_TRUE(files_->make_directory("d").ok());
  ASSERT_TRUE(files_->make_directory("d").ok());
  for (const char* name : {"d/b", "d/a", "d/c"})
    ASSERT_TRUE(files_->open(name, OpenMode::kCreate).ok());
  EXPECT_EQ(files_->open("d/a", OpenMode::kCreate).error().code, EEXIST);
  EXPECT_EQ(files_->make_directory("d/a").error().code, EEXIST);
  ASSERT_TRUE(files_->rename("d/a", "d/z").ok());
  ASSERT_TRUE(files_->remove("d/b").ok());
  ASSERT_TRUE(files_->sync_directory("d").ok());
  ASSERT_TRUE(files_->sync_directory("").ok());
  EXPECT_EQ(*files_->list("d"), (std::vector<std::string>{"c", "z"}));
  EXPECT_EQ(*files_->list(""), std::vector<std::string>{"d"});
  EXPECT_GT(*files_->free_bytes(), 0u);
  struct stat status {};
  ASSERT_EQ(::stat((directory_.path() + "/d").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(PosixFileSystemTest, ALinkIsNotFollowed) {
  ASSERT_TRUE(files_->open("real", OpenMode::kCreate).ok());
  ASSERT_EQ(::symlink("real", (directory_.path() + "/link").c_str()), 0);
  EXPECT_EQ(files_->open("link", OpenMode::kReadWrite).error().code, ELOOP);
}

}  // namespace
}  // namespace harrier::journal
