// Who may connect: counts the connections of the node and of each address, and those of them that
// have not said who they are.
//
// Role:   the listener asks before it hands a socket to a loop; connections report when a proxy has
//         named their client, when they are open and when they are gone.
// Model:  an address is the client's as text; an empty one is nobody's: such connections count in
//         all, and for no address.
// Thread: synchronized by mutex_ (a few calls per connection's life).
// Limits: AcceptLimitOptions; the outcome is a refusal, which the listener logs and closes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "harrier/options.h"

namespace harrier::server {

class Admission {
 public:
  explicit Admission(const AcceptLimitOptions& limits) : limits_(limits) {}

  // Empty: admitted and counted as unauthenticated. Otherwise why not, for the log.
  std::string_view admit(const std::string& address);
  // Counted by admit() for nobody's address and now known to come from `address`. Empty: counted
  // for it from here on. Otherwise why not, and it stays nobody's.
  std::string_view assign(const std::string& address);
  // Counted by admit() and now past connection.open.
  void authenticated(const std::string& address);
  // Counted by admit() and now closed.
  void gone(const std::string& address, bool was_authenticated);

  // For whoever comes from now on; nobody who is here is sent away.
  void set_limits(const AcceptLimitOptions& limits);

  std::uint32_t connections() const;
  // Waits until all have gone; false at the deadline. Never called by a loop.
  bool wait_until_none(std::chrono::steady_clock::time_point deadline) const;

 private:
  struct Counts {
    std::uint32_t connections = 0;
    std::uint32_t unauthenticated = 0;
  };

  std::string_view count_for(const std::string& address);
  void forget_unauthenticated(const std::string& address);

  mutable std::mutex mutex_;
  mutable std::condition_variable none_;
  AcceptLimitOptions limits_;
  std::uint32_t connections_ = 0;
  std::uint32_t unauthenticated_ = 0;
  // An entry lasts as long as its last connection.
  std::unordered_map<std::string, Counts> by_address_;
};

}  // namespace harrier::server
