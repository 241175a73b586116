// Concern: whatever stands where a PROXY header should, parsing ends within its bounds, and says
//          the same whatever pieces it comes in and whatever follows. Plan: the whole input, then
//          every beginning of it.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "server/proxy_header.h"

using harrier::auth::Peer;
using harrier::server::ProxyHeader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = ProxyHeader::parse(bytes);
  const bool done = whole.ok() && whole->has_value();
  if (whole.ok() && !done) CHECK(size < ProxyHeader::kV2BytesMax);
  if (done) {
    CHECK((*whole)->size <= size && (*whole)->size <= ProxyHeader::kV2BytesMax);
    const Peer far = (*whole)->peer({"10.0.0.9", 4711, false});
    CHECK(!far.address.empty() && !far.loopback);
  }
  for (std::size_t length = 0; length <= size && length <= ProxyHeader::kV2BytesMax; ++length) {
    const auto part = ProxyHeader::parse(bytes.substr(0, length));
    if (!part.ok()) {
      CHECK(!whole.ok());
    } else if (part->has_value()) {
      CHECK(done && (*part)->size == (*whole)->size && (*part)->origin == (*whole)->origin);
      CHECK(length >= (*part)->size);
    } else if (done) {
      CHECK(length < (*whole)->size);
    }
  }
  return 0;
}
