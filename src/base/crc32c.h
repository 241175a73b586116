// CRC-32C (Castagnoli): the checksum of everything on disk.
//
// Model:  reflected, polynomial 0x1EDC6F41, start and end value all ones, as in iSCSI, ext4 and
//         SSE 4.2. Incremental: crc32c(b, crc32c(a)) is the checksum of a followed by b.
// Thread: compatible (no state).
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace harrier::base {

// The checksum of `bytes` behind what `so_far` is the checksum of.
std::uint32_t crc32c(Bytes bytes, std::uint32_t so_far = 0);

}  // namespace harrier::base
