#include "store/checkpointer.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "store/shard_snapshot.h"

namespace harrier::store {

void Checkpointer::look() {
  const journal::JournalUsage usage = around_.journal.usage();
  {
    const std::lock_guard lock(mutex_);
    ++looks_;
    if (phase_ == Phase::kWaiting && everything_committed()) {
      begin_writing();
      return;
    }
    // What it waits for will never be written otherwise.
    if (phase_ == Phase::kWaiting && usage.stands_still && !not_yet() &&
        !std::exchange(making_way_, true))
      around_.writer.post([this] { make_way(); });
    if (phase_ != Phase::kIdle || !due(usage)) return;
    phase_ = Phase::kSpilling;
    requested_ = false;
    out_of_space_ = false;
    ++started_;
  }
  start_cycle(usage);
}

void Checkpointer::keep_room() {
  const std::lock_guard lock(mutex_);
  keeps_room_ = true;
  if (phase_ != Phase::kWaiting) keep_room_now();
}

void Checkpointer::keep_room_now() {
  const std::uint32_t segments = around_.journal.usage().segments;
  if (keeps_room_ && segments >= 4)
    around_.journal.keep_free(std::clamp(around_.room_segments, segments / 8, segments / 2 - 1));
}

void Checkpointer::request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
    not_before_ = {};
  }
  look();
}

bool Checkpointer::run_cycle(base::Milliseconds timeout) {
  std::uint64_t wanted = 0;
  {
    const std::lock_guard lock(mutex_);
    // One that is under way began too early to count.
    wanted = started_ + 1;
  }
  request();
  std::unique_lock lock(mutex_);
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (done_ < wanted) {
    if (ended_.wait_until(lock, end) == std::cv_status::timeout) return done_ >= wanted;
  }
  return true;
}

std::set<RunId> Checkpointer::named_runs() const {
  const std::lock_guard lock(mutex_);
  std::set<RunId> named;
  for (const auto* known : {&newest_, &older_})
    if (*known) named.insert((*known)->runs.begin(), (*known)->runs.end());
  return named;
}

std::uint64_t Checkpointer::generation() const {
  const std::lock_guard lock(mutex_);
  return newest_ ? newest_->head.generation.value : 0;
}

std::uint64_t Checkpointer::cycles() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

bool Checkpointer::due(const journal::JournalUsage& usage) {
  if (loops_.empty()) return false;
  if (not_yet()) return false;
  if (requested_) return true;
  // Few and small segments: those kept free for this may be nearly half.
  if (usage.stands_still) return true;
  const std::uint64_t covered = newest_ ? newest_->head.first_segment : 0;
  const std::uint64_t open = usage.active_segment + 1 - std::min(covered, usage.active_segment);
  const std::uint64_t uncovered = std::min<std::uint64_t>(open, usage.segments_used);
  if (uncovered * 2 > usage.segments) return true;
  // Two generations keep segments: a further one lets go of what only the older of them needs.
  if (usage.segments_used * 8 > usage.segments * 5 && older_keeps_segments()) return true;
  return looks_ % 64 == 0 && around_.runs.unused_bytes() > kDeadBytesMax;
}

bool Checkpointer::not_yet() const {
  return not_before_ != base::MonotonicTime{} && around_.clock.now().monotonic < not_before_;
}

bool Checkpointer::older_keeps_segments() const {
  return newest_ && newest_->head.first_segment > around_.journal.oldest_segment();
}

void Checkpointer::start_cycle(const journal::JournalUsage& usage) {
  // Three eighths stay: the youngest messages are worth waiting for.
  const std::uint64_t keep = std::max<std::uint64_t>(1, usage.segments * 3 / 8);
  const std::uint64_t oldest = around_.journal.oldest_segment();
  std::uint64_t first = usage.active_segment > keep ? usage.active_segment - keep + 1 : oldest;
  first = std::max(first, oldest);
  journal::ShardLsns through{};
  if (first > oldest) through = around_.journal.last_lsns_through(first - 1);
  {
    const std::lock_guard lock(mutex_);
    next_ = CheckpointHead();
    next_.first_segment = first;
    chunks_.clear();
    next_runs_.clear();
    awaited_ = loops_.size();
  }
  for (const Loop& loop : loops_) {
    LoopStore* store = loop.store;
    loop.port->post([this, store, through] {
      store->spill_through(through, [this](Spiller::Result result) { spilled(result); });
    });
  }
}

void Checkpointer::spilled(Spiller::Result result) {
  {
    const std::lock_guard lock(mutex_);
    if (result == Spiller::Result::kOutOfSpace) out_of_space_ = true;
    if (--awaited_ != 0) return;
    if (!out_of_space_) {
      phase_ = Phase::kSnapshotting;
      awaited_ = loops_.size();
    }
  }
  if (!out_of_space_) return ask_for_snapshots();
  around_.writer.post([this] {
    around_.reserve.release();
    end_cycle(false);
  });
}

void Checkpointer::ask_for_snapshots() {
  for (const Loop& loop : loops_) {
    LoopStore* store = loop.store;
    loop.port->post([this, store] {
      store->snapshot([this](LoopSnapshot snapshot) { snapshot_taken(std::move(snapshot)); });
    });
  }
}

