// Who asks: every command carries an Actor, and broker decides what it may do.
//
// Role:   made on the I/O loop when authentication ends, or by the broker for its own work.
// Thread: immutable value.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace harrier::broker {

class TokenGrant;

struct Actor {
  std::string user;
  std::vector<std::string> tags;
  std::string protocol = "AMQP 0-9-1";
  // "127.0.0.1:4711", for logs and audit.
  std::string peer;
  // Of one that logged in with a token: what it may do, whatever the rules say of its name.
  std::shared_ptr<const TokenGrant> grant{};

  bool has_tag(const std::string& tag) const {
    for (const std::string& own : tags)
      if (own == tag) return true;
    return false;
  }
};

}  // namespace harrier::broker
