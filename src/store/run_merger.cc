#include "store/run_merger.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "store/run_writer.h"

namespace harrier::store {
namespace {

// Of a slice: what looking at a block's head costs beside its bytes.
constexpr std::uint64_t kHeadCost = 4096;
// What an entry takes beside its body, about.
constexpr std::uint64_t kEntryBytes = 100;

}  // namespace

// Extents of one (queue, level) that become one, and what of them was settled when it was planned.
struct RunMerger::Group {
  struct Source {
    std::shared_ptr<const RunFile> run;
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
  };
  QueueId queue;
  std::uint8_t level = 0;
  Position first;
  Position last;
  std::uint64_t live = 0;
  std::vector<Source> sources;
  std::vector<std::pair<Position, Position>> settled;
  // What the worker found alive.
  std::uint64_t copied = 0;
};

struct RunMerger::Job {
  std::vector<std::shared_ptr<const RunFile>> runs;
  // Of each of them, about; a body counts as often as entries share it.
  struct Bytes {
    std::uint64_t written = 0;
    std::uint64_t live = 0;

    bool worth_it() const { return live <= written / 2; }
  };
  std::vector<Bytes> bytes;
  std::uint64_t age = 0;
  // All of them must go, whatever it takes: else they would be merged again and again.
  bool whole = false;
  // What the indexes name, sorted, each once.
  struct Named {
    QueueId queue;
    std::uint8_t level = 0;
    bool of_first = false;  // of the first run

    auto order() const { return std::pair(queue, level); }
  };
  std::vector<Named> named;
  std::size_t next_named = 0;
  std::vector<Group> groups;
  std::uint64_t group_bytes = 0;  // alive in them, about
  std::size_t next_group = 0;
  std::unique_ptr<Copy> copy;
  // What the worker made.
  RunSummary summary;
  std::size_t next_extent = 0;
  std::shared_ptr<const RunFile> run;
  std::optional<RunError> unreadable;
  std::optional<journal::IoError> failure;
};

// Writes what is alive of a job's groups, a slice at a time; the worker's.
class RunMerger::Copy {
 public:
  enum class Outcome : std::uint8_t { kMore, kDone, kFailed };

  Copy(RunStore& runs, Job& job, const Limits& limits)
      : runs_(runs), job_(job), limits_(limits), run_(runs.next()) {}
  Outcome slice();
  // Instead of another slice.
  Outcome give_up();

 private:
  Outcome fail_writing(journal::IoError error);
  Outcome fail_reading(RunError error);
  Outcome complete();
  bool dead(const Group& group, Position position);
  bool all_dead(const Group& group, const RunBlockHead& head);
  journal::IoStatus copy_block(Group& group, const RunFile& run, const RunBlock& block);
  broker::MessageRef message_of(const RunFile& run, const RunBlockEntry& entry, bool& shared);

