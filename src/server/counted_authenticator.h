// The node's authenticator as one loop sees it: counts how logins ended, also by where they came
// from, and tells the audit log of each.
//
// Role:   ConnectionSession runs the conversation itself and tells nobody how it went; who refused
//         has written the log line.
// Thread: confined(io).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "server/counters.h"
#include "server/shared.h"

namespace harrier::server {

class CountedAuthenticator final : public auth::Authenticator {
 public:
  // REQUIRES that both outlive it and every exchange.
  CountedAuthenticator(const Shared& shared, LoopCounters& counters)
      : shared_(shared), counters_(counters) {}

  std::vector<std::string> mechanisms(const auth::Peer& peer) const override {
    return shared_.authenticator->mechanisms(peer);
  }
  std::unique_ptr<auth::SaslExchange> begin(base::Bytes mechanism,
                                            const auth::Peer& peer) const override {
    auto inner = shared_.authenticator->begin(mechanism, peer);
    if (inner == nullptr && shared_.audit)
      shared_.audit->note_login(peer, mechanism, {}, "no such mechanism");
    return counted(std::move(inner), mechanism, peer);
  }
  // Somebody who is in already: only refusals count.
  std::unique_ptr<auth::SaslExchange> renew(const std::string& user,
                                            const auth::Peer& peer) const override {
    return counted(shared_.authenticator->renew(user, peer), kRenewal, peer);
  }

 private:
  static constexpr std::string_view kRenewal = "update-secret";

  class Exchange final : public auth::SaslExchange {
   public:
    Exchange(std::unique_ptr<auth::SaslExchange> inner, const CountedAuthenticator& owner,
             std::string mechanism, auth::Peer peer)
        : inner_(std::move(inner)),
          owner_(owner),
          mechanism_(std::move(mechanism)),
          peer_(std::move(peer)) {}

    auth::SaslOutcome step(base::Bytes response, base::MonotonicTime now) override {
      return counted(inner_->step(response, now));
    }
    auth::SaslOutcome resume(bool ran, base::MonotonicTime now) override {
      return counted(inner_->resume(ran, now));
    }

   private:
    auth::SaslOutcome counted(auth::SaslOutcome outcome) {
      using Kind = auth::SaslOutcome::Kind;
      if (outcome.kind == Kind::kRefused) count(false, outcome.identity.user);
      if (outcome.kind == Kind::kAccepted && mechanism_ != kRenewal)
        count(true, outcome.identity.user);
      const bool bad = outcome.kind == Kind::kRefused || outcome.kind == Kind::kMalformed;
      AuditReporter* const audit = owner_.shared_.audit.get();
      if (audit != nullptr && (bad || outcome.kind == Kind::kAccepted))
        audit->note_login(peer_, mechanism_, outcome.identity.user, bad ? outcome.reason : "");
      return outcome;
    }
    void count(bool accepted, const std::string& user) {
      LoopCounters& counters = owner_.counters_;
      ++(accepted ? counters.logins : counters.logins_refused);
      LoginSources* const sources = owner_.shared_.login_sources.get();
      if (sources != nullptr) sources->note(peer_, user, "amqp091", accepted);
    }

    std::unique_ptr<auth::SaslExchange> inner_;
    const CountedAuthenticator& owner_;
    const std::string mechanism_;
    const auth::Peer peer_;
  };

  std::unique_ptr<auth::SaslExchange> counted(std::unique_ptr<auth::SaslExchange> inner,
                                              base::Bytes mechanism, const auth::Peer& peer) const {
    if (inner == nullptr) return nullptr;
    return std::make_unique<Exchange>(std::move(inner), *this, std::string(mechanism), peer);
  }

  const Shared& shared_;
  LoopCounters& counters_;
};

}  // namespace harrier::server
