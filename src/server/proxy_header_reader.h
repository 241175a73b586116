// Takes a PROXY protocol header, and no octet more, off a non-blocking socket.
//
// Role:   a Connection has one until the header is there; what follows stays in the socket for TLS
//         or AMQP. When it takes too long is the connection's business.
// Model:  waiting → done | failed. Looks at what has come, then takes what belongs to the header:
//         two system calls each time something comes, and never the same octets twice.
// Thread: confined(io).
// Errors: kFailed, and failure() says why, for the log.
// Limits: holds ProxyHeader::kV2BytesMax.
#pragma once

#include <string>

#include "server/proxy_header.h"

namespace harrier::server {

class ProxyHeaderReader {
 public:
  enum class Progress { kDone, kWaits, kFailed };

  // REQUIRES that `descriptor` is open for as long as read() is called; it closes nothing.
  explicit ProxyHeaderReader(int descriptor) : descriptor_(descriptor) {}

  // The socket is readable. REQUIRES that it waits.
  Progress read();
  // Once done.
  const ProxyHeader& header() const { return header_; }
  const std::string& failure() const { return failure_; }
  // Something has come, be it nonsense.
  bool heard() const { return heard_; }
  std::size_t held_bytes() const { return text_.capacity(); }

 private:
  Progress fail(std::string why);

  const int descriptor_;
  bool heard_ = false;
  std::string text_;  // a header's beginning
  ProxyHeader header_;
  std::string failure_;
};

}  // namespace harrier::server
