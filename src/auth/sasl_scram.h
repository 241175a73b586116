// SCRAM-SHA-256 and SCRAM-SHA-512: the client proves that it knows the password, and the broker
// that it knows the user, without sending it.
//
// Model:  client-first → server-first (challenge) → client-final → server-final (challenge, since
//         AMQP's tune has no room for it) → an empty response → accepted.
//         A user whose password stands in clear in the configuration has no keys before the first
//         such login: they are made then, on another thread, and kept. Of a hash of RabbitMQ's none
//         can be made before PLAIN has shown the password. A user without keys, like one that does
//         not exist, gets a salt that stays the same, and is refused with its proof.
// Thread: confined to its connection's loop.
// Spec:   RFC 5802, RFC 7677. Names and passwords are compared as bytes: no SASLprep. Channel
//         binding is not offered.
#pragma once

#include <memory>
#include <string>

#include "auth/authenticator.h"
#include "auth/login_rules.h"
#include "auth/scram_messages.h"

namespace harrier::auth {

class SaslScram final : public SaslExchange {
 public:
  static constexpr base::Bytes kSha256 = "SCRAM-SHA-256";
  static constexpr base::Bytes kSha512 = "SCRAM-SHA-512";

  // REQUIRES that `rules` outlives it and the work it hands out. `nonce`: the broker's half.
  SaslScram(DigestKind kind, LoginRules& rules, Peer peer, std::string nonce)
      : kind_(kind), rules_(rules), peer_(std::move(peer)), nonce_(std::move(nonce)) {}

  SaslOutcome step(base::Bytes response, base::MonotonicTime now) override;
  SaslOutcome resume(bool ran, base::MonotonicTime now) override;

 private:
  enum class Awaits : std::uint8_t { kFirst, kTime, kKeys, kFinal, kEnd };

  SaslOutcome take_first(base::Bytes message, base::MonotonicTime now);
  SaslOutcome find_keys();
  SaslOutcome make_keys(const User& user);
  SaslOutcome challenge();
  SaslOutcome take_final(base::Bytes message, base::MonotonicTime now);

  const DigestKind kind_;
  LoginRules& rules_;
  const Peer peer_;
  std::string nonce_;  // after the first message with the client's in front
  Awaits awaits_ = Awaits::kFirst;
  ScramFirst first_;
  std::string server_first_;
  // nullptr: unknown, or without keys.
  std::shared_ptr<const User> user_;
};

}  // namespace harrier::auth
