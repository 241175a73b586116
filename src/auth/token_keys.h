// The keys that tokens may be signed with: a JSON Web Key Set.
//
// Role:   read from a file or an URL by server, asked by TokenVerifier.
// Model:  holds public keys for signatures only: RSA of kRsaBits and the three curves of JWS. Any
//         other key is left out: above all symmetric ones, which who signs would have to share.
// Thread: immutable.
// Errors: parse(): no JSON, no set, or no usable key in it; keys that it cannot use are no error.
// Limits: kKeysMax; the caller bounds the size.
// Spec:   RFC 7517, RFC 7518 sections 3.1 and 6.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

struct _cjose_jwk_int;

namespace harrier::auth {

// The algorithms of JWS that a key here can be used with. RS256 … take an RSA key, ES256 … the one
// curve of their size.
inline constexpr std::string_view kTokenAlgorithms[] = {"RS256", "RS384", "RS512",
                                                        "ES256", "ES384", "ES512"};

class TokenKeys {
 public:
  static constexpr std::size_t kKeysMax = 64;
  static constexpr std::size_t kRsaBitsMin = 2048;
  static constexpr std::size_t kRsaBitsMax = 8192;

  static base::Result<std::shared_ptr<const TokenKeys>> parse(base::Bytes json);

  // The key of that name that fits the algorithm; nullptr if there is none. Without a name: the
  // only one that fits. Lives as long as this.
  const _cjose_jwk_int* find(const std::string* key_id, std::string_view algorithm) const;
  std::size_t count() const { return keys_.size(); }

 private:
  struct Release {
    void operator()(_cjose_jwk_int* key) const;
  };
  struct Key {
    bool fits(std::string_view wanted) const;

    std::string id;
    std::string algorithm;  // empty: any that fits
    int curve = 0;          // 0: RSA
    std::unique_ptr<_cjose_jwk_int, Release> key;
  };

  std::vector<Key> keys_;
};

}  // namespace harrier::auth
