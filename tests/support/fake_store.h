// A store in memory that answers late: commits and reads come when the test says so, or when a
// seeded source of randomness does.
//
// Role:   stands in for the ports of broker/changes.h: ChangeLog and BodyReader.
// Model:  appended ≥ committed, both only grow. Keeps what page_out() evicted until it is settled
//         (recorded messages) or passed (all others), and every recorded message that is alive, so
//         that each SettleChange must count exactly those. Reads are answered in any order. Faults:
//         delay of commits, delay and reordering of reads, lose().
// Thread: confined(test).
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "broker/changes.h"
#include "broker/virtual_host.h"

namespace harrier::test {

class FakeStore final : public broker::ChangeLog, public broker::BodyReader {
 public:
  // While set, everything counts as committed at once.
  bool commits_at_once = true;
  // The kinds of the records and the bounds of groups, from when it was emptied last.
  std::vector<std::string> trace;

  // ---- ChangeLog
  void append(const broker::Change& change) override {
    static constexpr const char* kKinds[] = {"publish", "settle", "requeue",  "dispatched",
                                             "declare", "delete", "exchange", "no-exchange",
                                             "bind",    "unbind"};
    last_ = last_.next();
    ++appended_[change.index()];
    trace.emplace_back(kKinds[change.index()]);
    if (const auto* publish = std::get_if<broker::PublishChange>(&change)) note(*publish);
    if (const auto* settle = std::get_if<broker::SettleChange>(&change)) note(*settle);
    if (const auto* deleted = std::get_if<broker::QueueDeletedChange>(&change)) {
      erase_queue(alive_, deleted->queue.value);
      erase_queue(kept_, deleted->queue.value);
    }
  }
  void begin_group() override {
    if (depth_++ == 0) trace.emplace_back("[");
  }
  void end_group() override {
    CHECK(depth_ != 0);
    if (--depth_ == 0) trace.emplace_back("]");
  }
  bool in_group() const { return depth_ != 0; }
  broker::Lsn last_appended() const override { return last_; }
  broker::Lsn committed() const override { return commits_at_once ? last_ : committed_; }

  // How many records of this kind there are.
  template <class Record>
  std::size_t count() const {
    return appended_[index_of<Record>(std::make_index_sequence<kRecordKinds>())];
  }
  // The trace as one line, and forgets it.
  std::string take_trace() {
    std::string line;
    for (const std::string& word : std::exchange(trace, {}))
      line += (line.empty() ? "" : " ") + word;
    return line;
  }
  // What a crash before the test left behind: a recorded message, and its entry if it is on disk.
  void note_recovered(broker::QueueId queue, const broker::QueueEntry& entry) {
    const Place place{queue.value, entry.priority, entry.position.value};
    if (entry.logged) alive_[place] = entry.body_size;
    keep(place, entry);
  }

  // ---- between turns
  // Makes `count` more records durable; the virtual host learns of it by told_committed().
  void commit(std::uint64_t count = UINT64_MAX) {
    committed_.value += std::min(count, last_.value - committed_.value);
  }
  bool has_uncommitted() const { return committed() < last_; }

  // ---- eviction
  // What a store does: writes what the queue names, says so later.
  std::vector<broker::EvictionPart> write_out(broker::Queue& queue,
                                              std::uint64_t bytes_max = UINT64_MAX) {
    const auto kept = queue.kept_heads();
    broker::Position through;
    std::uint64_t planned = 0;
    for (auto at = queue.ready().first_evictable({}, kept);
         at != broker::kNoPosition && planned < bytes_max;
         at = queue.ready().first_evictable(at, kept)) {
      queue.plan_eviction(broker::Position(at.value - 1), at, kept,
                          [&](const broker::QueueEntry& entry) { planned += entry.footprint(); });
      through = at;
    }
    return queue.plan_eviction(
        broker::Position(), through, kept, [&](const broker::QueueEntry& entry) {
          keep({queue.id().value, entry.priority, entry.position.value}, entry);
        });
  }
  void page_out(broker::Queue& queue) {
    const std::size_t before = kept_.size();
    const auto parts = write_out(queue);
    queue.evict(parts, kept_.size() - before);
  }
  // It cannot be read any more.
  void lose(const broker::Queue& queue, std::uint64_t position, std::uint8_t level = 0) {
    alive_.erase({queue.id().value, level, position});
    CHECK(kept_.erase({queue.id().value, level, position}) == 1);
  }
  std::size_t kept_count() const { return kept_.size(); }

