#include "auth/password_login.h"

#include <utility>

#include "auth/digest.h"

namespace harrier::auth {

// Shared with the thread that runs it.
struct PasswordLogin::Job {
  Secret password;
  std::shared_ptr<const User> user;
  HashCost cost;
  std::atomic<bool> abandoned{false};
  bool right = false;  // written by the work, read after it

  void run(LoginCounters& counters) {
    // The client has gone, or was too late.
    if (abandoned.load(std::memory_order_relaxed)) return;
    counters.passwords_hashed.fetch_add(1, std::memory_order_relaxed);
    if (user == nullptr || user->password.quick()) {
      pbkdf2(DigestKind::kSha256, password.bytes(), "nobody's salt...", cost.sha256_iterations);
    } else {
      right = user->password.matches(password.bytes());
    }
  }
};

PasswordLogin::~PasswordLogin() {
  if (job_ != nullptr) job_->abandoned.store(true, std::memory_order_relaxed);
}

SaslOutcome PasswordLogin::start(base::Bytes user, base::Bytes password, base::MonotonicTime now) {
  rules_.warn_of_clear_passwords(peer_);
  name_ = std::string(user);
  password_ = Secret(password);
  // An empty password is nobody's.
  if (!password.empty()) user_ = rules_.users().find(user);
  if (user_ != nullptr && rules_.cache().holds(user, password, user_->version, now)) {
    rules_.counters().cache_hits.fetch_add(1, std::memory_order_relaxed);
    return rules_.allow(*user_, peer_);
  }
  if (auto delayed = rules_.delay(user, peer_, now)) return *std::move(delayed);
  return check(now);
}

SaslOutcome PasswordLogin::resume(bool ran, base::MonotonicTime now) {
  if (job_ == nullptr) return check(now);
  if (!ran) return rules_.refuse_unchecked(name_, peer_);
  return decide(job_->right, now);
}

SaslOutcome PasswordLogin::check(base::MonotonicTime now) {
  if (user_ != nullptr && user_->password.quick() && user_->password.matches(password_.bytes()))
    return decide(true, now);
  if (rules_.users().has_slow()) return check_elsewhere();
  if (user_ == nullptr) digest(DigestKind::kSha256, password_.bytes());
  return decide(false, now);
}

SaslOutcome PasswordLogin::check_elsewhere() {
  job_ = std::make_shared<Job>();
  job_->password = password_;
  job_->user = user_;
  job_->cost = rules_.policy().cost;
  return SaslOutcome::working([job = job_, &counters = rules_.counters()] { job->run(counters); });
}

SaslOutcome PasswordLogin::decide(bool right, base::MonotonicTime now) {
  if (!right) return rules_.refuse_guess(name_, peer_, now);
  // The user as it is now: it may have been changed while the password was checked.
  const std::shared_ptr<const User> current = rules_.users().find(name_, user_->version);
  if (current == nullptr) return rules_.refuse_changed(name_, peer_);
  rules_.cache().put(name_, password_.bytes(), current->version, now);
  SaslOutcome outcome = rules_.allow(*current, peer_);
  if (outcome.kind == SaslOutcome::Kind::kAccepted) outcome.work = replacement_of(*current);
  return outcome;
}

SaslOutcome::Work PasswordLogin::replacement_of(const User& user) {
  if (!user.password.outdated(rules_.policy().cost)) return {};
  return [&rules = rules_, salts = rules_.draw_salts(), password = password_, name = user.name,
          version = user.version] {
    const HashCost& cost = rules.policy().cost;
    const auto current = rules.users().find(name, version);
    // Another login may have been faster.
    if (current == nullptr || !current->password.outdated(cost)) return;
    rules.counters().passwords_hashed.fetch_add(1, std::memory_order_relaxed);
    rules.users().set_password_form(name, version,
                                    StoredPassword::of(password.bytes(), salts, cost));
  };
}

}  // namespace harrier::auth
