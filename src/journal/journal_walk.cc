// JournalReader::walk(): the chain of batches, its end, and what lies behind it.

#include <algorithm>
#include <optional>

#include "journal/journal_reader.h"

namespace harrier::journal {

class JournalReader::Walk {
 public:
  Walk(JournalReader& reader, const std::string& node_uuid, const Journal::Start& start,
       const Visit& visit, const Journal::Progress& progress)
      : reader_(reader),
        node_uuid_(node_uuid),
        start_(start),
        first_segment_(std::max<std::uint64_t>(start.first_segment, 1)),
        visit_(visit),
        progress_(progress) {}

  IoResult<ChainEnd> run() {
    end_.known_batch = start_.last_batch;
    if (!belongs_here()) return std::move(end_);
    select();
    if (auto done = follow_chain(); !done.ok()) return base::fail(std::move(done).error());
    if (auto done = gather_evidence(); !done.ok()) return base::fail(std::move(done).error());
    // Else a record of the chain made no sense: that was the verdict.
    if (end_.verdict == Verdict::kWhole) decide();
    return std::move(end_);
  }

 private:
  bool refuse(Verdict verdict, std::string message) {
    end_.verdict = verdict;
    end_.message = std::move(message);
    return false;
  }

  bool belongs_here() {
    for (const SegmentFacts& segment : reader_.segments_) {
      const SegmentHeader& header = segment.header;
      if (segment.state == HeaderState::kNewer)
        return refuse(Verdict::kForeign,
                      segment.path + " has format version " + std::to_string(header.version) +
                          ", written by a newer HarrierMQ; this one reads up to version " +
                          std::to_string(kFormatVersion));
      if (segment.state != HeaderState::kValid) continue;
      if (header.node_uuid != node_uuid_)
        return refuse(Verdict::kForeign, segment.path + " belongs to node " + header.node_uuid +
                                             ", this is node " + node_uuid_);
      if (header.number >= first_segment_ && header.epoch >= start_.epoch)
        return refuse(Verdict::kForeign,
                      segment.path + " was written by start " + std::to_string(header.epoch) +
                          " of the node, this is only start " + std::to_string(start_.epoch) +
                          ": journal and node file are not of one age");
    }
    return true;
  }

  // The begun segments from the first needed on, by number.
  void select() {
    for (const SegmentFacts& segment : reader_.segments_) {
      const bool begun = segment.state == HeaderState::kValid;
      const bool needed = begun && segment.header.number >= first_segment_;
      const std::uint64_t should = reader_.segment_bytes_;
      if ((needed || !begun) && segment.file_bytes < should)
        cut_ = segment.path + " was cut: it has " + std::to_string(segment.file_bytes) +
               " bytes of " + std::to_string(should);
      if (needed) begun_.push_back(&segment);
      if (needed) total_bytes_ += segment.file_bytes;
    }
    std::sort(begun_.begin(), begun_.end(), [](const SegmentFacts* a, const SegmentFacts* b) {
      return a->header.number < b->header.number;
    });
  }

  // ---- the chain
  IoStatus follow_chain() {
    for (; next_begun_ < begun_.size(); ++next_begun_) {
      const SegmentFacts& segment = *begun_[next_begun_];
      if (!continues_with(segment)) break;
      enter(segment);
      const ShardLsns last_lsn_before = end_.last_lsn;
      if ((segment.header.flags & kSegmentGap) != 0) end_.last_lsn = {};
      if (auto done = follow_segment(segment); !done.ok()) return done;
      if (end_.segment_is_empty) {  // then there is no gap either
        end_.next_batch = segment.header.last_batch_before + 1;
        end_.last_lsn = last_lsn_before;
      }
      if (end_.verdict != Verdict::kWhole) return base::Done{};
      done_bytes_ += segment.file_bytes;
      if (progress_) progress_(done_bytes_, total_bytes_);
    }
    return base::Done{};
  }

  bool continues_with(const SegmentFacts& segment) const {
    const SegmentHeader& header = segment.header;
    if (header.first_batch <= header.last_batch_before) return false;
    const bool gap = (header.flags & kSegmentGap) != 0;
    if (!gap && header.first_batch != header.last_batch_before + 1) return false;
    if (end_.segment == nullptr) {
      return header.number == first_segment_ &&
             (first_segment_ > 1 || header.last_batch_before == 0);
    }
    return !end_.segment_is_empty && header.number == end_.segment->header.number + 1 &&
           header.last_batch_before + 1 == end_.next_batch && header.epoch >= end_.last_epoch;
  }

