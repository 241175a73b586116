#include "auth/internal_authenticator.h"

#include "auth/sasl_amqplain.h"
#include "auth/sasl_plain.h"
#include "base/log.h"

namespace harrier::auth {

std::vector<std::string> InternalAuthenticator::mechanisms() const {
  return {std::string(SaslPlain::kName), std::string(SaslAmqplain::kName)};
}

std::unique_ptr<SaslExchange> InternalAuthenticator::begin(base::Bytes mechanism,
                                                           const Peer& peer) const {
  const PasswordCheck& passwords = *this;
  if (mechanism == SaslPlain::kName) return std::make_unique<SaslPlain>(passwords, peer);
  if (mechanism == SaslAmqplain::kName) return std::make_unique<SaslAmqplain>(passwords, peer);
  return nullptr;
}

SaslOutcome InternalAuthenticator::check_password(base::Bytes user, base::Bytes password,
                                                  const Peer& peer) const {
  const User* known = users_.verify(user, password);
  // Asked after the password, so that a stranger learns nothing about names.
  const bool too_far = known != nullptr && known->loopback_only && !peer.loopback;
  if (known != nullptr && !too_far) return SaslOutcome::accepted({known->name, known->tags});
  std::string reason = too_far ? "user can only connect via localhost" : "invalid credentials";
  base::log_warning("connection", "login refused: " + reason,
                    {{"user", std::string(user)}, {"peer", peer.display()}});
  return SaslOutcome::refused(std::move(reason));
}

}  // namespace harrier::auth
