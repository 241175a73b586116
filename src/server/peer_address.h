// From the kernel's form of an address to ours.
#pragma once

#include <sys/socket.h>

#include "auth/authenticator.h"

namespace harrier::server {

// Without port for sockets that have none; IPv4 also where it arrived mapped into IPv6.
auth::Peer peer_of(const sockaddr_storage& from);

}  // namespace harrier::server
