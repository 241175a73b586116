#include "auth/secret_login.h"

#include "auth/token_verifier.h"

namespace harrier::auth {

SaslOutcome SecretLogin::start(base::Bytes user, base::Bytes secret, base::MonotonicTime now) {
  by_token_ = rules_.tokens() != nullptr && TokenVerifier::is_token(secret);
  return by_token_ ? token_.start(user, secret) : password_.start(user, secret, now);
}

SaslOutcome SecretLogin::resume(bool ran, base::MonotonicTime now) {
  return by_token_ ? token_.resume(ran, now) : password_.resume(ran, now);
}

}  // namespace harrier::auth
