// One attempt to log in, or to renew a login, with a token.
//
// Model:  start() → work on another thread → accepted or refused. A token whose key is not known
//         waits, without holding a thread, until newer keys are there, and is looked at once more.
// Thread: confined to its connection's loop.
#pragma once

#include <memory>
#include <string>

#include "auth/authenticator.h"
#include "auth/login_rules.h"
#include "auth/secret.h"

namespace harrier::auth {

class TokenLogin {
 public:
  // How often it looks whether newer keys have come.
  static constexpr base::Milliseconds kLookAgain{50};

  // REQUIRES rules.tokens(), and that `rules` outlives it and the work it hands out.
  TokenLogin(LoginRules& rules, Peer peer) : rules_(rules), peer_(std::move(peer)) {}
  TokenLogin(const TokenLogin&) = delete;
  TokenLogin& operator=(const TokenLogin&) = delete;
  ~TokenLogin();

  // Once. `claimed`: the name that the client gave, for the log; the token's counts.
  SaslOutcome start(base::Bytes claimed, base::Bytes token);
  SaslOutcome resume(bool ran, base::MonotonicTime now);

 private:
  struct Job;

  SaslOutcome judge_elsewhere();
  SaslOutcome refuse(std::string reason);

  LoginRules& rules_;
  const Peer peer_;
  std::string name_;
  Secret token_;
  bool fetched_ = false;        // newer keys were asked for
  std::shared_ptr<Job> job_{};  // nullptr while it waits for keys
};

// connection.update-secret of a connection that logged in with a token: one step, the new token,
// which must be of the same user.
class TokenRenewal final : public SaslExchange {
 public:
  TokenRenewal(LoginRules& rules, const Peer& peer, std::string user)
      : rules_(rules), peer_(peer), user_(std::move(user)), login_(rules, peer) {}

  SaslOutcome step(base::Bytes response, base::MonotonicTime now) override;
  SaslOutcome resume(bool ran, base::MonotonicTime now) override;

 private:
  SaslOutcome of_the_same_user(SaslOutcome outcome);

  LoginRules& rules_;
  const Peer peer_;
  const std::string user_;
  TokenLogin login_;
};

}  // namespace harrier::auth