  RunStore& runs_;
  Job& job_;
  const Limits& limits_;
  const RunId run_;
  std::unique_ptr<RunWriter> writer_;
  std::size_t group_ = 0;
  std::size_t source_ = 0;
  // The first settled range that does not end before where copying is.
  std::size_t range_ = 0;
  // By run and place in it; they live until the run is finished, as the writer demands.
  std::map<std::pair<RunId, std::uint64_t>, broker::MessageRef> shared_;
  std::uint64_t shared_bytes_ = 0;
};

// ---- choosing

std::uint64_t RunMerger::age_of(RunId run) const {
  const auto found = ages_.find(run);
  return found == ages_.end() ? run.value : found->second;
}

bool RunMerger::may_merge(const RunLedger::Use& use) const {
  const auto full = full_.find(use.file->run());
  return !left_alone_.contains(use.file->run()) &&
         (full == full_.end() || use.live <= full->second / 2);
}

RunMerger::Uses RunMerger::by_age() const {
  Uses all;
  for (const auto& [run, use] : ledger_.runs())
    all.push_back(&use);
  std::stable_sort(all.begin(), all.end(), [this](const auto* a, const auto* b) {
    return age_of(a->file->run()) < age_of(b->file->run());
  });
  return all;
}

// The one with the most dead room, and its neighbours that are sparse as well.
RunMerger::Uses RunMerger::choose_sparse(const Uses& all) const {
  std::uint64_t dead = 0;
  for (const RunLedger::Use* use : all)
    if (may_merge(*use) && use->sparse()) dead += use->dead_bytes();
  const auto eligible = [&](const RunLedger::Use& use) {
    return may_merge(use) && use.sparse() &&
           (dead > limits_.dead_bytes_max || use.sparse_since < cycle_);
  };
  auto seed = all.end();
  for (auto use = all.begin(); use != all.end(); ++use)
    if (eligible(**use) && (seed == all.end() || (*use)->dead_bytes() > (*seed)->dead_bytes()))
      seed = use;
  if (seed == all.end()) return {};
  std::uint64_t bytes = 0;
  const auto fits = [&](const RunLedger::Use& use) {
    bytes += use.file->file_bytes() - use.dead_bytes();
    return bytes <= limits_.bytes_max;
  };
  (void)fits(**seed);
  const auto joins = [&](const RunLedger::Use& use) {
    return eligible(use) && !scattered_.contains(use.file->run()) &&
           !scattered_.contains((*seed)->file->run()) && fits(use);
  };
  auto first = seed, last = seed + 1;
  while (first != all.begin() && last - first < kRunsMax && joins(**(first - 1)))
    --first;
  while (last != all.end() && last - first < kRunsMax && joins(**last))
    ++last;
  Uses chosen(first, last);
  // The seed first: when not all can be merged, it is.
  std::rotate(chosen.begin(), chosen.begin() + (seed - first), chosen.begin() + (seed - first) + 1);
  return chosen;
}

RunMerger::Uses RunMerger::choose_small(const Uses& all) const {
  const auto small = [this](const RunLedger::Use& use) {
    return may_merge(use) && !scattered_.contains(use.file->run()) &&
           use.extent_bytes < kSmallExtentBytes * use.extents;
  };
  for (auto first = all.begin(); first != all.end(); ++first) {
    std::uint64_t bytes = 0, largest = 0, extents = 0;
    auto last = first;
    for (; last != all.end() && last - first != kRunsMax && small(**last); ++last) {
      extents += (*last)->extents;
      if (bytes + (*last)->extent_bytes > limits_.bytes_max || extents > limits_.extents_max) break;
      bytes += (*last)->extent_bytes;
      largest = std::max(largest, (*last)->extent_bytes);
    }
    if (last - first >= kSmallRunsMin && largest * 2 <= bytes) return Uses(first, last);
  }
  return {};
}

void RunMerger::look() {
  if (stopping_ || busy_ || resting_ || (!again_ && !ledger_.wants_look())) return;
  again_ = false;
  ledger_.note_sparse(cycle_);
  const auto gone = [this](RunId run) { return !ledger_.runs().contains(run); };
  std::erase_if(left_alone_, gone);
  std::erase_if(scattered_, gone);
  std::erase_if(full_, [&](const auto& entry) { return gone(entry.first); });
  std::erase_if(ages_, [&](const auto& entry) { return gone(entry.first); });
  const Uses all = by_age();
  if (const Uses sparse = choose_sparse(all); !sparse.empty()) return start(sparse, false);
  if (const Uses small = choose_small(all); !small.empty()) start(small, true);
}

void RunMerger::snapshot_taken() {
  ++cycle_;
  resting_ = false;
  again_ = true;
}

// ---- planning

void RunMerger::start(const Uses& chosen, bool whole) {
  busy_ = true;
  auto job = std::make_shared<Job>();
  job->whole = whole;
  job->age = UINT64_MAX;
  for (const RunLedger::Use* use : chosen) {
    job->runs.push_back(use->file);
    job->age = std::min(job->age, age_of(use->file->run()));
  }
  worker_.post([this, job] {
    read_indexes(*job);
    loop_.post([this, job] { plan(job); });
  });
}

void RunMerger::read_indexes(Job& job) {
  std::vector<Job::Named> all;
  for (const auto& run : job.runs) {
    const auto index = run->read_index();
    if (!index.ok()) {
      job.unreadable = index.error();
      // The others may be well.
      job.runs = {run};
      return;
    }
    Job::Bytes& bytes = job.bytes.emplace_back();
    for (const RunExtent& extent : *index) {
      bytes.written += extent.body_bytes + extent.count * kEntryBytes;
      all.push_back({extent.queue, extent.level, run == job.runs.front()});
    }
  }
  // Those of the first run stand before their equals.
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.order() < b.order(); });
  const auto same = std::unique(
      all.begin(), all.end(), [](const auto& a, const auto& b) { return a.order() == b.order(); });
  all.erase(same, all.end());
  job.named = std::move(all);
}

