// Hashes of several things as one, in their order.
//
// Thread: immutable.
#pragma once

#include <cstdint>

namespace harrier::broker {

inline std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t more) {
  hash = (hash ^ more) * 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 32;
}

}  // namespace harrier::broker
