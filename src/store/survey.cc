#include "store/survey.h"

#include <algorithm>
#include <utility>

#include "journal/group_filter.h"
#include "journal/segment_files.h"
#include "store/record_codec.h"
#include "store/run_file.h"
#include "store/shard_snapshot.h"

namespace harrier::store {
namespace {

using Weight = Finding::Weight;

constexpr std::size_t kNamesMax = 10;

std::string positions(Position first, Position last) {
  return "positions " + std::to_string(first.value) + ".." + std::to_string(last.value);
}

class Surveyor {
 public:
  Surveyor(journal::FileSystem& files, const journal::NodeIdentity& node)
      : files_(files), node_(node), checkpoint_files_(files, node.uuid) {}

  Survey run(bool deep) {
    look_at_names();
    read_checkpoints();
    look_at_runs();
    choose_checkpoint();
    read_journal();
    count_alive();
    if (deep) read_blocks();
    return std::move(survey_);
  }

 private:
  using Shards = std::array<std::unique_ptr<ShardState>, journal::kShards>;

  void find(Weight weight, std::string file, std::string what) {
    survey_.findings.push_back({weight, std::move(file), std::move(what)});
  }
  std::vector<std::string> names_in(std::string_view folder);
  void look_at_names();
  void read_checkpoints();
  void read_checkpoint(Generation generation);
  bool take_entry(const CheckpointEntry& entry, CheckpointFacts& facts, Shards& shards,
                  std::string& why);
  void look_at_runs();
  void open_run(RunId id, RunFacts& run);
  std::string queues_in(RunId run) const;
  void choose_checkpoint();
  void read_journal();
  bool replay(std::size_t shard, const journal::Record& record, std::string& why);
  void judge_journal();
  void count_alive();
  void read_blocks();
  void read_extent(RunId id, RunFacts& run, const RunExtent& extent);
  void compare_extents(RunId id, const std::vector<RunExtent>& index);

