// Cuts a damaged journal where its chain ends, keeping what is cut off, and says what was lost.
//
// Role:   `harrier-journal repair`: an operator's act, on a directory that nobody has open.
// Model:  walk → copy all that may hold lost batches to quarantine/ → sync → zero it → begin a
//         segment with the flag `gap` (docs/formats/journal.md, "Repair").
// Thread: confined to its caller.
// Errors: OpenError; kForeign and kIo as in Journal::open(). A repair that stopped half-way is
//         repeated: nothing is zeroed before its copy is durable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/journal.h"

namespace harrier::journal {

inline constexpr std::string_view kQuarantineFolder = "quarantine";

struct LostBytes {
  std::uint64_t segment = 0;  // 0: not known
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string copy;  // where the bytes are now
};

struct LostLsns {
  std::size_t shard = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // as far as is known: later ones may be lost, too
};

struct LossReport {
  bool damaged = false;  // else nothing was done
  std::string damage;    // as Journal::open() would say it
  std::uint64_t first_lost_batch = 0;
  std::uint64_t last_lost_batch = 0;
  std::vector<LostBytes> bytes;
  std::vector<LostLsns> lsns;
};

// `start.epoch` is the repair's own: higher than any before, lower than the next start's. Of the
// options only `random` and, if no file has kept a size, `segment_bytes` count. `dry_run`: only the
// report.
base::Result<LossReport, OpenError> repair_journal(FileSystem& files, const std::string& node_uuid,
                                                   const JournalOptions& options,
                                                   const Journal::Start& start, bool dry_run);

}  // namespace harrier::journal
