// Logins by where they came from: how often each address tried to be which user, and how often it
// was.
//
// Role:   made by Node with auth.track_attempt_source; each login is told to it, by AMQP and by
//         HTTP. Management and metrics read it.
// Thread: synchronized by mutex_ (once a login).
// Limits: sources_max = auth.attempt_sources_max rows. A login that would need one more counts in a
//         row of its protocol without address and user, until somebody forgets all of them: who
//         sends invented names can fill the table, and cannot push others out. Names are cut to
//         kNameMax bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"

namespace harrier::server {

struct LoginSource {
  std::string address;  // both are empty in the row of what does not fit
  std::string user;
  std::string protocol;  // "amqp091", "http"
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
};

class LoginSources {
 public:
  // What a short string holds.
  static constexpr std::size_t kNameMax = 255;

  explicit LoginSources(std::size_t sources_max) : sources_max_(sources_max) {}

  // `user` as the client gave it.
  void note(const auth::Peer& peer, std::string_view user, std::string_view protocol,
            bool accepted);
  // In the order of address, user and protocol.
  std::vector<LoginSource> list() const;
  void forget();

 private:
  struct Key {
    std::string address;
    std::string user;
    std::string protocol;
    auto operator<=>(const Key&) const = default;
  };
  struct Counts {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
  };

  const std::size_t sources_max_;
  mutable std::mutex mutex_;
  std::map<Key, Counts> sources_;
  std::map<std::string, Counts> rest_;  // by protocol
};

}  // namespace harrier::server