// False: the level's extents in these runs are no neighbours.
bool RunMerger::plan_group(QueueId queue, std::uint8_t level_number, Job& job) {
  ShardState* state = find_state_(queue);
  const StoredQueue* stored = state == nullptr ? nullptr : state->find(queue);
  const StoredLevel* level = stored == nullptr ? nullptr : stored->find_level(level_number);
  if (level == nullptr) return true;
  const auto chosen = [&](const StoredExtent& other) {
    return std::find(job.runs.begin(), job.runs.end(), other.run) != job.runs.end();
  };
  const bool full = !job.whole && job.group_bytes >= limits_.bytes_max;
  for (const StoredExtent& extent : level->extents) {
    const auto run = std::find(job.runs.begin(), job.runs.end(), extent.run);
    if (run == job.runs.end()) continue;
    const std::uint64_t live = extent.body_bytes + extent.count * kEntryBytes;
    job.bytes[static_cast<std::size_t>(run - job.runs.begin())].live += live;
    if (!full) job.group_bytes += live;
  }
  if (full) return true;
  const auto first = std::find_if(level->extents.begin(), level->extents.end(), chosen);
  if (first == level->extents.end()) return true;
  const auto last = std::find_if_not(first, level->extents.end(), chosen);
  if (std::find_if(last, level->extents.end(), chosen) != level->extents.end()) return false;
  Group group;
  group.queue = queue;
  group.level = level_number;
  group.first = first->first;
  group.last = std::prev(last)->last;
  for (auto source = first; source != last; ++source) {
    group.sources.push_back({source->run, source->offset, source->offset + source->length});
    group.live += source->count;
  }
  level->settled.for_each_in(group.first, group.last, [&](Position from, Position to) {
    group.settled.emplace_back(from, to);
  });
  job.groups.push_back(std::move(group));
  return true;
}

// One run alone is always right.
void RunMerger::plan_first_alone(Job& job) {
  for (const auto& run : job.runs)
    scattered_.insert(run->run());
  const auto first = ledger_.runs().find(job.runs.front()->run());
  job.runs.resize(1);
  job.bytes = {{job.bytes.front().written, 0}};
  job.groups.clear();
  job.next_named = 0;
  job.group_bytes = 0;
  job.age = age_of(job.runs.front()->run());
  if (first == ledger_.runs().end() || !first->second.sparse()) {
    // Small, not sparse: alone it would only be the same again.
    job.named.clear();
  } else {
    std::erase_if(job.named, [](const Job::Named& named) { return !named.of_first; });
  }
}

// Few entries may be most of the bytes: copying those again and again would give nothing back.
bool RunMerger::is_worth_it(const Job& job) {
  Job::Bytes sum;
  for (const Job::Bytes& bytes : job.bytes) {
    sum.written += bytes.written;
    sum.live += bytes.live;
  }
  if (sum.worth_it()) return true;
  for (std::size_t run = 0; run != job.runs.size(); ++run) {
    const auto use = ledger_.runs().find(job.runs[run]->run());
    if (!job.bytes[run].worth_it() && use != ledger_.runs().end())
      full_[use->first] = use->second.live;
  }
  busy_ = false;
  again_ = true;
  return false;
}

