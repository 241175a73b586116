// A finished run file, for reading.
//
// Role:      opened by the store for every run that a checkpoint names; gives the blocks a queue
//            pages in, what a block says without its bodies, and the index for verify and repair.
// Thread:    immutable: read_*() by any thread.
// Errors:    RunFailure::kDamaged: the bytes are not what was written: nothing of that block may be
//            delivered. kForeign: intact, but another node's or a newer version's. kIo: the disk
//            failed. Lengths are compared with the file before they are used, so that hostile bytes
//            cost no more than a file of that size.
// Lifetimes: what a block's entries view lives as long as the block, moved or not.
// Spec:      docs/formats/run.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "journal/file_system.h"
#include "store/run.h"
#include "store/run_block.h"

namespace harrier::store {

class RunBlockDecoder;
struct PlacedBlockHead;

enum class RunFailure : std::uint8_t { kDamaged, kForeign, kIo };
struct RunError {
  RunFailure kind = RunFailure::kIo;
  std::string message;  // names file and offset
};
template <class T>
using RunResult = base::Result<T, RunError>;

class RunFile {
 public:
  // Reads and checks head and tail, nothing between them.
  static RunResult<std::shared_ptr<const RunFile>> open(journal::FileSystem& files, RunId run,
                                                        const std::string& node_uuid);
  RunId run() const { return run_; }
  std::uint64_t file_bytes() const { return file_bytes_; }
  std::uint64_t entry_count() const { return entry_count_; }
  // The head of the block at `offset`, which an extent or an earlier block's length named: one read
  // of 104 bytes.
  RunResult<RunBlockHead> read_block_head(std::uint64_t offset) const;
  // The whole block, verified, in growing positions, the bodies it shares with others read too.
  RunResult<RunBlock> read_block(std::uint64_t offset) const;
  // From the index: what the file holds altogether; verify and repair need it.
  RunResult<std::vector<RunExtent>> read_index() const;

 private:
  RunFile(RunId run, std::unique_ptr<journal::File> file, std::uint64_t file_bytes);

  RunResult<base::Done> check_head(std::string_view node_uuid) const;
  RunResult<base::Done> read_tail();
  // Appends exactly so many bytes of the file.
  RunResult<base::Done> read(std::uint64_t offset, std::uint64_t size, base::Buffer& to) const;
  RunResult<PlacedBlockHead> check_block_head(std::uint64_t offset, base::Bytes bytes) const;
  RunResult<base::Done> read_shared(std::uint64_t offset, RunBlockDecoder& decoder,
                                    RunBlock& block) const;
  base::Failure<RunError> damaged(std::uint64_t offset, std::string_view what) const;

  RunId run_;
  std::string path_;
  std::unique_ptr<journal::File> file_;
  std::uint64_t file_bytes_ = 0;
  // From the tail.
  std::uint64_t index_offset_ = 0;
  std::uint64_t entry_count_ = 0;
  std::uint32_t index_crc_ = 0;
};

}  // namespace harrier::store
