#include "server/proxy_header_reader.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>

#include "base/check.h"

namespace harrier::server {

ProxyHeaderReader::Progress ProxyHeaderReader::fail(std::string why) {
  failure_ = std::move(why);
  return Progress::kFailed;
}

ProxyHeaderReader::Progress ProxyHeaderReader::read() {
  std::array<char, ProxyHeader::kV2BytesMax> octets;
  const std::size_t before = text_.size();
  const ssize_t seen = ::recv(descriptor_, octets.data(), octets.size() - before, MSG_PEEK);
  if (seen == 0) return fail("the connection was closed before its end");
  if (seen < 0) {
    const bool waits = errno == EAGAIN || errno == EINTR;
    return waits ? Progress::kWaits : fail(std::strerror(errno));
  }
  heard_ = true;
  text_.append(octets.data(), static_cast<std::size_t>(seen));
  auto parsed = ProxyHeader::parse(text_);
  if (!parsed) return fail(std::move(parsed).error().reason);
  const std::size_t size = *parsed ? (*parsed)->size : text_.size();
  CHECK(size > before);
  // They lie there: it cannot be fewer.
  const ssize_t taken = ::recv(descriptor_, octets.data(), size - before, 0);
  if (taken != static_cast<ssize_t>(size - before)) return fail("the socket lost what it had");
  if (!*parsed) return Progress::kWaits;
  header_ = **parsed;
  return Progress::kDone;
}

}  // namespace harrier::server
