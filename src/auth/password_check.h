// The port between a mechanism that transports passwords and whoever knows them.
//
// Thread: as its implementation.
#pragma once

#include "auth/authenticator.h"

namespace harrier::auth {

class PasswordCheck {
 public:
  // Accepted or refused.
  virtual SaslOutcome check_password(base::Bytes user, base::Bytes password,
                                     const Peer& peer) const = 0;

 protected:
  ~PasswordCheck() = default;
};

}  // namespace harrier::auth
