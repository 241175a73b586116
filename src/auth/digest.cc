#include "auth/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace harrier::auth {
namespace {

const EVP_MD* algorithm(DigestKind kind) {
  return kind == DigestKind::kSha256 ? EVP_sha256() : EVP_sha512();
}

const unsigned char* octets(base::Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

std::size_t digest_size(DigestKind kind) { return kind == DigestKind::kSha256 ? 32 : 64; }

std::string digest(DigestKind kind, base::Bytes bytes) {
  std::string result(digest_size(kind), '\0');
  CHECK(EVP_Digest(bytes.data(), bytes.size(), octets(result), nullptr, algorithm(kind), nullptr) ==
        1);
  return result;
}

std::string hmac(DigestKind kind, base::Bytes key, base::Bytes bytes) {
  std::string result(digest_size(kind), '\0');
  // OpenSSL takes a null pointer for "the key of before".
  const void* const key_bytes = key.empty() ? "" : key.data();
  CHECK(HMAC(algorithm(kind), key_bytes, static_cast<int>(key.size()), octets(bytes), bytes.size(),
             octets(result), nullptr) != nullptr);
  return result;
}

std::string pbkdf2(DigestKind kind, base::Bytes password, base::Bytes salt,
                   std::uint32_t iterations) {
  std::string result(digest_size(kind), '\0');
  CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                          static_cast<int>(salt.size()), static_cast<int>(iterations),
                          algorithm(kind), static_cast<int>(result.size()), octets(result)) == 1);
  return result;
}

bool equal_in_constant_time(base::Bytes one, base::Bytes other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string to_base64(base::Bytes bytes) {
  // OpenSSL adds a zero octet.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(octets(text), octets(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(base::Bytes text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  // OpenSSL takes blanks and dashes around the digits, and padding in the middle.
  constexpr base::Bytes kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.substr(0, text.size() - padding).find_first_not_of(kAlphabet) != base::Bytes::npos)
    return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(octets(bytes), octets(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

}  // namespace harrier::auth
