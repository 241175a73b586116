// Makes one run file of entries in their order.
//
// Role:       made by whoever spills messages or merges runs; writes through the FileSystem port.
// Model:      create, add(), ..., finish(). Until finish() succeeded there is no run: a file
//             without a valid tail is none, and nothing names it. Whoever made the writer removes
//             what it left.
// Invariants: blocks are written whole; a message is encoded before anything refers to it.
// Thread:     confined to who made it.
// Errors:     IoError; after one the writer is dead: every later call gives the same error.
// Limits:     a piece that is written and synced = 1 MiB; memory = one piece, one message, and 40
//             bytes for each message that may be shared.
// Spec:       docs/formats/run.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "broker/ids.h"
#include "broker/message.h"
#include "journal/file_system.h"
#include "store/run.h"

namespace harrier::store {

// A message in one queue, for writing.
struct RunEntry {
  broker::QueueId queue;
  std::uint8_t level = 0;
  broker::Position position;
  base::WallTime expires_at = kNoExpiry;
  std::uint16_t delivery_count = 0;
  bool transient = false;  // dropped at recovery
  // Other entries of this run may hold the very same message: its reference count, asked on the
  // loop that owns it, was above 1. Such a message must live until finish(): its address names it,
  // and the entries that have it share one body. False only costs room.
  bool may_be_shared = false;
  const broker::Message* message = nullptr;
};

class RunWriter {
 public:
  // Creates the file; it must not exist, its folder must. REQUIRES at most 63 bytes of uuid.
  static journal::IoResult<std::unique_ptr<RunWriter>> create(journal::FileSystem& files, RunId run,
                                                              const std::string& node_uuid);
  // REQUIRES growing (queue, level, position). Writes in pieces of at most 1 MiB, each synced, so
  // that the flusher of the journal never waits behind more.
  journal::IoStatus add(const RunEntry& entry);
  // Writes index and tail, syncs the file and then its folder. Nothing else may be called after.
  journal::IoResult<RunSummary> finish();
  ~RunWriter();

 private:
  class Parts;
  explicit RunWriter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace harrier::store
