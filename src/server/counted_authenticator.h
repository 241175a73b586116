// The node's authenticator as one loop sees it: counts refusals.
//
// Role:   ConnectionSession runs the conversation itself and tells nobody how it went; who refused
//         has written the log line.
// Thread: confined(io).
#pragma once

#include <memory>
#include <string>
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
    return counted(shared_.authenticator->begin(mechanism, peer));
  }
  std::unique_ptr<auth::SaslExchange> renew(const std::string& user,
                                            const auth::Peer& peer) const override {
    return counted(shared_.authenticator->renew(user, peer));
  }

 private:
  class Exchange final : public auth::SaslExchange {
   public:
    Exchange(std::unique_ptr<auth::SaslExchange> inner, LoopCounters& counters)
        : inner_(std::move(inner)), counters_(counters) {}

    auth::SaslOutcome step(base::Bytes response, base::MonotonicTime now) override {
      return counted(inner_->step(response, now));
    }
    auth::SaslOutcome resume(bool ran, base::MonotonicTime now) override {
      return counted(inner_->resume(ran, now));
    }

   private:
    auth::SaslOutcome counted(auth::SaslOutcome outcome) {
      if (outcome.kind == auth::SaslOutcome::Kind::kRefused) ++counters_.logins_refused;
      return outcome;
    }

    std::unique_ptr<auth::SaslExchange> inner_;
    LoopCounters& counters_;
  };

  std::unique_ptr<auth::SaslExchange> counted(std::unique_ptr<auth::SaslExchange> inner) const {
    if (inner == nullptr) return nullptr;
    return std::make_unique<Exchange>(std::move(inner), counters_);
  }

  const Shared& shared_;
  LoopCounters& counters_;
};

}  // namespace harrier::server
