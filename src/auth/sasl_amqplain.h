// AMQPLAIN: one response, the contents of a field table with LOGIN and PASSWORD as long strings.
//
// Role:   the mechanism of old AMQP clients. The table is read here, without the codec, because
//         auth stands beside amqp and needs only to step over what it does not look for.
// Thread: confined to its connection's loop.
// Spec:   AMQP 0-9-1 section 4.2.5.5 for the table.
#pragma once

#include "auth/secret_login.h"

namespace harrier::auth {

class SaslAmqplain final : public SaslExchange {
 public:
  static constexpr base::Bytes kName = "AMQPLAIN";

  SaslAmqplain(LoginRules& rules, const Peer& peer) : login_(rules, peer) {}

  SaslOutcome step(base::Bytes response, base::MonotonicTime now) override;
  SaslOutcome resume(bool ran, base::MonotonicTime now) override { return login_.resume(ran, now); }

 private:
  SecretLogin login_;
};

}  // namespace harrier::auth
