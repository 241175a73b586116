#include "auth/token_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <cjose/cjose.h>

#include "auth/strict_json.h"
#include "auth/token_policy.h"

namespace harrier::auth {
namespace {

using nlohmann::json;

std::string text_in(const json& key, const char* name) {
  const auto found = key.find(name);
  return found != key.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// For something else than to check signatures.
bool is_for_other_use(const json& key) {
  if (const std::string use = text_in(key, "use"); !use.empty() && use != "sig") return true;
  const auto operations = key.find("key_ops");
  if (operations == key.end()) return false;
  if (!operations->is_array()) return true;
  return std::none_of(operations->begin(), operations->end(),
                      [](const json& each) { return each == "verify"; });
}

int curve_of(std::string_view algorithm) {
  if (algorithm == "ES256") return CJOSE_JWK_EC_P_256;
  if (algorithm == "ES384") return CJOSE_JWK_EC_P_384;
  return algorithm == "ES512" ? CJOSE_JWK_EC_P_521 : 0;
}

}  // namespace

void TokenKeys::Release::operator()(_cjose_jwk_int* key) const { cjose_jwk_release(key); }

bool TokenKeys::Key::fits(std::string_view wanted) const {
  const bool known = std::find(std::begin(kTokenAlgorithms), std::end(kTokenAlgorithms), wanted) !=
                     std::end(kTokenAlgorithms);
  return known && curve == curve_of(wanted) && (algorithm.empty() || algorithm == wanted);
}

base::Result<std::shared_ptr<const TokenKeys>> TokenKeys::parse(base::Bytes text) {
  const auto parsed = parse_strict_json(text, TokenPolicy::kJsonDepthMax);
  if (!parsed) return base::fail("the key set is " + parsed.error().message);
  const auto keys = parsed->is_object() ? parsed->find("keys") : parsed->end();
  if (!parsed->is_object() || keys == parsed->end() || !keys->is_array())
    return base::fail("the key set has no list of keys");
  if (keys->size() > kKeysMax)
    return base::fail("the key set has more than " + std::to_string(kKeysMax) + " keys");
  auto made = std::make_shared<TokenKeys>();
  for (const json& each : *keys) {
    if (!each.is_object() || is_for_other_use(each)) continue;
    const std::string type = text_in(each, "kty");
    if (type != "RSA" && type != "EC") continue;
    const std::string source = each.dump(-1, ' ', false, json::error_handler_t::replace);
    cjose_err error{};
    Key key;
    key.key.reset(cjose_jwk_import(source.data(), source.size(), &error));
    if (key.key == nullptr) continue;
    if (type == "RSA") {
      const std::size_t bits = cjose_jwk_get_keysize(key.key.get(), &error);
      if (bits < kRsaBitsMin || bits > kRsaBitsMax) continue;
    } else {
      key.curve = cjose_jwk_EC_get_curve(key.key.get(), &error);
    }
    key.id = text_in(each, "kid");
    key.algorithm = text_in(each, "alg");
    made->keys_.push_back(std::move(key));
  }
  if (made->keys_.empty()) return base::fail("the key set has no key that can be used");
  return std::shared_ptr<const TokenKeys>(std::move(made));
}

const _cjose_jwk_int* TokenKeys::find(const std::string* key_id, std::string_view algorithm) const {
  const _cjose_jwk_int* only = nullptr;
  for (const Key& key : keys_) {
    if (!key.fits(algorithm)) continue;
    if (key_id != nullptr && key.id == *key_id) return key.key.get();
    if (key_id == nullptr && std::exchange(only, key.key.get()) != nullptr) return nullptr;
  }
  return only;
}

}  // namespace harrier::auth