void Checkpointer::snapshot_taken(LoopSnapshot snapshot) {
  const std::lock_guard lock(mutex_);
  for (base::Buffer& chunk : snapshot.chunks)
    chunks_.push_back(std::move(chunk));
  next_runs_.merge(snapshot.runs);
  for (std::size_t shard = 0; shard != next_.lsns.size(); ++shard)
    next_.lsns[shard] = std::max(next_.lsns[shard], snapshot.lsns[shard]);
  if (--awaited_ != 0) return;
  phase_ = Phase::kWaiting;
  around_.journal.keep_free(0);
  // Its records are sealed at the end of this turn; the flush after that looks here again.
  if (everything_committed()) begin_writing();
}

void Checkpointer::begin_writing() {
  phase_ = Phase::kWriting;
  keep_room_now();
  around_.writer.post([this] { write(); });
}

bool Checkpointer::everything_committed() const {
  for (std::size_t shard = 0; shard != next_.lsns.size(); ++shard)
    if (around_.journal.committed_lsn(shard) < next_.lsns[shard]) return false;
  return true;
}

// ---- on the worker

void Checkpointer::write() {
  journal::IoStatus status = write_file();
  if (!status.ok() && status.error().is_out_of_space() && around_.reserve.release())
    status = write_file();
  if (status.ok()) return written();
  if (!status.error().is_out_of_space()) return around_.fatal(status.error());
  base::log_warning("store", "no room for a checkpoint", {{"error", status.error().message}});
  end_cycle(false);
}

journal::IoStatus Checkpointer::write_file() {
  {
    const std::lock_guard lock(mutex_);
    next_.generation = newest_ ? newest_->head.generation.next() : Generation(1);
    next_.epoch = around_.epoch;
    next_.last_batch = around_.journal.committed_batch();
    next_.last_run = next_runs_.empty() ? 0 : next_runs_.rbegin()->value;
    if (newest_) next_.last_run = std::max(next_.last_run, newest_->head.last_run);
  }
  // Nobody touches these while the phase is kWriting.
  CheckpointEntries runs;
  for (const RunId run : next_runs_) {
    runs.begin(0, static_cast<std::uint8_t>(CheckpointEntryType::kRun)).append_number(run.value);
    runs.end();
  }
  std::vector<base::Buffer> named = runs.take_chunks();
  for (base::Buffer& chunk : named)
    chunks_.push_back(std::move(chunk));
  return around_.files.write(next_, chunks_);
}

void Checkpointer::written() {
  std::set<RunId> named;
  std::optional<Generation> obsolete;
  std::uint64_t free_before = 0;
  {
    const std::lock_guard lock(mutex_);
    if (older_) obsolete = older_->head.generation;
    older_ = std::exchange(newest_, Known{next_, next_runs_});
    named = next_runs_;
    if (older_) {
      named.insert(older_->runs.begin(), older_->runs.end());
      free_before = older_->head.first_segment;
    }
  }
  if (obsolete) remove(*obsolete);
  around_.journal.release(free_before);
  // Nothing may be left to flush that would look.
  around_.hold.look_at(around_.journal);
  const journal::JournalUsage usage = around_.journal.usage();
  if (usage.segments_used * 8 > usage.segments * 6) give_up_older();
  around_.runs.remove_unused(named);
  around_.reserve.make();
  end_cycle(true);
}

// The younger one alone covers what is freed here.
void Checkpointer::give_up_older() {
  std::optional<Generation> obsolete;
  std::uint64_t free_before = 0;
  {
    const std::lock_guard lock(mutex_);
    if (older_) obsolete = older_->head.generation;
    free_before = newest_->head.first_segment;
    older_.reset();
  }
  if (obsolete) remove(*obsolete);
  around_.journal.release(free_before);
  // Nothing may be left to flush that would look.
  around_.hold.look_at(around_.journal);
}

// More was pending than the kept segments hold: long records fill them badly, and what was on its
// way when publishers were held is not bounded by them.
void Checkpointer::make_way() {
  bool older_gives = false;
  {
    const std::lock_guard lock(mutex_);
    older_gives = older_keeps_segments();
  }
  journal::IoStatus grown = base::Done{};
  if (older_gives) {
    give_up_older();
  } else if (around_.journal.usage().segments >= around_.segments_max) {
    grown = base::fail(journal::IoError{ENOSPC, "the journal has grown as far as it may"});
  } else {
    grown = around_.journal.grow();
    if (!grown.ok() && grown.error().is_out_of_space() && around_.reserve.release())
      grown = around_.journal.grow();
    if (grown.ok())
      base::log_warning("store", "the journal was full and has grown",
                        {{"segments", std::to_string(around_.journal.usage().segments)}});
  }
  if (!grown.ok() && !grown.error().is_out_of_space()) return around_.fatal(grown.error());
  if (!grown.ok())
    base::log_warning("store", "the journal is full, and so is the disk",
                      {{"error", grown.error().message}});
  {
    const std::lock_guard lock(mutex_);
    making_way_ = false;
    if (!grown.ok()) not_before_ = around_.clock.now().monotonic + kRetry;
  }
  if (!grown.ok() && around_.out_of_space) around_.out_of_space();
}

void Checkpointer::remove(Generation obsolete) {
  const auto removed = around_.files.remove(obsolete);
  if (!removed.ok() && !removed.error().is_not_found())
    base::log_warning("store", "an old checkpoint stays", {{"error", removed.error().message}});
}

void Checkpointer::end_cycle(bool good) {
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::kIdle;
    chunks_.clear();
    not_before_ = good ? base::MonotonicTime{} : around_.clock.now().monotonic + kRetry;
    if (good) {
      done_ = started_;
      ++written_;
    }
    keep_room_now();
  }
  ended_.notify_all();
  if (!good && around_.out_of_space) around_.out_of_space();
  look();
}

}  // namespace harrier::store
