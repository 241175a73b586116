// EXTERNAL: the client is who its certificate says, which TLS has verified.
//
// Model:  one response: empty, or the name that the certificate gives. The name is compared whole
//         with users' names, never in part.
// Thread: confined to its connection's loop.
// Spec:   RFC 4422 appendix A.
#pragma once

#include "auth/authenticator.h"
#include "auth/login_rules.h"

namespace harrier::auth {

class SaslExternal final : public SaslExchange {
 public:
  static constexpr base::Bytes kName = "EXTERNAL";

  // REQUIRES peer.certificate, and that `rules` outlives it.
  SaslExternal(LoginRules& rules, Peer peer) : rules_(rules), peer_(std::move(peer)) {}

  // The user that `certificate` names; empty if it names none there. Of several alternative names
  // of a kind the first counts.
  static std::string name_in(const PeerCertificate& certificate, ExternalName from);

  SaslOutcome step(base::Bytes response, base::MonotonicTime now) override;
  SaslOutcome resume(bool ran, base::MonotonicTime now) override;

 private:
  LoginRules& rules_;
  const Peer peer_;
};

}  // namespace harrier::auth
