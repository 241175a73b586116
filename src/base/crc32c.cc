#include "base/crc32c.h"

#include <algorithm>

// ISA-L's header has no extern "C" of its own in every version.
extern "C" {
#include <isa-l/crc.h>
}

namespace harrier::base {
namespace {

// ISA-L counts in int.
constexpr std::size_t kPieceBytes = std::size_t{1} << 30;

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t so_far) {
  std::uint32_t state = ~so_far;
  while (!bytes.empty()) {
    const Bytes piece = bytes.substr(0, std::min(bytes.size(), kPieceBytes));
    // The parameter lacks a const, the function only reads.
    auto* start = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    state = crc32_iscsi(start, static_cast<int>(piece.size()), state);
    bytes.remove_prefix(piece.size());
  }
  return ~state;
}

}  // namespace harrier::base