  // ---- BodyReader
  void read_ahead(const broker::ReadAhead& request) override {
    CHECK(request.after < request.last);
    reads_.emplace_back(request);
  }
  void peek(const broker::ReadAhead& request,
            std::function<void(broker::PagedIn)> answer) override {
    CHECK(request.after < request.last);
    reads_.emplace_back(Peek{request, std::move(answer)});
  }
  void read_body(broker::QueuePlace place) override { reads_.emplace_back(place); }
  void passed(broker::QueuePlace last) override {
    const Place end{last.queue.value, last.level, last.position.value};
    for (auto at = kept_.lower_bound({last.queue.value, last.level, 0});
         at != kept_.end() && at->first <= end;)
      at = at->second.logged ? std::next(at) : kept_.erase(at);
  }
  std::size_t answered_reads() const { return answered_; }
  std::size_t pending_reads() const { return reads_.size(); }
  const broker::ReadAhead& pending_read_ahead(std::size_t index = 0) const {
    return std::get<broker::ReadAhead>(reads_[index]);
  }
  // Answers one of the reads, with at most so many messages. REQUIRES pending_reads() > index, and
  // a turn of `host`.
  void answer_read(broker::VirtualHost& host, std::size_t index = 0, std::size_t messages = 1) {
    const Read read = reads_[index];
    ++answered_;
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(index));
    if (const auto* request = std::get_if<broker::ReadAhead>(&read)) {
      host.paged_in(answer(*request, messages));
      return;
    }
    if (const auto* peek = std::get_if<Peek>(&read)) {
      if (host.find_queue(peek->request.queue) != nullptr)
        peek->answer(this->answer(peek->request, messages));
      return host.settle_down();
    }
    const auto& place = std::get<broker::QueuePlace>(read);
    const auto found = kept_.find({place.queue.value, place.level, place.position.value});
    host.body_read(place, found == kept_.end() ? nullptr : found->second.message);
  }
  // Inside a turn: answers some of what waits, in any order.
  void answer_some(broker::VirtualHost& host, base::RandomSource& random) {
    while (!reads_.empty() && random.below(3) != 0)
      answer_read(host, random.below(reads_.size()), 1 + random.below(5));
  }

 private:
  static constexpr std::size_t kRecordKinds = std::variant_size_v<broker::Change>;
  struct Peek {
    broker::ReadAhead request;
    std::function<void(broker::PagedIn)> answer;
  };
  using Read = std::variant<broker::ReadAhead, broker::QueuePlace, Peek>;
  struct Place {
    std::uint64_t queue = 0;
    std::uint8_t level = 0;
    std::uint64_t position = 0;
    auto operator<=>(const Place&) const = default;
  };

  template <class Record, std::size_t... kIndex>
  static constexpr std::size_t index_of(std::index_sequence<kIndex...>) {
    return (
        (std::is_same_v<Record, std::variant_alternative_t<kIndex, broker::Change>> ? kIndex : 0) +
        ...);
  }
  template <class Map>
  static void erase_queue(Map& map, std::uint64_t queue) {
    map.erase(map.lower_bound({queue, 0, 0}), map.lower_bound({queue + 1, 0, 0}));
  }

  void note(const broker::PublishChange& publish) {
    CHECK(!publish.places.empty());
    for (const broker::PublishPlace& place : publish.places) {
      const Place key{place.queue.value, place.level, place.position.value};
      CHECK(alive_.emplace(key, publish.message.body_size()).second);
    }
  }
  void note(const broker::SettleChange& settle) {
    const Place first{settle.queue.value, settle.level, settle.first.value};
    const Place last{settle.queue.value, settle.level, settle.last.value};
    std::uint64_t count = 0, body_bytes = 0;
    for (auto at = alive_.lower_bound(first); at != alive_.end() && at->first <= last;) {
      ++count;
      body_bytes += at->second;
      kept_.erase(at->first);
      at = alive_.erase(at);
    }
    CHECK(count == settle.count && body_bytes == settle.body_bytes);
  }
  void keep(const Place& place, const broker::QueueEntry& entry) {
    CHECK(entry.resident());
    broker::QueueEntry copy = entry;
    // All others are gone from the disk when they have been read.
    copy.stored = copy.logged;
    kept_[place] = std::move(copy);
  }
  broker::PagedIn answer(const broker::ReadAhead& request, std::size_t messages) const {
    broker::PagedIn made;
    made.queue = request.queue;
    made.level = request.level;
    made.after = request.after;
    made.through = request.last;
    auto at = kept_.upper_bound({request.queue.value, request.level, request.after.value});
    const auto end = kept_.upper_bound({request.queue.value, request.level, request.last.value});
    for (; at != end && expired_by(at->second, request.drop_expired_by); ++at) {
      ++made.expired_count;
      made.expired_body_bytes += at->second.body_size;
      made.expired_through = at->second.position;
      if (!at->second.logged) continue;
      ++made.expired_logged_count;
      made.expired_logged_body_bytes += at->second.body_size;
    }
    for (; at != end && made.entries.size() != messages; ++at)
      made.entries.push_back(at->second);
    if (at != end) made.through = std::prev(at)->second.position;
    return made;
  }
  // The simulated clocks show the same time.
  static bool expired_by(const broker::QueueEntry& entry, base::WallTime by) {
    return by != broker::kNoExpiry && entry.expires_at.time_since_epoch() <= by.time_since_epoch();
  }

  broker::Lsn last_;
  broker::Lsn committed_;
  std::uint32_t depth_ = 0;
  std::array<std::size_t, kRecordKinds> appended_{};
  std::map<Place, std::uint64_t> alive_;  // recorded and not settled: body bytes
  std::map<Place, broker::QueueEntry> kept_;
  std::vector<Read> reads_;
  std::size_t answered_ = 0;
};

}  // namespace harrier::test
