// Levels of front, middle and back: one step at a time, and against a naive map.

#include <climits>
#include <deque>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/random.h"
#include "broker/ready_messages.h"

namespace harrier::broker {
namespace {

QueueEntry entry_at(std::uint64_t position, std::uint8_t level = 0, std::uint32_t body_size = 1,
                    bool logged = false) {
  QueueEntry entry;
  entry.position = Position(position);
  entry.priority = level;
  entry.body_size = body_size;
  entry.logged = logged;
  return entry;
}

constexpr std::uint64_t kEntryBytes = sizeof(QueueEntry);
constexpr std::uint64_t kAll = UINT64_MAX;

std::vector<EvictionPart> plan(ReadyMessages& ready, std::uint64_t keep_entries = 0,
                               std::uint64_t entries_max = kAll) {
  const auto kept = ready.kept_heads(keep_entries * kEntryBytes);
  Position last;
  for (Position at = ready.first_evictable({}, kept); at != kNoPosition && entries_max != 0;
       at = ready.first_evictable(at, kept), --entries_max)
    last = at;
  return ready.plan_eviction({}, last, kept, [](const QueueEntry&) {});
}
std::uint64_t evict(ReadyMessages& ready, const std::vector<EvictionPart>& parts) {
  std::uint64_t freed = 0;
  for (const EvictionPart& part : parts)
    freed += ready.evict(part);
  return freed;
}
// Unlogged entries of one byte at these positions of level 0.
PagedIn answer_of(std::uint64_t after, std::uint64_t through,
                  const std::vector<std::uint64_t>& positions) {
  PagedIn answer;
  answer.after = Position(after);
  answer.through = Position(through);
  for (const std::uint64_t position : positions)
    answer.entries.push_back(entry_at(position));
  return answer;
}
std::vector<std::uint64_t> take_all(ReadyMessages& ready) {
  std::vector<std::uint64_t> positions;
  while (!ready.empty() && ready.head().entry != nullptr)
    positions.push_back(ready.take(ready.head().level).position.value);
  return positions;
}
using Positions = std::vector<std::uint64_t>;

ReadyMessages filled(std::uint64_t count) {
  ReadyMessages ready;
  for (std::uint64_t position = 1; position <= count; ++position)
    ready.push(entry_at(position));
  return ready;
}

TEST(ReadyMessagesPaging, keeps_the_front_and_counts_the_middle) {
  ReadyMessages ready = filled(10);
  EXPECT_EQ(evict(ready, plan(ready, 3, 4)), 4 * kEntryBytes);
  ASSERT_NE(ready.middle(0), nullptr);
  EXPECT_EQ(ready.middle(0)->after, Position(3));
  EXPECT_EQ(ready.middle(0)->last, Position(7));
  EXPECT_EQ(ready.middle(0)->count, 4u);
  EXPECT_EQ(ready.count(), 10u);
  EXPECT_EQ(ready.resident_bytes(), 6 * kEntryBytes);
  EXPECT_EQ(take_all(ready), (Positions{1, 2, 3}));
  EXPECT_EQ(ready.count(), 7u);
}

TEST(ReadyMessagesPaging, the_back_waits_for_the_middle) {
  ReadyMessages ready = filled(3);
  evict(ready, plan(ready));
  ready.push(entry_at(4));
  EXPECT_EQ(ready.head().entry, nullptr);
  ready.paged_in(answer_of(0, 2, {1, 2}));
  EXPECT_EQ(take_all(ready), (Positions{1, 2}));
  ready.paged_in(answer_of(2, 3, {3}));
  EXPECT_EQ(ready.middle(0), nullptr);
  ready.push(entry_at(5));
  EXPECT_EQ(take_all(ready), (Positions{3, 4, 5}));
  EXPECT_TRUE(ready.empty());
  EXPECT_EQ(ready.resident_bytes(), 0u);
}

TEST(ReadyMessagesPaging, what_was_taken_after_the_plan_stays_out) {
  ReadyMessages ready = filled(6);
  const auto parts = plan(ready, 1, 3);  // 2 to 4
  for (std::uint64_t position = 1; position <= 3; ++position)
    EXPECT_EQ(ready.take(0).position, Position(position));
  EXPECT_EQ(evict(ready, parts), kEntryBytes);
  EXPECT_EQ(ready.middle(0)->after, Position(3));
  EXPECT_EQ(ready.middle(0)->count, 1u);
  ready.paged_in(answer_of(3, 4, {4}));
  EXPECT_EQ(take_all(ready), (Positions{4, 5, 6}));
}

TEST(ReadyMessagesPaging, plan_of_which_all_was_taken_changes_nothing) {
  ReadyMessages ready = filled(4);
  const auto parts = plan(ready, 1, 2);  // 2 and 3
  for (int i = 0; i < 4; ++i)
    ready.take(0);
  ready.push(entry_at(5));
  EXPECT_EQ(evict(ready, parts), 0u);
  EXPECT_EQ(take_all(ready), (Positions{5}));
}

TEST(ReadyMessagesPaging, requeued_ones_come_before_the_middle) {
  ReadyMessages ready = filled(4);
  QueueEntry first = ready.take(0);
  QueueEntry second = ready.take(0);
  evict(ready, plan(ready));
  ready.requeue(std::move(second));
  ready.requeue(std::move(first));
  EXPECT_EQ(take_all(ready), (Positions{1, 2}));
  EXPECT_EQ(ready.head().entry, nullptr);
}

TEST(ReadyMessagesPaging, read_ahead_is_wanted_while_the_front_is_short) {
  ReadyMessages ready = filled(6);
  EXPECT_FALSE(ready.wants_read_ahead(0, kAll)) << "there is no middle";
  evict(ready, plan(ready, 2));
  EXPECT_FALSE(ready.wants_read_ahead(0, 2 * kEntryBytes));
  ready.take(0);
  EXPECT_TRUE(ready.wants_read_ahead(0, 2 * kEntryBytes));
  EXPECT_FALSE(ready.wants_read_ahead(0, 0));
  ready.take(0);
  EXPECT_TRUE(ready.wants_read_ahead(0, 0)) << "an empty front must be filled whatever the limit";
  ready.middle(0)->reading = true;
  EXPECT_FALSE(ready.wants_read_ahead(0, kAll));
}

TEST(ReadyMessagesPaging, what_the_disk_does_not_give_back_is_missing) {
  ReadyMessages ready = filled(5);
  evict(ready, plan(ready));
  EXPECT_EQ(ready.paged_in(answer_of(0, 3, {1, 3})).count, 0u) << "it may still come";
  EXPECT_EQ(ready.count(), 5u);
  const ReadyMessages::Missing missing = ready.paged_in(answer_of(3, 5, {}));
  EXPECT_EQ(missing.count, 3u);
  EXPECT_EQ(missing.body_bytes, 3u);
  EXPECT_EQ(ready.count(), 2u);
  EXPECT_EQ(ready.bytes(), 2u);
  EXPECT_EQ(take_all(ready), (Positions{1, 3}));
}

TEST(ReadyMessagesPaging, a_level_of_which_all_is_missing_gives_way) {
  ReadyMessages ready;
  ready.push(entry_at(1, 5));
  evict(ready, plan(ready));
  ready.push(entry_at(2, 0));
  PagedIn answer = answer_of(0, 1, {});
  answer.level = 5;
  EXPECT_EQ(ready.paged_in(std::move(answer)).count, 1u);
  EXPECT_EQ(take_all(ready), (Positions{2}));
}

TEST(ReadyMessagesPaging, visits_ranges_around_unacked_holes) {
  ReadyMessages ready;
  for (std::uint64_t position = 1; position <= 8; ++position)
    ready.push(entry_at(position, 0, 10, position != 7));
  std::vector<QueueEntry> taken;
  for (int i = 0; i < 5; ++i)
    taken.push_back(ready.take(0));
  ready.requeue(std::move(taken[4]));
  ready.requeue(std::move(taken[3]));
  ready.requeue(std::move(taken[0]));  // 2 and 3 are outstanding
  evict(ready, plan(ready, 1));
  std::vector<std::vector<std::uint64_t>> ranges;
  ready.visit_logged_ranges([&](std::uint8_t level, Position first, Position last,
                                std::uint64_t count, std::uint64_t body_bytes) {
    ranges.push_back({level, first.value, last.value, count, body_bytes});
  });
  EXPECT_EQ(ranges, (std::vector<std::vector<std::uint64_t>>{
                        {0, 1, 1, 1, 10}, {0, 4, 5, 2, 20}, {0, 6, 8, 2, 20}}));
}

TEST(ReadyMessagesPaging, restored_middle_is_read_before_what_is_pushed) {
  ReadyMessages ready;
  PagedMiddle middle;
  middle.after = Position(4);
  middle.last = Position(9);
  middle.count = middle.body_bytes = 2;
  ready.restore_middle(0, middle);
  ready.push(entry_at(10));
  EXPECT_EQ(ready.count(), 3u);
  EXPECT_EQ(ready.head().entry, nullptr);
  ready.paged_in(answer_of(4, 9, {6, 9}));
  EXPECT_EQ(take_all(ready), (Positions{6, 9, 10}));
}

// ---- against a naive map

// What has been pushed and not taken: by level from the highest, then by position.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {}