void RunMerger::plan(const std::shared_ptr<Job>& job) {
  if (job->unreadable) return finish(job);
  for (std::size_t left = limits_.groups_per_turn; job->next_named != job->named.size(); --left) {
    if (left == 0) return loop_.post([this, job] { plan(job); });
    const Job::Named& named = job->named[job->next_named++];
    if (!plan_group(named.queue, named.level, *job)) plan_first_alone(*job);
  }
  if (job->groups.empty()) return finish(job);
  if (!job->whole && !is_worth_it(*job)) return;
  job->copy = std::make_unique<Copy>(runs_, *job, limits_);
  worker_.post([this, job] { copy(job); });
}

// ---- on the worker

void RunMerger::copy(const std::shared_ptr<Job>& job) {
  const Copy::Outcome outcome = stopping_ ? job->copy->give_up() : job->copy->slice();
  if (outcome == Copy::Outcome::kMore) {
    worker_.post([this, job] { copy(job); });
    return;
  }
  // Its messages are this thread's.
  job->copy.reset();
  if (job->failure && !job->failure->is_out_of_space()) return fatal_(*job->failure);
  loop_.post([this, job] { finish(job); });
}

RunMerger::Copy::Outcome RunMerger::Copy::give_up() {
  writer_.reset();
  runs_.discard(run_);
  return Outcome::kFailed;
}

RunMerger::Copy::Outcome RunMerger::Copy::fail_writing(journal::IoError error) {
  job_.failure = std::move(error);
  return give_up();
}

RunMerger::Copy::Outcome RunMerger::Copy::fail_reading(RunError error) {
  job_.unreadable = std::move(error);
  // The others may be well.
  job_.runs = {job_.groups[group_].sources[source_].run};
  return give_up();
}

// Positions must grow between calls for one group.
bool RunMerger::Copy::dead(const Group& group, Position position) {
  while (range_ != group.settled.size() && group.settled[range_].second < position)
    ++range_;
  return range_ != group.settled.size() && group.settled[range_].first <= position;
}

bool RunMerger::Copy::all_dead(const Group& group, const RunBlockHead& head) {
  return dead(group, head.first) && group.settled[range_].second >= head.last;
}

broker::MessageRef RunMerger::Copy::message_of(const RunFile& run, const RunBlockEntry& entry,
                                               bool& shared) {
  const auto make = [&] { return broker::MessageRef(broker::Message::create(entry.parts).get()); };
  shared = false;
  if (!entry.may_be_shared) return make();
  const std::pair key(run.run(), entry.message_offset);
  if (const auto found = shared_.find(key); found != shared_.end()) {
    shared = true;
    return found->second;
  }
  broker::MessageRef message = make();
  if (shared_bytes_ + message->footprint() > limits_.shared_bytes_max) return message;
  shared_bytes_ += message->footprint();
  shared = true;
  return shared_.emplace(key, message).first->second;
}

journal::IoStatus RunMerger::Copy::copy_block(Group& group, const RunFile& run,
                                              const RunBlock& block) {
  for (const RunBlockEntry& entry : block.entries) {
    if (dead(group, entry.position)) continue;
    RunEntry kept;
    kept.queue = group.queue;
    kept.level = group.level;
    kept.position = entry.position;
    kept.expires_at = entry.expires_at;
    kept.delivery_count = entry.delivery_count;
    kept.transient = entry.transient;
    const broker::MessageRef message = message_of(run, entry, kept.may_be_shared);
    kept.message = message.get();
    if (journal::IoStatus status = writer_->add(kept); !status.ok()) return status;
    ++group.copied;
  }
  return base::Done{};
}

