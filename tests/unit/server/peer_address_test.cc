#include "server/peer_address.h"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

sockaddr_storage v4(const char* text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  EXPECT_EQ(::inet_pton(AF_INET, text, &address.sin_addr), 1);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return storage;
}

sockaddr_storage v6(const char* text, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  EXPECT_EQ(::inet_pton(AF_INET6, text, &address.sin6_addr), 1);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return storage;
}

TEST(PeerAddress, IsShownAsPeopleWriteIt) {
  EXPECT_EQ(peer_of(v4("203.0.113.7", 4711)).display(), "203.0.113.7:4711");
  EXPECT_EQ(peer_of(v6("2001:DB8::7", 4711)).display(), "[2001:db8::7]:4711");
  EXPECT_EQ(peer_of(v6("::ffff:203.0.113.7", 4711)).display(), "203.0.113.7:4711");
}

TEST(PeerAddress, KnowsThisMachine) {
  EXPECT_TRUE(peer_of(v4("127.0.0.1", 1)).loopback);
  EXPECT_TRUE(peer_of(v4("127.255.255.255", 1)).loopback);
  EXPECT_FALSE(peer_of(v4("128.0.0.1", 1)).loopback);
  EXPECT_TRUE(peer_of(v6("::1", 1)).loopback);
  EXPECT_TRUE(peer_of(v6("::ffff:127.0.0.1", 1)).loopback);
  EXPECT_FALSE(peer_of(v6("::2", 1)).loopback);
  EXPECT_FALSE(peer_of({}).loopback);
}

TEST(PeerAddress, AUnixSocketsIsTheProcess) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const auth::Peer peer = unix_peer_of(ends[0]);
  EXPECT_EQ(peer.address, "unix:uid=" + std::to_string(::getuid()));
  EXPECT_EQ(peer.display(), peer.address + ",pid=" + std::to_string(::getpid()));
  EXPECT_TRUE(peer.loopback);
  EXPECT_FALSE(peer.encrypted);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(PeerAddress, OctetsAreTheSameHoweverIPv4Arrived) {
  EXPECT_EQ(octets_of(v4("203.0.113.7", 1)), base::parse_ip("203.0.113.7"));
  EXPECT_EQ(octets_of(v6("::ffff:203.0.113.7", 1)), base::parse_ip("203.0.113.7"));
  EXPECT_EQ(octets_of(v6("2001:db8::7", 1)), base::parse_ip("2001:db8::7"));
  EXPECT_EQ(octets_of({}), std::nullopt);
}

}  // namespace
}  // namespace harrier::server
