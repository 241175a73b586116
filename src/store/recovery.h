// What is on disk, read back: the newest whole checkpoint, the runs it names, the journal behind
// it.
//
// Role:   Store::open() and harrier-journal use it. Changes nothing on disk but what
//         Journal::open() mends (a torn tail) and files that no checkpoint names.
// Thread: confined to the caller.
// Errors: StoreError. A damaged newest checkpoint is no failure while the older one is whole: all
//         that the older one needs is kept until the next is safe.
// Spec:   docs/formats/checkpoint.md, "Recovery"; rulings A1, A3, B5.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "store/checkpointer.h"
#include "store/store.h"

namespace harrier::store {

struct Recovered {
  std::array<std::unique_ptr<ShardState>, journal::kShards> shards;
  std::unique_ptr<journal::Journal> journal;
  std::optional<Checkpointer::Known> newest;
  std::optional<Checkpointer::Known> older;
  RecoverySummary summary;
};

base::Result<Recovered, StoreError> recover(const Store::Place& place,
                                            const journal::JournalOptions& options,
                                            CheckpointFiles& checkpoints, RunStore& runs);

}  // namespace harrier::store
