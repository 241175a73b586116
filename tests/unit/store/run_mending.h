// Makes the checksums of a run file fit what it says, so that what lies behind them is tested too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "store/run_format.h"

namespace harrier::store {

inline std::uint64_t number_at(const std::string& file, std::size_t offset) {
  return base::load_big_endian<std::uint64_t>(file.data() + offset);
}
template <class Number>
void store_at(std::string& file, std::size_t offset, Number number) {
  base::store_big_endian(file.data() + offset, number);
}

// The CRC at the end of the part at `offset`.
inline void mend_part(std::string& file, std::size_t offset, std::size_t size) {
  const std::size_t covered = size - kCrcBytes;
  store_at(file, offset + covered, base::crc32c(std::string_view(file).substr(offset, covered)));
}

// The block's place and both of its CRCs; false if its length leads out of the file.
inline bool mend_block(std::string& file, std::size_t offset, std::size_t end) {
  if (end < offset || end - offset < kBlockHeadBytes) return false;
  const std::uint64_t length = number_at(file, offset + 24);
  if (length < kBlockHeadBytes || length > end - offset) return false;
  store_at(file, offset + 16, std::uint64_t{offset});
  store_at(file, offset + 96,
           base::crc32c(
               std::string_view(file).substr(offset + kBlockHeadBytes, length - kBlockHeadBytes)));
  mend_part(file, offset, kBlockHeadBytes);
  return true;
}

// Everything; also the length that the tail has.
inline void mend_run(std::string& file) {
  if (file.size() < kRunHeadBytes + kTailBytes) return;
  const std::size_t tail = file.size() - kTailBytes;
  mend_part(file, 0, kRunHeadBytes);
  store_at(file, tail + 16, std::uint64_t{file.size()});
  const std::uint64_t index = number_at(file, tail + 24);
  if (index >= kRunHeadBytes && index <= tail) {
    store_at(file, tail + 48, base::crc32c(std::string_view(file).substr(index, tail - index)));
    for (std::size_t block = kRunHeadBytes; mend_block(file, block, index);)
      block += number_at(file, block + 24);
  }
  mend_part(file, tail, kTailBytes);
}

}  // namespace harrier::store
