#include "auth/token_login.h"

#include <utility>

#include "auth/token_rules.h"

namespace harrier::auth {

// Shared with the thread that runs it.
struct TokenLogin::Job {
  Secret token;
  std::atomic<bool> abandoned{false};
  TokenJudgement judgement;  // written by the work, read after it
};

TokenLogin::~TokenLogin() {
  if (job_ != nullptr) job_->abandoned.store(true, std::memory_order_relaxed);
}

SaslOutcome TokenLogin::start(base::Bytes claimed, base::Bytes token) {
  rules_.warn_of_clear_passwords(peer_);
  name_ = std::string(claimed);
  if (token.size() > rules_.tokens()->policy().token_size_max)
    return refuse("the token is too long");
  token_ = Secret(token);
  return judge_elsewhere();
}

SaslOutcome TokenLogin::judge_elsewhere() {
  job_ = std::make_shared<Job>();
  job_->token = token_;
  return SaslOutcome::working([job = job_, &tokens = *rules_.tokens()] {
    // The client has gone.
    if (job->abandoned.load(std::memory_order_relaxed)) return;
    job->judgement = tokens.judge(job->token.bytes());
  });
}

SaslOutcome TokenLogin::resume(bool ran, base::MonotonicTime now) {
  TokenKeySource& keys = rules_.tokens()->keys();
  if (job_ == nullptr)
    return keys.fetching() ? SaslOutcome::waiting(now + kLookAgain) : judge_elsewhere();
  if (!ran) return rules_.refuse_unchecked(name_, peer_);
  TokenJudgement& judgement = job_->judgement;
  switch (judgement.kind) {
    case TokenFinding::Kind::kGood:
      rules_.counters().tokens_accepted.fetch_add(1, std::memory_order_relaxed);
      return SaslOutcome::accepted(std::move(judgement.identity));
    case TokenFinding::Kind::kUnknownKey:
      if (std::exchange(fetched_, true) || !keys.request_newer()) break;
      job_.reset();
      return SaslOutcome::waiting(now + kLookAgain);
    case TokenFinding::Kind::kBad: break;
  }
  return refuse(std::move(judgement.reason));
}

SaslOutcome TokenLogin::refuse(std::string reason) {
  rules_.counters().tokens_refused.fetch_add(1, std::memory_order_relaxed);
  return rules_.refuse(name_, peer_, std::move(reason));
}

SaslOutcome TokenRenewal::step(base::Bytes response, base::MonotonicTime) {
  return of_the_same_user(login_.start(user_, response));
}

SaslOutcome TokenRenewal::resume(bool ran, base::MonotonicTime now) {
  return of_the_same_user(login_.resume(ran, now));
}

SaslOutcome TokenRenewal::of_the_same_user(SaslOutcome outcome) {
  if (outcome.kind != SaslOutcome::Kind::kAccepted || outcome.identity.user == user_)
    return outcome;
  return rules_.refuse(user_, peer_, "the new token is of another user");
}

}  // namespace harrier::auth
