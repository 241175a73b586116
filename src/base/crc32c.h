// CRC-32C (Castagnoli), as in iSCSI and ext4: what tells bytes on the disk from what was written.
//
// Thread: pure function.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace harrier::base {

// `so_far` is the checksum of what came before, so that
// crc32c(b, crc32c(a)) is the checksum of a and b one after the other.
std::uint32_t crc32c(Bytes bytes, std::uint32_t so_far = 0);

}  // namespace harrier::base
