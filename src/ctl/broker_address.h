// Where the broker's management API is: a Unix domain socket, or a URI.
//
// Role:   made of --socket, --uri and their environment by the command line; read by HttpClient.
// Thread: immutable value.
// Errors: parse_broker_uri() throws Trouble(kExitConfig) without repeating a password.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace harrier::ctl {

struct Login {
  std::string user;
  std::string password;
};

struct BrokerAddress {
  enum class Kind { kUnix, kTcp, kTls };
  Kind kind = Kind::kUnix;
  std::string socket_path = "/run/harriermq/ctl.sock";
  std::string host;
  std::uint16_t port = 0;
  // What stands before /api, "" or "/prefix".
  std::string path_prefix;
  // Certificates to trust; empty: the system's.
  std::string ca_file;
  // Absent on a Unix socket: the broker asks the system who is calling.
  std::optional<Login> login;

  // For messages: no password in it.
  std::string display() const;
};

// http[s]://[user[:password]@]host[:port][/prefix]
BrokerAddress parse_broker_uri(std::string_view uri);

}  // namespace harrier::ctl
