// One attempt to log in with a name and a secret that the client has sent.
//
// Role:   what PLAIN and AMQPLAIN do once they know both.
// Model:  if tokens are taken, a secret that has the shape of one is never tried as a password.
// Thread: confined to its connection's loop.
#pragma once

#include "auth/password_login.h"
#include "auth/token_login.h"

namespace harrier::auth {

class SecretLogin {
 public:
  // REQUIRES that `rules` outlives it and the work it hands out.
  SecretLogin(LoginRules& rules, const Peer& peer)
      : rules_(rules), password_(rules, peer), token_(rules, peer) {}

  // Once.
  SaslOutcome start(base::Bytes user, base::Bytes secret, base::MonotonicTime now);
  SaslOutcome resume(bool ran, base::MonotonicTime now);

 private:
  LoginRules& rules_;
  PasswordLogin password_;
  TokenLogin token_;
  bool by_token_ = false;
};

}  // namespace harrier::auth
