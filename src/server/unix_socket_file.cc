#include "server/unix_socket_file.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

namespace harrier::server {
namespace {

constexpr int kBacklog = 4096;

base::Failure<base::Error> failure(const std::string& path, const std::string& why) {
  return base::fail("cannot listen on unix:" + path + ": " + why);
}

base::Failure<base::Error> failure(const std::string& path) {
  return failure(path, std::strerror(errno));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int make_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

// Closes what it holds, and with it gives back its lock.
class Folder {
 public:
  explicit Folder(const std::string& file) {
    const std::string folder = std::filesystem::path(file).parent_path().string();
    descriptor_ = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  ~Folder() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // False: errno says why. Whoever has the lock holds it for some system calls; a stranger may
  // hold it for ever.
  bool lock() const {
    if (descriptor_ < 0) return false;
    constexpr int kPause_ms = 10;
    for (auto waited = base::Milliseconds(0);; waited += base::Milliseconds(kPause_ms)) {
      if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
      if (errno != EWOULDBLOCK || waited >= UnixSocketFile::kLockPatience) return false;
      ::poll(nullptr, 0, kPause_ms);
    }
  }

 private:
  int descriptor_ = -1;
};

}  // namespace

base::Result<std::unique_ptr<UnixSocketFile>> UnixSocketFile::open(const std::string& path,
                                                                   mode_t mode) {
  if (path.empty() || path.find('\0') != std::string::npos)
    return base::fail("listeners.unix.path: that is no path");
  if (path.size() > kPathBytesMax)
    return base::fail("listeners.unix.path: longer than " + std::to_string(kPathBytesMax) +
                      " bytes, which is all that the system takes");
  const Folder folder(path);
  if (!folder.lock()) {
    const std::string why = std::strerror(errno);
    return failure(path, "its folder cannot be locked: " + why);
  }
  std::unique_ptr<UnixSocketFile> file(new UnixSocketFile(path));
  if (auto cleared = file->clear_place(); !cleared) return base::fail(std::move(cleared).error());
  if (auto listening = file->listen(mode); !listening)
    return base::fail(std::move(listening).error());
  return file;
}

UnixSocketFile::~UnixSocketFile() {
  remove();
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Status<> UnixSocketFile::clear_place() const {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) != 0) {
    if (errno == ENOENT) return base::Done();
    return failure(path_);
  }
  if (!S_ISSOCK(found.st_mode)) return failure(path_, "there is something that is no socket");
  const int probe = make_socket();
  if (probe < 0) return failure(path_);
  const sockaddr_un address = address_of(path_);
  const int connected =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = connected == 0 ? 0 : errno;
  ::close(probe);
  // EAGAIN: there is a queue of clients before us.
  if (error == 0 || error == EAGAIN) return failure(path_, "another process listens there");
  if (error != ECONNREFUSED && error != ENOENT) return failure(path_, std::strerror(error));
  if (error == ECONNREFUSED && ::unlink(path_.c_str()) != 0 && errno != ENOENT)
    return failure(path_);
  return base::Done();
}

// Between bind() and listen() nobody can connect, and our own kind waits for the lock.
base::Status<> UnixSocketFile::listen(mode_t mode) {
  descriptor_ = make_socket();
  if (descriptor_ < 0) return failure(path_);
  const sockaddr_un address = address_of(path_);
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failure(path_);
  struct stat made {};
  if (::lstat(path_.c_str(), &made) != 0) return failure(path_);
  device_ = made.st_dev;
  inode_ = made.st_ino;
  made_ = true;
  if (::chmod(path_.c_str(), mode) != 0 || ::listen(descriptor_, kBacklog) != 0)
    return failure(path_);
  return base::Done();
}

int UnixSocketFile::take_descriptor() {
  CHECK(descriptor_ >= 0);
  return std::exchange(descriptor_, -1);
}

void UnixSocketFile::remove() {
  if (!std::exchange(made_, false)) return;
  struct stat found {};
  if (::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace harrier::server
