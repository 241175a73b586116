#include "auth/scram_messages.h"

#include <optional>
#include <utility>

#include "auth/digest.h"
#include "base/utf8.h"

namespace harrier::auth {
namespace {

// Takes what is before the next comma, and the comma.
base::Bytes take_field(base::Bytes& rest) {
  const std::size_t comma = rest.find(',');
  const base::Bytes field = rest.substr(0, comma);
  rest.remove_prefix(comma == base::Bytes::npos ? rest.size() : comma + 1);
  return field;
}

// The value of an attribute that must be there.
std::optional<base::Bytes> take_attribute(base::Bytes& rest, base::Bytes name_and_equals) {
  base::Bytes after = rest;
  const base::Bytes field = take_field(after);
  if (!field.starts_with(name_and_equals)) return std::nullopt;
  rest = after;
  return field.substr(name_and_equals.size());
}

// =2C is a comma and =3D an equals sign; neither may stand for itself.
std::optional<std::string> decoded_name(base::Bytes text) {
  if (text.empty() || !base::is_utf8(text)) return std::nullopt;
  if (text.find('\0') != base::Bytes::npos) return std::nullopt;
  std::string name;
  while (!text.empty()) {
    if (text.front() != '=') {
      name.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    if (text.starts_with("=2C")) {
      name.push_back(',');
    } else if (text.starts_with("=3D")) {
      name.push_back('=');
    } else {
      return std::nullopt;
    }
    text.remove_prefix(3);
  }
  return name;
}

// Printable ASCII without the comma, which take_field() has cut off.
bool is_nonce(base::Bytes text) {
  if (text.empty() || text.size() > 2 * kScramNonceMax) return false;
  for (const char c : text)
    if (c < '!' || c > '~') return false;
  return true;
}

// Further attributes: unknown ones are to be ignored.
bool are_extensions(base::Bytes rest) {
  while (!rest.empty()) {
    const base::Bytes field = take_field(rest);
    const bool letter = !field.empty() && ((field[0] >= 'a' && field[0] <= 'z') ||
                                           (field[0] >= 'A' && field[0] <= 'Z'));
    if (!letter || field.size() < 3 || field[1] != '=') return false;
  }
  return true;
}

}  // namespace

base::Result<ScramFirst> ScramFirst::parse(base::Bytes message) {
  base::Bytes rest = message;
  const base::Bytes flag = take_field(rest);
  if (flag.starts_with("p=")) return base::fail("SCRAM with channel binding is not offered");
  if (flag != "n" && flag != "y") return base::fail("SCRAM message has no channel binding flag");
  ScramFirst first;
  const base::Bytes authzid = take_field(rest);
  if (!authzid.empty()) {
    auto name = authzid.starts_with("a=") ? decoded_name(authzid.substr(2)) : std::nullopt;
    if (!name) return base::fail("SCRAM message has a bad authorization identity");
    first.authzid = std::move(*name);
  }
  first.gs2_header = std::string(message.substr(0, message.size() - rest.size()));
  first.bare = std::string(rest);
  if (rest.starts_with("m=")) return base::fail("SCRAM message asks for an unknown extension");
  const auto user = take_attribute(rest, "n=");
  auto name = user ? decoded_name(*user) : std::nullopt;
  if (!name) return base::fail("SCRAM message has no user");
  first.user = std::move(*name);
  const auto nonce = take_attribute(rest, "r=");
  if (!nonce || nonce->size() > kScramNonceMax || !is_nonce(*nonce) || !are_extensions(rest))
    return base::fail("SCRAM message has no nonce");
  first.nonce = std::string(*nonce);
  return first;
}

base::Result<ScramFinal> ScramFinal::parse(base::Bytes message) {
  ScramFinal final;
  const std::size_t proof_at = message.rfind(",p=");
  if (proof_at == base::Bytes::npos) return base::fail("SCRAM message has no proof");
  const auto proof = from_base64(message.substr(proof_at + 3));
  if (!proof) return base::fail("SCRAM proof is not base64");
  final.proof = *proof;
  base::Bytes rest = message.substr(0, proof_at);
  final.without_proof = std::string(rest);
  const auto binding = take_attribute(rest, "c=");
  const auto header = binding ? from_base64(*binding) : std::nullopt;
  if (!header) return base::fail("SCRAM message has no channel binding");
  final.channel_binding = *header;
  const auto nonce = take_attribute(rest, "r=");
  if (!nonce || !is_nonce(*nonce) || !are_extensions(rest))
    return base::fail("SCRAM message has no nonce");
  final.nonce = std::string(*nonce);
  return final;
}

}  // namespace harrier::auth
