#include "journal/journal_recovery.h"

#include <algorithm>

#include "base/log.h"
#include "journal/group_filter.h"
#include "journal/journal_reader.h"
#include "journal/segment_files.h"

namespace harrier::journal {
namespace {

class Recovery {
 public:
  Recovery(const RecoveryRequest& request, RecoveryReport& report)
      : request_(request), report_(report), groups_(request.replay) {}

  base::Result<RecoveredJournal, OpenError> run() {
    report_ = {};
    auto reader = JournalReader::open(request_.files, true);
    if (!reader.ok()) return io(std::move(reader).error());
    reader_ = *std::move(reader);
    auto end = reader_->walk(
        request_.node_uuid, request_.start,
        [this](const BatchFacts& batch, base::Bytes padded, std::string& why) {
          return take(batch, padded, why);
        },
        request_.progress);
    if (!end.ok()) return io(std::move(end).error());
    if (end->verdict == Verdict::kCorrupt)
      return base::fail(OpenError{OpenFailure::kCorrupt, std::move(end->message)});
    if (end->verdict == Verdict::kForeign)
      return base::fail(OpenError{OpenFailure::kForeign, std::move(end->message)});
    groups_.finish();
    if (auto done = clean_up(*end); !done.ok()) return io(std::move(done).error());
    finish_report(*end);
    if (auto done = settle_files(*end); !done.ok()) return io(std::move(done).error());
    return std::move(recovered_);
  }

 private:
  static base::Failure<OpenError> io(IoError error) {
    return base::fail(OpenError{OpenFailure::kIo, std::move(error.message)});
  }

  bool take(const BatchFacts& batch, base::Bytes padded, std::string& why) {
    const BatchHead& head = batch.head;
    ++report_.batches;
    report_.records += head.records;
    const bool whole = each_record(head, padded, [&](const Record& record) {
      return groups_.add(head.shard, head.epoch, record, why);
    });
    if (!whole && why.empty()) why = "its records do not fill it";
    if (!whole) return false;

    const std::uint64_t number = batch.segment->header.number;
    if (recovered_.ring.newest() != number) {
      const auto slot = static_cast<SegmentRing::Slot>(batch.segment - &reader_->segments()[0]);
      recovered_.ring.add_used({number, slot, recovered_.last_lsn});
    }
    if (head.records > 0) {
      recovered_.last_lsn[head.shard] = head.last_lsn();
      recovered_.ring.reached(head.shard, head.last_lsn());
    }
    return true;
  }

  // Zeroes what is behind the end. In whatever order this gets to the disk: the batches that remain
  // stay below the epoch of all that is written later.
  IoStatus clean_up(const ChainEnd& end) {
    std::vector<const SegmentFacts*> touched;
    const auto zero = [&](const SegmentFacts& segment, std::uint64_t offset, std::uint64_t bytes) {
      touched.push_back(&segment);
      report_.torn_bytes += bytes;
      return write_zeros(reader_->file(segment), offset, bytes);
    };
    // In the segment where the chain ends all up to the last batch, elsewhere batch by batch.
    std::uint64_t torn_end = end.offset;
    for (const BatchFacts& batch : end.later) {
      if (batch.segment == end.segment) {
        torn_end = std::max(torn_end, batch.offset + batch.head.padded_length());
        continue;
      }
      auto done = zero(*batch.segment, batch.offset, batch.head.padded_length());
      if (!done.ok()) return done;
    }
    if (auto torn = has_torn_head(end); !torn.ok()) {
      return base::fail(std::move(torn).error());
    } else if (*torn) {
      torn_end = std::max(torn_end, end.offset + kBlockBytes);
    }
    if (torn_end > end.offset) {
      auto done = zero(*end.segment, end.offset, torn_end - end.offset);
      if (!done.ok()) return done;
    }
    if (end.segment != nullptr && end.segment_is_empty) {
      if (auto done = zero(*end.segment, 0, kBlockBytes); !done.ok()) return done;
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const SegmentFacts* segment : touched) {
      if (auto done = reader_->file(*segment).sync_contents(); !done.ok()) return done;
    }
    return base::Done{};
  }

  // The place of the next batch begins like a batch, but its head is not one.
  IoResult<bool> has_torn_head(const ChainEnd& end) {
    if (end.segment == nullptr || end.offset >= end.segment->file_bytes) return false;
    char bytes[kBatchHeadBytes];
    auto got = reader_->file(*end.segment).read_at(end.offset, bytes, sizeof bytes);
    if (!got.ok()) return base::fail(std::move(got).error());
    const base::Bytes head(bytes, *got);
    return starts_like_batch(head) &&
           !decode_batch_head(head, end.segment->file_bytes - end.offset);
  }

