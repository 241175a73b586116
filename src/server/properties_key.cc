#include "server/properties_key.h"

#include "auth/digest.h"

namespace harrier::server {
namespace {

constexpr std::size_t kHashSize = 16;

// As RabbitMQ: a space is `+`, and `~` is encoded, too.
std::string quoted(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string quoted;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || c == '-' || c == '.' || c == '_') {
      quoted.push_back(c);
    } else if (c == ' ') {
      quoted.push_back('+');
    } else {
      quoted.push_back('%');
      quoted.push_back(kDigits[octet >> 4]);
      quoted.push_back(kDigits[octet & 0x0F]);
    }
  }
  return quoted;
}

// Base64 for addresses, without padding.
std::string hash_of(amqp::TableView arguments) {
  const std::string hash =
      auth::digest(auth::DigestKind::kSha256, arguments.bytes()).substr(0, kHashSize);
  std::string text = auth::to_base64(hash);
  while (text.ends_with('='))
    text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace

std::string properties_key(std::string_view routing_key, amqp::TableView arguments) {
  if (arguments.empty()) return routing_key.empty() ? "~" : quoted(routing_key);
  return quoted(routing_key) + "~" + hash_of(arguments);
}

}  // namespace harrier::server
