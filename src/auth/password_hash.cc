#include "auth/password_hash.h"

#include <openssl/crypto.h>

namespace harrier::auth {

std::string PasswordHash::digest_of(base::Bytes password) const {
  std::string salted = salt_;
  salted.append(password);
  std::string result = digest(kind_, salted);
  OPENSSL_cleanse(salted.data(), salted.size());
  return result;
}

PasswordHash PasswordHash::of(base::Bytes password, base::RandomSource& random) {
  PasswordHash hash;
  const auto salt = static_cast<std::uint32_t>(random.next());
  hash.salt_.assign(reinterpret_cast<const char*>(&salt), kSaltSize);
  hash.digest_ = hash.digest_of(password);
  return hash;
}

base::Result<PasswordHash> PasswordHash::parse(base::Bytes base64) {
  const auto bytes = from_base64(base64);
  if (!bytes) return base::fail("a password hash is not base64");
  PasswordHash hash;
  if (bytes->size() == kSaltSize + digest_size(DigestKind::kSha512)) {
    hash.kind_ = DigestKind::kSha512;
  } else if (bytes->size() != kSaltSize + digest_size(DigestKind::kSha256)) {
    return base::fail("a password hash has 36 or 68 bytes in base64, not " +
                      std::to_string(bytes->size()));
  }
  hash.salt_ = bytes->substr(0, kSaltSize);
  hash.digest_ = bytes->substr(kSaltSize);
  return hash;
}

bool PasswordHash::matches(base::Bytes password) const {
  return equal_in_constant_time(digest_of(password), digest_);
}

std::string PasswordHash::base64() const { return to_base64(salt_ + digest_); }

}  // namespace harrier::auth
