// Users, cheap hashes and a clock for tests of mechanisms; work runs when the test says so.
//
// Thread: confined(test).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/login_rules.h"

namespace harrier::auth {

using Kind = SaslOutcome::Kind;

inline constexpr HashCost kCheap{4096, 4096};

inline UserSpecification clear_user(std::string name, std::string password) {
  UserSpecification user;
  user.name = std::move(name);
  user.password = std::move(password);
  return user;
}

inline UserSpecification hashed_user(std::string name, std::string hash) {
  UserSpecification user;
  user.name = std::move(name);
  user.password_hash = std::move(hash);
  return user;
}

// As if it had been set by an operator.
inline std::string slow_hash(base::Bytes password) {
  return StoredPassword::of(password, {std::string(16, 'a'), std::string(16, 'b')}, kCheap).text();
}

inline LoginPolicy cheap_policy() {
  LoginPolicy policy;
  policy.cost = kCheap;
  return policy;
}

inline std::unique_ptr<LoginRules> rules_of(const std::vector<UserSpecification>& users,
                                            const LoginPolicy& policy = cheap_policy()) {
  base::SeededRandom salts(1);
  return std::make_unique<LoginRules>(UserDirectory::create(users, salts).value(), policy,
                                      std::make_unique<base::SeededRandom>(2));
}

inline const Peer kNear{"127.0.0.1", 4711, true};
inline const Peer kFar{"192.0.2.1", 4711, false};

inline constexpr base::MonotonicTime kStart(base::Milliseconds(1'000'000));

// Runs what an exchange asks for, and has time pass, until it has an answer.
template <class Exchange>
SaslOutcome settled(Exchange& exchange, SaslOutcome outcome, base::MonotonicTime& now) {
  while (outcome.kind == Kind::kWork || outcome.kind == Kind::kWait) {
    if (outcome.work) outcome.work();
    if (outcome.kind == Kind::kWait) now = outcome.until;
    outcome = exchange.resume(true, now);
  }
  return outcome;
}

}  // namespace harrier::auth
