#include "auth/token_claims.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "auth/strict_json.h"
#include "base/hex.h"

namespace harrier::auth {
namespace {

using nlohmann::json;

constexpr std::string_view kTagScope = "tag:";
constexpr std::string_view kVirtualHostVariable = "vhost";
// The year 9999: further on no clock of ours can count.
constexpr double kTimeMax = 253402300799;

const json* find(const json& claims, const std::string& name) {
  const auto found = claims.find(name);
  return found == claims.end() ? nullptr : &*found;
}

bool is_text(const json* value, std::string_view text) {
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == text;
}

// A number of seconds, whole or not, as JSON's NumericDate may be.
std::optional<base::WallTime> time_of(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const double seconds = std::clamp(value.get<double>(), 0.0, kTimeMax);
  return base::WallTime(base::Milliseconds(static_cast<std::int64_t>(std::floor(seconds * 1000))));
}

bool is_audience(const json* audience, const std::string& wanted) {
  if (is_text(audience, wanted)) return true;
  if (audience == nullptr || !audience->is_array()) return false;
  return std::any_of(audience->begin(), audience->end(),
                     [&](const json& each) { return is_text(&each, wanted); });
}

// It goes to logs, and into messages as user-id.
bool is_name(const std::string& name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !name.empty() && name.size() <= TokenClaims::kUserSizeMax &&
         std::none_of(name.begin(), name.end(), is_control);
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// So that a claim's text is text in a scope, too: its stars, slashes and braces mean nothing.
void append_encoded(std::string& scope, std::string_view text) {
  for (const char c : text) {
    if (is_alphanumeric(c)) {
      scope += c;
    } else {
      scope += '%';
      base::append_hex(scope, c);
    }
  }
}

// The text that {name} stands for; nullptr leaves the braces, and then broker grants nothing.
const std::string* variable(const json& claims, const std::string& name) {
  const json* const claim = name == kVirtualHostVariable ? nullptr : find(claims, name);
  if (claim == nullptr || !claim->is_string()) return nullptr;
  const auto& text = claim->get_ref<const std::string&>();
  // An empty one would make all of {x}*.
  return !text.empty() && text.size() <= TokenPolicy::kVariableSizeMax ? &text : nullptr;
}

// Only behind the colon: a claim must not say which permission or tag this is.
std::string with_claims(std::string_view scope, const json& claims) {
  if (scope.starts_with(kTagScope)) return std::string(scope);
  std::size_t at = std::min(scope.find(':'), scope.size());
  std::string expanded(scope.substr(0, at));
  while (at != scope.size()) {
    const std::size_t open = std::min(scope.find('{', at), scope.size());
    expanded.append(scope.substr(at, open - at));
    const std::size_t close = scope.find('}', open);
    if (close == std::string_view::npos) return expanded.append(scope.substr(open));
    const auto* const text =
        variable(claims, std::string(scope.substr(open + 1, close - open - 1)));
    if (text != nullptr) {
      append_encoded(expanded, *text);
    } else {
      expanded.append(scope.substr(open, close + 1 - open));
    }
    at = close + 1;
  }
  return expanded;
}

// Scopes as the token has them: a text with spaces, a list of texts, or for the additional claim an
// object with one of these two under the resource server's name.
class Scopes {
 public:
  Scopes(const TokenPolicy& policy, const json& claims) : policy_(policy), claims_(claims) {}

  void add(const json& value, const std::string& prefix) {
    if (value.is_string()) {
      add_words(value.get_ref<const std::string&>(), prefix);
    } else if (value.is_array()) {
      for (const json& each : value)
        if (each.is_string()) add_scope(prefix + each.get<std::string>());
    }
  }
  void add_additional(const json& value) {
    if (!value.is_object()) return add(value, "");
    const json* const ours = find(value, policy_.resource_server_id);
    // There they stand without a prefix.
    if (ours != nullptr) add(*ours, policy_.scope_prefix);
  }
  bool too_many() const {
    return found_.size() > TokenPolicy::kScopesMax || bytes_ > TokenPolicy::kScopeBytesMax;
  }
  std::vector<std::string> take() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  void add_words(std::string_view text, const std::string& prefix) {
    while (!text.empty()) {
      const std::string_view word = text.substr(0, text.find(' '));
      if (!word.empty()) add_scope(prefix + std::string(word));
      text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
  }
  void add_scope(std::string_view scope) {
    const auto alias = policy_.scope_aliases.find(scope);
    if (alias != policy_.scope_aliases.end())
      for (const std::string& each : alias->second)
        keep(each);
    keep(scope);
  }
  void keep(std::string_view scope) {
    if (!scope.starts_with(policy_.scope_prefix) || too_many()) return;
    found_.push_back(with_claims(scope.substr(policy_.scope_prefix.size()), claims_));
    bytes_ += found_.back().size();
  }

  const TokenPolicy& policy_;
  const json& claims_;
  std::vector<std::string> found_;
  std::size_t bytes_ = 0;
};

base::Status<> check_times(const json& claims, const TokenPolicy& policy, base::WallTime now,
                           base::WallTime& expires) {
  const json* const exp = find(claims, "exp");
  if (exp == nullptr) return base::fail("the token has no exp claim");
  const auto end = time_of(*exp);
  if (!end) return base::fail("the token's exp claim is no number");
  expires = *end + policy.clock_skew;
  if (expires <= now) return base::fail("the token has expired");
  const json* const nbf = find(claims, "nbf");
  if (nbf == nullptr) return base::Done{};
  const auto begin = time_of(*nbf);
  if (!begin) return base::fail("the token's nbf claim is no number");
  if (*begin > now + policy.clock_skew) return base::fail("the token is not valid yet");
  return base::Done{};
}

base::Result<std::string> user_of(const json& claims, const TokenPolicy& policy) {
  for (const std::string& name : policy.username_claims) {
    const json* const claim = find(claims, name);
    if (claim == nullptr) continue;
    if (!claim->is_string() || !is_name(claim->get_ref<const std::string&>()))
      return base::fail("the token's claim of the user is no name");
    return claim->get<std::string>();
  }
  return base::fail("the token names no user");
}

base::Status<> read_scopes(const json& claims, const TokenPolicy& policy, TokenClaims& target) {
  Scopes scopes(policy, claims);
  if (const json* const scope = find(claims, "scope")) scopes.add(*scope, "");
  if (const json* const more = find(claims, policy.additional_scopes_claim))
    scopes.add_additional(*more);
  if (scopes.too_many()) return base::fail("the token has too many scopes");
  for (std::string& scope : scopes.take()) {
    if (scope.starts_with(kTagScope)) {
      target.tags.push_back(scope.substr(kTagScope.size()));
    } else {
      target.scopes.push_back(std::move(scope));
    }
  }
  return base::Done{};
}

}  // namespace

base::Result<TokenClaims> TokenClaims::parse(base::Bytes payload, const TokenPolicy& policy,
                                             base::WallTime now) {
  const auto parsed = parse_strict_json(payload, TokenPolicy::kJsonDepthMax);
  if (!parsed) return base::fail("the token's claims are " + parsed.error().message);
  const json& claims = *parsed;
  if (!claims.is_object()) return base::fail("the token's claims are no object");
  if (!is_text(find(claims, "iss"), policy.issuer))
    return base::fail("the token is of another issuer");
  if (!is_audience(find(claims, "aud"), policy.resource_server_id))
    return base::fail("the token is for another audience");
  TokenClaims result;
  if (auto fine = check_times(claims, policy, now, result.expires); !fine)
    return base::fail(std::move(fine).error());
  auto user = user_of(claims, policy);
  if (!user) return base::fail(user.error());
  result.user = std::move(user).value();
  if (auto read = read_scopes(claims, policy, result); !read)
    return base::fail(std::move(read).error());
  return result;
}

}  // namespace harrier::auth