  void enter(const SegmentFacts& segment) {
    end_.next_batch = segment.header.first_batch;
    end_.segment = &segment;
    end_.segment_is_empty = true;
    end_.chain.push_back(&segment);
  }

  IoStatus follow_segment(const SegmentFacts& segment) {
    end_.offset = kBlockBytes;
    while (end_.offset < segment.file_bytes) {
      const std::uint64_t room = segment.file_bytes - end_.offset;
      auto bytes = reader_.bytes_at(segment, end_.offset, kBatchHeadBytes);
      if (!bytes.ok()) return base::fail(std::move(bytes).error());
      const auto head = decode_batch_head(*bytes, room);
      if (!head || !is_next(*head, segment.header)) return base::Done{};
      bytes = reader_.bytes_at(segment, end_.offset, head->padded_length());
      if (!bytes.ok()) return base::fail(std::move(bytes).error());
      if (bytes->size() != head->padded_length() || !payload_is_intact(*head, *bytes)) {
        broken_head_ = *head;
        return base::Done{};
      }
      if (!take({&segment, end_.offset, *head}, *bytes)) return base::Done{};
    }
    return base::Done{};
  }

  bool is_next(const BatchHead& head, const SegmentHeader& header) const {
    return head.segment == header.number && head.salt == header.salt &&
           head.epoch == header.epoch && head.number == end_.next_batch;
  }

  bool take(const BatchFacts& batch, base::Bytes padded) {
    const BatchHead& head = batch.head;
    std::string why;
    std::uint64_t& last_lsn = end_.last_lsn[head.shard];
    if (head.records > 0 && last_lsn != 0 && head.first_lsn != last_lsn + 1)
      why = "shard " + std::to_string(head.shard) + " goes from LSN " + std::to_string(last_lsn) +
            " to " + std::to_string(head.first_lsn);
    if (!why.empty() || !visit_(batch, padded, why))
      return refuse(Verdict::kCorrupt,
                    place() + ": batch " + std::to_string(head.number) + ": " + why);
    if (head.records > 0) last_lsn = head.last_lsn();
    if (head.records > 0) end_.last_record_batch = head.number;
    end_.proven_batch = std::max(end_.proven_batch, head.watermark);
    end_.last_epoch = head.epoch;
    end_.clean = (head.flags & kBatchClean) != 0;
    end_.segment_is_empty = false;
    end_.next_batch = head.number + 1;
    end_.offset += head.padded_length();
    return true;
  }

  // ---- behind its end
  IoStatus gather_evidence() {
    for (std::size_t i = next_begun_; i < begun_.size(); ++i) {
      end_.strays.push_back(begun_[i]);
      know(begun_[i]->header.last_batch_before);
    }
    if (end_.segment == nullptr && first_segment_ > 1) return base::Done{};  // corrupt anyway
    if (end_.segment != nullptr) {
      // That a checkpoint counts on the segment means that its first flush was on disk.
      if (end_.segment_is_empty && end_.segment->header.number == first_segment_ &&
          first_segment_ > 1)
        know(end_.segment->header.first_batch);
      if (auto done = search(*end_.segment, end_.offset, end_.segment->header.number,
                             end_.segment->header.salt);
          !done.ok())
        return done;
    }
    for (const SegmentFacts& segment : reader_.segments_) {
      if (segment.state == HeaderState::kValid && segment.header.number >= first_segment_) continue;
      if (auto done = search_lost_segment(segment); !done.ok()) return done;
    }
    for (const SegmentFacts* stray : end_.strays) {
      if (auto done = search(*stray, kBlockBytes, stray->header.number, stray->header.salt);
          !done.ok())
        return done;
    }
    return base::Done{};
  }

  void know(std::uint64_t batch) { end_.known_batch = std::max(end_.known_batch, batch); }

