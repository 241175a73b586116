// A journal on a FaultyFileSystem, and what every test of it writes down.
//
// Thread: compatible.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/buffer.h"
#include "base/random.h"
#include "journal/journal.h"
#include "support/faulty_file_system.h"

namespace harrier::test {

inline const std::string kTestNode = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

// One record with its head, as append() takes them one behind the other.
inline base::Buffer record_bytes(std::string_view payload, std::uint8_t flags = 0,
                                 std::uint8_t type = 1) {
  base::Buffer bytes;
  bytes.append_number(static_cast<std::uint32_t>(payload.size()));
  bytes.append_number(type);
  bytes.append_number(std::uint8_t{1});
  bytes.append_number(flags);
  bytes.append_number(std::uint8_t{0});
  bytes.append(payload);
  return bytes;
}

struct ReplayedRecord {
  std::uint64_t lsn = 0;
  std::string payload;
  std::uint8_t flags = 0;
  bool operator==(const ReplayedRecord&) const = default;
};
using ReplayedShards = std::map<std::size_t, std::vector<ReplayedRecord>>;

// What one start of a journal gave.
struct OpenedJournal {
  std::unique_ptr<journal::Journal> journal;
  journal::RecoveryReport report;
  ReplayedShards records;
  std::string error;
  journal::OpenFailure failure = journal::OpenFailure::kIo;
};

inline OpenedJournal open_journal(journal::FileSystem& files,
                                  const journal::JournalOptions& options,
                                  const journal::Journal::Start& start) {
  OpenedJournal opened;
  auto result = journal::Journal::open(
      files, kTestNode, options, start,
      [&opened](std::size_t shard, const journal::Record& record, std::string&) {
        opened.records[shard].push_back({record.lsn, std::string(record.payload), record.flags});
        return true;
      },
      {}, opened.report);
  if (result.ok()) {
    opened.journal = *std::move(result);
  } else {
    opened.error = result.error().message;
    opened.failure = result.error().kind;
  }
  return opened;
}

// Appends numbered records and remembers them.
class JournalWriterLog {
 public:
  explicit JournalWriterLog(const journal::ShardLsns& last = {}) : last_(last) {}

  std::uint64_t append(journal::Journal& journal, std::size_t shard, std::string payload,
                       std::uint8_t flags = 0) {
    const std::uint64_t lsn = ++last_[shard];
    appended_[{shard, lsn}] = payload;
    journal.append(shard, lsn, 1, record_bytes(payload, flags), true);
    return lsn;
  }
  journal::Journal::Committed on_committed() {
    return [this](std::size_t shard, std::uint64_t lsn) {
      EXPECT_GT(lsn, committed_[shard]);
      EXPECT_LE(lsn, last_[shard]);
      committed_[shard] = lsn;
    };
  }
  // A new start: what was not recovered was never there.
  void restart(const journal::ShardLsns& last) {
    last_ = last;
    committed_ = last;
    std::erase_if(appended_, [&last](const auto& entry) {
      return entry.first.second > last[entry.first.first];
    });
  }

  const journal::ShardLsns& last() const { return last_; }
  const journal::ShardLsns& committed() const { return committed_; }
  std::string payload(std::size_t shard, std::uint64_t lsn) const {
    const auto found = appended_.find({shard, lsn});
    return found == appended_.end() ? "never appended" : found->second;
  }

 private:
  journal::ShardLsns last_{};
  journal::ShardLsns committed_{};
  std::map<std::pair<std::size_t, std::uint64_t>, std::string> appended_;
};

}  // namespace harrier::test
