#include "journal/directory_lock.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"

namespace harrier::journal {
namespace {

std::string holder_of(int descriptor) {
  char text[128];
  const ssize_t got = ::pread(descriptor, text, sizeof text, 0);
  std::string holder(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!holder.empty() && holder.back() == '\n')
    holder.pop_back();
  for (char& c : holder)
    if (c == '\n') c = ' ';
  return holder.empty() ? "an unknown process" : holder;
}

}  // namespace

base::Result<DirectoryLock, LockError> DirectoryLock::take(const std::string& directory) {
  std::string path = directory + "/LOCK";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return base::fail(
        LockError{false, "open " + path + ": " + std::generic_category().message(errno)});
  int result = ::flock(descriptor, LOCK_EX | LOCK_NB);
  while (result != 0 && errno == EINTR)
    result = ::flock(descriptor, LOCK_EX | LOCK_NB);
  if (result == 0) return DirectoryLock(descriptor, std::move(path));
  const int code = errno;
  LockError error{code == EWOULDBLOCK,
                  "flock " + path + ": " + std::generic_category().message(code)};
  if (error.held)
    error.message = directory + " is in use by another HarrierMQ: " + path + " is held by " +
                    holder_of(descriptor);
  ::close(descriptor);
  return base::fail(std::move(error));
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

void DirectoryLock::note(const std::string& node_uuid) const {
  const std::string text = "pid " + std::to_string(::getpid()) + "\nnode " + node_uuid + "\n";
  if (::ftruncate(descriptor_, 0) == 0 &&
      ::pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()))
    return;
  base::log_warning("journal", "could not write down who holds the lock",
                    {{"file", path_}, {"error", std::generic_category().message(errno)}});
}

}  // namespace harrier::journal
