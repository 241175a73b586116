#include "app/notify_socket.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include <sys/time.h>
#include <unistd.h>

namespace harrier::app {

base::Result<NotifySocket> NotifySocket::open(std::string_view address) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool abstract = address.starts_with('@');
  // A path ends with a zero byte, an abstract name where its size says.
  const std::size_t most = sizeof to.sun_path - (abstract ? 0 : 1);
  if (!(abstract || address.starts_with('/')) || address.size() < 2 || address.size() > most)
    return base::fail("NOTIFY_SOCKET: '" + std::string(address) +
                      "' is neither a path nor an abstract name");
  std::memcpy(to.sun_path, address.data(), address.size());
  if (abstract) to.sun_path[0] = '\0';
  const std::size_t size = offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1);
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return base::fail(std::string("NOTIFY_SOCKET: no socket: ") + std::strerror(errno));
  const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return NotifySocket(descriptor, to, static_cast<socklen_t>(size));
}

NotifySocket::NotifySocket(NotifySocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), to_(other.to_), to_size_(other.to_size_) {}

NotifySocket::~NotifySocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Status<> NotifySocket::send(std::string_view state) const {
  const void* const address = &to_;
  const ssize_t sent = ::sendto(descriptor_, state.data(), state.size(), MSG_NOSIGNAL,
                                static_cast<const sockaddr*>(address), to_size_);
  if (sent == static_cast<ssize_t>(state.size())) return base::Done();
  return base::fail(std::string("the service manager is not told: ") + std::strerror(errno));
}

}  // namespace harrier::app
