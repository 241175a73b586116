// What the journal's flushes were like: how long, how large.
//
// Thread: synchronized: written by the flusher, read by any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/histogram.h"

namespace harrier::journal {

inline constexpr std::array<std::uint64_t, 12> kFlushMicrosecondsBounds = {
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000};
inline constexpr std::array<std::uint64_t, 8> kFlushRecordsBounds = {1,   4,     16,    64,
                                                                     256, 1'024, 4'096, 16'384};
inline constexpr std::array<std::uint64_t, 8> kFlushBytesBounds = {
    1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20};

struct FlushCounters {
  base::Histogram<kFlushMicrosecondsBounds> microseconds;  // writing and syncing
  base::Histogram<kFlushRecordsBounds> records;
  base::Histogram<kFlushBytesBounds> bytes;
};

}  // namespace harrier::journal
