// How long flushes take and how much each of them writes, for metrics.
//
// Thread: synchronized: written by the flusher only, read by any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/histogram.h"

namespace harrier::journal {

struct FlushCounters {
  // Microseconds from the first byte's write to the end of the sync.
  static constexpr std::array<std::uint64_t, 13> kDurationBounds = {
      50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 500'000, 1'000'000};
  static constexpr std::array<std::uint64_t, 11> kBytesBounds = {
      4'096,   8'192,   16'384,    32'768,    65'536,   131'072,
      262'144, 524'288, 1'048'576, 2'097'152, 4'194'304};
  static constexpr std::array<std::uint64_t, 15> kRecordsBounds = {
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1'024, 2'048, 4'096, 8'192, 16'384};

  base::Histogram<kDurationBounds> duration_us;
  base::Histogram<kBytesBounds> bytes;  // of records with their batches' heads
  base::Histogram<kRecordsBounds> records;
};

}  // namespace harrier::journal
