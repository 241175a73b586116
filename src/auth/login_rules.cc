#include "auth/login_rules.h"

#include <utility>

#include "auth/digest.h"
#include "base/log.h"
#include "base/utf8.h"

namespace harrier::auth {
namespace {

// A name in the log is as long as one of AMQP's short strings at most.
constexpr std::size_t kNameMax = 255;

std::string key_from(base::RandomSource& random) { return random.token() + random.token(); }

}  // namespace

LoginRules::LoginRules(std::unique_ptr<UserDirectory> users, const LoginPolicy& policy,
                       std::unique_ptr<base::RandomSource> random,
                       std::unique_ptr<TokenRules> tokens)
    : policy_(policy),
      users_(std::move(users)),
      tokens_(std::move(tokens)),
      random_(std::move(random)),
      nobodys_key_(key_from(*random_)),
      cache_(policy.cache, key_from(*random_)),
      throttle_(policy.throttle, key_from(*random_)),
      plain_without_tls_(policy.plain_without_tls) {}

void LoginRules::change_policy(const LoginPolicy& policy) {
  cache_.set_limits(policy.cache);
  throttle_.set_limits(policy.throttle);
  plain_without_tls_.store(policy.plain_without_tls, std::memory_order_relaxed);
}

HashSalts LoginRules::draw_salts() {
  const std::lock_guard lock(mutex_);
  return HashSalts::draw(*random_);
}

std::string LoginRules::draw_nonce() {
  const std::lock_guard lock(mutex_);
  return random_->token();
}

std::string LoginRules::salt_of_nobody(base::Bytes user) const {
  return hmac(DigestKind::kSha256, nobodys_key_, user).substr(0, ScramKeys::kSaltSize);
}

SaslOutcome LoginRules::allow(const User& user, const Peer& peer) {
  // Asked after the proof, so that a stranger learns nothing about names.
  if (user.loopback_only && !peer.loopback)
    return refuse(user.name, peer, "user can only connect via localhost");
  return SaslOutcome::accepted({user.name, user.tags});
}

std::optional<SaslOutcome> LoginRules::delay(base::Bytes user, const Peer& peer,
                                             base::MonotonicTime now) {
  const base::MonotonicTime until = throttle_.wait_until(peer.address, user, now);
  if (until <= now) return std::nullopt;
  counters_.throttled.fetch_add(1, std::memory_order_relaxed);
  return SaslOutcome::waiting(until);
}

SaslOutcome LoginRules::refuse_unchecked(base::Bytes user, const Peer& peer) {
  return refuse(user, peer, "too many passwords wait to be checked");
}

SaslOutcome LoginRules::refuse_changed(base::Bytes user, const Peer& peer) {
  return refuse(user, peer, "the user was changed meanwhile");
}

SaslOutcome LoginRules::refuse_guess(base::Bytes user, const Peer& peer, base::MonotonicTime now) {
  throttle_.note_failure(peer.address, user, now);
  return refuse(user, peer, "invalid credentials");
}

SaslOutcome LoginRules::refuse(base::Bytes user, const Peer& peer, std::string reason) {
  std::string name(base::cut_text(user, kNameMax));
  base::log_warning("connection", "login refused: " + reason,
                    {{"user", name}, {"peer", peer.display()}});
  SaslOutcome outcome = SaslOutcome::refused(std::move(reason));
  outcome.identity.user = std::move(name);
  return outcome;
}

void LoginRules::warn_of_clear_passwords(const Peer& peer) {
  if (peer.encrypted || peer.loopback || warned_.exchange(true)) return;
  base::log_warning("connection",
                    "passwords come in clear over the network: use TLS or SCRAM, and set "
                    "auth.plain_without_tls to false; told once",
                    {{"peer", peer.display()}});
}

}  // namespace harrier::auth
