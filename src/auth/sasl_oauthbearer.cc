#include "auth/sasl_oauthbearer.h"

#include <optional>
#include <utility>

namespace harrier::auth {
namespace {

constexpr char kSeparator = '\x01';
constexpr base::Bytes kScheme = "bearer ";

// Schemes of HTTP are written in any case.
bool has_scheme(base::Bytes value) {
  if (value.size() < kScheme.size()) return false;
  for (std::size_t at = 0; at != kScheme.size(); ++at) {
    const char c = value[at];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != kScheme[at]) return false;
  }
  return true;
}

// Up to `end`, and takes both away; nullopt if it is not there.
std::optional<base::Bytes> take_until(base::Bytes& bytes, char end) {
  const std::size_t at = bytes.find(end);
  if (at == base::Bytes::npos) return std::nullopt;
  const base::Bytes taken = bytes.substr(0, at);
  bytes.remove_prefix(at + 1);
  return taken;
}

struct Message {
  base::Bytes name;
  base::Bytes token;

  static std::optional<Message> parse(base::Bytes bytes) {
    Message message;
    // No channel binding: "n", or "y" of a client that could.
    const auto binding = take_until(bytes, ',');
    const auto name = take_until(bytes, ',');
    if (!binding || !name || (*binding != "n" && *binding != "y")) return std::nullopt;
    if (!name->empty() && !name->starts_with("a=")) return std::nullopt;
    message.name = name->substr(name->empty() ? 0 : 2);
    if (!bytes.starts_with(kSeparator)) return std::nullopt;
    bytes.remove_prefix(1);
    while (bytes != base::Bytes(&kSeparator, 1)) {
      const auto field = take_until(bytes, kSeparator);
      if (!field || field->find('=') == base::Bytes::npos) return std::nullopt;
      if (!field->starts_with("auth=")) continue;
      const base::Bytes value = field->substr(5);
      if (!has_scheme(value) || !message.token.empty()) return std::nullopt;
      message.token = value.substr(kScheme.size());
    }
    if (message.token.empty()) return std::nullopt;
    return message;
  }
};

}  // namespace

SaslOutcome SaslOauthbearer::step(base::Bytes response, base::MonotonicTime) {
  const auto message = Message::parse(response);
  if (!message) return SaslOutcome::malformed("OAUTHBEARER response has no bearer's token");
  name_ = std::string(message->name);
  return of_the_name(login_.start(message->name, message->token));
}

SaslOutcome SaslOauthbearer::resume(bool ran, base::MonotonicTime now) {
  return of_the_name(login_.resume(ran, now));
}

SaslOutcome SaslOauthbearer::of_the_name(SaslOutcome outcome) {
  const bool accepted = outcome.kind == SaslOutcome::Kind::kAccepted;
  if (!accepted || name_.empty() || outcome.identity.user == name_) return outcome;
  return rules_.refuse(name_, peer_, "the token is of another user");
}

}  // namespace harrier::auth
