#include "journal/journal_repair.h"

#include <algorithm>
#include <cerrno>

#include "base/crc32c.h"
#include "journal/journal_reader.h"
#include "journal/segment_files.h"

namespace harrier::journal {
namespace {

constexpr std::size_t kCopyBytes = 256 << 10;

class Repair {
 public:
  Repair(FileSystem& files, const std::string& node_uuid, const JournalOptions& options,
         const Journal::Start& start)
      : files_(files), node_uuid_(node_uuid), options_(options), start_(start) {}

  base::Result<LossReport, OpenError> run(bool dry_run) {
    auto reader = JournalReader::open(files_, !dry_run);
    if (!reader.ok()) return io(std::move(reader).error());
    reader_ = *std::move(reader);
    segment_bytes_ = reader_->segment_bytes();
    if (segment_bytes_ < kSegmentBytesMin) segment_bytes_ = options_.segment_bytes;
    auto end = reader_->walk(
        node_uuid_, start_, [](const BatchFacts& batch, base::Bytes padded, std::string& why) {
          why = "its records do not fill it";
          return each_record(batch.head, padded, [](const Record&) { return true; });
        });
    if (!end.ok()) return io(std::move(end).error());
    if (end->verdict == Verdict::kForeign)
      return base::fail(OpenError{OpenFailure::kForeign, std::move(end->message)});
    if (end->verdict != Verdict::kCorrupt) return LossReport{};
    end_ = *std::move(end);
    choose_bytes();
    count_losses();
    if (!dry_run) {
      if (auto done = cut(); !done.ok()) return io(std::move(done).error());
    }
    return std::move(report_);
  }

 private:
  static base::Failure<OpenError> io(IoError error) {
    return base::fail(OpenError{OpenFailure::kIo, std::move(error.message)});
  }

  // ---- what goes
  void lose(const SegmentFacts& segment, std::uint64_t offset) {
    const bool begun = segment.state == HeaderState::kValid;
    report_.bytes.push_back({.segment = begun ? segment.header.number : 0,
                             .path = segment.path,
                             .offset = offset,
                             .length = std::max(segment.file_bytes, offset) - offset});
    cut_.push_back(&segment);
  }

  void choose_bytes() {
    for (const SegmentFacts& segment : reader_->segments()) {
      const auto is = [&segment](const SegmentFacts* other) { return other == &segment; };
      const bool bears_later =
          std::any_of(end_.later.begin(), end_.later.end(),
                      [&segment](const BatchFacts& batch) { return batch.segment == &segment; });
      if (end_.segment == &segment) {
        lose(segment, end_.segment_is_empty ? 0 : end_.offset);
      } else if (std::any_of(end_.strays.begin(), end_.strays.end(), is) || bears_later ||
                 segment.state == HeaderState::kDamaged) {
        lose(segment, 0);
      }
    }
  }

  void count_losses() {
    report_.damaged = true;
    report_.damage = end_.message;
    report_.first_lost_batch = end_.next_batch;
    report_.last_lost_batch = std::max(end_.known_batch, end_.next_batch);
    for (std::size_t shard = 0; shard < kShards; ++shard) {
      LostLsns lost{.shard = shard, .first = end_.last_lsn[shard] + 1};
      std::uint64_t lowest = UINT64_MAX;
      for (const BatchFacts& batch : end_.later) {
        if (batch.head.records == 0 || batch.head.shard != shard) continue;
        lowest = std::min(lowest, batch.head.first_lsn);
        lost.last = std::max(lost.last, batch.head.last_lsn());
      }
      if (end_.last_lsn[shard] == 0) lost.first = lowest;
      if (lost.last >= lost.first) report_.lsns.push_back(lost);
    }
    for (const BatchFacts& batch : end_.later)
      report_.last_lost_batch = std::max(report_.last_lost_batch, batch.head.number);
  }

  // ---- how it goes
  IoStatus cut() {
    if (auto done = files_.make_directory(kQuarantineFolder); !done.ok()) return done;
    if (auto done = files_.sync_directory(""); !done.ok()) return done;
    for (std::size_t i = 0; i < cut_.size(); ++i) {
      if (auto done = copy(*cut_[i], report_.bytes[i]); !done.ok()) return done;
    }
    if (auto done = files_.sync_directory(kQuarantineFolder); !done.ok()) return done;
    for (std::size_t i = 0; i < cut_.size(); ++i) {
      File& file = reader_->file(*cut_[i]);
      const std::uint64_t offset = report_.bytes[i].offset;
      const std::uint64_t end = std::max(segment_bytes_, cut_[i]->file_bytes);
      if (auto done = write_zeros(file, offset, end - offset); !done.ok()) return done;
      if (auto done = file.sync_contents(); !done.ok()) return done;
    }
    if (auto done = fill_up(); !done.ok()) return done;
    return begin_gap();
  }

  // Files that were cut, the free ones and those of the chain too: open() would refuse them.
  IoStatus fill_up() {
    for (const SegmentFacts& segment : reader_->segments()) {
      File& file = reader_->file(segment);
      const std::uint64_t should = segment_bytes_;
      auto size = file.size();
      if (!size.ok()) return base::fail(std::move(size).error());
      if (*size >= should) continue;
      if (auto done = write_zeros(file, *size, should - *size); !done.ok()) return done;
      if (auto done = file.sync_contents(); !done.ok()) return done;
    }
    return base::Done{};
  }

