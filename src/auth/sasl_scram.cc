#include "auth/sasl_scram.h"

#include <utility>

#include "auth/digest.h"
#include "base/check.h"

namespace harrier::auth {

SaslOutcome SaslScram::step(base::Bytes response, base::MonotonicTime now) {
  switch (awaits_) {
    case Awaits::kFirst: return take_first(response, now);
    case Awaits::kFinal: return take_final(response, now);
    case Awaits::kEnd:
      if (!response.empty()) return SaslOutcome::malformed("SCRAM has ended, no message is due");
      return rules_.allow(*user_, peer_);
    case Awaits::kTime:
    case Awaits::kKeys: break;
  }
  CHECK(false && "resume() is due");
  return {};
}

SaslOutcome SaslScram::resume(bool ran, base::MonotonicTime) {
  if (awaits_ == Awaits::kTime) return find_keys();
  if (!ran) return rules_.refuse_unchecked(first_.user, peer_);
  user_ = rules_.users().find(first_.user);
  return challenge();
}

SaslOutcome SaslScram::take_first(base::Bytes message, base::MonotonicTime now) {
  auto parsed = ScramFirst::parse(message);
  if (!parsed) return SaslOutcome::malformed(parsed.error().message);
  first_ = std::move(parsed).value();
  auto delayed = rules_.delay(first_.user, peer_, now);
  if (!delayed) return find_keys();
  awaits_ = Awaits::kTime;
  return *std::move(delayed);
}

SaslOutcome SaslScram::find_keys() {
  user_ = rules_.users().find(first_.user);
  const bool lacks_keys = user_ != nullptr && user_->password.scram(kind_) == nullptr;
  if (lacks_keys && !user_->password.clear().empty()) return make_keys(*user_);
  return challenge();
}

SaslOutcome SaslScram::make_keys(const User& user) {
  awaits_ = Awaits::kKeys;
  return SaslOutcome::working(
      [&rules = rules_, salts = rules_.draw_salts(), name = user.name, version = user.version] {
        const auto current = rules.users().find(name, version);
        // Another login may have been faster.
        if (current == nullptr || current->password.clear().empty()) return;
        rules.counters().passwords_hashed.fetch_add(1, std::memory_order_relaxed);
        const auto keys = StoredPassword::of(current->password.clear(), salts, rules.policy().cost);
        rules.users().set_password_form(name, version, current->password.with_keys_of(keys));
      });
}

SaslOutcome SaslScram::challenge() {
  const ScramKeys* const keys = user_ == nullptr ? nullptr : user_->password.scram(kind_);
  if (keys == nullptr) user_ = nullptr;
  const std::string salt = keys == nullptr ? rules_.salt_of_nobody(first_.user) : keys->salt;
  const std::uint32_t iterations =
      keys == nullptr ? rules_.policy().cost.iterations(kind_) : keys->iterations;
  nonce_.insert(0, first_.nonce);
  server_first_ = "r=" + nonce_ + ",s=" + to_base64(salt) + ",i=" + std::to_string(iterations);
  awaits_ = Awaits::kFinal;
  return SaslOutcome::challenged(server_first_);
}

SaslOutcome SaslScram::take_final(base::Bytes message, base::MonotonicTime now) {
  auto parsed = ScramFinal::parse(message);
  if (!parsed) return SaslOutcome::malformed(parsed.error().message);
  const ScramFinal final = std::move(parsed).value();
  if (final.channel_binding != first_.gs2_header)
    return SaslOutcome::malformed("SCRAM message has another channel binding");
  if (final.nonce != nonce_) return SaslOutcome::malformed("SCRAM message has another nonce");
  const std::string auth_message = first_.bare + "," + server_first_ + "," + final.without_proof;
  const ScramKeys* const keys = user_ == nullptr ? nullptr : user_->password.scram(kind_);
  const bool right = keys != nullptr && keys->proves(final.proof, auth_message);
  // RabbitMQ's PLAIN knows no authorization identity either: one may only name oneself.
  const bool itself = first_.authzid.empty() || first_.authzid == first_.user;
  if (!right || !itself) return rules_.refuse_guess(first_.user, peer_, now);
  const auto current = rules_.users().find(first_.user, user_->version);
  if (current == nullptr) return rules_.refuse_changed(first_.user, peer_);
  user_ = current;
  awaits_ = Awaits::kEnd;
  return SaslOutcome::challenged("v=" + to_base64(keys->server_signature(auth_message)));
}

}  // namespace harrier::auth
