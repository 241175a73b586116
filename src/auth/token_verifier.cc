#include "auth/token_verifier.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <cjose/cjose.h>

#include "auth/strict_json.h"

namespace harrier::auth {
namespace {

using nlohmann::json;

struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using Jws = std::unique_ptr<cjose_jws_t, ReleaseJws>;

bool is_base64url(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

TokenFinding bad(std::string reason) { return {TokenFinding::Kind::kBad, {}, std::move(reason)}; }

std::optional<std::string> decoded(base::Bytes part) {
  cjose_err error{};
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  if (!cjose_base64url_decode(part.data(), part.size(), &bytes, &size, &error)) return std::nullopt;
  std::string result(reinterpret_cast<const char*>(bytes), size);
  cjose_get_dealloc()(bytes);
  return result;
}

// The part of the header that chooses how to go on.
struct Header {
  std::string algorithm;
  std::optional<std::string> key_id;

  static base::Result<Header> parse(base::Bytes part) {
    const auto text = decoded(part);
    if (!text) return base::fail("the token's header is no base64url");
    const auto parsed = parse_strict_json(*text, TokenPolicy::kJsonDepthMax);
    if (!parsed) return base::fail("the token's header is " + parsed.error().message);
    if (!parsed->is_object()) return base::fail("the token's header is no object");
    // Extensions that must be understood; we understand none.
    if (parsed->contains("crit")) return base::fail("the token's header has critical extensions");
    Header header;
    const auto algorithm = parsed->find("alg");
    if (algorithm == parsed->end() || !algorithm->is_string())
      return base::fail("the token's header names no algorithm");
    header.algorithm = algorithm->get<std::string>();
    const auto key_id = parsed->find("kid");
    if (key_id == parsed->end()) return header;
    if (!key_id->is_string()) return base::fail("the token's key has no name");
    header.key_id = key_id->get<std::string>();
    return header;
  }
};

// Two numbers of the curve's size. libcjose does not look at what comes behind them.
bool has_right_size(std::string_view algorithm, base::Bytes signature) {
  if (algorithm == "ES256") return signature.size() == 86;
  if (algorithm == "ES384") return signature.size() == 128;
  return algorithm != "ES512" || signature.size() == 176;
}

}  // namespace

bool TokenVerifier::is_token(base::Bytes secret) {
  int dots = 0;
  for (const char c : secret) {
    if (c == '.') {
      ++dots;
    } else if (!is_base64url(c)) {
      return false;
    }
  }
  // A header is an object: {" or { and white space.
  return dots == 2 && secret.starts_with("e");
}

TokenFinding TokenVerifier::verify(base::Bytes token, const TokenKeys& keys,
                                   base::WallTime now) const {
  if (token.size() > policy_.token_size_max) return bad("the token is too long");
  if (!is_token(token)) return bad("the token does not consist of three parts");
  const auto header = Header::parse(token.substr(0, token.find('.')));
  if (!header) return bad(header.error().message);
  const std::vector<std::string>& taken = policy_.algorithms;
  if (std::find(taken.begin(), taken.end(), header->algorithm) == taken.end())
    return bad("the token's algorithm is not taken");
  const cjose_jwk_t* const key =
      keys.find(header->key_id ? &*header->key_id : nullptr, header->algorithm);
  if (key == nullptr) return {TokenFinding::Kind::kUnknownKey, {}, "the token's key is not known"};
  if (!has_right_size(header->algorithm, token.substr(token.rfind('.') + 1)))
    return bad("the token's signature is wrong");
  cjose_err error{};
  const Jws jws(cjose_jws_import(token.data(), token.size(), &error));
  if (jws == nullptr) return bad("the token cannot be decoded");
  if (!cjose_jws_verify(jws.get(), key, &error)) return bad("the token's signature is wrong");
  std::uint8_t* payload = nullptr;
  std::size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &payload, &size, &error))
    return bad("the token has no claims");
  auto claims = TokenClaims::parse({reinterpret_cast<const char*>(payload), size}, policy_, now);
  if (!claims) return bad(claims.error().message);
  return {TokenFinding::Kind::kGood, std::move(claims).value(), {}};
}

}  // namespace harrier::auth
