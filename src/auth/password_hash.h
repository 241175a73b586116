// RabbitMQ's password hashes: base64 of a salt of 4 bytes and the SHA-256 over salt and password.
//
// Role:   made from clear passwords at start or imported as they are; compared at every login.
// Errors: parse answers with an Error that does not repeat the text.
// Thread: immutable value.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace harrier::auth {

class PasswordHash {
 public:
  // Of a password, with a salt from `random`.
  static PasswordHash of(base::Bytes password, base::RandomSource& random);
  static base::Result<PasswordHash> parse(base::Bytes base64);

  // Takes the same time whether and where they differ.
  bool matches(base::Bytes password) const;
  std::string base64() const;

 private:
  static constexpr std::size_t kSaltSize = 4;
  static constexpr std::size_t kDigestSize = 32;
  using Digest = std::array<unsigned char, kDigestSize>;

  Digest digest_of(base::Bytes password) const;

  std::array<unsigned char, kSaltSize> salt_{};
  Digest digest_{};
};

}  // namespace harrier::auth
