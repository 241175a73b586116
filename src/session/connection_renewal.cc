// The part of ConnectionSession about credentials that end: tokens, and what follows them.
#include <utility>

#include "broker/token_grant.h"
#include "session/connection_session.h"

namespace harrier::session {

void ConnectionSession::adopt(auth::Identity identity) {
  actor_.user = std::move(identity.user);
  actor_.tags = std::move(identity.tags);
  if (identity.token == nullptr) return;
  actor_.grant = std::make_shared<broker::TokenGrant>(identity.token->scopes);
  credential_end_ = identity.token->expires;
}

base::MonotonicTime ConnectionSession::credential_deadline() const {
  const bool counts = state_ == ConnectionState::kAwaitTuneOk ||
                      state_ == ConnectionState::kAwaitOpen || state_ == ConnectionState::kOpen;
  return counts ? credential_end_ : base::kNever;
}

void ConnectionSession::expire_credential() {
  fail(amqp::protocol_error(amqp::ReplyCode::kConnectionForced, "credential expired"));
}

void ConnectionSession::handle_connection_update_secret(
    const amqp::ConnectionUpdateSecret& update) {
  if (actor_.grant == nullptr) return input_->method(ChannelNumber(0), update);
  sasl_ = host_.authenticator().renew(actor_.user, peer_);
  if (sasl_ == nullptr) return take_renewal_outcome(auth::SaslOutcome::refused("no tokens"));
  take_renewal_outcome(sasl_->step(update.new_secret.value, now_));
}

// Whoever refused has logged why.
void ConnectionSession::take_renewal_outcome(auth::SaslOutcome outcome) {
  using Kind = auth::SaslOutcome::Kind;
  switch (outcome.kind) {
    case Kind::kWork:
      login_work_is_running_ = true;
      return host_.run_login_work(std::move(outcome.work));
    case Kind::kWait: login_resumption_ = outcome.until; return;
    case Kind::kAccepted:
      end_login();
      adopt(std::move(outcome.identity));
      return input_->renew(actor_);
    case Kind::kChallenge:
    case Kind::kRefused:
    case Kind::kMalformed: break;
  }
  end_login();
  fail(amqp::protocol_error(amqp::ReplyCode::kNotAllowed,
                            "New secret was refused by one of the backends",
                            amqp::ConnectionUpdateSecret::kTraits.id));
}

}  // namespace harrier::session
