// Logins against the node's own users, by PLAIN or AMQPLAIN.
//
// Role:   made by server at start and shared by all loops. Writes one log line for each refusal,
//         without the password.
// Thread: immutable: any loop may call begin().
#pragma once

#include "auth/password_check.h"
#include "auth/user_directory.h"

namespace harrier::auth {

class InternalAuthenticator final : public Authenticator, private PasswordCheck {
 public:
  explicit InternalAuthenticator(UserDirectory users) : users_(std::move(users)) {}

  const UserDirectory& users() const { return users_; }

  std::vector<std::string> mechanisms() const override;
  std::unique_ptr<SaslExchange> begin(base::Bytes mechanism, const Peer& peer) const override;

 private:
  SaslOutcome check_password(base::Bytes user, base::Bytes password,
                             const Peer& peer) const override;

  const UserDirectory users_;
};

}  // namespace harrier::auth
