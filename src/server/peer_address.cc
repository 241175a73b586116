#include "server/peer_address.h"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/check.h"

namespace harrier::server {
namespace {

auth::Peer from_v4(const in_addr& address, std::uint16_t port) {
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address, text, sizeof text);
  return {text, port, (ntohl(address.s_addr) >> 24) == 127};
}

}  // namespace

auth::Peer peer_of(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    return from_v4(v4.sin_addr, ntohs(v4.sin_port));
  }
  if (from.ss_family != AF_INET6) return {};
  sockaddr_in6 v6{};
  std::memcpy(&v6, &from, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    in_addr v4{};
    std::memcpy(&v4, v6.sin6_addr.s6_addr + 12, sizeof v4);
    return from_v4(v4, ntohs(v6.sin6_port));
  }
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return {text, ntohs(v6.sin6_port), IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)};
}

auth::Peer unix_peer_of(int descriptor) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  // Of a connected socket it does not fail.
  CHECK(::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0);
  auth::Peer peer{"unix:uid=" + std::to_string(credentials.uid), 0, true};
  peer.process = credentials.pid;
  return peer;
}

std::optional<base::IpOctets> octets_of(const sockaddr_storage& from) {
  base::IpOctets octets{};
  if (from.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    return octets;
  }
  if (from.ss_family != AF_INET) return std::nullopt;
  sockaddr_in v4{};
  std::memcpy(&v4, &from, sizeof v4);
  octets[10] = octets[11] = 0xFF;
  std::memcpy(octets.data() + 12, &v4.sin_addr, sizeof v4.sin_addr);
  return octets;
}

}  // namespace harrier::server
