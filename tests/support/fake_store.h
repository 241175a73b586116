// A store that keeps nothing and answers late: commits and page-ins come when the test says so, or
// when a seeded source of randomness does.
//
// Role:   stands in for the ports of broker/changes.h: ChangeLog, Spill and BodyReader.
// Model:  appended ≥ committed, both only grow. Page-ins are answered in any order. Faults: delay
//         of commits, delay and reordering of page-ins. It never loses anything.
// Thread: confined(test).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "broker/changes.h"
#include "broker/virtual_host.h"

namespace harrier::test {

class FakeStore final : public broker::ChangeLog, public broker::Spill, public broker::BodyReader {
 public:
  // While set, everything counts as committed at once.
  bool commits_at_once = true;

  // ---- ChangeLog
  void append(const broker::Change& change) override {
    last_ = last_.next();
    ++appended_[change.index()];
    if (const auto* publish = std::get_if<broker::PublishChange>(&change))
      CHECK(!publish->places.empty());
  }
  broker::Lsn last_appended() const override { return last_; }
  broker::Lsn committed() const override { return commits_at_once ? last_ : committed_; }

  // How many records of this kind there are.
  template <class Record>
  std::size_t count() const {
    return appended_[index_of<Record>(std::make_index_sequence<kRecordKinds>())];
  }

  // ---- between turns
  // Makes `count` more records durable; the virtual host learns of it by told_committed().
  void commit(std::uint64_t count = UINT64_MAX) {
    committed_.value += std::min(count, last_.value - committed_.value);
  }
  bool has_uncommitted() const { return committed() < last_; }

  // ---- Spill, BodyReader
  void write(broker::QueuePlace place, const broker::MessageRef& message) override {
    spilled_[key(place)] = message;
  }
  void read(broker::QueuePlace place) override {
    CHECK(spilled_.contains(key(place)));
    reads_.push_back(place);
  }
  std::size_t pending_reads() const { return reads_.size(); }
  // Answers one of the reads. REQUIRES pending_reads() > index, and a turn of `host`.
  void answer_read(broker::VirtualHost& host, std::size_t index = 0) {
    const broker::QueuePlace place = reads_[index];
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(index));
    host.paged_in(place, spilled_.at(key(place)));
  }
  // Inside a turn: answers some of what waits, in any order.
  void answer_some(broker::VirtualHost& host, base::RandomSource& random) {
    while (!reads_.empty() && random.below(3) != 0)
      answer_read(host, random.below(reads_.size()));
  }

 private:
  static constexpr std::size_t kRecordKinds = std::variant_size_v<broker::Change>;

  template <class Record, std::size_t... kIndex>
  static constexpr std::size_t index_of(std::index_sequence<kIndex...>) {
    return (
        (std::is_same_v<Record, std::variant_alternative_t<kIndex, broker::Change>> ? kIndex : 0) +
        ...);
  }
  static std::pair<std::uint64_t, std::uint64_t> key(broker::QueuePlace place) {
    return {place.queue.value, place.position.value};
  }

  broker::Lsn last_;
  broker::Lsn committed_;
  std::array<std::size_t, kRecordKinds> appended_{};
  std::map<std::pair<std::uint64_t, std::uint64_t>, broker::MessageRef> spilled_;
  std::vector<broker::QueuePlace> reads_;
};

}  // namespace harrier::test
