// A policy, two keys and claims that are right, for tests that make one thing wrong.
//
// Thread: confined(test).
#pragma once

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/token_verifier.h"
#include "support/token_signer.h"

namespace harrier::auth {

using test::TokenSigner;

inline TokenPolicy token_policy() {
  TokenPolicy policy;
  policy.resource_server_id = "rabbitmq";
  policy.issuer = "https://issuer.example";
  policy.scope_prefix = "rabbitmq.";
  return policy;
}

inline constexpr base::WallTime kTokenNow(std::chrono::seconds(1'700'000'000));

inline constexpr const char* kTimes = R"("exp": 1700000060)";
inline constexpr const char* kIssuer = R"("iss": "https://issuer.example")";
inline constexpr const char* kAudience = R"("aud": "rabbitmq")";
inline constexpr const char* kSubject = R"("sub": "ali")";

// Of members; those left out stay out.
inline std::string object_of(std::initializer_list<std::string> members) {
  std::string text = "{";
  for (const std::string& member : members)
    if (!member.empty()) text += (text == "{" ? "" : ", ") + member;
  return text + "}";
}

inline std::string claims_with(const std::string& more) {
  return object_of({kTimes, kIssuer, kAudience, kSubject, more});
}

// Made once: keys of RSA take their time.
inline const TokenSigner& rsa_signer() {
  static const TokenSigner signer = TokenSigner::rsa("r1");
  return signer;
}
inline const TokenSigner& ec_signer() {
  static const TokenSigner signer = TokenSigner::ec("e1");
  return signer;
}

}  // namespace harrier::auth
