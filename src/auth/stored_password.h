// What is known of a user's password: something to check it with, and keys for SCRAM.
//
// Model:  quick: one round, from a clear password of the configuration or RabbitMQ's hash; slow:
//         SCRAM keys only, which is the form that is stored. A quick one may have SCRAM keys, too.
// Thread: immutable value. of() and a slow matches() take a fraction of a second: not on a loop.
// Errors: parse answers with an Error that does not repeat the text.
// Spec:   ADR 0008.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/password_hash.h"
#include "auth/scram_keys.h"
#include "auth/secret.h"
#include "base/random.h"
#include "base/result.h"

namespace harrier::auth {

// Iterations of PBKDF2 by digest.
struct HashCost {
  std::uint32_t sha256_iterations = 600'000;
  std::uint32_t sha512_iterations = 210'000;

  std::uint32_t iterations(DigestKind kind) const {
    return kind == DigestKind::kSha256 ? sha256_iterations : sha512_iterations;
  }
};

// 16 bytes for each digest, drawn where a RandomSource is at hand.
struct HashSalts {
  std::string sha256;
  std::string sha512;

  static HashSalts draw(base::RandomSource& random);
};

class StoredPassword {
 public:
  // The stored form. Slow.
  static StoredPassword of(base::Bytes password, const HashSalts& salts, const HashCost& cost);
  // Of a password that stands in clear elsewhere: quick, and kept until SCRAM keys are made of it.
  static StoredPassword of_clear(base::Bytes password, base::RandomSource& random);
  // RabbitMQ's base64, or what text() gave.
  static base::Result<StoredPassword> parse(base::Bytes text);

  bool quick() const { return hash_.has_value(); }
  // An empty password never does.
  bool matches(base::Bytes password) const;
  // nullptr: there are none yet.
  const ScramKeys* scram(DigestKind kind) const;
  // The password that SCRAM keys can be made of; empty if it is not known or no longer needed.
  base::Bytes clear() const { return clear_.bytes(); }
  // A login that shows the password should replace this by of() with `cost`.
  bool outdated(const HashCost& cost) const;
  // The same with the SCRAM keys of `keys`, and without the clear password.
  StoredPassword with_keys_of(const StoredPassword& keys) const;
  // What a later parse() takes; of a quick one its hash alone.
  std::string text() const;

 private:
  std::optional<PasswordHash> hash_;
  std::vector<ScramKeys> keys_;
  Secret clear_;
  bool imported_ = false;
};

}  // namespace harrier::auth
