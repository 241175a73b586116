#include "audit/chain_file.h"

#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit_fixture.h"

namespace harrier::audit {
namespace {

using ::testing::HasSubstr;

using ChainFileTest = AuditFiles;

TEST_F(ChainFileTest, IsReadableByItsOwnerOnly) {
  write({"a"});
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(ChainFileTest, GoesOnOverRestarts) {
  for (const char* name : {"a", "b", "c"})
    write({name});
  EXPECT_FALSE(verified().broken);
  EXPECT_EQ(verified().last_sequence, 3u);
}

TEST_F(ChainFileTest, TwoProcessesCannotWriteIt) {
  const auto first = ChainFile::open(settings());
  ASSERT_TRUE(first.ok());
  const auto second = ChainFile::open(settings());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr("another process"));
}

TEST_F(ChainFileTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(ChainFile::open(settings()).ok());
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(directory_.path() + "/elsewhere", path_);
  EXPECT_FALSE(ChainFile::open(settings()).ok());
  EXPECT_FALSE(ChainFile::open({.path = directory_.path() + "/absent/audit.jsonl"}).ok());
}

TEST_F(ChainFileTest, TornLastLineIsCutOffAndTold) {
  write({"a", "b"});
  const std::string text = text_of(path_);
  const std::size_t whole = text.find('\n') + 1;
  for (const std::size_t left : {std::size_t{1}, std::size_t{50}, text.size() - whole - 1}) {
    put_text(path_, text.substr(0, whole + left));
    {
      const auto file = ChainFile::open(settings());
      ASSERT_TRUE(file.ok());
      EXPECT_EQ((*file)->opening().torn_bytes, left);
      EXPECT_EQ((*file)->opening().torn_text, text.substr(whole, std::min<std::size_t>(left, 256)));
      EXPECT_EQ((*file)->sequence(), 1u);
    }
    EXPECT_EQ(text_of(path_), text.substr(0, whole));
  }
}

TEST_F(ChainFileTest, TornOnlyLineLeavesAnEmptyFile) {
  put_text(path_, "{\"seq\":1,");
  write({"a"});
  EXPECT_FALSE(verified().broken);
  EXPECT_EQ(verified().records, 1u);
}

TEST_F(ChainFileTest, FileWhoseLastLineWasChangedIsPutAside) {
  write({"a", "b"});
  std::string text = text_of(path_);
  text[text.rfind("guest")] = 'G';
  put_text(path_, text);
  {
    const auto file = ChainFile::open(settings());
    ASSERT_TRUE(file.ok());
    EXPECT_EQ((*file)->opening().broken_file, path_ + ".broken.1");
    EXPECT_THAT((*file)->opening().broken_reason, HasSubstr("was changed"));
  }
  EXPECT_EQ(text_of(path_ + ".broken.1"), text);
  write({"c"});
  EXPECT_FALSE(verified().broken);
  // The two together are no chain.
  EXPECT_TRUE(verified({path_, path_ + ".broken.1"}).broken);
}

TEST_F(ChainFileTest, GarbageIsPutAside) {
  put_text(path_, std::string(200'000, 'x'));
  const auto file = ChainFile::open(settings());
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ((*file)->opening().broken_file, path_ + ".broken.1");
}

TEST_F(ChainFileTest, WrongKeyIsToldFromTheFormerOne) {
  ChainFile::Settings keyed = settings();
  keyed.seal = Seal("a key of 16 bytes or more");
  write({"a"}, keyed);
  keyed.seal = Seal("another key of 16 bytes");
  const auto file = ChainFile::open(keyed);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE((*file)->opening().broken_file.empty());
}

// ---- rotation

TEST_F(ChainFileTest, ChainGoesOnOverFilesOfWhichTheNewestAreKept) {
  ChainFile::Settings small = settings();
  small.size_max = 1;
  small.files_max = 3;
  auto file = ChainFile::open(small);
  ASSERT_TRUE(file.ok());
  std::size_t removed = 0;
  for (int i = 0; i != 7; ++i) {
    (*file)->add(event_named(std::to_string(i)));
    ASSERT_TRUE((*file)->flush().ok());
    ASSERT_TRUE((*file)->full());
    const auto rotation = (*file)->rotate();
    ASSERT_TRUE(rotation.ok()) << rotation.error().message;
    removed += rotation->removed.size();
    EXPECT_EQ(rotation->closed, "audit.jsonl.0000000000000000000" + std::to_string(i + 1));
  }
  EXPECT_EQ(removed, 4u);
  EXPECT_EQ(files().size(), 4u);
  (*file)->add(event_named("last"));
  ASSERT_TRUE((*file)->flush().ok());
  const VerificationReport report = verified(files());
  EXPECT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.first_sequence, 5u);
  EXPECT_EQ(report.last_sequence, 8u);
  // One in the middle is missing.
  std::filesystem::remove(path_ + ".00000000000000000006");
  EXPECT_TRUE(verified(files()).broken);
}

TEST_F(ChainFileTest, RestartBehindARotationFindsTheEndInTheOlderFile) {
  write({"a", "b"});
  {
    auto file = ChainFile::open(settings());
    ASSERT_TRUE((*file)->rotate().ok());
  }
  write({"c"});
  const VerificationReport report = verified(files());
  EXPECT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.last_sequence, 3u);
}

TEST_F(ChainFileTest, RestartBehindARotationWithATamperedOlderFileBeginsAnew) {
  write({"a", "b"});
  {
    auto file = ChainFile::open(settings());
    ASSERT_TRUE((*file)->rotate().ok());
  }
  const std::string older = path_ + ".00000000000000000001";
  put_text(older, text_of(older) + "{}\n");
  auto file = ChainFile::open(settings());
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->opening().broken_file, older);
  (*file)->add(event_named("c"));
  ASSERT_TRUE((*file)->flush().ok());
  ASSERT_TRUE((*file)->rotate().ok()) << "the older file's name is in the way";
}

// ---- a disk that is full: what the kernel refuses to write beyond RLIMIT_FSIZE

class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(ChainFileTest, FailedWriteLeavesWholeLinesAndTheChainGoesOn) {
  auto file = ChainFile::open(settings());
  (*file)->add(event_named("a"));
  ASSERT_TRUE((*file)->flush().ok());
  const std::string before = text_of(path_);
  {
    const FileSizeLimit full(before.size() + 40);
    (*file)->add(event_named("b"));
    EXPECT_FALSE((*file)->flush().ok());
    EXPECT_EQ(text_of(path_), before);
    (*file)->add(event_named("c"));
    EXPECT_FALSE((*file)->flush().ok());
  }
  (*file)->add(event_named("d"));
  ASSERT_TRUE((*file)->flush().ok());
  EXPECT_FALSE(verified().broken);
  EXPECT_EQ(verified().records, 2u);
}

}  // namespace
}  // namespace harrier::audit