  void finish_report(const ChainEnd& end) {
    report_.segments_read = end.chain.size();
    report_.dropped_records = groups_.dropped();
    report_.records -= groups_.dropped();
    for (std::size_t shard = 0; shard < kShards; ++shard)
      recovered_.last_lsn[shard] =
          std::max(recovered_.last_lsn[shard], request_.start.committed[shard]);
    report_.last_lsn = recovered_.last_lsn;
    report_.clean = end.clean;
    recovered_.last_lsn_since_gap = end.last_lsn;
    recovered_.next_batch = std::max(end.next_batch, request_.start.last_batch + 1);
    recovered_.next_segment =
        std::max({recovered_.ring.newest() + 1, request_.start.first_segment, std::uint64_t{1}});
    recovered_.last_record_batch = end.last_record_batch;
    recovered_.proven_batch = end.proven_batch;
  }

  // Fills cut files up, makes missing ones, and sorts the free ones by age.
  IoStatus settle_files(const ChainEnd& end) {
    std::vector<std::uint32_t> wanted;
    const auto& segments = reader_->segments();
    const std::uint32_t count =
        std::max(request_.options.segments, segments.empty() ? 0 : segments.back().file + 1);
    for (std::uint32_t file = 0; file < count; ++file)
      wanted.push_back(file);
    choose_size();
    for (const SegmentFacts& segment : segments) {
      if (segment.file_bytes >= recovered_.segment_bytes) continue;
      File& file = reader_->file(segment);
      const std::uint64_t missing = recovered_.segment_bytes - segment.file_bytes;
      if (auto done = write_zeros(file, segment.file_bytes, missing); !done.ok()) return done;
      if (auto done = file.sync_contents(); !done.ok()) return done;
    }
    auto made = make_segment_files(request_.files, wanted, recovered_.segment_bytes);
    if (!made.ok()) return made;
    add_free_slots(end);
    recovered_.files = reader_->take_files();
    return open_made_files(wanted);
  }

  void choose_size() {
    recovered_.segment_bytes = request_.options.segment_bytes;
    const std::uint64_t on_disk = reader_->segment_bytes();
    if (on_disk < kSegmentBytesMin || on_disk == recovered_.segment_bytes) return;
    base::log_warning("journal", "the segment size in the configuration differs from the files'",
                      {{"configured", std::to_string(recovered_.segment_bytes)},
                       {"kept", std::to_string(on_disk)}});
    recovered_.segment_bytes = on_disk;
  }

  void add_free_slots(const ChainEnd& end) {
    std::vector<std::pair<std::uint64_t, SegmentRing::Slot>> free;
    const auto& segments = reader_->segments();
    for (SegmentRing::Slot slot = 0; slot < segments.size(); ++slot) {
      const SegmentFacts& segment = segments[slot];
      const bool chained =
          std::find(end.chain.begin(), end.chain.end(), &segment) != end.chain.end();
      const bool dropped = end.segment == &segment && end.segment_is_empty;
      if (chained && !dropped) continue;
      const bool begun = segment.state == HeaderState::kValid && !dropped;
      free.emplace_back(begun ? segment.header.number : 0, slot);
    }
    std::sort(free.begin(), free.end());
    for (const auto& [number, slot] : free)
      recovered_.ring.add_free(slot);
  }

  IoStatus open_made_files(const std::vector<std::uint32_t>& wanted) {
    const auto& segments = reader_->segments();
    for (const std::uint32_t number : wanted) {
      const auto present = [number](const SegmentFacts& facts) { return facts.file == number; };
      if (std::any_of(segments.begin(), segments.end(), present)) continue;
      auto file = request_.files.open(segment_path(number), OpenMode::kReadWrite);
      if (!file.ok()) return base::fail(std::move(file).error());
      recovered_.ring.add_free(static_cast<SegmentRing::Slot>(recovered_.files.size()));
      recovered_.files.push_back(*std::move(file));
    }
    return base::Done{};
  }

  const RecoveryRequest& request_;
  RecoveryReport& report_;
  GroupFilter groups_;
  std::unique_ptr<JournalReader> reader_;
  RecoveredJournal recovered_;
};

}  // namespace

base::Result<RecoveredJournal, OpenError> recover_journal(const RecoveryRequest& request,
                                                          RecoveryReport& report) {
  return Recovery(request, report).run();
}

}  // namespace harrier::journal
