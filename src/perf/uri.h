// Where a broker is and who we are to it: amqp://user:password@host:port/vhost.
//
// Model:  what is left out has RabbitMQ's default: guest, guest, localhost, 5672 (amqps: 5671), the
//         virtual host "/". "amqp://host/" names the virtual host "". Percent-encoding is undone in
//         user, password and virtual host; [..] holds an IPv6 address.
// Errors: parse_uri: base::Error with the words for the user.
// Thread: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace harrier::perf {

struct Endpoint {
  std::string host = "localhost";
  std::uint16_t port = 5672;
  std::string user = "guest";
  std::string password = "guest";
  std::string virtual_host = "/";
  bool tls = false;
  // A file of certificates to check the broker's against; empty: any certificate will do.
  std::string tls_ca_file;
  // Address to connect from; empty: the system's choice.
  std::string source_address;
};

base::Result<Endpoint> parse_uri(std::string_view uri);

}  // namespace harrier::perf
