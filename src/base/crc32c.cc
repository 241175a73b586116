#include "base/crc32c.h"

#include <isa-l/crc.h>

namespace harrier::base {
namespace {

// The library counts in int.
constexpr std::size_t kPieceBytes = 1 << 30;

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t so_far) {
  // The library works on the register itself, which the definition inverts before and after.
  std::uint32_t state = ~so_far;
  while (!bytes.empty()) {
    const Bytes piece = bytes.substr(0, kPieceBytes);
    // It takes a pointer to non-const and does not write through it.
    auto* start = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    state = crc32_iscsi(start, static_cast<int>(piece.size()), state);
    bytes.remove_prefix(piece.size());
  }
  return ~state;
}

}  // namespace harrier::base
