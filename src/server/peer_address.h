// From the kernel's form of an address to ours.
#pragma once

#include <optional>

#include <sys/socket.h>

#include "auth/authenticator.h"
#include "base/ip_prefix.h"

namespace harrier::server {

// Without port for sockets that have none; IPv4 also where it arrived mapped into IPv6.
auth::Peer peer_of(const sockaddr_storage& from);
// nullopt: no IP address.
std::optional<base::IpOctets> octets_of(const sockaddr_storage& from);

}  // namespace harrier::server
