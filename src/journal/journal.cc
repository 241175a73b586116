#include "journal/journal.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "journal/flush_schedule.h"
#include "journal/journal_format.h"
#include "journal/journal_recovery.h"
#include "journal/pending_chunks.h"
#include "journal/segment_files.h"
#include "journal/segment_ring.h"
#include "journal/segment_writer.h"

namespace harrier::journal {
namespace {

base::MonotonicTime monotonic_now() {
  return std::chrono::time_point_cast<base::Milliseconds>(std::chrono::steady_clock::now());
}

base::Failure<IoError> no_free_segment() {
  return base::fail(IoError{ENOSPC, "the journal is full: no segment is free"});
}

}  // namespace

class Journal::Parts {
 public:
  Parts(FileSystem& file_system, RecoveredJournal recovered, std::string node_uuid,
        const JournalOptions& options, std::uint64_t epoch)
      : file_system_(file_system),
        node_uuid_(std::move(node_uuid)),
        options_(options),
        epoch_(epoch),
        segment_bytes_(recovered.segment_bytes),
        writer_(recovered.segment_bytes, recovered.next_batch),
        next_segment_(recovered.next_segment),
        files_(std::move(recovered.files)),
        ring_(std::move(recovered.ring)),
        appended_lsn_(recovered.last_lsn_since_gap),
        committed_lsn_(recovered.last_lsn),
        committed_batch_(recovered.next_batch - 1) {
    state_.unproven = recovered.last_record_batch > recovered.proven_batch;
    state_.last_commit = monotonic_now();
  }

  base::Buffer append(std::size_t shard, std::uint64_t first_lsn, std::uint32_t records,
                      base::Buffer chunk, bool waited_for) {
    CHECK(shard < kShards && records > 0);
    const std::uint64_t length = kBatchHeadBytes + chunk.size();
    CHECK(records == 1 || length <= kBatchBytesMax);
    CHECK(whole_blocks(length) <= segment_bytes_ - kBlockBytes - kReservedBytes);
    const std::lock_guard lock(mutex_);
    // A shard without records since the oldest segment, or a gap, may go on anywhere above.
    CHECK(first_lsn > committed_lsn_[shard]);
    CHECK(appended_lsn_[shard] == 0 || first_lsn == appended_lsn_[shard] + 1);
    appended_lsn_[shard] = first_lsn + records - 1;
    const bool was_calm = !state_.urgent && state_.pending_bytes <= kPendingBytesMax;
    const bool was_empty = !state_.pending;
    state_.pending_bytes += chunk.size();
    pending_.add(shard, {first_lsn, records, std::move(chunk)});
    if (was_empty) state_.pending_since = waited_for ? base::MonotonicTime{} : monotonic_now();
    state_.pending = true;
    state_.urgent = state_.urgent || waited_for;
    const bool calm = !state_.urgent && state_.pending_bytes <= kPendingBytesMax;
    if (was_empty || (was_calm && !calm)) wake_.notify_one();
    return take_spare();
  }

  void urge() {
    const std::lock_guard lock(mutex_);
    if (!state_.pending || state_.urgent) return;
    state_.urgent = true;
    wake_.notify_one();
  }

  JournalUsage usage() const {
    const std::lock_guard lock(mutex_);
    return {.segments = ring_.size(),
            .segments_used = ring_.used(),
            .pending_bytes = state_.pending_bytes,
            .active_segment = ring_.newest(),
            .stands_still = state_.no_segment};
  }

  bool wait_for_work() {
    std::unique_lock lock(mutex_);
    while (true) {
      const ScheduledWork work = next_work(state_, options_.idle_delay);
      if (work.what == Work::kStop) return false;
      if (work.what == Work::kNothing) {
        wake_.wait(lock);
      } else if (work.at <= monotonic_now()) {
        seal_is_due_ = work.what == Work::kSeal;
        return true;
      } else {
        wake_.wait_until(lock, work.at);
      }
    }
  }

  IoStatus run_flush(const Committed& committed) {
    if (writer_.poison()) return base::fail(*writer_.poison());
    if (std::exchange(seal_is_due_, false)) return seal();
    std::vector<PlannedBatch> batches;
    {
      const std::lock_guard lock(mutex_);
      if (pending_.empty()) return base::Done{};
      if (pending_.next_length() > writer_.room_for_records() && !begin_segment()) {
        state_.no_segment = true;
        return no_free_segment();
      }
      batches = pending_.take(writer_.room_for_records(), kFlushBytesMax);
      state_.pending = !pending_.empty();
      state_.urgent = state_.urgent && state_.pending;
    }
    CHECK(!batches.empty());
    const auto began = std::chrono::steady_clock::now();
    if (auto done = writer_.write(batches, committed_batch_); !done.ok()) return done;
    count_flush(batches, std::chrono::steady_clock::now() - began);
    const ShardLsns reached = note_committed(batches);
    for (std::size_t shard = 0; shard < kShards; ++shard) {
      if (reached[shard] != 0) committed(shard, reached[shard]);
    }
    return base::Done{};
  }

