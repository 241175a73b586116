#include "auth/scram_keys.h"

#include <array>
#include <charconv>
#include <utility>

#include <openssl/crypto.h>

namespace harrier::auth {
namespace {

std::string without_padding(base::Bytes bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('='))
    text.pop_back();
  return text;
}

std::optional<std::string> decoded(base::Bytes text) {
  if (text.ends_with('=')) return std::nullopt;
  std::string padded(text);
  while (padded.size() % 4 != 0)
    padded.push_back('=');
  return from_base64(padded);
}

std::optional<std::uint32_t> iterations_in(base::Bytes parameter) {
  if (!parameter.starts_with("i=")) return std::nullopt;
  parameter.remove_prefix(2);
  std::uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(parameter.data(), parameter.data() + parameter.size(), number);
  if (error != std::errc() || end != parameter.data() + parameter.size()) return std::nullopt;
  if (number < ScramKeys::kIterationsMin || number > ScramKeys::kIterationsMax) return std::nullopt;
  return number;
}

base::Bytes name_of(DigestKind kind) {
  return kind == DigestKind::kSha256 ? "scram-sha-256" : "scram-sha-512";
}

}  // namespace

ScramKeys ScramKeys::derive(DigestKind kind, base::Bytes password, std::string salt,
                            std::uint32_t iterations) {
  std::string salted = pbkdf2(kind, password, salt, iterations);
  std::string client_key = hmac(kind, salted, "Client Key");
  ScramKeys keys{kind, iterations, std::move(salt), digest(kind, client_key),
                 hmac(kind, salted, "Server Key")};
  OPENSSL_cleanse(salted.data(), salted.size());
  OPENSSL_cleanse(client_key.data(), client_key.size());
  return keys;
}

base::Result<ScramKeys> ScramKeys::parse(base::Bytes text) {
  const base::Error unknown{
      "a password hash is neither base64 nor "
      "$scram-sha-256$i=ITERATIONS$SALT$KEYS"};
  std::array<base::Bytes, 4> fields;
  for (base::Bytes& field : fields) {
    if (!text.starts_with('$')) return base::fail(unknown);
    text.remove_prefix(1);
    field = text.substr(0, text.find('$'));
    text.remove_prefix(field.size());
  }
  if (!text.empty()) return base::fail(unknown);
  ScramKeys keys;
  if (fields[0] == name_of(DigestKind::kSha512)) {
    keys.kind = DigestKind::kSha512;
  } else if (fields[0] != name_of(DigestKind::kSha256)) {
    return base::fail(unknown);
  }
  const auto iterations = iterations_in(fields[1]);
  if (!iterations) return base::fail("a password hash has impossible iterations");
  auto salt = decoded(fields[2]);
  auto both = decoded(fields[3]);
  const std::size_t size = digest_size(keys.kind);
  if (!salt || salt->empty() || salt->size() > kSaltMax || !both || both->size() != 2 * size)
    return base::fail("a password hash has a damaged salt or keys");
  keys.iterations = *iterations;
  keys.salt = std::move(*salt);
  keys.stored_key = both->substr(0, size);
  keys.server_key = both->substr(size);
  return keys;
}

bool ScramKeys::matches(base::Bytes password) const {
  return equal_in_constant_time(derive(kind, password, salt, iterations).stored_key, stored_key);
}

bool ScramKeys::proves(base::Bytes proof, base::Bytes auth_message) const {
  if (proof.size() != stored_key.size()) return false;
  std::string client_key = hmac(kind, stored_key, auth_message);
  for (std::size_t index = 0; index != proof.size(); ++index)
    client_key[index] = static_cast<char>(client_key[index] ^ proof[index]);
  return equal_in_constant_time(digest(kind, client_key), stored_key);
}

std::string ScramKeys::server_signature(base::Bytes auth_message) const {
  return hmac(kind, server_key, auth_message);
}

std::string ScramKeys::text() const {
  std::string text = "$";
  text.append(name_of(kind)).append("$i=").append(std::to_string(iterations));
  text.append("$").append(without_padding(salt));
  text.append("$").append(without_padding(stored_key + server_key));
  return text;
}

}  // namespace harrier::auth