  journal::FileSystem& files_;
  const journal::NodeIdentity& node_;
  CheckpointFiles checkpoint_files_;
  Survey survey_;
  std::vector<Shards> states_;  // as survey_.checkpoints
  std::array<RecordDecoder, journal::kShards> decoders_;
};

// The audit log's, where it is by default; harrier-audit looks into it.
bool is_audit_file(std::string_view name) {
  constexpr std::string_view kFile = "audit.jsonl";
  return name == kFile || (name.starts_with(kFile) && name[kFile.size()] == '.');
}

std::vector<std::string> Surveyor::names_in(std::string_view folder) {
  auto names = files_.list(folder);
  if (names.ok()) return *std::move(names);
  if (!names.error().is_not_found()) find(Weight::kIo, std::string(folder), names.error().message);
  return {};
}

void Surveyor::look_at_names() {
  static const std::set<std::string_view> kOurs = {
      "LOCK", "node", "journal", "checkpoints", "runs", "reserve.bin", "quarantine", "lost+found"};
  for (const std::string& name : names_in("")) {
    if (name == "node.new") {
      find(Weight::kOdd, name, "a start that was cut off left it; it means nothing");
    } else if (!kOurs.contains(name) && !is_audit_file(name)) {
      find(Weight::kOdd, name, "HarrierMQ knows no such file");
    }
  }
  for (const std::string& name : names_in(kCheckpointFolder)) {
    if (name.ends_with(".tmp"))
      find(Weight::kOdd, std::string(kCheckpointFolder) + "/" + name, "a checkpoint not finished");
  }
  for (const std::string& name : names_in(journal::kJournalFolder)) {
    if (!journal::file_of_segment_name(name))
      find(Weight::kOdd, std::string(journal::kJournalFolder) + "/" + name,
           "no segment: one being made when the process ended, or not HarrierMQ's");
  }
}

// ---- checkpoints

void Surveyor::read_checkpoints() {
  auto generations = checkpoint_files_.list();
  if (!generations.ok()) {
    if (!generations.error().is_not_found())
      find(Weight::kIo, std::string(kCheckpointFolder), generations.error().message);
    return;
  }
  for (const Generation generation : *generations)
    read_checkpoint(generation);
}

void Surveyor::read_checkpoint(Generation generation) {
  CheckpointFacts facts;
  facts.generation = generation;
  facts.path = checkpoint_path(generation);
  Shards shards;
  for (auto& shard : shards)
    shard = std::make_unique<ShardState>();
  auto head =
      checkpoint_files_.read(generation, [&](const CheckpointEntry& entry, std::string& why) {
        return take_entry(entry, facts, shards, why);
      });
  facts.whole = head.ok();
  if (head.ok()) {
    facts.head = *head;
  } else {
    const CheckpointFailure kind = head.error().kind;
    facts.foreign = kind == CheckpointFailure::kForeign;
    find(kind == CheckpointFailure::kForeign ? Weight::kForeign
         : kind == CheckpointFailure::kIo    ? Weight::kIo
                                             : Weight::kDamage,
         facts.path, head.error().message);
  }
  survey_.checkpoints.push_back(std::move(facts));
  states_.push_back(std::move(shards));
}

bool Surveyor::take_entry(const CheckpointEntry& entry, CheckpointFacts& facts, Shards& shards,
                          std::string& why) {
  if (entry.shard >= shards.size()) {
    why = "an entry of a shard that does not exist";
    return false;
  }
  const OpenRun none = [](RunId, std::string&) {
    return std::optional(std::shared_ptr<const RunFile>());
  };
  if (!restore_entry(entry, *shards[entry.shard], none, why)) return false;
  if (static_cast<CheckpointEntryType>(entry.type) == CheckpointEntryType::kRun)
    facts.runs.insert(RunId(base::ByteReader(entry.payload).u64()));
  if (static_cast<CheckpointEntryType>(entry.type) == CheckpointEntryType::kQueue)
    facts.queues.push_back({entry.shard, *decode_queue_snapshot(entry.payload)});
  return true;
}

// ---- runs

void Surveyor::look_at_runs() {
  for (const std::string& name : names_in(kRunFolder)) {
    if (const auto run = run_of_file_name(name)) {
      survey_.runs[*run].present = true;
    } else {
      find(Weight::kOdd, std::string(kRunFolder) + "/" + name, "no run has such a name");
    }
  }
  for (const CheckpointFacts& checkpoint : survey_.checkpoints) {
    for (const RunId run : checkpoint.runs)
      survey_.runs[run].named = true;
    for (const auto& queue : checkpoint.queues)
      for (const LevelSnapshot& level : queue.state.levels)
        for (const ExtentSnapshot& extent : level.extents)
          survey_.runs[extent.run].named = true;
  }
  for (auto& [id, run] : survey_.runs) {
    if (run.named) {
      open_run(id, run);
    } else {
      find(Weight::kOdd, run_path(id), "no checkpoint names it; it is removed at the next start");
    }
  }
}

void Surveyor::open_run(RunId id, RunFacts& run) {
  auto opened = RunFile::open(files_, id, node_.uuid);
  if (opened.ok()) {
    run.file = *opened;
    run.file_bytes = run.file->file_bytes();
    return;
  }
  const RunError& error = opened.error();
  std::string what = run.present ? error.message : "is missing: " + error.message;
  const Weight weight = error.kind == RunFailure::kForeign             ? Weight::kForeign
                        : error.kind == RunFailure::kIo && run.present ? Weight::kIo
                                                                       : Weight::kDamage;
  find(weight, run_path(id), what + queues_in(id));
}

std::string Surveyor::queues_in(RunId run) const {
  std::string names;
  std::size_t count = 0;
  std::set<QueueId> seen;
  for (std::size_t i = survey_.checkpoints.size(); i-- > 0;) {
    for (const auto& queue : survey_.checkpoints[i].queues) {
      for (const LevelSnapshot& level : queue.state.levels) {
        for (const ExtentSnapshot& extent : level.extents) {
          if (extent.run != run || !seen.insert(queue.state.id).second) continue;
          if (++count > kNamesMax) continue;
          // One of the states is the survey's own by now, maybe.
          const auto& state =
              states_[i][queue.shard] ? states_[i][queue.shard] : survey_.shards[queue.shard];
          const StoredQueue* stored = state->find(queue.state.id);
          const auto definition =
              stored == nullptr ? std::nullopt : decode_queue(stored->definition());
          names += "; queue '" + (definition ? definition->declaration.name : "?") + "' " +
                   positions(extent.first, extent.last) + ", up to " +
                   std::to_string(extent.count) + " messages";
        }
      }
    }
  }
  if (count > kNamesMax) names += "; and " + std::to_string(count - kNamesMax) + " more queues";
  return names;
}

void Surveyor::choose_checkpoint() {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i != survey_.checkpoints.size(); ++i) {
    CheckpointFacts& facts = survey_.checkpoints[i];
    if (!facts.whole) continue;
    const auto opens = [&](RunId run) { return survey_.runs[run].file != nullptr; };
    facts.usable = std::all_of(facts.runs.begin(), facts.runs.end(), opens);
    for (const auto& queue : facts.queues)
      for (const LevelSnapshot& level : queue.state.levels)
        for (const ExtentSnapshot& extent : level.extents)
          facts.usable = facts.usable && opens(extent.run);
    if (!best || facts.usable || !survey_.checkpoints[*best].usable) best = i;
  }
  for (auto& shard : survey_.shards)
    shard = std::make_unique<ShardState>();
  if (!best) return;
  survey_.used = &survey_.checkpoints[*best];
  survey_.shards = std::move(states_[*best]);
}

// ---- journal

bool Surveyor::replay(std::size_t shard, const journal::Record& record, std::string& why) {
  ++survey_.journal.records_by_type[record.type];
  ++survey_.journal.records[shard];
  RecordDecoder& decoder = decoders_[shard];
  auto change = decoder.decode(record);
  if (!change.ok()) {
    why = change.error().message;
    return false;
  }
  if (change->has_value()) survey_.shards[shard]->apply(**change, decoder.first_lsn());
  return true;
}

void Surveyor::read_journal() {
  JournalSurvey& journal = survey_.journal;
  auto reader = journal::JournalReader::open(files_, false);
  if (!reader.ok())
    return find(Weight::kIo, std::string(journal::kJournalFolder), reader.error().message);
  journal.reader = *std::move(reader);
  journal.start.epoch = node_.epoch + 1;
  if (survey_.used != nullptr) {
    journal.start.first_segment = survey_.used->head.first_segment;
    journal.start.last_batch = survey_.used->head.last_batch;
  }
  const journal::Journal::Replay take = [this](std::size_t shard, const journal::Record& record,
                                               std::string& why) {
    return replay(shard, record, why);
  };
  journal::GroupFilter groups(take);
  auto end = journal.reader->walk(
      node_.uuid, journal.start,
      [&](const journal::BatchFacts& batch, base::Bytes padded, std::string& why) {
        ++journal.batches;
        const bool whole =
            journal::each_record(batch.head, padded, [&](const journal::Record& record) {
              return groups.add(batch.head.shard, batch.head.epoch, record, why);
            });
        if (!whole && why.empty()) why = "its records do not fill it";
        return whole;
      });
  groups.finish();
  journal.dropped_records = groups.dropped();
  if (!end.ok())
    return find(Weight::kIo, std::string(journal::kJournalFolder), end.error().message);
  journal.end = *std::move(end);
  judge_journal();
}

void Surveyor::judge_journal() {
  const journal::ChainEnd& end = survey_.journal.end;
  const std::string file =
      end.segment != nullptr ? end.segment->path : std::string(journal::kJournalFolder);
  switch (end.verdict) {
    case journal::Verdict::kWhole: break;
    case journal::Verdict::kForeign: return find(Weight::kForeign, file, end.message);
    case journal::Verdict::kTorn:
      find(Weight::kOdd, file,
           "torn tail at offset " + std::to_string(end.offset) + ": " +
               std::to_string(end.later.size()) +
               " batches that nobody was promised; the next start drops them");
      break;
    case journal::Verdict::kCorrupt: {
      std::string what = end.message;
      for (const journal::BatchFacts& batch : end.later) {
        if (batch.head.records == 0) continue;
        what += "; behind it LSN " + std::to_string(batch.head.first_lsn) + ".." +
                std::to_string(batch.head.last_lsn()) + " of shard " +
                std::to_string(batch.head.shard) + " (" + survey_.tenants_of(batch.head.shard) +
                ")";
        if (what.size() > 2'000) break;
      }
      return find(Weight::kDamage, file, std::move(what));
    }
  }
  if (survey_.journal.dropped_records != 0)
    find(Weight::kOdd, file,
         std::to_string(survey_.journal.dropped_records) + " records of a group without its end");
}

// ---- what is alive

void Surveyor::count_alive() {
  if (survey_.used == nullptr) return;
  for (const auto& queue : survey_.used->queues) {
    StoredQueue* stored = survey_.shards[queue.shard]->find(queue.state.id);
    if (stored == nullptr) continue;
    for (const LevelSnapshot& level : queue.state.levels) {
      const StoredLevel* now = stored->find_level(level.number);
      for (const ExtentSnapshot& extent : level.extents) {
        if (now == nullptr) continue;
        for (const StoredExtent& left : now->extents) {
          if (left.first != extent.first) continue;
          RunFacts& run = survey_.runs[extent.run];
          run.alive += left.count;
          run.alive_body_bytes += left.body_bytes;
        }
      }
    }
  }
}

// ---- every block

void Surveyor::read_blocks() {
  for (auto& [id, run] : survey_.runs) {
    if (run.file == nullptr) continue;
    const auto index = run.file->read_index();
    if (!index.ok()) {
      const bool io = index.error().kind == RunFailure::kIo;
      find(io ? Weight::kIo : Weight::kDamage, run_path(id), index.error().message + queues_in(id));
      run.has_damaged_blocks = true;
      continue;
    }
    std::uint64_t entries = 0;
    for (const RunExtent& extent : *index) {
      entries += extent.count;
      read_extent(id, run, extent);
    }
    if (entries != run.file->entry_count())
      find(Weight::kDamage, run_path(id), "its tail counts other entries than its index");
    compare_extents(id, *index);
  }
}

void Surveyor::read_extent(RunId id, RunFacts& run, const RunExtent& extent) {
  const std::string of = "; queue " + survey_.queue_name(extent.queue);
  RunExtent sum{extent.queue, extent.level, extent.offset, 0, extent.first, {}};
  bool damaged = false;
  while (sum.length < extent.length) {
    const std::uint64_t offset = extent.offset + sum.length;
    const auto head = run.file->read_block_head(offset);
    if (!head.ok() || head->queue != extent.queue || head->level != extent.level) {
      const bool io = !head.ok() && head.error().kind == RunFailure::kIo;
      find(io ? Weight::kIo : Weight::kDamage, run_path(id),
           (head.ok() ? "at offset " + std::to_string(offset) + ": a block of another queue"
                      : head.error().message) +
               of + " " + positions(sum.last.next(), extent.last));
      run.has_damaged_blocks = true;
      return;
    }
    if (const auto block = run.file->read_block(offset); !block.ok()) {
      const bool io = block.error().kind == RunFailure::kIo;
      find(io ? Weight::kIo : Weight::kDamage, run_path(id),
           block.error().message + of + " " + positions(head->first, head->last) + ", up to " +
               std::to_string(head->count) + " messages");
      run.has_damaged_blocks = damaged = true;
    }
    sum.length += head->length;
    sum.last = head->last;
    sum.count += head->count;
    sum.body_bytes += head->body_bytes;
    sum.durable_count += head->durable_count;
    sum.durable_body_bytes += head->durable_body_bytes;
  }
  if (sum == extent || damaged) return;
  run.has_damaged_blocks = true;
  find(Weight::kDamage, run_path(id), "blocks and index do not agree" + of);
}

// What a queue's state says of its extents must be what the run says.
void Surveyor::compare_extents(RunId id, const std::vector<RunExtent>& index) {
  for (const CheckpointFacts& checkpoint : survey_.checkpoints) {
    for (const auto& queue : checkpoint.queues) {
      for (const LevelSnapshot& level : queue.state.levels) {
        for (const ExtentSnapshot& extent : level.extents) {
          if (extent.run != id) continue;
          const bool there = std::any_of(index.begin(), index.end(), [&](const RunExtent& other) {
            return other.queue == queue.state.id && other.level == level.number &&
                   other.offset == extent.offset && other.length == extent.length &&
                   other.first == extent.first && other.last == extent.last &&
                   other.count >= extent.count;
          });
          if (!there)
            find(Weight::kDamage, checkpoint.path,
                 "it names an extent that " + run_path(id) + " has not; queue " +
                     survey_.queue_name(queue.state.id));
        }
      }
    }
  }
}

}  // namespace

bool Survey::has(Weight weight) const {
  return std::any_of(findings.begin(), findings.end(),
                     [weight](const Finding& finding) { return finding.weight == weight; });
}

std::string Survey::virtual_host_name(std::uint32_t number) const {
  const auto& hosts = shards[0]->virtual_hosts();
  const auto found = hosts.find(number);
  const auto host = found == hosts.end() ? std::nullopt : decode_virtual_host(found->second);
  return host ? host->name : "number " + std::to_string(number);
}

std::string Survey::queue_name(QueueId id) const {
  for (const auto& shard : shards) {
    const StoredQueue* queue = shard->find(id);
    const auto definition = queue == nullptr ? std::nullopt : decode_queue(queue->definition());
    if (definition)
      return "'" + definition->declaration.name + "' of virtual host '" +
             virtual_host_name(virtual_host_of(id)) + "'";
  }
  return "number " + std::to_string(id.value) + " of virtual host '" +
         virtual_host_name(virtual_host_of(id)) + "'";
}

std::string Survey::tenants_of(std::size_t shard) const {
  if (shard == 0) return "the list of virtual hosts";
  std::string names;
  for (const auto& [number, payload] : shards[0]->virtual_hosts()) {
    const auto host = decode_virtual_host(payload);
    if (host && host->shard == shard) names += (names.empty() ? "'" : ", '") + host->name + "'";
  }
  return names.empty() ? "no virtual host that is known" : "virtual hosts " + names;
}

Survey survey_directory(journal::FileSystem& files, const journal::NodeIdentity& node, bool deep) {
  return Surveyor(files, node).run(deep);
}

}  // namespace harrier::store