  void count_flush(const std::vector<PlannedBatch>& batches, std::chrono::nanoseconds took) {
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    for (const PlannedBatch& batch : batches) {
      bytes += batch.length;
      records += batch.records;
    }
    flush_counters_.duration_us.add(static_cast<std::uint64_t>(took.count()) / 1'000);
    flush_counters_.bytes.add(bytes);
    flush_counters_.records.add(records);
  }
  const FlushCounters& flush_counters() const { return flush_counters_; }

  IoStatus seal() {
    if (writer_.poison()) return base::fail(*writer_.poison());
    if (!state_.unproven) return base::Done{};
    return write_seal(0);
  }

  IoStatus mark_open() {
    if (writer_.poison()) return base::fail(*writer_.poison());
    return write_seal(0);
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    state_.stopped = true;
    wake_.notify_all();
  }

  IoStatus close_cleanly(const Committed& committed) {
    seal_is_due_ = false;
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (pending_.empty()) break;
      }
      if (auto done = run_flush(committed); !done.ok()) return done;
    }
    if (writer_.poison()) return base::fail(*writer_.poison());
    return write_seal(kBatchClean);
  }

  ShardLsns last_lsns_through(std::uint64_t segment) const {
    const std::lock_guard lock(mutex_);
    return ring_.through(segment);
  }
  std::uint64_t first_segment_needed(const ShardLsns& covered) const {
    const std::lock_guard lock(mutex_);
    return ring_.first_needed(covered);
  }
  std::uint64_t oldest_segment() const {
    const std::lock_guard lock(mutex_);
    return std::max<std::uint64_t>(ring_.oldest(), 1);
  }
  std::uint64_t committed_batch() const {
    const std::lock_guard lock(mutex_);
    return committed_batch_;
  }
  std::uint64_t committed_lsn(std::size_t shard) const {
    const std::lock_guard lock(mutex_);
    return committed_lsn_[shard];
  }
  void release(std::uint64_t segment) {
    const std::lock_guard lock(mutex_);
    ring_.release(segment);
    state_.no_segment = state_.no_seal = false;
    wake_.notify_one();
  }
  void keep_free(std::uint32_t segments) {
    const std::lock_guard lock(mutex_);
    if (segments < keep_free_) {
      state_.no_segment = state_.no_seal = false;
      wake_.notify_one();
    }
    keep_free_ = segments;
  }

