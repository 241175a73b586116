#include "auth/internal_authenticator.h"

#include <utility>

#include "auth/sasl_amqplain.h"
#include "auth/sasl_external.h"
#include "auth/sasl_oauthbearer.h"
#include "auth/sasl_plain.h"
#include "auth/sasl_scram.h"
#include "auth/token_login.h"
#include "auth/token_rules.h"

namespace harrier::auth {

InternalAuthenticator::InternalAuthenticator(std::unique_ptr<UserDirectory> users,
                                             const LoginPolicy& policy,
                                             std::unique_ptr<TokenRules> tokens)
    : InternalAuthenticator(std::move(users), policy, std::make_unique<base::SecureRandom>(),
                            std::move(tokens)) {}

InternalAuthenticator::InternalAuthenticator(std::unique_ptr<UserDirectory> users,
                                             const LoginPolicy& policy,
                                             std::unique_ptr<base::RandomSource> random,
                                             std::unique_ptr<TokenRules> tokens)
    : rules_(std::make_unique<LoginRules>(std::move(users), policy, std::move(random),
                                          std::move(tokens))) {}

// Nobody else can listen to what stays inside the machine.
bool InternalAuthenticator::takes_passwords_of(const Peer& peer) const {
  return rules_->plain_without_tls() || peer.encrypted || peer.loopback;
}

std::vector<std::string> InternalAuthenticator::mechanisms(const Peer& peer) const {
  std::vector<std::string> names;
  if (peer.certificate != nullptr) names.emplace_back(SaslExternal::kName);
  if (takes_passwords_of(peer)) {
    names.emplace_back(SaslPlain::kName);
    names.emplace_back(SaslAmqplain::kName);
  }
  names.emplace_back(SaslScram::kSha256);
  names.emplace_back(SaslScram::kSha512);
  if (takes_tokens_of(peer)) names.emplace_back(SaslOauthbearer::kName);
  return names;
}

std::unique_ptr<SaslExchange> InternalAuthenticator::begin(base::Bytes mechanism,
                                                           const Peer& peer) const {
  LoginRules& rules = *rules_;
  if (mechanism == SaslExternal::kName && peer.certificate != nullptr)
    return std::make_unique<SaslExternal>(rules, peer);
  if (mechanism == SaslScram::kSha256)
    return std::make_unique<SaslScram>(DigestKind::kSha256, rules, peer, rules.draw_nonce());
  if (mechanism == SaslScram::kSha512)
    return std::make_unique<SaslScram>(DigestKind::kSha512, rules, peer, rules.draw_nonce());
  if (!takes_passwords_of(peer)) return nullptr;
  if (mechanism == SaslPlain::kName) return std::make_unique<SaslPlain>(rules, peer);
  if (mechanism == SaslAmqplain::kName) return std::make_unique<SaslAmqplain>(rules, peer);
  if (mechanism == SaslOauthbearer::kName && takes_tokens_of(peer))
    return std::make_unique<SaslOauthbearer>(rules, peer);
  return nullptr;
}

std::unique_ptr<SaslExchange> InternalAuthenticator::renew(const std::string& user,
                                                           const Peer& peer) const {
  if (rules_->tokens() == nullptr) return nullptr;
  return std::make_unique<TokenRenewal>(*rules_, peer, user);
}

}  // namespace harrier::auth
