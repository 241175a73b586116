// An HTTP/1.1 client that waits: one connection to one broker, one request at a time.
//
// Role:   Management speaks through it. It knows nothing of JSON or of the API.
// Thread: compatible.
// Errors: exchange() throws Trouble: kExitUnavailable (nobody there, the connection breaks, a
//         certificate that is not to be trusted), kExitNoPermission (the socket's mode),
//         kExitTimeout, kExitSoftware (no HTTP, or an answer too large). The next call connects
//         anew.
// Limits: timeout for each exchange, connecting and the name's lookup included; answer_bytes_max;
//         64 KiB of header.
// Spec:   RFC 9112; TLS 1.2 at least, the certificate's name is compared with the URI's host.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctl/broker_address.h"

namespace harrier::ctl {

struct HttpRequest {
  std::string method;
  std::string target;
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
};

struct HttpAnswer {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

struct HttpLimits {
  std::chrono::milliseconds timeout{60'000};
  std::size_t answer_bytes_max = 256u << 20;
};

class HttpClient {
 public:
  HttpClient(BrokerAddress address, HttpLimits limits);
  ~HttpClient();

  HttpAnswer exchange(const HttpRequest& request);
  void set_timeout(std::chrono::milliseconds timeout) { limits_.timeout = timeout; }
  const BrokerAddress& address() const { return address_; }

 private:
  class Connection;

  const BrokerAddress address_;
  HttpLimits limits_;
  std::unique_ptr<Connection> connection_;
};

// Whether somebody accepts TCP connections there.
bool accepts_connections(const std::string& host, std::uint16_t port,
                         std::chrono::milliseconds timeout);

}  // namespace harrier::ctl
