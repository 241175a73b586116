// Definitions, messages and a shard's log, as several tests of the store need them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/buffer.h"
#include "store/record_codec.h"
#include "store/shard_log.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"
#include "unit/store/run_fixture.h"

namespace harrier::store {

inline constexpr std::size_t kShard = 1;
inline constexpr std::uint32_t kHost = 1;
inline const QueueId kQueue{first_queue_of(kHost).value + 1};

inline std::string queue_payload(QueueId id, std::string name) {
  broker::QueueDeclaration declaration{.name = std::move(name), .durable = true};
  declaration.arguments.add_long("x-max-length", 1'000);
  base::Buffer payload;
  encode_queue(payload, id, declaration);
  return std::string(payload.bytes());
}

inline std::string virtual_host_payload(std::uint32_t number, std::uint8_t shard,
                                        std::string name) {
  base::Buffer payload;
  encode_virtual_host(payload, {number, shard, std::move(name)});
  return std::string(payload.bytes());
}

inline broker::PublishPlace place_of(QueueId queue, std::uint64_t position,
                                     std::uint8_t level = 0) {
  broker::PublishPlace place;
  place.queue = queue;
  place.position = Position(position);
  place.level = level;
  return place;
}

// One shard's log over a journal on a disk in memory.
class ShardLogTest : public testing::Test {
 protected:
  ShardLogTest() { open({.epoch = 1}); }

  void open(const journal::Journal::Start& start) {
    journal_.reset();
    opened_ = test::open_journal(files_, options_, start);
    journal_ = std::move(opened_.journal);
    if (!journal_) return;
    state_ = std::make_unique<ShardState>();
    log_ = std::make_unique<ShardLog>(kShard, *state_, *journal_,
                                      Lsn(opened_.report.last_lsn[kShard]));
  }
  void declare(QueueId id, const std::string& name) {
    log_->append_definition(RecordType::kQueueDeclared, queue_payload(id, name));
  }
  void publish(const broker::MessageRef& message, const std::vector<broker::PublishPlace>& places) {
    log_->append(kHost, broker::PublishChange{*message, places});
  }
  void settle(QueueId queue, std::uint64_t first, std::uint64_t last, std::uint64_t bytes = 0) {
    broker::SettleChange change;
    change.queue = queue;
    change.first = Position(first);
    change.last = Position(last);
    change.count = last - first + 1;
    change.body_bytes = bytes;
    log_->append(kHost, change);
  }
  void flush() {
    log_->seal(true);
    while (journal_->usage().pending_bytes != 0)
      ASSERT_TRUE(journal_->run_flush([](std::size_t, std::uint64_t) {}).ok());
  }

  const journal::JournalOptions options_{.segment_bytes = 1 << 20, .segments = 24};
  test::FaultyFileSystem files_;
  test::OpenedJournal opened_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<ShardState> state_;
  std::unique_ptr<ShardLog> log_;
};

}  // namespace harrier::store
