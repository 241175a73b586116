// The two ends of a connection, and its name.
//
// Role:   server makes it; both halves of a connection have it.
// Thread: immutable value.
#pragma once

#include <cstdint>
#include <string>

namespace harrier::session {

struct ConnectionEnds {
  // Of a Unix domain socket: what auth::Peer::display() says, port 0.
  std::string peer_host;
  std::uint16_t peer_port = 0;
  // Ours; of a Unix domain socket its path, port 0.
  std::string host;
  std::uint16_t port = 0;

  // RabbitMQ's name of a connection: "127.0.0.1:4711 -> 127.0.0.1:5672", with brackets around an
  // IPv6 address.
  std::string name() const { return side(peer_host, peer_port) + " -> " + side(host, port); }

 private:
  static std::string side(const std::string& host, std::uint16_t port) {
    if (port == 0) return host;
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
};

}  // namespace harrier::session
