// What all logins by token share.
//
// Role:   owned by LoginRules, if tokens are taken at all.
// Thread: synchronized (its parts are); judge() from any thread, best not a loop's.
#pragma once

#include <memory>
#include <utility>

#include "auth/authenticator.h"
#include "auth/token_key_source.h"
#include "auth/token_verifier.h"
#include "base/clock.h"

namespace harrier::auth {

// What judging a token came to, with its end on the clock of deadlines.
struct TokenJudgement {
  TokenFinding::Kind kind = TokenFinding::Kind::kBad;
  Identity identity;
  std::string reason;
};

class TokenRules {
 public:
  // REQUIRES that `clock` outlives it.
  TokenRules(TokenPolicy policy, std::unique_ptr<TokenKeySource> keys, const base::Clock& clock)
      : verifier_(std::move(policy)), keys_(std::move(keys)), clock_(clock) {}

  const TokenPolicy& policy() const { return verifier_.policy(); }
  TokenKeySource& keys() { return *keys_; }
  TokenJudgement judge(base::Bytes token) const;

 private:
  const TokenVerifier verifier_;
  const std::unique_ptr<TokenKeySource> keys_;
  const base::Clock& clock_;
};

}  // namespace harrier::auth
