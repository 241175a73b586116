// RabbitMQ's password hashes: base64 of a salt of 4 bytes and the digest over salt and password.
//
// Role:   imported as they are (rabbit_password_hashing_sha256 and _sha512), and made of passwords
//         that stand in clear in the configuration anyway. One round: quick to check, and too quick
//         to guess, which is why a login replaces an imported one (StoredPassword).
// Errors: parse answers with an Error that does not repeat the text.
// Thread: immutable value.
#pragma once

#include <string>

#include "auth/digest.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace harrier::auth {

class PasswordHash {
 public:
  // SHA-256 of a password, with a salt from `random`.
  static PasswordHash of(base::Bytes password, base::RandomSource& random);
  // The kind follows from the length.
  static base::Result<PasswordHash> parse(base::Bytes base64);

  // Takes the same time whether and where they differ.
  bool matches(base::Bytes password) const;
  std::string base64() const;

 private:
  static constexpr std::size_t kSaltSize = 4;

  std::string digest_of(base::Bytes password) const;

  DigestKind kind_ = DigestKind::kSha256;
  std::string salt_;
  std::string digest_;
};

}  // namespace harrier::auth
