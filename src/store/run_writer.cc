#include "store/run_writer.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "store/message_codec.h"
#include "store/run_format.h"

namespace harrier::store {
namespace {

using base::Done;
using broker::Message;
using journal::IoError;
using journal::IoResult;
using journal::IoStatus;

constexpr std::size_t kPieceBytes = 1 << 20;

// Addresses of messages are multiples of 16, which the map's masks would not spread.
struct AddressHash {
  std::size_t operator()(const Message* message) const {
    const std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(message) * 0x9e3779b97f4a7c15u;
    return mixed ^ (mixed >> 32);
  }
};

// A message that was written and that later entries may refer to.
struct Written {
  MessageReference place;
  base::WallTime ingress;
};

}  // namespace

class RunWriter::Parts {
 public:
  Parts(journal::FileSystem& files, std::unique_ptr<journal::File> file, RunId run,
        const std::string& node_uuid)
      : files_(files), file_(std::move(file)), run_(run) {
    pending_.reserve(kPieceBytes);
    append_run_head(pending_, {.run = run, .node_uuid = node_uuid});
  }

  IoStatus add(const RunEntry& entry);
  IoResult<RunSummary> finish();

 private:
  using Order = std::tuple<broker::QueueId, std::uint8_t, broker::Position>;

  const Written* find_written(const RunEntry& entry, std::size_t message_bytes) const;
  void append_entry(const RunEntry& entry, const Written* written, std::size_t message_bytes);
  void count(const RunEntry& entry);
  void open_block(const RunEntry& entry);
  IoStatus close_block();
  void count_block();
  IoStatus write_pending();
  std::uint64_t end_offset() const { return pending_offset_ + pending_.size(); }

