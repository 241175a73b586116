#include "ctl/broker_address.h"

#include <charconv>

#include "ctl/target.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

[[noreturn]] void refuse(const char* what) {
  throw Trouble(kExitConfig,
                std::string("--uri: ") + what + "; it looks like https://user:password@host:15671");
}

std::string decoded(std::string_view text) {
  const std::optional<std::string> plain = percent_decoded(text);
  if (!plain) refuse("a % is not followed by two hexadecimal digits");
  return *plain;
}

Login parse_login(std::string_view text) {
  const std::size_t colon = text.find(':');
  Login login{.user = decoded(text.substr(0, colon))};
  if (colon != std::string_view::npos) login.password = decoded(text.substr(colon + 1));
  return login;
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) refuse("no such port");
  return port;
}

void parse_host(std::string_view text, BrokerAddress& address) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) refuse("a [ is not closed");
  const std::size_t colon = text.find(':', bracket);
  address.host = text.substr(0, colon);
  if (bracket != 0) {
    if (colon != bracket + 1 && bracket + 1 != text.size()) refuse("no host");
    address.host = text.substr(1, bracket - 1);
  }
  if (address.host.empty()) refuse("no host");
  if (colon != std::string_view::npos) address.port = parse_port(text.substr(colon + 1));
}

}  // namespace

std::string BrokerAddress::display() const {
  if (kind == Kind::kUnix) return socket_path;
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return (kind == Kind::kTls ? "https://" : "http://") + name + ":" + std::to_string(port) +
         path_prefix;
}

BrokerAddress parse_broker_uri(std::string_view uri) {
  BrokerAddress address;
  for (const char c : uri) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) refuse("a space or control character");
  }
  if (uri.starts_with("http://")) {
    address.kind = BrokerAddress::Kind::kTcp;
    address.port = 15672;
  } else if (uri.starts_with("https://")) {
    address.kind = BrokerAddress::Kind::kTls;
    address.port = 15671;
  } else {
    refuse("it begins neither with http:// nor with https://");
  }
  uri.remove_prefix(uri.find("//") + 2);
  if (uri.find_first_of("?#") != std::string_view::npos) refuse("a query or a fragment");
  const std::size_t slash = uri.find('/');
  if (slash != std::string_view::npos) {
    address.path_prefix = uri.substr(slash);
    while (address.path_prefix.ends_with('/'))
      address.path_prefix.pop_back();
    uri = uri.substr(0, slash);
  }
  if (const std::size_t at = uri.rfind('@'); at != std::string_view::npos) {
    address.login = parse_login(uri.substr(0, at));
    uri.remove_prefix(at + 1);
  }
  parse_host(uri, address);
  return address;
}

}  // namespace harrier::ctl
