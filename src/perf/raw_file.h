// What the disk itself takes to make 4 KiB durable: the floor under every confirm.
//
// Model:  a zero-filled file in which blocks are rewritten one by one, each followed by fdatasync.
//         It has no name, so nothing stays behind.
// Thread: compatible.
// Errors: LoadError: no file can be made there, or written.
// Limits: kRawFileBytes.
#pragma once

#include <string>

#include "perf/clock.h"
#include "perf/histogram.h"

namespace harrier::perf {

inline constexpr std::size_t kRawFileBytes = 16 << 20;

class RawFile {
 public:
  explicit RawFile(const std::string& directory);
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile();

  // Adds the nanoseconds of each write with its flush.
  void measure(Clock::duration duration, Histogram& times);

 private:
  int file_ = -1;
  std::size_t at_ = 0;
};

}  // namespace harrier::perf
