// Keys and JSON Web Tokens for tests, made with OpenSSL alone: what the broker reads with another
// library is written without it.
//
// Thread: confined(test).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct evp_pkey_st;

namespace harrier::test {

std::string to_base64url(std::string_view bytes);

class TokenSigner {
 public:
  // "RSA" of so many bits, or "EC" of the curve "P-256", "P-384" or "P-521".
  static TokenSigner rsa(std::string key_id, unsigned bits = 2048);
  static TokenSigner ec(std::string key_id, const std::string& curve = "P-256");

  const std::string& key_id() const { return key_id_; }
  // The public key as a JWK, with these members (", \"alg\": …") besides.
  std::string jwk(const std::string& more = "") const;
  // The public key as PEM: what an attacker would use as a secret.
  std::string pem() const;
  // header.claims.signature; of both whatever is given, JSON or not. The digest is chosen by bits:
  // 256, 384 or 512.
  std::string sign(std::string_view header, std::string_view claims, int bits = 256) const;
  // With the header that goes with the key.
  std::string sign(std::string_view claims) const;

 private:
  TokenSigner(std::string key_id, evp_pkey_st* key, std::string curve);

  std::string key_id_;
  std::shared_ptr<evp_pkey_st> key_;
  std::string curve_;  // empty: RSA
};

inline std::string key_set(const std::string& keys) { return R"({"keys": [)" + keys + "]}"; }

}  // namespace harrier::test
