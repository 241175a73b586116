// What all mechanisms share: the users, what was seen of them lately, and how strict to be.
//
// Role:   owned by InternalAuthenticator, used by its exchanges; the work they hand to other
//         threads uses users() only.
// Model:  the way of an attempt: PasswordCache → LoginThrottle → the check itself → allow() or
//         refuse(), which write the log line and tell cache and throttle.
// Thread: synchronized; random_ is guarded by mutex_.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "auth/authenticator.h"
#include "auth/login_throttle.h"
#include "auth/password_cache.h"
#include "auth/token_rules.h"
#include "auth/user_directory.h"
#include "base/random.h"

namespace harrier::auth {

// Where EXTERNAL finds the user's name.
enum class ExternalName : std::uint8_t {
  kDistinguishedName,
  kCommonName,
  kSanDns,
  kSanEmail,
  kSanUri,
};

struct LoginPolicy {
  HashCost cost;
  PasswordCache::Limits cache;
  LoginThrottle::Limits throttle;
  // PLAIN and AMQPLAIN for connections that others can listen to.
  bool plain_without_tls = true;
  ExternalName external_name = ExternalName::kDistinguishedName;
};

// For metrics; any thread reads and writes.
struct LoginCounters {
  std::atomic<std::uint64_t> cache_hits{0};
  std::atomic<std::uint64_t> throttled{0};
  std::atomic<std::uint64_t> passwords_hashed{0};  // slowly
  std::atomic<std::uint64_t> tokens_accepted{0};
  std::atomic<std::uint64_t> tokens_refused{0};
};

class LoginRules {
 public:
  // `tokens`: nullptr if none are taken.
  LoginRules(std::unique_ptr<UserDirectory> users, const LoginPolicy& policy,
             std::unique_ptr<base::RandomSource> random,
             std::unique_ptr<TokenRules> tokens = nullptr);

  // What it began with; change_policy() has changed some of it.
  const LoginPolicy& policy() const { return policy_; }
  bool plain_without_tls() const { return plain_without_tls_.load(std::memory_order_relaxed); }
  // Takes cache, throttle and plain_without_tls, for attempts that begin from now on.
  void change_policy(const LoginPolicy& policy);
  UserDirectory& users() { return *users_; }
  TokenRules* tokens() { return tokens_.get(); }
  PasswordCache& cache() { return cache_; }
  LoginThrottle& throttle() { return throttle_; }
  LoginCounters& counters() { return counters_; }
  HashSalts draw_salts();
  // 22 characters, for SCRAM.
  std::string draw_nonce();
  // The same salt for the same name, as long as this process runs: a stranger sees no difference
  // between it and that of a user.
  std::string salt_of_nobody(base::Bytes user) const;

  // `user` has shown that it is itself; it may still come from too far.
  SaslOutcome allow(const User& user, const Peer& peer);
  // The wait that this attempt has before it; nullopt: it is looked at now.
  std::optional<SaslOutcome> delay(base::Bytes user, const Peer& peer, base::MonotonicTime now);
  // No thread has looked at it. Nothing was learned about the password, so that it is no failure of
  // the client's.
  SaslOutcome refuse_unchecked(base::Bytes user, const Peer& peer);
  // The user is no longer the one that the attempt began with.
  SaslOutcome refuse_changed(base::Bytes user, const Peer& peer);
  // A guess that was wrong.
  SaslOutcome refuse_guess(base::Bytes user, const Peer& peer, base::MonotonicTime now);
  SaslOutcome refuse(base::Bytes user, const Peer& peer, std::string reason);
  // Once in the life of the process.
  void warn_of_clear_passwords(const Peer& peer);

 private:
  const LoginPolicy policy_;
  const std::unique_ptr<UserDirectory> users_;
  const std::unique_ptr<TokenRules> tokens_;
  std::mutex mutex_;
  const std::unique_ptr<base::RandomSource> random_;
  const std::string nobodys_key_;
  PasswordCache cache_;
  LoginThrottle throttle_;
  LoginCounters counters_;
  std::atomic<bool> warned_{false};
  std::atomic<bool> plain_without_tls_;
};

}  // namespace harrier::auth
