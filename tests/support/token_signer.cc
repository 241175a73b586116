#include "support/token_signer.h"

#include <algorithm>
#include <vector>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/check.h"

namespace harrier::test {
namespace {

std::string padded(const BIGNUM* number, std::size_t size) {
  std::string bytes(size, '\0');
  CHECK(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
                     static_cast<int>(size)) >= 0);
  return bytes;
}

// Of the public key, as long as it is, or as `size` says.
std::string parameter(const EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const auto own = static_cast<std::size_t>(BN_num_bytes(number));
  const std::string bytes = padded(number, size == 0 ? own : size);
  BN_free(number);
  return to_base64url(bytes);
}

std::size_t coordinate_size(const std::string& curve) {
  return curve == "P-256" ? 32 : curve == "P-384" ? 48 : 66;
}

const EVP_MD* digest_of(int bits) {
  return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
}

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  while (!text.empty() && text.back() == '=')
    text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

TokenSigner::TokenSigner(std::string key_id, evp_pkey_st* key, std::string curve)
    : key_id_(std::move(key_id)), key_(key, EVP_PKEY_free), curve_(std::move(curve)) {
  CHECK(key != nullptr);
}

TokenSigner TokenSigner::rsa(std::string key_id, unsigned bits) {
  return {std::move(key_id), EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}), ""};
}

TokenSigner TokenSigner::ec(std::string key_id, const std::string& curve) {
  return {std::move(key_id), EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()), curve};
}

std::string TokenSigner::jwk(const std::string& more) const {
  std::string text = R"({"kid": ")" + key_id_ + '"';
  if (curve_.empty()) {
    text += R"(, "kty": "RSA", "n": ")" + parameter(key_.get(), OSSL_PKEY_PARAM_RSA_N);
    text += R"(", "e": ")" + parameter(key_.get(), OSSL_PKEY_PARAM_RSA_E) + '"';
  } else {
    const std::size_t size = coordinate_size(curve_);
    text += R"(, "kty": "EC", "crv": ")" + curve_;
    text += R"(", "x": ")" + parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, size);
    text += R"(", "y": ")" + parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size) + '"';
  }
  return text + more + "}";
}

std::string TokenSigner::pem() const {
  BIO* const memory = BIO_new(BIO_s_mem());
  CHECK(PEM_write_bio_PUBKEY(memory, key_.get()) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

std::string TokenSigner::sign(std::string_view header, std::string_view claims, int bits) const {
  const std::string signed_text = to_base64url(header) + "." + to_base64url(claims);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  CHECK(EVP_DigestSignInit(context, nullptr, digest_of(bits), nullptr, key_.get()) == 1);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(signed_text.data());
  std::size_t size = 0;
  CHECK(EVP_DigestSign(context, nullptr, &size, bytes, signed_text.size()) == 1);
  std::vector<unsigned char> signature(size);
  CHECK(EVP_DigestSign(context, signature.data(), &size, bytes, signed_text.size()) == 1);
  EVP_MD_CTX_free(context);
  std::string raw(reinterpret_cast<const char*>(signature.data()), size);
  if (!curve_.empty()) {
    // JWS has the two numbers side by side instead of DER.
    const unsigned char* der = signature.data();
    ECDSA_SIG* const numbers = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size));
    CHECK(numbers != nullptr);
    const std::size_t half = coordinate_size(curve_);
    raw = padded(ECDSA_SIG_get0_r(numbers), half) + padded(ECDSA_SIG_get0_s(numbers), half);
    ECDSA_SIG_free(numbers);
  }
  return signed_text + "." + to_base64url(raw);
}

std::string TokenSigner::sign(std::string_view claims) const {
  const std::string bits = curve_ == "P-384" ? "384" : curve_ == "P-521" ? "512" : "256";
  const std::string algorithm = (curve_.empty() ? "RS" : "ES") + bits;
  return sign(R"({"typ": "JWT", "alg": ")" + algorithm + R"(", "kid": ")" + key_id_ + R"("})",
              claims, std::stoi(bits));
}

}  // namespace harrier::test
