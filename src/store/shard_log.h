// The records of one shard on their way to the journal.
//
// Role:       virtual hosts of a shard append to it, through a VirtualHostLog each; every change is
//             encoded and applied to the ShardState at once. Once per turn seal() hands what was
//             encoded to the journal.
// Model:      records gather in a chunk; a settle or requeue that continues the one before it
//             lengthens that record instead of adding one. LSNs are given here, one per record.
// Invariants: committed() moves in set_committed() only, between the loop's calls.
// Thread:     confined(broker).
// Limits:     a chunk is sealed by itself at kChunkBytes; what the journal has not written yet is
//             bounded by whoever holds publishers (PublisherHold).
// Spec:       docs/formats/journal.md, "Records"; rulings A3, A10.
#pragma once

#include <cstdint>
#include <optional>

#include "base/buffer.h"
#include "broker/changes.h"
#include "journal/journal.h"
#include "store/records.h"
#include "store/shard_state.h"

namespace harrier::store {

class ShardLog {
 public:
  static constexpr std::size_t kChunkBytes = 512 << 10;
  // Longer messages are cut into pieces of this size.
  static constexpr std::size_t kPieceBytes = 256 << 10;
  static constexpr std::size_t kPlacesPerRecord = 8'192;

  // `last` is the LSN that the journal ended with. A chunk is sealed at `chunk_bytes`; with a
  // record of kPieceBytes more it must fit a segment.
  ShardLog(std::size_t shard, ShardState& state, journal::Journal& journal, Lsn last,
           std::size_t chunk_bytes = kChunkBytes)
      : shard_(shard),
        chunk_bytes_(chunk_bytes),
        state_(state),
        journal_(journal),
        last_(last),
        committed_(last) {}

  void append(std::uint32_t virtual_host, const broker::Change& change);
  void append_definition(RecordType type, base::Bytes payload);
  void begin_group();
  void end_group();

  Lsn last_appended() const { return last_; }
  Lsn committed() const { return committed_; }
  void set_committed(Lsn lsn) { committed_ = std::max(committed_, lsn); }

  // Gives the journal what was appended since. `waited_for`: somebody waits for a commit.
  void seal(bool waited_for);
  bool has_unsealed() const { return records_ != 0; }
  std::size_t shard() const { return shard_; }

 private:
  void append_publish(const broker::PublishChange& change);
  void append_settle(const broker::SettleChange& change);
  void append_requeue(const broker::RequeueChange& change);
  void append_definition_of(std::uint32_t virtual_host, const broker::Change& change);
  // A record: begin, append its payload to chunk_, end.
  void begin_record(RecordType type);
  void end_record();
  char* payload(std::size_t offset) { return chunk_.data() + last_head_ + offset; }

  const std::size_t shard_;
  const std::size_t chunk_bytes_;
  ShardState& state_;
  journal::Journal& journal_;
  base::Buffer chunk_;
  std::uint32_t records_ = 0;  // in chunk_
  Lsn last_;
  Lsn committed_;
  // Where the last record's head begins in chunk_; meaningless when records_ == 0.
  std::size_t last_head_ = 0;
  int groups_ = 0;
  bool group_has_records_ = false;
  // The last record, if it may be lengthened.
  std::optional<broker::SettleChange> settle_;
  std::optional<StoredRequeue> requeue_;
  base::Buffer scratch_;
};

// A virtual host's way into its shard's log.
class VirtualHostLog final : public broker::ChangeLog {
 public:
  VirtualHostLog(ShardLog& log, std::uint32_t number) : log_(log), number_(number) {}

  void append(const broker::Change& change) override { log_.append(number_, change); }
  void begin_group() override { log_.begin_group(); }
  void end_group() override { log_.end_group(); }
  Lsn last_appended() const override { return log_.last_appended(); }
  Lsn committed() const override { return log_.committed(); }

 private:
  ShardLog& log_;
  const std::uint32_t number_;
};

}  // namespace harrier::store
