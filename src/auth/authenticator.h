// Who a client is: the port through which a connection asks, and the conversation it takes.
//
// Role:   session runs the conversation (connection.start-ok, then secure and secure-ok as often as
//         needed); implementations decide. What an Identity may do is decided in broker.
// Model:  begin() → step(response) → challenge → step(response) → … → accepted, refused or
//         malformed. After one of the last three the exchange is over. Instead of any of these a
//         step may answer with work for another thread, or with a time to wait for; resume() then
//         goes on, when the work is done or the time has come.
// Thread: an exchange is confined to its connection's loop; the work it hands out is not, and does
//         not refer to it. An Authenticator says for itself.
// Time:   takes now.
// Spec:   AMQP 0-9-1 connection.start-ok, secure, secure-ok; RFC 4422 section 3.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace harrier::auth {

// Who a client's certificate says it is; only for one that was verified.
struct PeerCertificate {
  std::string subject_dn;   // RFC 4514, as RabbitMQ shows it: "CN=x,O=y"
  std::string common_name;  // empty unless there is exactly one
  std::vector<std::string> dns_names;
  std::vector<std::string> emails;
  std::vector<std::string> uris;
};

// The other end of a connection.
struct Peer {
  // Of IP, or "unix:uid=1000": whose process it is. Throttling goes by it.
  std::string address;
  std::uint16_t port = 0;
  // The address belongs to this machine.
  bool loopback = false;
  bool encrypted = false;                                // by TLS
  std::shared_ptr<const PeerCertificate> certificate{};  // of TLS, if it was verified
  // With a Unix domain socket, the process that connected.
  std::optional<std::int32_t> process{};

  // "127.0.0.1:4711", "[::1]:4711", "unix:uid=1000,pid=4711".
  std::string display() const;
};

// What a token gave its bearer, for as long as it holds.
struct TokenRights {
  // Without the prefix of the resource server; broker/token_grant.h says what they mean.
  std::vector<std::string> scopes;
  base::MonotonicTime expires = base::kNever;
};

struct Identity {
  std::string user;
  std::vector<std::string> tags;
  // nullptr for a user whom the node knows itself.
  std::shared_ptr<const TokenRights> token{};
};

// What one step of a conversation comes to.
struct SaslOutcome {
  enum class Kind : std::uint8_t {
    kChallenge,  // `challenge` must be answered
    kAccepted,   // the client is `identity`
    kRefused,    // `reason` is for the log, with the user asked for in `identity`; the client
                 // learns only that it was refused
    kMalformed,  // no response of this mechanism; `reason` may be told, it repeats no secret
    kWork,       // `work` is to be run on another thread, then resume()
    kWait,       // resume() at `until`
  };
  // Runs on any thread, even after its exchange is gone.
  using Work = std::function<void()>;

  Kind kind = Kind::kRefused;
  std::string challenge;
  Identity identity;
  std::string reason;
  // With kAccepted: to be run on another thread some time, and nobody waits for it. May be empty.
  Work work = {};
  base::MonotonicTime until = {};

  static SaslOutcome challenged(std::string challenge) {
    return {Kind::kChallenge, std::move(challenge), {}, {}};
  }
  static SaslOutcome accepted(Identity identity) {
    return {Kind::kAccepted, {}, std::move(identity), {}};
  }
  static SaslOutcome refused(std::string reason) {
    return {Kind::kRefused, {}, {}, std::move(reason)};
  }
  static SaslOutcome malformed(std::string reason) {
    return {Kind::kMalformed, {}, {}, std::move(reason)};
  }
  static SaslOutcome working(Work work) { return {Kind::kWork, {}, {}, {}, std::move(work), {}}; }
  static SaslOutcome waiting(base::MonotonicTime until) {
    return {Kind::kWait, {}, {}, {}, {}, until};
  }
};

// One conversation.
class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  // REQUIRES that no earlier step ended the exchange or waits for resume(). `response` is read
  // during the call only.
  virtual SaslOutcome step(base::Bytes response, base::MonotonicTime now) = 0;
  // REQUIRES that the last answer was kWork or kWait. `ran` is false if nobody could run the work.
  virtual SaslOutcome resume(bool ran, base::MonotonicTime now) = 0;
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Names in the order in which they are offered to `peer`.
  virtual std::vector<std::string> mechanisms(const Peer& peer) const = 0;
  // nullptr: `peer` is offered no mechanism of that name. The exchange must not outlive the
  // authenticator.
  virtual std::unique_ptr<SaslExchange> begin(base::Bytes mechanism, const Peer& peer) const = 0;
  // For one who is `user` by a token: an exchange of one step, the new token, as begin() otherwise.
  // nullptr: nobody can.
  virtual std::unique_ptr<SaslExchange> renew(const std::string& user, const Peer& peer) const = 0;
};

}  // namespace harrier::auth
