#include "store/mend.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "journal/journal_repair.h"
#include "journal/segment_files.h"
#include "store/run_salvage.h"
#include "store/shard_snapshot.h"

namespace harrier::store {
namespace {

using Status = base::Status<StoreError>;

base::Failure<StoreError> fail_io(const journal::IoError& error) {
  return base::fail(StoreError{StoreFailure::kIo, error.message});
}

std::string range(const char* what, std::uint64_t first, std::uint64_t last) {
  return std::string(what) + " " + std::to_string(first) + ".." + std::to_string(last);
}

class Mend {
 public:
  Mend(journal::FileSystem& files, const journal::NodeIdentity& node, bool dry_run)
      : files_(files),
        node_(node),
        dry_run_(dry_run),
        // The repair's own start is not among those that wrote the journal.
        before_{node.uuid, 0, node.epoch - 1},
        survey_(survey_directory(files, before_, true)) {}

  base::Result<MendReport, StoreError> run();

 private:
  Status refuse() const;
  void choose_start();
  Status mend_journal();
  void find_bad_runs();
  Status mend_state();
  Status add_segments();
  Status copy_good_blocks();
  CheckpointResult<CheckpointHead> copy_entries(CheckpointEntries& to);
  bool copy_entry(const CheckpointEntry& entry, CheckpointEntries& to);
  void mend_queue(const CheckpointEntry& entry, CheckpointEntries& to);
  void lose(const QueueSnapshot& queue, const ExtentSnapshot& extent, std::uint64_t kept);
  Status write_checkpoint(CheckpointHead head, CheckpointEntries& entries);
  Status quarantine(const std::string& path);
  Status quarantine_all();

