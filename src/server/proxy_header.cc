#include "server/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include <netinet/in.h>

#include "base/ip_prefix.h"
#include "server/peer_address.h"

namespace harrier::server {
namespace {

using Parsed = base::Result<std::optional<ProxyHeader>, ProxyHeaderError>;
using Origin = ProxyHeader::Origin;

constexpr std::string_view kV1Signature = "PROXY ";
constexpr std::string_view kV2Signature("\r\n\r\n\0\r\nQUIT\n", 12);

Parsed refused(std::string reason) { return base::fail(ProxyHeaderError{std::move(reason)}); }
Parsed more_is_needed() { return Parsed(std::nullopt); }

// As far as both reach.
bool agree(base::Bytes bytes, std::string_view signature) {
  const std::size_t size = std::min(bytes.size(), signature.size());
  return bytes.substr(0, size) == signature.substr(0, size);
}

sockaddr_storage v4_address(const void* octets, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  std::memcpy(&address.sin_addr, octets, sizeof address.sin_addr);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return storage;
}

sockaddr_storage v6_address(const void* octets, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, octets, sizeof address.sin6_addr);
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return storage;
}

// ---- version 1: a line of text

// Decimal, as short as it can be.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// Both addresses and both ports must be right, though only the source is of use.
Parsed parse_tcp_line(std::string_view words, bool v6, ProxyHeader header) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i != fields.size(); ++i) {
    const std::size_t space = words.find(' ');
    if ((space == std::string_view::npos) != (i + 1 == fields.size()))
      return refused("the line has not two addresses and two ports");
    fields[i] = words.substr(0, space);
    words.remove_prefix(std::min(words.size(), fields[i].size() + 1));
  }
  std::array<std::optional<base::IpOctets>, 2> addresses;
  for (std::size_t i = 0; i != 2; ++i) {
    if ((fields[i].find(':') != std::string_view::npos) == v6)
      addresses[i] = base::parse_ip(fields[i]);
    if (!addresses[i]) return refused("an address is none of its kind");
  }
  const auto port = parse_port(fields[2]);
  if (!port || !parse_port(fields[3])) return refused("a port is none");
  header.origin = Origin::kClient;
  header.client =
      v6 ? v6_address(addresses[0]->data(), *port) : v4_address(addresses[0]->data() + 12, *port);
  return Parsed(header);
}

Parsed parse_v1(base::Bytes bytes) {
  const std::string_view line = bytes.substr(0, ProxyHeader::kV1BytesMax);
  const std::size_t end = line.find('\n');
  if (end == std::string_view::npos) {
    if (line.size() == ProxyHeader::kV1BytesMax) return refused("the line is too long");
    return more_is_needed();
  }
  if (line[end - 1] != '\r') return refused("the line does not end in CR LF");
  ProxyHeader header;
  header.size = end + 1;
  const std::string_view words = line.substr(kV1Signature.size(), end - 1 - kV1Signature.size());
  // What follows UNKNOWN is to be ignored, whatever it is.
  if (words == "UNKNOWN" || words.starts_with("UNKNOWN ")) return Parsed(header);
  const bool v6 = words.starts_with("TCP6 ");
  if (!v6 && !words.starts_with("TCP4 ")) return refused("the line names no protocol known");
  return parse_tcp_line(words.substr(5), v6, header);
}

// ---- version 2: octets

// One octet of type, two of length, then so many; up to the end of the header.
bool are_extensions(base::Bytes bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < 3) return false;
    const std::size_t size = base::load_big_endian<std::uint16_t>(bytes.data() + 1);
    if (bytes.size() - 3 < size) return false;
    bytes.remove_prefix(3 + size);
  }
  return true;
}

Parsed parse_addresses(std::uint8_t family, base::Bytes block, ProxyHeader header) {
  std::size_t size = 0;
  switch (family) {
    // Neither addresses nor what follows them has a form that we know.
    case 0x00: return Parsed(header);
    case 0x11:
    case 0x12: size = 12; break;
    case 0x21:
    case 0x22: size = 36; break;
    case 0x31:
    case 0x32: size = 216; break;
    default: return refused("its family and protocol are not assigned");
  }
  if (block.size() < size) return refused("it is too short for its addresses");
  if (!are_extensions(block.substr(size))) return refused("its extensions do not fit into it");
  const char* const octets = block.data();
  if (family == 0x11) {
    header.origin = Origin::kClient;
    header.client = v4_address(octets, base::load_big_endian<std::uint16_t>(octets + 8));
  } else if (family == 0x21) {
    header.origin = Origin::kClient;
    header.client = v6_address(octets, base::load_big_endian<std::uint16_t>(octets + 32));
  }
  return Parsed(header);
}

Parsed parse_v2(base::Bytes bytes) {
  if (bytes.size() < ProxyHeader::kV2FixedBytes) return more_is_needed();
  const auto version_and_command = static_cast<std::uint8_t>(bytes[12]);
  if (version_and_command >> 4 != 2) return refused("its version is not 2");
  const unsigned command = version_and_command & 15;
  if (command > 1) return refused("its command is not assigned");
  const std::size_t length = base::load_big_endian<std::uint16_t>(bytes.data() + 14);
  ProxyHeader header;
  header.size = ProxyHeader::kV2FixedBytes + length;
  if (header.size > ProxyHeader::kV2BytesMax) return refused("it is too long");
  if (bytes.size() < header.size) return more_is_needed();
  header.origin = command == 0 ? Origin::kProxy : Origin::kUnknown;
  // LOCAL: whatever the rest says is to be ignored.
  if (command == 0) return Parsed(header);
  return parse_addresses(static_cast<std::uint8_t>(bytes[13]),
                         bytes.substr(ProxyHeader::kV2FixedBytes, length), header);
}

}  // namespace

Parsed ProxyHeader::parse(base::Bytes bytes) {
  if (bytes.empty()) return more_is_needed();
  if (agree(bytes, kV1Signature)) return parse_v1(bytes);
  if (agree(bytes, kV2Signature)) return parse_v2(bytes);
  return refused("there is none");
}

auth::Peer ProxyHeader::peer(const auth::Peer& proxy) const {
  auth::Peer peer = proxy;
  if (origin == Origin::kProxy) return peer;
  const auth::Peer claimed = peer_of(client);
  if (origin == Origin::kClient) {
    peer.address = claimed.address;
    peer.port = claimed.port;
  }
  peer.loopback = proxy.loopback && claimed.loopback;
  return peer;
}

}  // namespace harrier::server
