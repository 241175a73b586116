// Turns the bytes of one block, and of the messages it refers to, into entries.
//
// Role:   RunFile reads and hands over the bytes: decode_entries(), then decode_shared() for every
//         region of shared_regions(), then check_totals(). Does no I/O.
// Thread: compatible.
// Errors: bytes from the disk may be anything, even with a fitting CRC: each step gives what is
//         wrong with them, or nullptr.
// Spec:   docs/formats/run.md.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "store/run_block.h"
#include "store/run_format.h"

namespace harrier::store {

class RunBlockDecoder {
 public:
  struct Region {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };

  // REQUIRES that block.head was read; it is the head of the block at `offset` in the file.
  RunBlockDecoder(std::uint64_t offset, RunBlock& block) : offset_(offset), block_(block) {}

  // `entries` is the block without its head; its CRC was compared. They stay where they are as long
  // as the block.
  const char* decode_entries(base::Bytes entries);
  // What to read for the entries whose messages stand elsewhere: growing, without overlap, each
  // wholly before the end of the block. Neighbours with little between them are one region.
  std::vector<Region> shared_regions();
  // REQUIRES the regions in their order.
  const char* decode_shared(const Region& region, base::Bytes bytes);
  // Whether the head says what the entries are.
  const char* check_totals() const;

 private:
  struct SharedEntry {
    std::size_t entry = 0;  // in block_.entries
    MessageReference place;
  };

  const char* decode_entry(base::ByteReader& reader, const char* start);
  const char* decode_reference(base::ByteReader& reader, std::uint64_t entry_offset);

  std::uint64_t offset_;
  RunBlock& block_;
  // The block and all it refers to: what one read of it costs.
  std::uint64_t weight_ = 0;
  std::vector<SharedEntry> shared_;
  std::size_t next_shared_ = 0;
};

}  // namespace harrier::store
