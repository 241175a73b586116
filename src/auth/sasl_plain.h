// SASL PLAIN: one response, NUL user NUL password.
//
// Model:  as RabbitMQ, which knows no authorization identity: the response starts with NUL.
// Thread: confined to its connection's loop.
// Spec:   RFC 4616.
#pragma once

#include "auth/password_check.h"

namespace harrier::auth {

class SaslPlain final : public SaslExchange {
 public:
  static constexpr base::Bytes kName = "PLAIN";

  SaslPlain(const PasswordCheck& passwords, Peer peer)
      : passwords_(passwords), peer_(std::move(peer)) {}

  SaslOutcome step(base::Bytes response) override;

 private:
  const PasswordCheck& passwords_;
  const Peer peer_;
};

}  // namespace harrier::auth
