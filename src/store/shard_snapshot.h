// A shard's state as entries of a checkpoint, and back.
//
// Thread: confined to the owner of the ShardState.
// Errors: entries from the disk may be anything: restore says what is wrong, never a CHECK.
// Spec:   docs/formats/checkpoint.md, "Entries".
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "store/checkpoint_file.h"
#include "store/run_file.h"
#include "store/shard_state.h"

namespace harrier::store {

// The numbers of the format.
enum class CheckpointEntryType : std::uint8_t {
  kDefinition = 1,  // u8 record type · payload
  kLastQueue = 2,   // u64 queue id: the virtual host has never had a higher one
  kQueue = 3,       // a queue's state; its definition comes before it
  kRun = 4,         // u64: a run that some queue's state names
};

// Everything but the queues' states.
void snapshot_definitions(const ShardState& state, std::uint8_t shard, CheckpointEntries& to);
// One queue with its definition; adds the runs that it names to `runs`. `lsn` is the last record
// applied to the shard.
void snapshot_queue(const StoredQueue& queue, std::uint8_t shard, std::uint64_t lsn,
                    CheckpointEntries& to, std::set<RunId>& runs);

// Opens a run that a queue's state names; nullopt with `why` if it cannot be. Who does not want to
// read messages may give nullptr.
using OpenRun =
    std::function<std::optional<std::shared_ptr<const RunFile>>(RunId run, std::string& why)>;
// False with `why`.
bool restore_entry(const CheckpointEntry& entry, ShardState& state, const OpenRun& open_run,
                   std::string& why);

}  // namespace harrier::store
