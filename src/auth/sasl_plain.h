// SASL PLAIN: one response, NUL user NUL password.
//
// Model:  as RabbitMQ, which knows no authorization identity: the response starts with NUL.
// Thread: confined to its connection's loop.
// Spec:   RFC 4616.
#pragma once

#include "auth/secret_login.h"

namespace harrier::auth {

class SaslPlain final : public SaslExchange {
 public:
  static constexpr base::Bytes kName = "PLAIN";

  SaslPlain(LoginRules& rules, const Peer& peer) : login_(rules, peer) {}

  SaslOutcome step(base::Bytes response, base::MonotonicTime now) override;
  SaslOutcome resume(bool ran, base::MonotonicTime now) override { return login_.resume(ran, now); }

 private:
  SecretLogin login_;
};

}  // namespace harrier::auth
