#include "auth/password_hash.h"

#include <cstring>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace harrier::auth {
namespace {

constexpr std::size_t kBytes = 36;         // salt and digest
constexpr std::size_t kBase64Digits = 48;  // no padding, since 36 is a multiple of 3

}  // namespace

PasswordHash::Digest PasswordHash::digest_of(base::Bytes password) const {
  std::string salted(reinterpret_cast<const char*>(salt_.data()), salt_.size());
  salted.append(password);
  Digest digest;
  unsigned int size = 0;
  CHECK(EVP_Digest(salted.data(), salted.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  CHECK(size == digest.size());
  OPENSSL_cleanse(salted.data(), salted.size());
  return digest;
}

PasswordHash PasswordHash::of(base::Bytes password, base::RandomSource& random) {
  PasswordHash hash;
  const auto salt = static_cast<std::uint32_t>(random.next());
  std::memcpy(hash.salt_.data(), &salt, sizeof salt);
  hash.digest_ = hash.digest_of(password);
  return hash;
}

base::Result<PasswordHash> PasswordHash::parse(base::Bytes base64) {
  if (base64.size() != kBase64Digits)
    return base::fail("a password hash has 48 characters of base64, not " +
                      std::to_string(base64.size()));
  std::array<unsigned char, kBytes> bytes;
  const auto* digits = reinterpret_cast<const unsigned char*>(base64.data());
  const int size = EVP_DecodeBlock(bytes.data(), digits, static_cast<int>(base64.size()));
  // OpenSSL takes blanks around the digits and counts padding as bytes.
  const bool only_digits = base64.find_first_of(" \t\r\n=-") == base::Bytes::npos;
  if (size != static_cast<int>(kBytes) || !only_digits)
    return base::fail("a password hash is not base64");
  PasswordHash hash;
  std::memcpy(hash.salt_.data(), bytes.data(), kSaltSize);
  std::memcpy(hash.digest_.data(), bytes.data() + kSaltSize, kDigestSize);
  return hash;
}

bool PasswordHash::matches(base::Bytes password) const {
  const Digest digest = digest_of(password);
  return CRYPTO_memcmp(digest.data(), digest_.data(), digest.size()) == 0;
}

std::string PasswordHash::base64() const {
  std::array<unsigned char, kBytes> bytes;
  std::memcpy(bytes.data(), salt_.data(), kSaltSize);
  std::memcpy(bytes.data() + kSaltSize, digest_.data(), kDigestSize);
  std::array<unsigned char, kBase64Digits + 1> digits;
  CHECK(EVP_EncodeBlock(digits.data(), bytes.data(), static_cast<int>(kBytes)) ==
        static_cast<int>(kBase64Digits));
  return {reinterpret_cast<const char*>(digits.data()), kBase64Digits};
}

}  // namespace harrier::auth
