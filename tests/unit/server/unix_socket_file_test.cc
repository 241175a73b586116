#include "server/unix_socket_file.h"

#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace harrier::server {
namespace {

using ::testing::HasSubstr;

class UnixSocketFileTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name = "s") const { return directory_.path() + "/" + name; }
  std::unique_ptr<UnixSocketFile> opened(mode_t mode = 0600) const {
    auto file = UnixSocketFile::open(path(), mode);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return file.ok() ? std::move(file).value() : nullptr;
  }
  std::string error(const std::string& path) const {
    const auto file = UnixSocketFile::open(path, 0600);
    return file.ok() ? "opened" : file.error().message;
  }
  // errno of a client, or 0.
  int connect() const {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    const int result = ::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address);
    const int error = result == 0 ? 0 : errno;
    ::close(client);
    return error;
  }
  // As a broker leaves it that was killed.
  void leave_stale_socket() const {
    const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(dead, 1), 0);
    ::close(dead);
    ASSERT_EQ(connect(), ECONNREFUSED);
  }

  const test::TemporaryDirectory directory_;
};

TEST_F(UnixSocketFileTest, ListensAndGoesWithItsOwner) {
  {
    const auto file = opened();
    EXPECT_EQ(connect(), 0);
  }
  EXPECT_EQ(connect(), ENOENT);
}

TEST_F(UnixSocketFileTest, PermissionsAreAsAskedWhateverTheUmask) {
  for (const mode_t umask : {0000, 0077, 0777}) {
    const mode_t before = ::umask(umask);
    for (const mode_t mode : {0600, 0660, 0666, 0777, 0000}) {
      const auto file = opened(mode);
      struct stat found {};
      EXPECT_EQ(::lstat(path().c_str(), &found), 0);
      EXPECT_EQ(found.st_mode & 07777, mode);
    }
    ::umask(before);
  }
}

TEST_F(UnixSocketFileTest, StaleOneIsReplaced) {
  leave_stale_socket();
  const auto file = opened();
  EXPECT_EQ(connect(), 0);
}

TEST_F(UnixSocketFileTest, ServedOneIsLeftAlone) {
  const auto first = opened();
  EXPECT_THAT(error(path()), HasSubstr("unix:" + path() + ": another process listens there"));
  EXPECT_EQ(connect(), 0);
}

// A client's connect() would wait, if it could.
TEST_F(UnixSocketFileTest, ServedOneWithAFullQueueIsLeftAlone) {
  const int busy = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path().c_str());
  ASSERT_EQ(::bind(busy, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(busy, 0), 0);
  ASSERT_EQ(connect(), 0);
  EXPECT_THAT(error(path()), HasSubstr("another process listens there"));
  ::close(busy);
}

TEST_F(UnixSocketFileTest, WhatIsNoSocketIsLeftAlone) {
  std::ofstream(path()) << "precious";
  EXPECT_THAT(error(path()), HasSubstr("there is something that is no socket"));
  EXPECT_EQ(std::filesystem::file_size(path()), 8u);
  std::filesystem::create_directory(path("d"));
  EXPECT_THAT(error(path("d")), HasSubstr("there is something that is no socket"));
  // Not even a symbolic link to a socket.
  std::filesystem::create_symlink(path("nowhere"), path("l"));
  EXPECT_THAT(error(path("l")), HasSubstr("there is something that is no socket"));
}

TEST_F(UnixSocketFileTest, AnotherOfItsNameIsNotRemoved) {
  const auto first = opened();
  ASSERT_EQ(::unlink(path().c_str()), 0);
  const auto second = opened();
  first->remove();
  EXPECT_EQ(connect(), 0);
}

TEST_F(UnixSocketFileTest, LongestPath) {
  const std::string longest = path(std::string(107 - path("").size(), 'x'));
  ASSERT_EQ(longest.size(), 107u);
  EXPECT_EQ(error(longest), "opened");
  EXPECT_EQ(error(longest + "x"),
            "listeners.unix.path: longer than 107 bytes, which is all that the system takes");
}

TEST_F(UnixSocketFileTest, WhatIsNoPathIsRefused) {
  EXPECT_EQ(error(""), "listeners.unix.path: that is no path");
  EXPECT_EQ(error(std::string("/tmp/a\0b", 8)), "listeners.unix.path: that is no path");
  EXPECT_THAT(error(path("no/such/folder")),
              HasSubstr("its folder cannot be locked: No such file or directory"));
}

TEST_F(UnixSocketFileTest, WaitsForAnotherThatLooksAtTheFolder) {
  const int folder = ::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(folder, LOCK_EX), 0);
  EXPECT_THAT(error(path()), HasSubstr("its folder cannot be locked"));
  ::close(folder);
  EXPECT_EQ(error(path()), "opened");
}

TEST_F(UnixSocketFileTest, RemovingTwiceIsHarmless) {
  const auto file = opened();
  file->remove();
  EXPECT_FALSE(std::filesystem::exists(path()));
  const auto next = opened();
  file->remove();
  EXPECT_EQ(connect(), 0);
}

}  // namespace
}  // namespace harrier::server