  journal::FileSystem& files_;
  const journal::NodeIdentity& node_;
  const bool dry_run_;
  const journal::NodeIdentity before_;
  Survey survey_;
  journal::Journal::Start start_;
  std::uint64_t segment_bytes_ = 0;
  std::set<RunId> bad_runs_;
  // Of a bad run, what of it lives on in a new one.
  std::map<RunId, SalvagedRun> salvaged_;
  std::set<RunId> new_runs_;
  bool rewritten_ = false;
  MendReport report_;
};

Status Mend::refuse() const {
  for (const Finding& finding : survey_.findings) {
    if (finding.weight == Finding::Weight::kForeign)
      return base::fail(StoreError{StoreFailure::kForeign, finding.what});
    if (finding.weight == Finding::Weight::kIo)
      return base::fail(StoreError{StoreFailure::kIo, finding.file + ": " + finding.what});
  }
  return base::Done{};
}

// Without a checkpoint the journal is read from as far back as it goes without a gap.
void Mend::choose_start() {
  start_.epoch = node_.epoch;
  if (survey_.used != nullptr) {
    start_.first_segment = survey_.used->head.first_segment;
    start_.last_batch = survey_.used->head.last_batch;
    return;
  }
  if (survey_.checkpoints.empty() || !survey_.journal.reader) return;
  std::set<std::uint64_t> begun;
  for (const journal::SegmentFacts& segment : survey_.journal.reader->segments())
    if (segment.state == journal::HeaderState::kValid) begun.insert(segment.header.number);
  if (begun.empty()) return;
  std::uint64_t first = *begun.rbegin();
  while (begun.contains(first - 1))
    --first;
  start_.first_segment = first;
}

// ---- journal

Status Mend::mend_journal() {
  if (survey_.journal.reader) segment_bytes_ = survey_.journal.reader->segment_bytes();
  survey_.journal.reader.reset();
  journal::JournalOptions options;
  auto repaired = journal::repair_journal(files_, node_.uuid, options, start_, dry_run_);
  if (!repaired.ok()) {
    const bool io = repaired.error().kind == journal::OpenFailure::kIo;
    return base::fail(
        StoreError{io ? StoreFailure::kIo : StoreFailure::kForeign, repaired.error().message});
  }
  if (!repaired->damaged) return base::Done{};
  report_.damaged = true;
  report_.losses.push_back("journal: " + repaired->damage);
  report_.losses.push_back(
      "journal: " + range("batches", repaired->first_lost_batch, repaired->last_lost_batch) +
      " are lost");
  for (const journal::LostLsns& lost : repaired->lsns)
    report_.losses.push_back("shard " + std::to_string(lost.shard) + ": " +
                             range("LSN", lost.first, lost.last) + ", maybe more: what " +
                             survey_.tenants_of(lost.shard) + " did then is lost");
  for (const journal::LostBytes& bytes : repaired->bytes)
    report_.moves.push_back(bytes.path + ": " + std::to_string(bytes.length) +
                            " bytes from offset " + std::to_string(bytes.offset) +
                            (bytes.copy.empty() ? " to quarantine" : " to " + bytes.copy));
  return base::Done{};
}

// ---- checkpoints and runs

void Mend::find_bad_runs() {
  for (const auto& [id, run] : survey_.runs)
    if (run.named && (run.file == nullptr || run.has_damaged_blocks)) bad_runs_.insert(id);
}

Status Mend::mend_state() {
  const bool none_whole = survey_.used == nullptr && !survey_.checkpoints.empty();
  const bool runs_lost =
      survey_.used != nullptr && std::any_of(bad_runs_.begin(), bad_runs_.end(), [this](RunId run) {
        return survey_.used->runs.contains(run);
      });
  if (!none_whole && !runs_lost) return base::Done{};
  report_.damaged = rewritten_ = true;
  CheckpointEntries entries;
  if (none_whole) {
    report_.losses.push_back(
        "no checkpoint is whole: definitions and messages are taken from the journal alone, from "
        "segment " +
        std::to_string(start_.first_segment) +
        " on; what was declared before is lost, and so is every message that left the journal (" +
        std::to_string(survey_.runs.size()) + " runs)");
    if (auto status = add_segments(); !status.ok()) return status;
    CheckpointHead head;
    head.first_segment = start_.first_segment;
    for (const auto& [id, run] : survey_.runs)
      head.last_run = std::max(head.last_run, id.value);
    return write_checkpoint(head, entries);
  }
  if (!dry_run_)
    if (auto status = copy_good_blocks(); !status.ok()) return status;
  auto head = copy_entries(entries);
  if (!head.ok()) return base::fail(StoreError{StoreFailure::kIo, head.error().message});
  return write_checkpoint(*head, entries);
}

// Every segment may be in use now; the broker needs room for its first records and checkpoints.
Status Mend::add_segments() {
  if (dry_run_) return base::Done{};
  const auto known = journal::list_segment_files(files_);
  if (!known.ok()) return fail_io(known.error());
  const std::uint32_t next = known->empty() ? 0 : known->back() + 1;
  const auto made = journal::make_segment_files(files_, {next, next + 1}, segment_bytes_);
  if (!made.ok()) return fail_io(made.error());
  return base::Done{};
}

Status Mend::copy_good_blocks() {
  std::uint64_t last = survey_.used->head.last_run;
  for (const auto& [id, run] : survey_.runs)
    last = std::max(last, id.value);
  for (const RunId bad : bad_runs_) {
    const RunFacts& run = survey_.runs[bad];
    if (run.file == nullptr || !survey_.used->runs.contains(bad)) continue;
    const RunId id(++last);
    auto salvaged = salvage_run(files_, node_.uuid, *run.file, *survey_.used, id);
    if (!salvaged.ok()) return fail_io(salvaged.error());
    if (!salvaged->extents.empty()) new_runs_.insert(id);
    salvaged_.emplace(bad, *std::move(salvaged));
  }
  return base::Done{};
}

CheckpointResult<CheckpointHead> Mend::copy_entries(CheckpointEntries& to) {
  CheckpointFiles checkpoints(files_, node_.uuid);
  auto head = checkpoints.read(survey_.used->generation,
                               [&](const CheckpointEntry& entry, std::string& why) {
                                 why = "an entry that was whole a moment ago";
                                 return copy_entry(entry, to);
                               });
  if (!head.ok()) return head;
  for (const RunId run : new_runs_) {
    to.begin(0, static_cast<std::uint8_t>(CheckpointEntryType::kRun)).append_number(run.value);
    to.end();
    head->last_run = std::max(head->last_run, run.value);
  }
  return head;
}

bool Mend::copy_entry(const CheckpointEntry& entry, CheckpointEntries& to) {
  if (static_cast<CheckpointEntryType>(entry.type) == CheckpointEntryType::kRun) {
    base::ByteReader reader(entry.payload);
    if (bad_runs_.contains(RunId(reader.u64()))) return true;
  }
  if (static_cast<CheckpointEntryType>(entry.type) == CheckpointEntryType::kQueue) {
    mend_queue(entry, to);
    return true;
  }
  to.begin(entry.shard, entry.type).append(entry.payload);
  to.end();
  return true;
}

void Mend::mend_queue(const CheckpointEntry& entry, CheckpointEntries& to) {
  QueueSnapshot queue = *decode_queue_snapshot(entry.payload);
  for (LevelSnapshot& level : queue.levels) {
    std::vector<ExtentSnapshot> kept;
    for (ExtentSnapshot& extent : level.extents) {
      if (!bad_runs_.contains(extent.run)) {
        kept.push_back(extent);
        continue;
      }
      const auto salvaged = salvaged_.find(extent.run);
      const ExtentSnapshot* copy =
          salvaged == salvaged_.end() ? nullptr : salvaged->second.find(queue.id, level.number);
      lose(queue, extent, copy == nullptr ? 0 : copy->count);
      if (copy == nullptr) continue;
      kept.push_back(*copy);
      kept.back().may_expire = extent.may_expire;
    }
    level.extents = std::move(kept);
    if (level.extents.empty()) level.settled.clear();
  }
  encode_queue_snapshot(to.begin(entry.shard, entry.type), queue);
  to.end();
}

void Mend::lose(const QueueSnapshot& queue, const ExtentSnapshot& extent, std::uint64_t kept) {
  const RunFacts& run = survey_.runs[extent.run];
  const std::string where = "queue " + survey_.queue_name(queue.id) + ": " +
                            range("positions", extent.first.value, extent.last.value) + " in " +
                            run_path(extent.run);
  if (dry_run_ && run.file != nullptr) {
    report_.losses.push_back(where + ": the messages of its damaged blocks, of " +
                             std::to_string(extent.count));
  } else if (kept < extent.count) {
    report_.losses.push_back(where + ": " + std::to_string(extent.count - kept) + " of " +
                             std::to_string(extent.count) + " messages that the checkpoint counts");
  }
}

Status Mend::write_checkpoint(CheckpointHead head, CheckpointEntries& entries) {
  head.generation = survey_.checkpoints.back().generation.next();
  head.epoch = node_.epoch;
  report_.moves.push_back("a new checkpoint " + checkpoint_path(head.generation));
  if (dry_run_) return base::Done{};
  CheckpointFiles checkpoints(files_, node_.uuid);
  const auto written = checkpoints.write(head, entries.take_chunks());
  if (!written.ok()) return fail_io(written.error());
  return base::Done{};
}

// ---- quarantine

Status Mend::quarantine(const std::string& path) {
  std::string base(journal::kQuarantineFolder);
  base.append("/start").append(std::to_string(node_.epoch)).append("-");
  base.append(path, path.rfind('/') + 1);
  report_.moves.push_back(path + " to " + base);
  if (dry_run_) return base::Done{};
  const auto moved = files_.rename(path, base);
  if (!moved.ok() && !moved.error().is_not_found()) return fail_io(moved.error());
  return base::Done{};
}

Status Mend::quarantine_all() {
  std::vector<std::string> paths;
  for (const CheckpointFacts& checkpoint : survey_.checkpoints) {
    const bool names_bad = std::any_of(bad_runs_.begin(), bad_runs_.end(),
                                       [&](RunId run) { return checkpoint.runs.contains(run); });
    if (rewritten_ || !checkpoint.usable || names_bad) paths.push_back(checkpoint.path);
  }
  for (const auto& [id, run] : survey_.runs) {
    const bool lost = survey_.used == nullptr && !survey_.checkpoints.empty();
    if (run.present && (lost || bad_runs_.contains(id))) paths.push_back(run_path(id));
  }
  if (paths.empty()) return base::Done{};
  report_.damaged = true;
  if (!dry_run_) {
    if (auto made = files_.make_directory(journal::kQuarantineFolder); !made.ok())
      return fail_io(made.error());
    if (auto synced = files_.sync_directory(""); !synced.ok()) return fail_io(synced.error());
  }
  for (const std::string& path : paths)
    if (auto status = quarantine(path); !status.ok()) return status;
  if (dry_run_) return base::Done{};
  for (const std::string_view folder :
       {journal::kQuarantineFolder, kCheckpointFolder, kRunFolder}) {
    const auto synced = files_.sync_directory(folder);
    if (!synced.ok() && !synced.error().is_not_found()) return fail_io(synced.error());
  }
  return base::Done{};
}

base::Result<MendReport, StoreError> Mend::run() {
  if (auto status = refuse(); !status.ok()) return base::fail(status.error());
  choose_start();
  if (auto status = mend_journal(); !status.ok()) return base::fail(status.error());
  find_bad_runs();
  if (auto status = mend_state(); !status.ok()) return base::fail(status.error());
  if (auto status = quarantine_all(); !status.ok()) return base::fail(status.error());
  return std::move(report_);
}

}  // namespace

base::Result<MendReport, StoreError> mend_directory(journal::FileSystem& files,
                                                    const journal::NodeIdentity& node,
                                                    bool dry_run) {
  return Mend(files, node, dry_run).run();
}

}  // namespace harrier::store
