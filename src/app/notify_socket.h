// The socket on which a service manager hears of its service: sd_notify's protocol, one datagram of
// NAME=value lines for each message.
//
// Role:   made from the variable NOTIFY_SOCKET; ServiceReporter decides what is said.
// Thread: compatible.
// Errors: an address that is none, and what the system says.
// Spec:   sd_notify(3); ecosystem.md 4.3. Paths and abstract names ("@name"); no vsock.
#pragma once

#include <chrono>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

#include "base/result.h"

namespace harrier::app {

class NotifySocket {
 public:
  static constexpr std::chrono::seconds kPatience{5};

  static base::Result<NotifySocket> open(std::string_view address);
  ~NotifySocket();
  NotifySocket(NotifySocket&& other) noexcept;
  NotifySocket& operator=(NotifySocket&& other) = delete;

  // A reader that is behind is waited for, at most kPatience.
  base::Status<> send(std::string_view state) const;

 private:
  NotifySocket(int descriptor, const sockaddr_un& to, socklen_t to_size)
      : descriptor_(descriptor), to_(to), to_size_(to_size) {}

  int descriptor_;
  sockaddr_un to_;
  socklen_t to_size_;
};

}  // namespace harrier::app