  // A file without a header that counts, but whose first batch is the one that is missed: a segment
  // that was begun. Only the journal writes at the start of the second block.
  IoStatus search_lost_segment(const SegmentFacts& segment) {
    auto bytes = reader_.bytes_at(segment, kBlockBytes, kBatchHeadBytes);
    if (!bytes.ok()) return base::fail(std::move(bytes).error());
    if (segment.file_bytes <= kBlockBytes) return base::Done{};
    const auto head = decode_batch_head(*bytes, segment.file_bytes - kBlockBytes);
    const std::uint64_t last = end_.segment == nullptr ? 0 : end_.segment->header.number;
    if (!head || head->segment != last + 1 || head->number != end_.next_batch ||
        head->epoch < end_.last_epoch)
      return base::Done{};
    return search(segment, kBlockBytes, head->segment, head->salt);
  }

  IoStatus search(const SegmentFacts& segment, std::uint64_t offset, std::uint64_t number,
                  std::uint64_t salt) {
    return reader_.each_batch(segment, offset, [&](const BatchFacts& batch) {
      if (batch.head.segment != number || batch.head.salt != salt) return;
      if (batch.head.number < end_.next_batch) return;
      end_.later.push_back(batch);
      know(batch.head.watermark);
    });
  }

  // ---- the verdict
  void decide() {
    if (end_.segment == nullptr && first_segment_ > 1) {
      refuse(Verdict::kCorrupt, "segment " + std::to_string(first_segment_) +
                                    ", with which the journal begins, is missing or its header is "
                                    "damaged");
    } else if (end_.known_batch >= end_.next_batch || !end_.strays.empty()) {
      refuse(Verdict::kCorrupt, cut_.empty() ? damage() : cut_ + "; " + damage());
    } else if (!cut_.empty()) {
      refuse(Verdict::kCorrupt, cut_);
    } else if (!end_.later.empty() || end_.segment_is_empty) {
      end_.verdict = Verdict::kTorn;
    }
  }

  std::string place() const {
    if (end_.segment == nullptr) return "segment 1 (no file)";
    return end_.segment->path + " (segment " + std::to_string(end_.segment->header.number) +
           ") offset " + std::to_string(end_.offset);
  }

  std::string damage() const {
    std::string text = place() + ": batch " + std::to_string(end_.next_batch) +
                       (broken_head_ ? " is damaged" : " is missing or damaged");
    if (end_.known_batch > end_.next_batch)
      text += ", and perhaps more of those up to " + std::to_string(end_.known_batch);
    if (end_.known_batch >= end_.next_batch) text += ", which had been on disk";
    text += lost_lsns();
    return text;
  }

  // As far as the neighbours tell.
  std::string lost_lsns() const {
    ShardLsns first_after{};
    for (const BatchFacts& batch : end_.later) {
      std::uint64_t& lsn = first_after[batch.head.shard];
      const bool here = broken_head_ && batch.head.number == broken_head_->number;
      if (batch.head.records == 0 || here) continue;
      if (lsn == 0 || batch.head.first_lsn < lsn) lsn = batch.head.first_lsn;
    }
    std::string text;
    for (std::size_t shard = 0; shard < kShards; ++shard) {
      std::uint64_t from = end_.last_lsn[shard] + 1;
      std::uint64_t to = first_after[shard] == 0 ? 0 : first_after[shard] - 1;
      if (broken_head_ && broken_head_->records > 0 && broken_head_->shard == shard) {
        from = broken_head_->first_lsn;
        to = std::max(to, broken_head_->last_lsn());
      }
      if (to < from) continue;
      text += "; shard " + std::to_string(shard) + " misses LSN " + std::to_string(from) + " to " +
              std::to_string(to);
    }
    return text.empty() ? "; LSN ranges unknown" : text;
  }

  JournalReader& reader_;
  const std::string& node_uuid_;
  const Journal::Start& start_;
  const std::uint64_t first_segment_;
  const Visit& visit_;
  const Journal::Progress& progress_;

  ChainEnd end_;
  std::vector<const SegmentFacts*> begun_;
  std::size_t next_begun_ = 0;
  std::string cut_;  // a file that was, if any
  std::uint64_t done_bytes_ = 0;
  std::uint64_t total_bytes_ = 0;
  // The head of the batch at the end, if that much of it is intact.
  std::optional<BatchHead> broken_head_;
};

IoResult<ChainEnd> JournalReader::walk(const std::string& node_uuid, const Journal::Start& start,
                                       const Visit& visit, const Journal::Progress& progress) {
  return Walk(*this, node_uuid, start, visit, progress).run();
}

}  // namespace harrier::journal
