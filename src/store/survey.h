// What a data directory holds, read without changing anything, and what is wrong with it.
//
// Role:   `harrier-journal` verify, stat and repair. Recovery is the judge of whether a broker
//         starts; this reads more (the older checkpoint, every block if asked) and goes on behind
//         damage.
// Model:  names → checkpoints → runs they name → journal behind the newest that can be used →
//         blocks.
// Thread: confined to its caller, who holds the directory's lock.
// Errors: none: what cannot be read is a Finding.
// Limits: memory: what the broker itself needs at start, and one block.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "journal/journal_reader.h"
#include "journal/node_identity.h"
#include "store/checkpoint_file.h"
#include "store/queue_snapshot.h"
#include "store/shard_state.h"

namespace harrier::store {

struct Finding {
  enum class Weight : std::uint8_t {
    kOdd,      // harmless: what a crash leaves
    kDamage,   // not what was written: exit 65
    kForeign,  // another node's or a newer version's: exit 78
    kIo,       // cannot be read: exit 74
  };
  Weight weight = Weight::kOdd;
  std::string file;
  std::string what;  // with offset, LSNs, queues
};

struct CheckpointFacts {
  Generation generation;
  std::string path;
  bool whole = false;    // every byte and entry
  bool usable = false;   // and every run that it names can be opened
  bool foreign = false;  // intact, but not for us
  CheckpointHead head;   // when whole
  std::set<RunId> runs;
  struct Queue {
    std::uint8_t shard = 0;
    QueueSnapshot state;
  };
  std::vector<Queue> queues;
};

struct RunFacts {
  std::shared_ptr<const RunFile> file;  // nullptr: missing or unusable
  bool present = false;
  bool named = false;
  std::uint64_t file_bytes = 0;
  bool has_damaged_blocks = false;
  // Alive, as the newest usable checkpoint and the journal have it.
  std::uint64_t alive = 0;
  std::uint64_t alive_body_bytes = 0;
};

struct JournalSurvey {
  std::unique_ptr<journal::JournalReader> reader;  // `end` points into it
  journal::Journal::Start start;
  journal::ChainEnd end;
  std::array<std::uint64_t, 256> records_by_type{};
  std::array<std::uint64_t, journal::kShards> records{};
  std::uint64_t batches = 0;
  std::uint64_t dropped_records = 0;  // of groups without an end
};

struct Survey {
  std::vector<Finding> findings;
  std::vector<CheckpointFacts> checkpoints;  // by generation
  const CheckpointFacts* used = nullptr;     // what a start would begin with, or could at best
  std::map<RunId, RunFacts> runs;
  JournalSurvey journal;
  std::array<std::unique_ptr<ShardState>, journal::kShards> shards;

  bool has(Finding::Weight weight) const;
  // "'orders' of virtual host '/'", or its number if it has no name.
  std::string queue_name(QueueId id) const;
  std::string virtual_host_name(std::uint32_t number) const;
  // "virtual hosts '/', 'shop'"
  std::string tenants_of(std::size_t shard) const;
};

// `deep`: reads every block of every run that a checkpoint names.
Survey survey_directory(journal::FileSystem& files, const journal::NodeIdentity& node, bool deep);

}  // namespace harrier::store
