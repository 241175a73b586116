#include "perf/uri.h"

#include <charconv>
#include <optional>

namespace harrier::perf {
namespace {

std::optional<std::string> decode_percent(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text.size() - i < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
    if (error != std::errc{} || end != digits + 2) return std::nullopt;
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

// user[:password]
bool read_credentials(std::string_view text, Endpoint& endpoint) {
  const std::size_t colon = text.find(':');
  const auto user = decode_percent(text.substr(0, colon));
  if (!user) return false;
  endpoint.user = *user;
  if (colon == std::string_view::npos) return true;
  const auto password = decode_percent(text.substr(colon + 1));
  if (!password) return false;
  endpoint.password = *password;
  return true;
}

// host[:port] or [ipv6][:port]
bool read_authority(std::string_view text, Endpoint& endpoint) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    endpoint.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return false;
  } else {
    const std::size_t colon = text.find(':');
    if (colon != 0 && !text.empty()) endpoint.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  const auto [end, error] =
      std::from_chars(port.data() + 1, port.data() + port.size(), endpoint.port);
  return error == std::errc{} && end == port.data() + port.size() && endpoint.port != 0;
}

}  // namespace

base::Result<Endpoint> parse_uri(std::string_view uri) {
  Endpoint endpoint;
  std::string_view rest = uri;
  if (rest.starts_with("amqps://")) {
    endpoint.tls = true;
    endpoint.port = 5671;
    rest.remove_prefix(8);
  } else if (rest.starts_with("amqp://")) {
    rest.remove_prefix(7);
  } else {
    return base::fail("a URI starts with amqp:// or amqps://, not '" + std::string(uri) + "'");
  }
  const auto malformed = [&] { return base::fail("malformed URI '" + std::string(uri) + "'"); };
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    const auto virtual_host = decode_percent(rest.substr(slash + 1));
    if (!virtual_host || virtual_host->size() > 255) return malformed();
    endpoint.virtual_host = *virtual_host;
    rest = rest.substr(0, slash);
  }
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) {
    if (!read_credentials(rest.substr(0, at), endpoint)) return malformed();
    rest = rest.substr(at + 1);
  }
  if (!read_authority(rest, endpoint)) return malformed();
  return endpoint;
}

}  // namespace harrier::perf
