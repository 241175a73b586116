#include "store/recovery.h"

#include <utility>

#include "base/log.h"
#include "store/record_codec.h"
#include "store/shard_snapshot.h"

namespace harrier::store {
namespace {

base::Failure<StoreError> fail_io(const journal::IoError& error) {
  return base::fail(StoreError{StoreFailure::kIo, error.message});
}
base::Failure<StoreError> corrupt(std::string message) {
  return base::fail(StoreError{StoreFailure::kCorrupt, std::move(message)});
}

class Recovery {
 public:
  Recovery(const Store::Place& place, const journal::JournalOptions& options,
           CheckpointFiles& checkpoints, RunStore& runs)
      : place_(place), options_(options), checkpoints_(checkpoints), runs_(runs) {}

  base::Result<Recovered, StoreError> run();

 private:
  using Status = base::Status<StoreError>;

  Status make_folders();
  Status load_checkpoints();
  CheckpointResult<Checkpointer::Known> load(Generation generation);
  std::optional<Checkpointer::Known> names_of(Generation generation);
  Status remove_unnamed_runs();
  Status replay_journal();
  bool replay(std::size_t shard, const journal::Record& record, std::string& why);
  void finish();
  void clear_shards();
  bool is_missing(RunId run);

  const Store::Place& place_;
  const journal::JournalOptions& options_;
  CheckpointFiles& checkpoints_;
  RunStore& runs_;
  Recovered recovered_;
  std::map<RunId, std::shared_ptr<const RunFile>> open_runs_;
  std::array<RecordDecoder, journal::kShards> decoders_;
  std::uint64_t progress_told_ = 0;
  // Of a run that could not be opened although it is there.
  std::string disk_failure_;
};

void Recovery::clear_shards() {
  for (auto& shard : recovered_.shards)
    shard = std::make_unique<ShardState>();
}

bool Recovery::is_missing(RunId run) {
  const auto opened = place_.files.open(run_path(run), journal::OpenMode::kRead);
  return !opened.ok() && opened.error().is_not_found();
}

Recovery::Status Recovery::make_folders() {
  for (const std::string_view folder : {kRunFolder, kCheckpointFolder})
    if (auto made = place_.files.make_directory(folder); !made.ok()) return fail_io(made.error());
  if (auto synced = place_.files.sync_directory(""); !synced.ok()) return fail_io(synced.error());
  checkpoints_.remove_unfinished();
  return base::Done{};
}

// ---- checkpoints

CheckpointResult<Checkpointer::Known> Recovery::load(Generation generation) {
  clear_shards();
  Checkpointer::Known known;
  const OpenRun open_run =
      [&](RunId run, std::string& why) -> std::optional<std::shared_ptr<const RunFile>> {
    if (const auto found = open_runs_.find(run); found != open_runs_.end()) return found->second;
    auto opened = runs_.open(run);
    if (!opened.ok()) {
      why = opened.error().message;
      if (opened.error().kind == RunFailure::kIo && !is_missing(run)) disk_failure_ = why;
      return std::nullopt;
    }
    return open_runs_.emplace(run, *opened).first->second;
  };
  auto head = checkpoints_.read(generation, [&](const CheckpointEntry& entry, std::string& why) {
    if (entry.shard >= recovered_.shards.size()) {
      why = "an entry of a shard that does not exist";
      return false;
    }
    if (static_cast<CheckpointEntryType>(entry.type) == CheckpointEntryType::kRun)
      known.runs.insert(RunId(base::ByteReader(entry.payload).u64()));
    return restore_entry(entry, *recovered_.shards[entry.shard], open_run, why);
  });
  if (!head.ok()) return base::fail(head.error());
  known.head = *head;
  return known;
}

// Only what it keeps from being removed.
std::optional<Checkpointer::Known> Recovery::names_of(Generation generation) {
  Checkpointer::Known known;
  auto head = checkpoints_.read(generation, [&](const CheckpointEntry& entry, std::string&) {
    if (static_cast<CheckpointEntryType>(entry.type) == CheckpointEntryType::kRun)
      known.runs.insert(RunId(base::ByteReader(entry.payload).u64()));
    return true;
  });
  if (!head.ok()) return std::nullopt;
  known.head = *head;
  return known;
}

Recovery::Status Recovery::load_checkpoints() {
  auto generations = checkpoints_.list();
  if (!generations.ok()) return fail_io(generations.error());
  clear_shards();
  std::string damage;
  for (std::size_t left = generations->size(); left-- > 0;) {
    const Generation generation = (*generations)[left];
    auto loaded = load(generation);
    if (!loaded.ok()) {
      const CheckpointError& error = loaded.error();
      if (error.kind == CheckpointFailure::kForeign)
        return base::fail(StoreError{StoreFailure::kForeign, error.message});
      // A disk that cannot be read says nothing of what is on it.
      if (error.kind == CheckpointFailure::kIo || !disk_failure_.empty())
        return base::fail(StoreError{StoreFailure::kIo, error.message});
      base::log_error("store", "a checkpoint cannot be used", {{"error", error.message}});
      if (!damage.empty()) damage += "; ";
      damage += error.message;
      continue;
    }
    recovered_.newest = std::move(*loaded);
    if (left != 0) recovered_.older = names_of((*generations)[left - 1]);
    recovered_.summary.generation = generation.value;
    return base::Done{};
  }
  if (generations->empty()) return base::Done{};
  return corrupt("no checkpoint can be used: " + damage);
}

Recovery::Status Recovery::remove_unnamed_runs() {
  auto names = place_.files.list(kRunFolder);
  if (!names.ok()) return fail_io(names.error());
  for (const std::string& name : *names) {
    const auto run = run_of_file_name(name);
    if (!run) continue;
    runs_.skip_to(*run);
    const bool named = (recovered_.newest && recovered_.newest->runs.contains(*run)) ||
                       (recovered_.older && recovered_.older->runs.contains(*run));
    if (!named) {
      runs_.discard(*run);
    } else if (!open_runs_.contains(*run)) {
      runs_.note(*run);
    }
  }
  if (recovered_.newest) runs_.skip_to(RunId(recovered_.newest->head.last_run));
  return base::Done{};
}

// ---- journal

bool Recovery::replay(std::size_t shard, const journal::Record& record, std::string& why) {
  auto change = decoders_[shard].decode(record);
  if (!change.ok()) {
    why = change.error().message;
    return false;
  }
  if (change->has_value())
    recovered_.shards[shard]->apply(**change, decoders_[shard].first_lsn());
  return true;
}

Recovery::Status Recovery::replay_journal() {
  journal::Journal::Start start;
  start.epoch = place_.epoch;
  if (recovered_.newest) {
    start.first_segment = recovered_.newest->head.first_segment;
    start.last_batch = recovered_.newest->head.last_batch;
    start.committed = recovered_.newest->head.lsns;
  }
  auto opened = journal::Journal::open(
      place_.files, place_.node_uuid, options_, start,
      [this](std::size_t shard, const journal::Record& record, std::string& why) {
        return replay(shard, record, why);
      },
      [this](std::uint64_t done, std::uint64_t total) {
        if (total < (64 << 20) || done * 4 / total <= progress_told_) return;
        progress_told_ = done * 4 / total;
        base::log_info("store", "recovering",
                       {{"journal_bytes", std::to_string(done)}, {"of", std::to_string(total)}});
      },
      recovered_.summary.journal);
  if (!opened.ok()) {
    const journal::OpenError& error = opened.error();
    const StoreFailure kind = error.kind == journal::OpenFailure::kCorrupt ? StoreFailure::kCorrupt
                              : error.kind == journal::OpenFailure::kForeign
                                  ? StoreFailure::kForeign
                                  : StoreFailure::kIo;
    return base::fail(StoreError{kind, error.message});
  }
  recovered_.journal = std::move(*opened);
  return base::Done{};
}

void Recovery::finish() {
  RecoverySummary& summary = recovered_.summary;
  for (const auto& shard : recovered_.shards) {
    const auto ids = shard->queue_ids();
    summary.queues += ids.size();
    summary.young_messages += shard->young_count();
    if (summary.journal.clean) continue;
    for (const QueueId id : ids)
      shard->find(id)->suspect_delivered();
  }
  summary.runs = open_runs_.size();
}

base::Result<Recovered, StoreError> Recovery::run() {
  if (auto status = make_folders(); !status.ok()) return base::fail(status.error());
  if (auto status = load_checkpoints(); !status.ok()) return base::fail(status.error());
  if (auto status = remove_unnamed_runs(); !status.ok()) return base::fail(status.error());
  if (auto status = replay_journal(); !status.ok()) return base::fail(status.error());
  finish();
  return std::move(recovered_);
}

}  // namespace

base::Result<Recovered, StoreError> recover(const Store::Place& place,
                                            const journal::JournalOptions& options,
                                            CheckpointFiles& checkpoints, RunStore& runs) {
  return Recovery(place, options, checkpoints, runs).run();
}

}  // namespace harrier::store
