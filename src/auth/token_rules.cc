#include "auth/token_rules.h"

namespace harrier::auth {

TokenJudgement TokenRules::judge(base::Bytes token) const {
  const base::Now now = clock_.now();
  TokenFinding finding = verifier_.verify(token, *keys_->current(), now.wall);
  TokenJudgement judgement{finding.kind, {}, std::move(finding.reason)};
  if (finding.kind != TokenFinding::Kind::kGood) return judgement;
  judgement.identity.user = std::move(finding.claims.user);
  judgement.identity.tags = std::move(finding.claims.tags);
  auto rights = std::make_shared<TokenRights>();
  rights->scopes = std::move(finding.claims.scopes);
  rights->expires = now.monotonic + (finding.claims.expires - now.wall);
  judgement.identity.token = std::move(rights);
  return judgement;
}

}  // namespace harrier::auth
