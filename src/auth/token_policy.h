// What a token must be like to be believed.
//
// Role:   made by server from the options, owned by TokenRules.
// Thread: immutable value.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace harrier::auth {

struct TokenPolicy {
  // JWKs and claims may be nested so far.
  static constexpr int kJsonDepthMax = 16;
  // Scopes of one token, RabbitMQ's figure; more: refused.
  static constexpr std::size_t kScopesMax = 2048;
  // Their bytes, with aliases resolved and claims put in: short scopes and a long claim would
  // multiply to much more than the token. More: refused.
  static constexpr std::size_t kScopeBytesMax = 1 << 20;
  // No name that clients use is longer, so a longer claim can only be for something else.
  static constexpr std::size_t kVariableSizeMax = 255;

  // Must be in `aud`.
  std::string resource_server_id;
  // Must be `iss`.
  std::string issuer;
  // Scopes that begin otherwise are somebody else's.
  std::string scope_prefix;
  // The first of these claims that the token has is the user's name.
  std::vector<std::string> username_claims{"sub", "client_id"};
  // Another claim that holds scopes; empty: none.
  std::string additional_scopes_claim;
  // A scope of a token, whole, and the scopes it stands for, with their prefix. They are not looked
  // up again.
  std::map<std::string, std::vector<std::string>, std::less<>> scope_aliases;
  // Of JWS, those of kTokenAlgorithms that are taken.
  std::vector<std::string> algorithms{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"};
  // How far the clocks may differ.
  std::chrono::milliseconds clock_skew{0};
  // Longer: refused before anything is decoded.
  std::size_t token_size_max = 16 << 10;
};

}  // namespace harrier::auth
