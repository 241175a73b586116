// One attempt to log in with a password that the client has sent.
//
// Role:   what PLAIN and AMQPLAIN do once they know user and password.
// Model:  remembered as right → accepted; else perhaps wait (LoginThrottle); then check: at once if
//         the password is stored in a quick form, on another thread if not. An unknown user costs
//         what a wrong password costs: while any password is stored in the slow form, all do.
//         A right password in a form that should be replaced is accepted and hashed afterwards.
// Thread: confined to its connection's loop.
#pragma once

#include <memory>
#include <string>

#include "auth/authenticator.h"
#include "auth/login_rules.h"
#include "auth/secret.h"

namespace harrier::auth {

class PasswordLogin {
 public:
  // REQUIRES that `rules` outlives it and the work it hands out.
  PasswordLogin(LoginRules& rules, Peer peer) : rules_(rules), peer_(std::move(peer)) {}
  PasswordLogin(const PasswordLogin&) = delete;
  PasswordLogin& operator=(const PasswordLogin&) = delete;
  ~PasswordLogin();

  // Once.
  SaslOutcome start(base::Bytes user, base::Bytes password, base::MonotonicTime now);
  SaslOutcome resume(bool ran, base::MonotonicTime now);

 private:
  struct Job;

  SaslOutcome check(base::MonotonicTime now);
  SaslOutcome check_elsewhere();
  SaslOutcome decide(bool right, base::MonotonicTime now);
  // Empty if there is nothing to do.
  SaslOutcome::Work replacement_of(const User& user);

  LoginRules& rules_;
  const Peer peer_;
  std::string name_;
  Secret password_;
  // nullptr: unknown.
  std::shared_ptr<const User> user_;
  std::shared_ptr<Job> job_;
};

}  // namespace harrier::auth
