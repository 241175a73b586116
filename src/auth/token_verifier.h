// Whether a JSON Web Token is to be believed.
//
// Role:   called on threads of PasswordWorkers, never on a loop: a signature takes 20 µs to 1 ms.
// Model:  size → shape → header (a known algorithm of the policy, no extension that must be
//         understood) → a key of the set that fits it → signature → claims. Nothing of a token is
//         used before the step that makes it trustworthy, beside algorithm and key's name, which
//         choose among our own keys.
// Thread: immutable.
// Spec:   RFC 7515, RFC 7519, RFC 8725.
#pragma once

#include <string>
#include <utility>

#include "auth/token_claims.h"
#include "auth/token_keys.h"
#include "auth/token_policy.h"
#include "base/bytes.h"

namespace harrier::auth {

// What looking at a token came to.
struct TokenFinding {
  enum class Kind : std::uint8_t {
    kGood,        // `claims` hold
    kBad,         // `reason`, for the log
    kUnknownKey,  // signed with a key that is not in the set: newer keys might have it
  };

  Kind kind = Kind::kBad;
  TokenClaims claims;
  std::string reason;
};

class TokenVerifier {
 public:
  explicit TokenVerifier(TokenPolicy policy) : policy_(std::move(policy)) {}

  const TokenPolicy& policy() const { return policy_; }
  // Whether a secret is to be taken for a token: three parts of base64url.
  static bool is_token(base::Bytes secret);
  TokenFinding verify(base::Bytes token, const TokenKeys& keys, base::WallTime now) const;

 private:
  const TokenPolicy policy_;
};

}  // namespace harrier::auth
