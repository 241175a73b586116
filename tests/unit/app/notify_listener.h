// A service manager's end of the notification socket.
//
// Thread: compatible.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace harrier::app::test {

class NotifyListener {
 public:
  // A path, or "@name".
  explicit NotifyListener(const std::string& address) {
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, address.data(), address.size());
    const bool abstract = address.starts_with('@');
    if (abstract) at.sun_path[0] = '\0';
    const std::size_t size = offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1);
    const void* const place = &at;
    EXPECT_EQ(
        ::bind(descriptor_, static_cast<const sockaddr*>(place), static_cast<socklen_t>(size)), 0)
        << address << ": " << std::strerror(errno);
  }
  ~NotifyListener() { ::close(descriptor_); }
  NotifyListener(const NotifyListener&) = delete;
  NotifyListener& operator=(const NotifyListener&) = delete;

  // The next message; empty if none comes within a minute.
  std::string next() const { return receive(60'000); }
  // What has come already.
  std::vector<std::string> come() const {
    std::vector<std::string> messages;
    for (std::string message = receive(0); !message.empty(); message = receive(0))
      messages.push_back(message);
    return messages;
  }

 private:
  std::string receive(int patience_ms) const {
    pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, patience_ms) != 1) return {};
    std::string message(4096, '\0');
    const ssize_t size = ::recv(descriptor_, message.data(), message.size(), 0);
    message.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return message;
  }

  int descriptor_ = -1;
};

}  // namespace harrier::app::test