RunMerger::Copy::Outcome RunMerger::Copy::slice() {
  if (!writer_) {
    auto made = runs_.create(run_);
    if (!made.ok()) return fail_writing(made.error());
    writer_ = std::move(*made);
  }
  std::uint64_t bytes = 0;
  for (; group_ != job_.groups.size(); ++group_, source_ = 0, range_ = 0) {
    Group& group = job_.groups[group_];
    for (; source_ != group.sources.size(); ++source_) {
      Group::Source& source = group.sources[source_];
      while (source.offset < source.end) {
        if (bytes >= limits_.slice_bytes) return Outcome::kMore;
        const auto head = source.run->read_block_head(source.offset);
        if (!head.ok()) return fail_reading(head.error());
        const std::uint64_t offset = std::exchange(source.offset, source.offset + head->length);
        bytes += kHeadCost;
        if (all_dead(group, *head)) continue;
        bytes += head->length;
        const auto block = source.run->read_block(offset);
        if (!block.ok()) return fail_reading(block.error());
        if (auto status = copy_block(group, *source.run, *block); !status.ok())
          return fail_writing(status.error());
      }
    }
  }
  return complete();
}

RunMerger::Copy::Outcome RunMerger::Copy::complete() {
  auto finished = writer_->finish();
  if (!finished.ok()) return fail_writing(finished.error());
  auto opened = runs_.open(run_);
  // What was written a moment ago cannot be read: no disk to go on with.
  if (!opened.ok()) return fail_writing({EIO, opened.error().message});
  job_.run = std::move(*opened);
  job_.summary = std::move(*finished);
  return Outcome::kDone;
}

// ---- finishing

void RunMerger::finish(const std::shared_ptr<Job>& job) {
  if (job->run) return replace(job);
  busy_ = false;
  if (stopping_) return;
  if (job->failure) {
    base::log_warning("store", "no room to merge run files; it is tried again later",
                      {{"error", job->failure->message}});
    resting_ = true;
    return;
  }
  again_ = true;
  if (job->unreadable) {
    base::log_error("store", "a run file is not merged: it cannot be read",
                    {{"error", job->unreadable->message}});
    left_alone_.insert(job->runs.front()->run());
    return;
  }
  // Nothing was found in it: everything died meanwhile, or it will be so next time, too.
  const RunId first = job->runs.front()->run();
  const auto use = ledger_.runs().find(first);
  if (use == ledger_.runs().end()) return;
  if (use->second.sparse() || !scattered_.contains(first)) left_alone_.insert(first);
}

void RunMerger::replace(const std::shared_ptr<Job>& job) {
  ages_[job->run->run()] = job->age;
  for (std::size_t left = limits_.groups_per_turn; job->next_group != job->groups.size(); --left) {
    if (left == 0) return loop_.post([this, job] { replace(job); });
    replace_group(*job, job->groups[job->next_group++]);
  }
  ++merges_;
  merged_bytes_.add(job->summary.file_bytes);
  busy_ = false;
  again_ = true;
}

void RunMerger::replace_group(Job& job, const Group& group) {
  const std::vector<RunExtent>& extents = job.summary.extents;
  const bool is_there = job.next_extent != extents.size() &&
                        extents[job.next_extent].queue == group.queue &&
                        extents[job.next_extent].level == group.level;
  const RunExtent* written = is_there ? &extents[job.next_extent++] : nullptr;
  ShardState* state = find_state_(group.queue);
  StoredQueue* stored = state == nullptr ? nullptr : state->find(group.queue);
  if (stored == nullptr) return;  // deleted meanwhile
  if (written == nullptr || group.copied != group.live) {
    base::log_error("store", "extents are not merged: they do not have what they should",
                    {{"queue", std::to_string(group.queue.value)},
                     {"found", std::to_string(group.copied)},
                     {"expected", std::to_string(group.live)}});
    for (const Group::Source& source : group.sources)
      left_alone_.insert(source.run->run());
    return;
  }
  (void)stored->replace_extents(group.level, group.first, group.last, job.run, *written);
}

}  // namespace harrier::store
