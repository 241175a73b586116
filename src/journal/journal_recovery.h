// From the files as the last process left them to a journal that can be written.
//
// Role:   the first half of Journal::open(): reads and replays, zeroes a torn tail, makes the files
//         that are missing.
// Model:  A crash at any point leaves a folder from which the same steps come to the same records.
// Thread: confined to the thread that opens.
// Errors: OpenError; nothing was changed if the kind is kCorrupt or kForeign.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "journal/segment_ring.h"

namespace harrier::journal {

struct RecoveredJournal {
  // Every segment file, open for writing; SegmentRing::Slot counts in it.
  std::vector<std::unique_ptr<File>> files;
  std::uint64_t segment_bytes = 0;
  SegmentRing ring;
  ShardLsns last_lsn{};
  // The same since the last gap that a repair left: LSNs are dense only from there on.
  ShardLsns last_lsn_since_gap{};
  std::uint64_t next_batch = 1;
  std::uint64_t next_segment = 1;
  // The newest batch with records, and the highest that a later one says is on disk.
  std::uint64_t last_record_batch = 0;
  std::uint64_t proven_batch = 0;
};

struct RecoveryRequest {
  FileSystem& files;
  const std::string& node_uuid;
  const JournalOptions& options;
  const Journal::Start& start;
  const Journal::Replay& replay;
  const Journal::Progress& progress;
};

base::Result<RecoveredJournal, OpenError> recover_journal(const RecoveryRequest& request,
                                                          RecoveryReport& report);

}  // namespace harrier::journal