  IoStatus copy(const SegmentFacts& segment, LostBytes& lost) {
    std::string base(kQuarantineFolder);
    base.append("/start").append(std::to_string(start_.epoch));
    base.append("-").append(lost.path, kJournalFolder.size() + 1, std::string::npos);
    base.append("-").append(std::to_string(lost.offset));
    lost.copy = base;
    auto to = files_.open(lost.copy, OpenMode::kCreate);
    for (int again = 2; !to.ok() && to.error().code == EEXIST; ++again) {
      lost.copy = base;
      lost.copy.append("-").append(std::to_string(again));
      to = files_.open(lost.copy, OpenMode::kCreate);
    }
    if (!to.ok()) return base::fail(std::move(to).error());
    std::vector<char> buffer(std::min<std::uint64_t>(kCopyBytes, lost.length));
    for (std::uint64_t done = 0; done < lost.length;) {
      const std::size_t size = std::min<std::uint64_t>(buffer.size(), lost.length - done);
      auto got = reader_->file(segment).read_at(lost.offset + done, buffer.data(), size);
      if (!got.ok()) return base::fail(std::move(got).error());
      if (*got == 0) break;
      const base::Bytes piece(buffer.data(), *got);
      if (auto written = (*to)->write_at(done, {&piece, 1}); !written.ok()) return written;
      done += *got;
    }
    return (*to)->sync_contents();
  }

  // The next open sees where the hole is, and numbers above all that was ever given.
  IoStatus begin_gap() {
    auto file = free_file();
    if (!file.ok()) return base::fail(std::move(file).error());
    const bool chained = end_.segment != nullptr;
    std::uint64_t number = std::max<std::uint64_t>(start_.first_segment, 1);
    if (chained) number = end_.segment->header.number + (end_.segment_is_empty ? 0 : 1);
    const SegmentHeader header{.flags = kSegmentGap,
                               .node_uuid = node_uuid_,
                               .number = number,
                               .epoch = start_.epoch,
                               .salt = random_salt(),
                               .last_batch_before = end_.next_batch - 1,
                               .first_batch = report_.last_lost_batch + 1,
                               .file_bytes = segment_bytes_};
    std::vector<char> blocks(2 * kBlockBytes);
    encode_segment_header(header, blocks.data());
    const std::uint32_t seed = checksum_seed(header.number, header.salt);
    const base::Bytes padding(blocks.data() + kBlockBytes + kBatchHeadBytes,
                              kBlockBytes - kBatchHeadBytes);
    encode_batch_head({.length = kBatchHeadBytes,
                       .flags = kBatchSeal,
                       .epoch = header.epoch,
                       .number = header.first_batch,
                       .watermark = header.last_batch_before,
                       .segment = header.number,
                       .salt = header.salt,
                       .payload_crc = base::crc32c(padding, seed)},
                      blocks.data() + kBlockBytes);
    const base::Bytes bytes(blocks.data(), blocks.size());
    if (auto done = (*file)->write_at(0, {&bytes, 1}); !done.ok()) return done;
    return (*file)->sync_contents();
  }

  // One that was zeroed, else one that is free, else a new one.
  IoResult<std::unique_ptr<File>> free_file() {
    const auto& segments = reader_->segments();
    const SegmentFacts* best = nullptr;
    for (const SegmentFacts& segment : segments) {
      const bool chained =
          std::find(end_.chain.begin(), end_.chain.end(), &segment) != end_.chain.end();
      const bool dropped = end_.segment == &segment && end_.segment_is_empty;
      if (chained && !dropped) continue;
      if (best == nullptr || age(segment) < age(*best)) best = &segment;
    }
    if (best != nullptr) return files_.open(best->path, OpenMode::kReadWrite);
    const std::uint32_t file = segments.empty() ? 0 : segments.back().file + 1;
    if (auto made = make_segment_files(files_, {file}, segment_bytes_); !made.ok())
      return base::fail(std::move(made).error());
    return files_.open(segment_path(file), OpenMode::kReadWrite);
  }

  std::uint64_t random_salt() const {
    return options_.random != nullptr ? options_.random->next() : base::SecureRandom().next();
  }

  std::uint64_t age(const SegmentFacts& segment) const {
    const bool zeroed = std::find(cut_.begin(), cut_.end(), &segment) != cut_.end();
    return zeroed || segment.state != HeaderState::kValid ? 0 : segment.header.number;
  }

  FileSystem& files_;
  const std::string& node_uuid_;
  const JournalOptions& options_;
  const Journal::Start& start_;
  std::uint64_t segment_bytes_ = 0;
  std::unique_ptr<JournalReader> reader_;
  ChainEnd end_;
  std::vector<const SegmentFacts*> cut_;  // as report_.bytes
  LossReport report_;
};

}  // namespace

base::Result<LossReport, OpenError> repair_journal(FileSystem& files, const std::string& node_uuid,
                                                   const JournalOptions& options,
                                                   const Journal::Start& start, bool dry_run) {
  return Repair(files, node_uuid, options, start).run(dry_run);
}

}  // namespace harrier::journal
