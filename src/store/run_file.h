// A run: one immutable file of messages that outlived the journal, sorted by (queue, level,
// position).
//
// Role:      RunWriter makes one from what a loop spills or a merge keeps; RunFile reads blocks of
//            it. What is still alive in a run is said elsewhere (the checkpoint and the journal),
//            never in the run.
// Model:     head (4 KiB) · blocks · index of extents · tail. A block is of one (queue, level), it
//            is about kBlockBytes long (longer only for one message that is) and starts with a head
//            that counts and dates it without its bodies. An extent is the blocks of one (queue,
//            level), one after the other. Every part has a CRC32C. A message that several queues of
//            the run hold stands once; the others refer to it. docs/formats/run.md has every byte.
// Thread:    RunWriter: confined to who makes it. RunFile: immutable, read_*() by any thread.
// Errors:    RunFailure::kDamaged: the bytes are not what was written: nothing of that block may be
//            delivered. kIo: the disk failed.
// Limits:    a block's bytes: kBlockBytes + one message.
// Spec:      docs/formats/run.md; rulings A2, A3, B6, C1.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "broker/ids.h"
#include "broker/message.h"
#include "journal/file_system.h"

namespace harrier::store {

// Never reused in a data directory. The file is runs/<16 hex digits>.run.
using RunId = base::StrongId<struct RunIdTag>;
inline constexpr std::string_view kRunFolder = "runs";
std::string run_path(RunId run);
// nullopt for a name that no run has.
std::optional<RunId> run_of_file_name(std::string_view name);

inline constexpr std::size_t kBlockBytes = 64 << 10;
inline constexpr base::WallTime kNoExpiry = base::WallTime::max();

// A message in one queue, for writing.
struct RunEntry {
  broker::QueueId queue;
  std::uint8_t level = 0;
  broker::Position position;
  base::WallTime expires_at = kNoExpiry;
  std::uint16_t delivery_count = 0;
  bool transient = false;  // dropped at recovery
  const broker::Message* message = nullptr;
};

// All blocks of one (queue, level) in a run.
struct RunExtent {
  broker::QueueId queue;
  std::uint8_t level = 0;
  std::uint64_t offset = 0;  // of its first block
  std::uint64_t length = 0;  // of all its blocks together
  broker::Position first;
  broker::Position last;
  std::uint64_t count = 0;
  std::uint64_t body_bytes = 0;
  // Entries that survive a restart, and their bodies.
  std::uint64_t durable_count = 0;
  std::uint64_t durable_body_bytes = 0;
};

struct RunSummary {
  RunId run;
  std::uint64_t file_bytes = 0;
  std::vector<RunExtent> extents;
};

class RunWriter {
 public:
  // Creates the file; it must not exist.
  static journal::IoResult<std::unique_ptr<RunWriter>> create(journal::FileSystem& files, RunId run,
                                                              const std::string& node_uuid);
  // REQUIRES growing (queue, level, position). Writes in pieces of at most 1 MiB, each synced, so
  // that the flusher of the journal never waits behind more. `entry.message` is not kept, but its
  // address names it until finish(): two entries with one address share one body.
  journal::IoStatus add(const RunEntry& entry);
  // Writes index and tail, syncs the file and then its folder. Nothing else may be called after.
  journal::IoResult<RunSummary> finish();
  ~RunWriter();

 private:
  class Parts;
  explicit RunWriter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

enum class RunFailure : std::uint8_t { kDamaged, kIo };
struct RunError {
  RunFailure kind = RunFailure::kIo;
  std::string message;  // names file and offset
};
template <class T>
using RunResult = base::Result<T, RunError>;

// What a block says of itself, without its bodies.
struct RunBlockHead {
  broker::QueueId queue;
  std::uint8_t level = 0;
  std::uint64_t length = 0;  // of the whole block: the next one of the extent starts behind it
  broker::Position first;
  broker::Position last;
  std::uint32_t count = 0;
  std::uint64_t body_bytes = 0;
  std::uint32_t durable_count = 0;
  base::WallTime latest_expiry = kNoExpiry;  // kNoExpiry: some entry never expires
  base::WallTime earliest_ingress{};
};

// One entry of a block that was read. Views live as long as the block.
struct RunBlockEntry {
  broker::Position position;
  base::WallTime expires_at = kNoExpiry;
  std::uint16_t delivery_count = 0;
  bool transient = false;
  broker::MessageParts parts;
};

struct RunBlock {
  RunBlockHead head;
  std::vector<RunBlockEntry> entries;
  // What the views of `entries` point into.
  std::vector<char> bytes;
  std::deque<std::vector<char>> shared_bodies;
};

class RunFile {
 public:
  static RunResult<std::shared_ptr<const RunFile>> open(journal::FileSystem& files, RunId run,
                                                        const std::string& node_uuid);
  RunId run() const { return run_; }
  std::uint64_t file_bytes() const { return file_bytes_; }
  // The head of the block at `offset`, which an extent or an earlier block's length named.
  RunResult<RunBlockHead> read_block_head(std::uint64_t offset) const;
  // The whole block, verified, in growing positions, the bodies it shares with others read too.
  RunResult<RunBlock> read_block(std::uint64_t offset) const;
  // From the index: what the file holds altogether; verify and repair need it.
  RunResult<std::vector<RunExtent>> read_index() const;

 private:
  RunFile(RunId run, std::unique_ptr<journal::File> file, std::uint64_t file_bytes);

  RunId run_;
  std::unique_ptr<journal::File> file_;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace harrier::store
