// Copies what can be read of a damaged run to a new one.
//
// Role:   repair; the new run takes the damaged one's place in the checkpoint.
// Thread: confined to its caller.
// Errors: IoError of the new run; what cannot be read of the old one is left out.
// Limits: memory: one block.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "journal/file_system.h"
#include "store/queue_snapshot.h"
#include "store/run_file.h"
#include "store/survey.h"

namespace harrier::store {

struct SalvagedRun {
  // By queue and level; none where nothing was left. No file was made when all are missing.
  std::map<std::pair<broker::QueueId, std::uint8_t>, ExtentSnapshot> extents;

  const ExtentSnapshot* find(broker::QueueId queue, std::uint8_t level) const {
    const auto found = extents.find({queue, level});
    return found == extents.end() ? nullptr : &found->second;
  }
};

// The messages of `damaged` that are alive in `checkpoint`, as run `id`.
journal::IoResult<SalvagedRun> salvage_run(journal::FileSystem& files, const std::string& node_uuid,
                                           const RunFile& damaged,
                                           const CheckpointFacts& checkpoint, RunId id);

}  // namespace harrier::store
