// What a token says, read and checked against the policy.
//
// Role:   made by TokenVerifier of a payload whose signature is right.
// Thread: immutable value.
// Errors: parse() says in words for the log what is missing or wrong; it repeats no claim.
// Limits: TokenPolicy::kScopesMax, kScopeBytesMax, kJsonDepthMax; a user's name has 255 octets.
// Spec:   RFC 7519 section 4.1; docs/operations/oauth2.md.
#pragma once

#include <string>
#include <vector>

#include "auth/token_policy.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace harrier::auth {

struct TokenClaims {
  static constexpr std::size_t kUserSizeMax = 255;

  std::string user;
  // Of scopes tag:<name>.
  std::vector<std::string> tags;
  // Without their prefix, aliases resolved and {claim} replaced by the claim's text; sorted, each
  // once. What they mean, and {vhost}, is decided in broker.
  std::vector<std::string> scopes;
  // The clock skew is added already.
  base::WallTime expires;

  static base::Result<TokenClaims> parse(base::Bytes payload, const TokenPolicy& policy,
                                         base::WallTime now);
};

}  // namespace harrier::auth
