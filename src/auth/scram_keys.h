// What a server keeps of a password for SCRAM; a password sent in clear is checked against it, too.
//
// Role:   the stored form of passwords (ADR 0008). derive() is slow by design and belongs to a
//         thread that may wait.
// Model:  SaltedPassword = PBKDF2(password, salt, iterations); StoredKey = H(HMAC(SaltedPassword,
//         "Client Key")), ServerKey = HMAC(SaltedPassword, "Server Key"). As text, in the way of
//         PHC strings: $scram-sha-256$i=600000$SALT$KEYS, base64 without padding, KEYS both keys.
// Thread: immutable value.
// Errors: parse answers with an Error that does not repeat the text.
// Limits: iterations kIterationsMin to kIterationsMax, salts up to kSaltMax bytes.
// Spec:   RFC 5802 section 3, RFC 7677.
#pragma once

#include <cstdint>
#include <string>

#include "auth/digest.h"
#include "base/bytes.h"
#include "base/result.h"

namespace harrier::auth {

struct ScramKeys {
  static constexpr std::uint32_t kIterationsMin = 4096;
  static constexpr std::uint32_t kIterationsMax = 10'000'000;
  static constexpr std::size_t kSaltSize = 16;
  static constexpr std::size_t kSaltMax = 64;

  DigestKind kind = DigestKind::kSha256;
  std::uint32_t iterations = kIterationsMin;
  std::string salt;
  std::string stored_key;
  std::string server_key;

  static ScramKeys derive(DigestKind kind, base::Bytes password, std::string salt,
                          std::uint32_t iterations);
  static base::Result<ScramKeys> parse(base::Bytes text);

  // As slow as derive().
  bool matches(base::Bytes password) const;
  // Whether ClientProof was made by whoever knows the password.
  bool proves(base::Bytes proof, base::Bytes auth_message) const;
  std::string server_signature(base::Bytes auth_message) const;
  std::string text() const;
};

}  // namespace harrier::auth
