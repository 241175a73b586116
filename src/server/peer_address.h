// From the kernel's form of an address to ours.
#pragma once

#include <optional>

#include <sys/socket.h>

#include "auth/authenticator.h"
#include "base/ip_prefix.h"

namespace harrier::server {

// IPv4 also where it arrived mapped into IPv6.
auth::Peer peer_of(const sockaddr_storage& from);
// The process at the other end of a connected Unix domain socket, as the kernel saw it connect.
auth::Peer unix_peer_of(int descriptor);
// nullopt: no IP address.
std::optional<base::IpOctets> octets_of(const sockaddr_storage& from);

}  // namespace harrier::server
