// OAUTHBEARER: one response, a token that says who its bearer is.
//
// Model:  "n,", perhaps "a=" and a name, ",", then fields "key=value", each with ^A in front, of
//         which "auth=Bearer " and the token is the one that counts, and two ^A at the end. A name
//         must be the token's. A refusal comes at once, without RFC 7628's message of failure: AMQP
//         has its own way to tell.
// Thread: confined to its connection's loop.
// Spec:   RFC 7628 section 3.1; RFC 5801 section 4 for the first part.
#pragma once

#include <string>

#include "auth/token_login.h"

namespace harrier::auth {

class SaslOauthbearer final : public SaslExchange {
 public:
  static constexpr base::Bytes kName = "OAUTHBEARER";

  // REQUIRES rules.tokens(), and that `rules` outlives it and the work it hands out.
  SaslOauthbearer(LoginRules& rules, const Peer& peer)
      : rules_(rules), peer_(peer), login_(rules, peer) {}

  SaslOutcome step(base::Bytes response, base::MonotonicTime now) override;
  SaslOutcome resume(bool ran, base::MonotonicTime now) override;

 private:
  SaslOutcome of_the_name(SaslOutcome outcome);

  LoginRules& rules_;
  const Peer peer_;
  std::string name_;  // that the client asks for; empty: the token's
  TokenLogin login_;
};

}  // namespace harrier::auth