  journal::FileSystem& files_;
  std::unique_ptr<journal::File> file_;
  RunId run_;
  // Whole blocks that are not written yet and the one that is being filled.
  base::Buffer pending_;
  std::uint64_t pending_offset_ = 0;
  std::optional<Order> last_;
  // The block that is being filled: where it starts in `pending_`, and what a reader of it will
  // need: itself and the messages it refers to.
  bool block_open_ = false;
  std::size_t block_start_ = 0;
  std::size_t block_weight_ = 0;
  RunBlockHead block_;
  std::vector<RunExtent> extents_;
  std::uint64_t entry_count_ = 0;
  // Never walked.
  tsl::robin_map<const Message*, Written, AddressHash> written_;
  std::optional<IoError> failure_;
  bool finished_ = false;
};

IoStatus RunWriter::Parts::add(const RunEntry& entry) {
  CHECK(!finished_);
  CHECK(entry.message != nullptr);
  const Order order(entry.queue, entry.level, entry.position);
  CHECK(!last_.has_value() || *last_ < order);
  if (failure_.has_value()) return base::fail(*failure_);
  last_ = order;

  const std::size_t message_bytes = encoded_size(*entry.message);
  const Written* written = entry.may_be_shared ? find_written(entry, message_bytes) : nullptr;
  const std::size_t weight = kEntryHeadBytesMin + (entry.expires_at != kNoExpiry ? 8 : 0) +
                             (written != nullptr ? kMessageReferenceBytes : 0) + message_bytes;
  const bool same_sequence =
      block_open_ && block_.queue == entry.queue && block_.level == entry.level;
  if (block_open_ && (!same_sequence || block_weight_ + weight > kBlockBytes)) {
    if (IoStatus status = close_block(); !status.ok()) return status;
  }
  if (!block_open_) open_block(entry);
  block_weight_ += weight;
  append_entry(entry, written, message_bytes);
  count(entry);
  return Done{};
}

const Written* RunWriter::Parts::find_written(const RunEntry& entry,
                                              std::size_t message_bytes) const {
  const auto found = written_.find(entry.message);
  if (found == written_.end()) return nullptr;
  const Written& written = found->second;
  // Else the message died before finish(), and another one has its address.
  CHECK(written.place.length == message_bytes && written.ingress == entry.message->ingress());
  return &written;
}

void RunWriter::Parts::append_entry(const RunEntry& entry, const Written* written,
                                    std::size_t message_bytes) {
  const bool expires = entry.expires_at != kNoExpiry;
  const bool offered = entry.may_be_shared && written == nullptr;
  pending_.append_number(entry.position.value);
  pending_.append_number(
      static_cast<std::uint8_t>((entry.transient ? kTransient : 0) | (expires ? kHasExpiry : 0) |
                                (written != nullptr ? kSharedBody : 0) | (offered ? kOffered : 0)));
  pending_.append_number(entry.delivery_count);
  if (expires)
    pending_.append_number(static_cast<std::uint64_t>(entry.expires_at.time_since_epoch().count()));
  if (written != nullptr) {
    pending_.append_number(written->place.offset);
    pending_.append_number(written->place.length);
    pending_.append_number(written->place.crc);
    return;
  }
  const std::uint64_t offset = end_offset();
  encode_message(pending_, *entry.message);
  if (!offered) return;
  const base::Bytes bytes = pending_.bytes().substr(pending_.size() - message_bytes);
  written_.emplace(entry.message,
                   Written{{offset, message_bytes, base::crc32c(bytes)}, entry.message->ingress()});
}

void RunWriter::Parts::count(const RunEntry& entry) {
  const std::size_t body_bytes = entry.message->body_size();
  block_.last = entry.position;
  ++block_.count;
  block_.body_bytes += body_bytes;
  if (!entry.transient) {
    ++block_.durable_count;
    block_.durable_body_bytes += body_bytes;
  }
  block_.latest_expiry = std::max(block_.latest_expiry, entry.expires_at);
  block_.earliest_ingress = std::min(block_.earliest_ingress, entry.message->ingress());
  ++entry_count_;
}

void RunWriter::Parts::open_block(const RunEntry& entry) {
  block_open_ = true;
  block_start_ = pending_.size();
  block_weight_ = kBlockHeadBytes;
  block_ = {.queue = entry.queue,
            .level = entry.level,
            .first = entry.position,
            .last = entry.position,
            .latest_expiry = entry.expires_at,
            .earliest_ingress = entry.message->ingress()};
  pending_.reserve(kBlockHeadBytes);
  pending_.commit(kBlockHeadBytes);
}

IoStatus RunWriter::Parts::close_block() {
  block_open_ = false;
  block_.length = pending_.size() - block_start_;
  char* head = pending_.data() + block_start_;
  const base::Bytes entries(head + kBlockHeadBytes, block_.length - kBlockHeadBytes);
  store_block_head(head, {.block = block_,
                          .run = run_,
                          .offset = pending_offset_ + block_start_,
                          .entries_crc = base::crc32c(entries)});
  count_block();
  if (pending_.size() + kBlockBytes <= kPieceBytes) return Done{};
  return write_pending();
}

void RunWriter::Parts::count_block() {
  if (extents_.empty() || extents_.back().queue != block_.queue ||
      extents_.back().level != block_.level) {
    extents_.push_back({.queue = block_.queue,
                        .level = block_.level,
                        .offset = pending_offset_ + block_start_,
                        .first = block_.first,
                        .last = block_.first});
  }
  RunExtent& extent = extents_.back();
  extent.length += block_.length;
  extent.last = block_.last;
  extent.count += block_.count;
  extent.body_bytes += block_.body_bytes;
  extent.durable_count += block_.durable_count;
  extent.durable_body_bytes += block_.durable_body_bytes;
}

IoStatus RunWriter::Parts::write_pending() {
  while (!pending_.empty()) {
    const base::Bytes piece = pending_.bytes().substr(0, kPieceBytes);
    IoStatus status = file_->write_at(pending_offset_, std::span(&piece, 1));
    if (status.ok()) status = file_->sync_contents();
    if (!status.ok()) {
      failure_ = status.error();
      return status;
    }
    pending_offset_ += piece.size();
    pending_.consume(piece.size());
  }
  // What one huge message needed is not kept for the small ones.
  if (pending_.capacity() > 2 * kPieceBytes) pending_.release();
  return Done{};
}

IoResult<RunSummary> RunWriter::Parts::finish() {
  CHECK(!finished_);
  finished_ = true;
  if (failure_.has_value()) return base::fail(*failure_);
  if (block_open_) {
    if (IoStatus status = close_block(); !status.ok()) return base::fail(status.error());
  }
  const std::uint64_t index_offset = end_offset();
  const std::size_t index_start = pending_.size();
  for (const RunExtent& extent : extents_)
    append_extent(pending_, extent);
  const std::uint64_t file_bytes = end_offset() + kTailBytes;
  append_run_tail(pending_, {.run = run_,
                             .file_bytes = file_bytes,
                             .index_offset = index_offset,
                             .extent_count = extents_.size(),
                             .entry_count = entry_count_,
                             .index_crc = base::crc32c(pending_.bytes().substr(index_start))});
  if (IoStatus status = write_pending(); !status.ok()) return base::fail(status.error());
  if (IoStatus status = files_.sync_directory(kRunFolder); !status.ok()) {
    failure_ = status.error();
    return base::fail(status.error());
  }
  return RunSummary{.run = run_, .file_bytes = file_bytes, .extents = std::move(extents_)};
}

IoResult<std::unique_ptr<RunWriter>> RunWriter::create(journal::FileSystem& files, RunId run,
                                                       const std::string& node_uuid) {
  auto file = files.open(run_path(run), journal::OpenMode::kCreate);
  if (!file.ok()) return base::fail(std::move(file).error());
  return std::unique_ptr<RunWriter>(
      new RunWriter(std::make_unique<Parts>(files, std::move(*file), run, node_uuid)));
}

RunWriter::RunWriter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RunWriter::~RunWriter() = default;

IoStatus RunWriter::add(const RunEntry& entry) { return parts_->add(entry); }
IoResult<RunSummary> RunWriter::finish() { return parts_->finish(); }

}  // namespace harrier::store
