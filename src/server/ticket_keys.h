// What session tickets are encrypted with: keys that last as long as the tickets, and no longer.
//
// Role:   TlsContext has one; OpenSSL asks through it in handshakes. Without it OpenSSL would use
//         one key for as long as the process runs, and who learns that key could read all of it.
// Model:  current, made new every kLifetime when somebody asks; previous, which opens tickets but
//         makes none; older ones are forgotten.
// Thread: synchronized by mutex_ (a few calls per handshake).
// Time:   takes now.
// Spec:   RFC 5077 section 5.5.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/time.h"

struct ssl_ctx_st;
struct ssl_st;

namespace harrier::server {

class TicketKeys {
 public:
  static constexpr std::chrono::hours kLifetime{1};

  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
  };
  struct Found {
    Key key;
    bool is_current = false;
  };

  // What a handshake comes with: whose keys, and when.
  struct Visit {
    TicketKeys& keys;
    base::MonotonicTime now{};
  };

  // Has tickets of this context's sessions encrypted with the keys of their visits.
  static void serve(ssl_ctx_st& context);
  // REQUIRES that `visit` outlives `session`, and its `now` is right in each call of OpenSSL.
  static void attach(ssl_st& session, Visit& visit);

  // For a new ticket. nullopt: there is no randomness to be had.
  std::optional<Key> current(base::MonotonicTime now);
  // For a ticket that names its key.
  std::optional<Found> find(std::string_view name, base::MonotonicTime now);

 private:
  bool renew(base::MonotonicTime now);

  std::mutex mutex_;
  std::optional<Key> current_;
  std::optional<Key> previous_;
  base::MonotonicTime made_{};
};

}  // namespace harrier::server