  IoStatus grow() {
    std::uint32_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = static_cast<std::uint32_t>(files_.size());
    }
    if (number >= kSegmentsMax) return no_free_segment();
    // Recovery has numbered them without gaps.
    if (auto made = make_segment_files(file_system_, {number}, segment_bytes_); !made.ok())
      return made;
    auto file = file_system_.open(segment_path(number), OpenMode::kReadWrite);
    if (!file.ok()) return base::fail(std::move(file).error());
    const std::lock_guard lock(mutex_);
    files_.push_back(*std::move(file));
    ring_.add_free(number);
    state_.no_segment = state_.no_seal = false;
    wake_.notify_one();
    return base::Done{};
  }

 private:
  // REQUIRES mutex_. The ring learns of it when the first flush is on disk: until then the file is
  // still free, which is what a reader would find.
  bool begin_segment() {
    const auto slot = ring_.next_free();
    if (!slot || ring_.free() <= keep_free_) return false;
    writer_.begin(*files_[*slot], {.node_uuid = node_uuid_,
                                   .number = next_segment_++,
                                   .epoch = epoch_,
                                   .salt = random_salt()});
    return true;
  }

  std::uint64_t random_salt() {
    return options_.random != nullptr ? options_.random->next() : secure_random_.next();
  }

  // REQUIRES mutex_.
  void note_flush() {
    if (ring_.newest() != writer_.segment()) ring_.begin(writer_.segment());
    committed_batch_ = writer_.next_batch() - 1;
    state_.last_commit = monotonic_now();
  }

  base::Buffer take_spare() {
    if (spares_.empty()) return {};
    base::Buffer spare = std::move(spares_.back());
    spares_.pop_back();
    spare_bytes_ -= spare.capacity();
    return spare;
  }
  void keep_spares(std::vector<PendingChunk>& written) {
    for (PendingChunk& chunk : written) {
      if (spare_bytes_ + chunk.bytes.capacity() > kSpareBytesMax) return;
      chunk.bytes.clear();
      spare_bytes_ += chunk.bytes.capacity();
      spares_.push_back(std::move(chunk.bytes));
    }
  }

  ShardLsns note_committed(std::vector<PlannedBatch>& batches) {
    ShardLsns reached{};
    const std::lock_guard lock(mutex_);
    note_flush();
    state_.unproven = true;
    for (PlannedBatch& batch : batches) {
      reached[batch.shard] = committed_lsn_[batch.shard] = batch.last_lsn();
      ring_.reached(batch.shard, batch.last_lsn());
      state_.pending_bytes -= batch.length - kBatchHeadBytes;
      keep_spares(batch.chunks);
    }
    if (state_.pending) state_.pending_since = state_.last_commit;
    return reached;
  }

  IoStatus write_seal(std::uint8_t flags) {
    {
      const std::lock_guard lock(mutex_);
      if (writer_.room_for_seal() < kBlockBytes && !begin_segment()) {
        state_.no_seal = true;
        return no_free_segment();
      }
    }
    if (auto done = writer_.write_seal(flags, committed_batch_); !done.ok()) return done;
    const std::lock_guard lock(mutex_);
    note_flush();
    state_.unproven = false;
    return base::Done{};
  }

  FileSystem& file_system_;
  const std::string node_uuid_;
  const JournalOptions options_;
  const std::uint64_t epoch_;
  const std::uint64_t segment_bytes_;

  // ---- the flusher's
  SegmentWriter writer_;
  std::uint64_t next_segment_;
  base::SecureRandom secure_random_;
  FlushCounters flush_counters_;
  bool seal_is_due_ = false;  // what wait_for_work() found

  // ---- guarded by mutex_; the flusher reads what only it writes without it
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  FlushState state_;
  PendingChunks pending_;
  std::vector<base::Buffer> spares_;
  std::size_t spare_bytes_ = 0;  // what they have room for
  std::vector<std::unique_ptr<File>> files_;
  SegmentRing ring_;
  std::uint32_t keep_free_ = 0;
  ShardLsns appended_lsn_;
  ShardLsns committed_lsn_;
  std::uint64_t committed_batch_;
};

base::Result<std::unique_ptr<Journal>, OpenError> Journal::open(
    FileSystem& files, const std::string& node_uuid, const JournalOptions& options,
    const Start& start, const Replay& replay, const Progress& progress, RecoveryReport& report) {
  CHECK(node_uuid.size() == kNodeUuidBytes);
  CHECK(options.segment_bytes % kBlockBytes == 0 && options.segment_bytes >= kSegmentBytesMin);
  CHECK(options.segments >= 2 && options.segments <= kSegmentsMax);
  auto recovered = recover_journal({files, node_uuid, options, start, replay, progress}, report);
  if (!recovered.ok()) return base::fail(std::move(recovered).error());
  return std::unique_ptr<Journal>(new Journal(
      std::make_unique<Parts>(files, *std::move(recovered), node_uuid, options, start.epoch)));
}

Journal::Journal(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Journal::~Journal() = default;

base::Buffer Journal::append(std::size_t shard, std::uint64_t first_lsn, std::uint32_t records,
                             base::Buffer chunk, bool waited_for) {
  return parts_->append(shard, first_lsn, records, std::move(chunk), waited_for);
}
void Journal::urge() { parts_->urge(); }
JournalUsage Journal::usage() const { return parts_->usage(); }
bool Journal::wait_for_work() { return parts_->wait_for_work(); }
IoStatus Journal::run_flush(const Committed& committed) { return parts_->run_flush(committed); }
IoStatus Journal::seal() { return parts_->seal(); }
IoStatus Journal::mark_open() { return parts_->mark_open(); }
void Journal::stop() { parts_->stop(); }
IoStatus Journal::close_cleanly(const Committed& committed) {
  return parts_->close_cleanly(committed);
}
ShardLsns Journal::last_lsns_through(std::uint64_t segment) const {
  return parts_->last_lsns_through(segment);
}
std::uint64_t Journal::first_segment_needed(const ShardLsns& covered) const {
  return parts_->first_segment_needed(covered);
}
std::uint64_t Journal::oldest_segment() const { return parts_->oldest_segment(); }
std::uint64_t Journal::committed_batch() const { return parts_->committed_batch(); }
std::uint64_t Journal::committed_lsn(std::size_t shard) const {
  return parts_->committed_lsn(shard);
}
void Journal::release(std::uint64_t segment) { parts_->release(segment); }
void Journal::keep_free(std::uint32_t segments) { parts_->keep_free(segments); }
IoStatus Journal::grow() { return parts_->grow(); }
const FlushCounters& Journal::flush_counters() const { return parts_->flush_counters(); }

}  // namespace harrier::journal
