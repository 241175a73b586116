// A checkpoint on disk: what every shard knew at some point, so that the journal before it may go.
//
// Role:      Checkpointer writes one from the snapshots of the loops, recovery and harrier-journal
//            read it. What an entry says is written and read by shard_snapshot.h.
// Model:     checkpoints/<16 hex digits>.ckpt: head · chunks of entries · a last, empty chunk. Each
//            part has a CRC32C. Written under a name of its own, synced, read back, and only then
//            renamed. docs/formats/checkpoint.md has every byte.
// Thread:    compatible: one caller at a time.
// Errors:    CheckpointFailure: kDamaged (not what was written), kForeign (another node's or a
//            newer version's), kIo.
// Limits:    a chunk is about kChunkBytes; longer only for one entry that is.
// Spec:      docs/formats/checkpoint.md; rulings A1, A3.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "journal/file_system.h"
#include "journal/journal.h"

namespace harrier::store {

using Generation = base::StrongId<struct GenerationTag>;
inline constexpr std::string_view kCheckpointFolder = "checkpoints";
std::string checkpoint_path(Generation generation);

struct CheckpointHead {
  Generation generation;
  std::uint64_t epoch = 0;
  // Older segments of the journal are not needed with this checkpoint.
  std::uint64_t first_segment = 0;
  // This batch was on disk: a journal that ends before it is damaged.
  std::uint64_t last_batch = 0;
  std::uint64_t last_run = 0;
  // What it reflects, by shard.
  journal::ShardLsns lsns{};
};

enum class CheckpointFailure : std::uint8_t { kDamaged, kForeign, kIo };
struct CheckpointError {
  CheckpointFailure kind = CheckpointFailure::kIo;
  std::string message;
};
template <class T>
using CheckpointResult = base::Result<T, CheckpointError>;

inline constexpr std::size_t kCheckpointChunkBytes = 256 << 10;

// Entries as they are gathered: u8 shard · u8 type · u32 size · bytes.
class CheckpointEntries {
 public:
  // Appends to what end() closes.
  base::Buffer& begin(std::uint8_t shard, std::uint8_t type);
  void end();
  std::vector<base::Buffer> take_chunks();
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::vector<base::Buffer> chunks_;
  base::Buffer open_;
  std::size_t entry_begin_ = 0;
  std::uint64_t bytes_ = 0;
};

struct CheckpointEntry {
  std::uint8_t shard = 0;
  std::uint8_t type = 0;
  base::Bytes payload;
};

class CheckpointFiles {
 public:
  CheckpointFiles(journal::FileSystem& files, std::string node_uuid)
      : files_(files), node_uuid_(std::move(node_uuid)) {}

  // Generations on disk, growing.
  journal::IoResult<std::vector<Generation>> list();
  // Writes, syncs, reads back, renames. After a failure the file under the temporary name is gone
  // or ignored.
  journal::IoStatus write(const CheckpointHead& head, const std::vector<base::Buffer>& chunks);
  // Calls visit(entry) for every entry; false stops with kDamaged and the message left in `why`.
  using Visit = std::function<bool(const CheckpointEntry& entry, std::string& why)>;
  CheckpointResult<CheckpointHead> read(Generation generation, const Visit& visit);
  journal::IoStatus remove(Generation generation);
  // Files that a write left unfinished.
  void remove_unfinished();

 private:
  CheckpointResult<CheckpointHead> read_file(const std::string& path, const Visit& visit);

  journal::FileSystem& files_;
  const std::string node_uuid_;
};

}  // namespace harrier::store
