// Logins against the node's own users, and of whoever has a token.
//
// Role:   made by server at start and shared by all loops. Offers PLAIN and AMQPLAIN, which send a
//         password, SCRAM-SHA-256 and -512, which do not, and EXTERNAL to clients with a verified
//         certificate. With TokenRules a token may stand in the password's place, and OAUTHBEARER
//         is offered. Writes one log line for each refusal, without the password.
// Thread: synchronized (LoginRules): any loop may call anything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "auth/login_rules.h"

namespace harrier::auth {

class InternalAuthenticator final : public Authenticator {
 public:
  explicit InternalAuthenticator(std::unique_ptr<UserDirectory> users,
                                 const LoginPolicy& policy = {},
                                 std::unique_ptr<TokenRules> tokens = nullptr);
  InternalAuthenticator(std::unique_ptr<UserDirectory> users, const LoginPolicy& policy,
                        std::unique_ptr<base::RandomSource> random,
                        std::unique_ptr<TokenRules> tokens = nullptr);

  // To be called after each change of a user, so that nothing is remembered of it.
  void forget(base::Bytes user) { rules_->cache().drop(user); }
  // See LoginRules.
  void change_policy(const LoginPolicy& policy) { rules_->change_policy(policy); }
  UserDirectory& users() { return rules_->users(); }
  const LoginCounters& counters() const { return rules_->counters(); }

  std::vector<std::string> mechanisms(const Peer& peer) const override;
  std::unique_ptr<SaslExchange> begin(base::Bytes mechanism, const Peer& peer) const override;
  std::unique_ptr<SaslExchange> renew(const std::string& user, const Peer& peer) const override;

 private:
  bool takes_passwords_of(const Peer& peer) const;
  bool takes_tokens_of(const Peer& peer) const {
    return rules_->tokens() != nullptr && takes_passwords_of(peer);
  }

  const std::unique_ptr<LoginRules> rules_;
};

}  // namespace harrier::auth
