// The PROXY protocol's header: what a proxy says of the client behind it, before all else.
//
// Role:   ProxyHeaderReader parses what has come; Connection takes the peer from it. Whether the
//         sender is to be believed was decided by Listener.
// Model:  parse(): a prefix of a header → more is needed; a whole one → its size and origin;
//         anything else → refused, as soon as that is certain. What a header says does not depend
//         on what follows it.
//         Origins: kProxy (v2 LOCAL: the proxy speaks for itself, a health check), kUnknown (it
//         speaks for somebody and does not say for whom: v1 UNKNOWN, v2 with no family, a Unix
//         socket or datagrams), kClient (an IPv4 or IPv6 address and a port).
// Thread: immutable value.
// Errors: ProxyHeaderError has the words for the log; the other end hears nothing.
// Limits: kV1BytesMax, the specification's; kV2BytesMax, of 65,551 it allows: refused above.
// Spec:   haproxy.org, "The PROXY protocol, versions 1 & 2", 2.1 and 2.2. Extensions (TLV) must be
//         whole, and are not looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/socket.h>

#include "auth/authenticator.h"
#include "base/bytes.h"
#include "base/result.h"

namespace harrier::server {

struct ProxyHeaderError {
  std::string reason;
};

struct ProxyHeader {
  static constexpr std::size_t kV1BytesMax = 107;
  static constexpr std::size_t kV2FixedBytes = 16;
  static constexpr std::size_t kV2BytesMax = kV2FixedBytes + 4096;

  enum class Origin : std::uint8_t { kProxy, kUnknown, kClient };

  std::size_t size = 0;  // of its octets; TLS or AMQP follows
  Origin origin = Origin::kUnknown;
  sockaddr_storage client{};  // with kClient

  // nullopt: `bytes` is the beginning of a header.
  static base::Result<std::optional<ProxyHeader>, ProxyHeaderError> parse(base::Bytes bytes);

  // Whom to talk to, `proxy` being the other end of the socket. A client is on this machine only if
  // the proxy is, too: its 127.0.0.1 is not ours. One that is not named is on no known machine.
  auth::Peer peer(const auth::Peer& proxy) const;
};

}  // namespace harrier::server