  void step() {
    const std::uint64_t what = random_.below(21);
    if (what == 20) return extract();
    if (what < 7) return push();
    if (what < 11) return take(1 + random_.below(6));
    if (what < 13) return give_back();
    if (what < 15) return make_plan();
    if (what < 17) return evict();
    if (what < 19) return page_in();
    if (random_.below(100) == 0) return purge();
  }
  void check() {
    std::uint64_t bytes = 0, resident = 0;
    std::map<int, PagedMiddle> middles;
    for (const auto& [key, known] : known_) {
      bytes += known.entry.body_size;
      if (!on_disk(key, known)) {
        ++resident;
        continue;
      }
      PagedMiddle& middle = middles[-key.first];
      ++middle.count;
      middle.body_bytes += known.entry.body_size;
      if (!known.entry.logged) continue;
      ++middle.logged_count;
      middle.logged_body_bytes += known.entry.body_size;
    }
    ASSERT_EQ(ready_.count(), known_.size());
    ASSERT_EQ(ready_.bytes(), bytes);
    ASSERT_EQ(ready_.resident_bytes(), resident * kEntryBytes);
    for (int level = 0; level < kLevels; ++level) {
      const PagedMiddle* middle = ready_.middle(static_cast<std::uint8_t>(level));
      ASSERT_EQ(middle != nullptr, middles.contains(level));
      if (middle == nullptr) continue;
      ASSERT_EQ(middle->count, middles[level].count);
      ASSERT_EQ(middle->body_bytes, middles[level].body_bytes);
      ASSERT_EQ(middle->logged_count, middles[level].logged_count);
      ASSERT_EQ(middle->logged_body_bytes, middles[level].logged_body_bytes);
    }
    check_ranges();
  }
  // Everything that can be read comes out in order.
  void finish() {
    while (!ready_.empty()) {
      page_in();
      take();
      if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_TRUE(known_.empty());
    EXPECT_EQ(ready_.bytes(), 0u);
    EXPECT_EQ(ready_.resident_bytes(), 0u);
    EXPECT_GT(evicted_, 1'000u);
    EXPECT_GT(read_, 1'000u);
    EXPECT_GT(extracted_, 100u);
    EXPECT_GT(shown_ghosts_, 10u);
  }

 private:
  static constexpr int kLevels = 3;
  using Key = std::pair<int, std::uint64_t>;  // -level, position
  struct Known {
    QueueEntry entry;
    bool requeued = false;
    bool lost = false;  // the disk will not give it back
  };
  // In pieces: all are planned before the first is evicted, and more may happen between any two.
  struct Piece {
    std::vector<EvictionPart> parts;
    std::set<Key> entries;
  };
  struct Plan {
    ReadyMessages::KeptHeads kept;
    Position after;
    std::uint64_t pieces_left = 0;
    std::deque<Piece> pieces;
  };

  static Key key_of(const QueueEntry& entry) { return {-entry.priority, entry.position.value}; }
  bool on_disk(const Key& key, const Known& known) {
    if (known.lost) return true;
    const PagedMiddle* middle = ready_.middle(static_cast<std::uint8_t>(-key.first));
    return middle != nullptr && !known.requeued && known.entry.position > middle->after &&
           known.entry.position <= middle->last;
  }

  void push() {
    for (std::uint64_t left = 1 + random_.below(4); left != 0; --left) {
      QueueEntry entry =
          entry_at(next_position_++, static_cast<std::uint8_t>(random_.below(3)),
                   static_cast<std::uint32_t>(random_.below(100)), random_.below(2) == 0);
      known_[key_of(entry)] = {entry};
      ready_.push(std::move(entry));
    }
  }
  void take(std::uint64_t most) {
    for (; most != 0 && !::testing::Test::HasFatalFailure(); --most)
      take();
  }
  void take() {
    ASSERT_EQ(ready_.empty(), known_.empty());
    if (known_.empty()) return;
    const ReadyMessages::Head head = ready_.head();
    const int level = -known_.begin()->first.first;
    ASSERT_EQ(head.level, level);
    auto oldest = known_.begin();
    while (oldest != known_.end() && oldest->second.lost)
      ++oldest;
    const bool comes_from_disk = oldest == known_.end() || -oldest->first.first != level ||
                                 on_disk(oldest->first, oldest->second);
    ASSERT_EQ(head.entry == nullptr, comes_from_disk);
    if (comes_from_disk) return;
    QueueEntry entry = ready_.take(head.level);
    ASSERT_EQ(key_of(entry), oldest->first);
    ASSERT_EQ(entry.body_size, oldest->second.entry.body_size);
    known_.erase(oldest);
    taken_.push_back(std::move(entry));
  }
  void give_back() {
    if (taken_.empty()) return;
    std::swap(taken_[random_.below(taken_.size())], taken_.back());
    if (random_.below(2) == 0) {
      known_[key_of(taken_.back())] = {taken_.back(), true};
      ready_.requeue(std::move(taken_.back()));
    }
    taken_.pop_back();
  }
  bool being_written(const Key& key) const {
    if (!plan_) return false;
    return std::any_of(plan_->pieces.begin(), plan_->pieces.end(),
                       [&](const Piece& piece) { return piece.entries.contains(key); });
  }
  // With nothing of a level there the disk forgets what was.
  void forget_ghosts() {
    std::erase_if(ghosts_, [this](const auto& ghost) {
      return ready_.middle(ghost.second.priority) == nullptr && !being_written(ghost.first);
    });
  }
  // An operator takes one out, from memory or from disk. The disk goes on to show those of which no
  // record tells it, also when they were taken while they were written.
  void extract() {
    if (known_.empty()) return;
    auto at = known_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_.below(known_.size())));
    if (at->second.lost) return;
    const Key key = at->first;
    const QueueEntry entry = at->second.entry;
    bool written = on_disk(key, at->second);
    if (written) {
      ready_.extract_from_middle(entry);
    } else {
      written = being_written(key);
      ASSERT_EQ(key_of(ready_.extract(entry.priority, entry.position)), key);
    }
    known_.erase(at);
    if (!entry.logged && written) ghosts_[key] = entry;
    ++extracted_;
    forget_ghosts();
  }
  void make_plan() {
    if (!plan_) {
      const std::uint64_t keep = random_.below(2) * random_.below(20);
      plan_.emplace(Plan{ready_.kept_heads(keep * kEntryBytes), {}, 1 + random_.below(4), {}});
    }
    if (plan_->pieces_left == 0) return;  // one at a time
    --plan_->pieces_left;
    const Position first = ready_.first_evictable(plan_->after, plan_->kept);
    if (first == kNoPosition) return;
    const Position through(first.value + random_.below(40));
    Piece piece;
    Key last{INT_MIN, 0};
    bool has_first = false;
    Position newest;
    piece.parts =
        ready_.plan_eviction(plan_->after, through, plan_->kept, [&](const QueueEntry& entry) {
          const Key order{entry.priority, entry.position.value};
          EXPECT_LT(last, order);
          EXPECT_TRUE(first <= entry.position && entry.position <= through);
          has_first = has_first || entry.position == first;
          newest = std::max(newest, entry.position);
          last = order;
          piece.entries.insert(key_of(entry));
        });
    EXPECT_TRUE(has_first);
    for (const Key& key : piece.entries) {
      ASSERT_TRUE(known_.contains(key));
      ASSERT_FALSE(known_.at(key).requeued || on_disk(key, known_.at(key)));
    }
    plan_->after = newest;
    plan_->pieces.push_back(std::move(piece));
  }
  void evict() {
    if (!plan_ || plan_->pieces_left != 0) return;
    if (plan_->pieces.empty()) return plan_.reset();
    const Piece piece = std::move(plan_->pieces.front());
    plan_->pieces.pop_front();
    std::uint64_t freed = 0;
    for (const EvictionPart& part : piece.parts)
      freed += ready_.evict(part);
    std::uint64_t gone = 0;
    for (const Key& key : piece.entries) {
      const auto found = known_.find(key);
      if (found == known_.end() || found->second.requeued) continue;
      ASSERT_TRUE(on_disk(key, found->second));
      ++gone;
    }
    ASSERT_EQ(freed, gone * kEntryBytes);
    evicted_ += freed / kEntryBytes;
    forget_ghosts();
  }
  void page_in() {
    for (int level = 0; level < kLevels; ++level)
      if (ready_.middle(static_cast<std::uint8_t>(level)) != nullptr && random_.below(2) == 0)
        page_in(level);
  }
  void page_in(int level) {
    const PagedMiddle& middle = *ready_.middle(static_cast<std::uint8_t>(level));
    PagedIn answer;
    answer.level = static_cast<std::uint8_t>(level);
    answer.after = middle.after;
    answer.through = middle.last;
    auto at = known_.upper_bound({-level, middle.after.value});
    const auto end = known_.upper_bound({-level, middle.last.value});
    for (; at != end && random_.below(4) == 0; at = known_.erase(at)) {
      const QueueEntry& entry = at->second.entry;
      if (at->second.lost) break;
      ++answer.expired_count;
      answer.expired_body_bytes += entry.body_size;
      answer.expired_through = entry.position;
      if (!entry.logged) continue;
      ++answer.expired_logged_count;
      answer.expired_logged_body_bytes += entry.body_size;
    }
    for (std::uint64_t left = random_.below(30); left != 0 && at != end; ++at) {
      if (random_.below(200) == 0) at->second.lost = true;
      if (at->second.lost) continue;
      at->second.requeued = false;
      answer.entries.push_back(at->second.entry);
      --left;
    }
    if (at != end && answer.entries.empty() && answer.expired_count == 0) {
      // At least one step.
      at->second.lost = true;
      ++at;
    }
    if (at != end) {
      Position through = answer.expired_count != 0 ? answer.expired_through : answer.after;
      if (at != known_.begin() && std::prev(at)->first.first == -level)
        through = std::max(through, std::prev(at)->second.entry.position);
      answer.through = through;
    }
    read_ += answer.entries.size();
    for (auto ghost = ghosts_.upper_bound({-level, answer.after.value});
         ghost != ghosts_.end() && ghost->first <= Key{-level, answer.through.value}; ++ghost) {
      if (ghost->second.position <= answer.expired_through) continue;
      answer.entries.push_back(ghost->second);
      ++shown_ghosts_;
    }
    std::sort(answer.entries.begin(), answer.entries.end(),
              [](const auto& a, const auto& b) { return a.position < b.position; });
    const ReadyMessages::Missing missing = ready_.paged_in(std::move(answer));
    std::uint64_t lost = 0, lost_bytes = 0;
    if (at == end) {
      std::erase_if(known_, [&](const auto& known) {
        if (known.first.first != -level || !known.second.lost) return false;
        ++lost;
        lost_bytes += known.second.entry.body_size;
        return true;
      });
    }
    ASSERT_EQ(missing.count, lost);
    ASSERT_EQ(missing.body_bytes, lost_bytes);
    forget_ghosts();
  }
  void purge() {
    ReadyMessages purged = std::exchange(ready_, ReadyMessages());
    while (!purged.resident_empty())
      ASSERT_NE(purged.discard(1 + random_.below(10)), 0u);
    known_.clear();
  }
  void check_ranges() {
    std::map<int, std::pair<std::uint64_t, std::uint64_t>> counted, wanted;
    std::set<Key> covered;
    ready_.visit_logged_ranges([&](std::uint8_t level, Position first, Position last,
                                   std::uint64_t count, std::uint64_t body_bytes) {
      ASSERT_LE(first, last);
      counted[level].first += count;
      counted[level].second += body_bytes;
      for (const QueueEntry& entry : taken_) {
        ASSERT_FALSE(entry.priority == level && entry.position >= first && entry.position <= last)
            << "an unacked one is settled";
      }
      for (auto at = known_.lower_bound({-level, first.value});
           at != known_.end() && at->first <= Key{-level, last.value}; ++at)
        ASSERT_TRUE(covered.insert(at->first).second);
    });
    for (const auto& [key, known] : known_) {
      if (!known.entry.logged) continue;
      ++wanted[-key.first].first;
      wanted[-key.first].second += known.entry.body_size;
      ASSERT_TRUE(known.lost || covered.contains(key));
    }
    ASSERT_EQ(counted, wanted);
  }

  base::SeededRandom random_;
  ReadyMessages ready_;
  std::map<Key, Known> known_;
  std::map<Key, QueueEntry> ghosts_;
  std::vector<QueueEntry> taken_;
  std::optional<Plan> plan_;
  std::uint64_t next_position_ = 1;
  std::uint64_t evicted_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t extracted_ = 0;
  std::uint64_t shown_ghosts_ = 0;
};

TEST(ReadyMessagesPaging, agrees_with_a_naive_map_whatever_happens) {
  std::vector<std::uint64_t> seeds{1, 2, 3, 4, 5, 6};
  std::random_device device;
  for (int i = 0; i < 4; ++i)
    seeds.push_back(device());
  for (const std::uint64_t seed : seeds) {
    SCOPED_TRACE(seed);
    std::cout << "seed " << seed << std::endl;
    Model model(seed);
    for (int step = 0; step < 20'000; ++step) {
      model.step();
      if (step % 20 == 0) model.check();
      if (HasFatalFailure()) return;
    }
    model.finish();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace harrier::broker
