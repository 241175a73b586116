#include "broker/ready_messages.h"

#include <algorithm>

#include "base/check.h"

namespace harrier::broker {

Position ReadyMessages::Level::last() {
  if (!back.empty()) return back.back().position;
  if (middle.count != 0) return middle.last;
  return front.back().position;
}

ReadyMessages::Level& ReadyMessages::level_for(std::uint8_t priority) {
  if (levels_.size() <= priority) levels_.resize(std::size_t{priority} + 1);
  if (!levels_[priority]) levels_[priority] = std::make_unique<Level>();
  return *levels_[priority];
}

ReadyMessages::Head ReadyMessages::level_head(std::size_t index) {
  Level& level = *levels_[index];
  Head head{static_cast<std::uint8_t>(index), nullptr};
  if (!level.requeued.empty()) {
    head.entry = &level.requeued.begin()->second;
  } else if (!level.front.empty()) {
    head.entry = &level.front.front();
  }
  return head;
}

void ReadyMessages::note_added(std::uint8_t level, std::uint64_t count, std::uint64_t body_bytes) {
  if (count_ == 0 || level > highest_) highest_ = level;
  count_ += count;
  bytes_ += body_bytes;
}

void ReadyMessages::note_removed(std::size_t index, std::uint64_t count, std::uint64_t body_bytes) {
  count_ -= count;
  bytes_ -= body_bytes;
  if (index != highest_ || count_ == 0) return;
  while (!levels_[highest_] || levels_[highest_]->empty())
    --highest_;
}

void ReadyMessages::close_gap(Level& level) {
  if (level.middle.count != 0 || !level.front.empty() || level.back.empty()) return;
  level.front.swap(level.back);
  level.front_bytes = 0;
}

void ReadyMessages::push(QueueEntry entry) {
  note_added(entry.priority, 1, entry.body_size);
  resident_bytes_ += entry.footprint();
  Level& level = level_for(entry.priority);
  if (entry.logged) {
    ++level.logged_count;
    level.logged_body_bytes += entry.body_size;
  }
  Entries& to = level.from_front() ? level.front : level.back;
  DCHECK(to.empty() || to.back().position < entry.position);
  to.push_back(std::move(entry));
}

void ReadyMessages::requeue(QueueEntry entry) {
  note_added(entry.priority, 1, entry.body_size);
  resident_bytes_ += entry.footprint();
  Level& level = level_for(entry.priority);
  CHECK(level.front.empty() || entry.position < level.front.front().position);
  CHECK(level.middle.count == 0 || entry.position <= level.middle.after);
  const Position position = entry.position;
  const bool inserted = level.requeued.emplace(position, std::move(entry)).second;
  CHECK(inserted);
}

QueueEntry ReadyMessages::take(std::uint8_t index) {
  Level& level = *levels_[index];
  QueueEntry entry;
  if (level.requeued.empty()) {
    entry = level.front.take_front();
    level.front_bytes -= std::min<std::uint64_t>(level.front_bytes, entry.footprint());
    if (entry.logged) {
      --level.logged_count;
      level.logged_body_bytes -= entry.body_size;
    }
    close_gap(level);
  } else {
    auto first = level.requeued.begin();
    entry = std::move(first->second);
    level.requeued.erase(first);
  }
  resident_bytes_ -= entry.footprint();
  note_removed(index, 1, entry.body_size);
  return entry;
}

std::uint64_t ReadyMessages::resident_count() const {
  std::uint64_t count = count_;
  for (const auto& level : levels_)
    if (level) count -= level->middle.count;
  return count;
}

ReadyMessages::Recorded ReadyMessages::recorded(std::size_t requeued_max) const {
  Recorded recorded;
  for (const auto& level : levels_) {
    if (!level) continue;
    recorded.count += level->logged_count;
    recorded.body_bytes += level->logged_body_bytes;
    std::size_t left = requeued_max;
    for (auto entry = level->requeued.begin(); entry != level->requeued.end() && left != 0;
         ++entry, --left) {
      if (!entry->second.logged) continue;
      ++recorded.count;
      recorded.body_bytes += entry->second.body_size;
    }
  }
  return recorded;
}

base::MonotonicTime ReadyMessages::next_expiry() {
  base::MonotonicTime earliest = base::kNever;
  visit_heads([&](const Head& head) {
    if (head.entry != nullptr) earliest = std::min(earliest, head.entry->expires_at);
    return true;
  });
  return earliest;
}

// ---- one by one

const QueueEntry* ReadyMessages::find(std::uint8_t number, Position position) const {
  if (number >= levels_.size() || !levels_[number]) return nullptr;
  const Level& level = *levels_[number];
  const auto requeued = level.requeued.find(position);
  if (requeued != level.requeued.end()) return &requeued->second;
  const QueueEntry* found = nullptr;
  for (const Entries* entries : {&level.front, &level.back})
    entries->visit_while([position](const QueueEntry& entry) { return entry.position < position; },
                         [&](const QueueEntry& entry) {
                           if (entry.position == position) found = &entry;
                           return false;
                         });
  return found;
}

QueueEntry ReadyMessages::extract(std::uint8_t number, Position position) {
  Level& level = *levels_[number];
  if (level.requeued.contains(position)) return take_requeued(number, position);
  const auto before = [position](const QueueEntry& entry) { return entry.position < position; };
  const bool in_front =
      level.from_front() || (!level.front.empty() && level.front.back().position >= position);
  Entries& entries = in_front ? level.front : level.back;
  QueueEntry entry = entries.extract(before);
  CHECK(entry.position == position);
  if (in_front) level.front_bytes -= std::min<std::uint64_t>(level.front_bytes, entry.footprint());
  if (entry.logged) {
    --level.logged_count;
    level.logged_body_bytes -= entry.body_size;
  } else if (position <= level.planned_through) {
    level.extracted.insert(position);
  }
  close_gap(level);
  resident_bytes_ -= entry.footprint();
  note_removed(number, 1, entry.body_size);
  return entry;
}

void ReadyMessages::extract_from_middle(const QueueEntry& entry) {
  Level& level = *levels_[entry.priority];
  PagedMiddle& middle = level.middle;
  CHECK(middle.count != 0 && !middle.reading && entry.position > middle.after &&
        entry.position <= middle.last);
  --middle.count;
  middle.body_bytes -= std::min<std::uint64_t>(middle.body_bytes, entry.body_size);
  if (entry.logged) {
    --middle.logged_count;
    middle.logged_body_bytes -= std::min<std::uint64_t>(middle.logged_body_bytes, entry.body_size);
    --level.logged_count;
    level.logged_body_bytes -= std::min<std::uint64_t>(level.logged_body_bytes, entry.body_size);
  } else {
    level.extracted.insert(entry.position);
  }
  if (middle.count == 0) {
    level.extracted.erase(level.extracted.begin(), level.extracted.upper_bound(middle.last));
    middle = PagedMiddle();
    close_gap(level);
  }
  note_removed(entry.priority, 1, entry.body_size);
}

bool ReadyMessages::extracted(std::uint8_t level, Position position) const {
  return level < levels_.size() && levels_[level] && levels_[level]->extracted.contains(position);
}

// ---- paging

void ReadyMessages::move_to_middle(Level& level, QueueEntry entry) {
  PagedMiddle& middle = level.middle;
  if (middle.count == 0) middle.after = Position(entry.position.value - 1);
  middle.last = entry.position;
  ++middle.count;
  middle.body_bytes += entry.body_size;
  if (entry.expires_at != base::kNever) middle.may_expire = true;
  if (entry.logged) {
    ++middle.logged_count;
    middle.logged_body_bytes += entry.body_size;
  }
}

ReadyMessages::KeptHeads ReadyMessages::kept_heads(std::uint64_t keep_bytes) const {
  KeptHeads heads(levels_.size());
  for (std::size_t index = 0; index != levels_.size(); ++index) {
    if (!levels_[index] || !levels_[index]->from_front()) continue;
    std::uint64_t kept = 0;
    levels_[index]->front.visit_while([&](const QueueEntry& entry) {
      if (kept >= keep_bytes) return false;
      kept += entry.footprint();
      heads[index] = entry.position;
      return true;
    });
  }
  return heads;
}

Position ReadyMessages::first_evictable(Position after, const KeptHeads& kept) const {
  Position first = kNoPosition;
  for (std::size_t index = 0; index != levels_.size(); ++index) {
    visit_evictable(index, after, kept, [&](const QueueEntry& entry) {
      first = std::min(first, entry.position);
      return false;
    });
  }
  return first;
}

std::uint64_t ReadyMessages::evict(const EvictionPart& part) {
  if (part.level >= levels_.size() || !levels_[part.level]) return 0;
  Level& level = *levels_[part.level];
  Entries kept;
  std::uint64_t kept_bytes = 0, freed = 0;
  const bool from_front = level.from_front();
  Entries& from = from_front ? level.front : level.back;
  CHECK(from_front || from.empty() || from.front().position > part.after);
  while (!from.empty() && from.front().position <= part.after) {
    kept_bytes += from.front().footprint();
    kept.push_back(from.take_front());
  }
  while (!from.empty() && from.front().position <= part.through) {
    freed += from.front().footprint();
    move_to_middle(level, from.take_front());
  }
  if (from_front && freed != 0) {
    level.back.swap(level.front);
    level.front.swap(kept);
    level.front_bytes = kept_bytes;
  } else if (!kept.empty()) {
    // All of the part has been taken meanwhile: the order is put back.
    while (!from.empty())
      kept.push_back(from.take_front());
    from.swap(kept);
  }
  resident_bytes_ -= freed;
  return freed;
}

ReadyMessages::Missing ReadyMessages::paged_in(PagedIn answer) {
  Level& level = *levels_[answer.level];
  PagedMiddle& middle = level.middle;
  CHECK(middle.count != 0 && middle.after == answer.after && answer.through <= middle.last);
  if (!level.extracted.empty()) {
    std::erase_if(answer.entries, [&level](const QueueEntry& entry) {
      return level.extracted.contains(entry.position);
    });
    level.extracted.erase(level.extracted.begin(), level.extracted.upper_bound(answer.through));
  }
  std::uint64_t count = answer.expired_count, body_bytes = answer.expired_body_bytes;
  std::uint64_t logged = answer.expired_logged_count;
  std::uint64_t logged_bytes = answer.expired_logged_body_bytes;
  level.logged_count -= logged;
  level.logged_body_bytes -= logged_bytes;
  for (QueueEntry& entry : answer.entries) {
    ++count;
    body_bytes += entry.body_size;
    if (entry.logged) {
      ++logged;
      logged_bytes += entry.body_size;
    }
    level.front_bytes += entry.footprint();
    resident_bytes_ += entry.footprint();
    level.front.push_back(std::move(entry));
  }
  CHECK(count <= middle.count && logged <= middle.logged_count);
  middle.after = answer.through;
  middle.count -= count;
  middle.body_bytes -= std::min(middle.body_bytes, body_bytes);
  middle.logged_count -= logged;
  middle.logged_body_bytes -= std::min(middle.logged_body_bytes, logged_bytes);
  Missing missing;
  if (middle.after == middle.last || middle.count == 0) {
    missing = {middle.count, middle.body_bytes};
    level.logged_count -= middle.logged_count;
    level.logged_body_bytes -= std::min(level.logged_body_bytes, middle.logged_body_bytes);
    middle = PagedMiddle();
    close_gap(level);
  }
  note_removed(answer.level, answer.expired_count + missing.count,
               answer.expired_body_bytes + missing.body_bytes);
  return missing;
}

QueueEntry* ReadyMessages::find_requeued(std::uint8_t level, Position position) {
  if (level >= levels_.size() || !levels_[level]) return nullptr;
  const auto found = levels_[level]->requeued.find(position);
  return found == levels_[level]->requeued.end() ? nullptr : &found->second;
}

void ReadyMessages::body_read(QueueEntry& entry, MessageRef message) {
  entry.message = std::move(message);
  resident_bytes_ += entry.message->footprint();
}

QueueEntry ReadyMessages::take_requeued(std::uint8_t level, Position position) {
  auto& requeued = levels_[level]->requeued;
  const auto found = requeued.find(position);
  CHECK(found != requeued.end());
  QueueEntry entry = std::move(found->second);
  requeued.erase(found);
  resident_bytes_ -= entry.footprint();
  note_removed(level, 1, entry.body_size);
  return entry;
}

void ReadyMessages::restore_middle(std::uint8_t number, const PagedMiddle& middle) {
  CHECK(middle.count != 0);
  Level& level = level_for(number);
  CHECK(level.empty());
  level.middle = middle;
  level.logged_count = middle.logged_count;
  level.logged_body_bytes = middle.logged_body_bytes;
  note_added(number, middle.count, middle.body_bytes);
}

std::uint64_t ReadyMessages::discard(std::uint64_t budget) {
  std::uint64_t dropped = 0;
  const auto drop = [&](Entries& entries) {
    for (; dropped < budget && !entries.empty(); ++dropped) {
      resident_bytes_ -= entries.front().footprint();
      entries.pop_front();
    }
  };
  for (auto& level : levels_) {
    if (!level) continue;
    drop(level->front);
    drop(level->back);
    for (; dropped < budget && !level->requeued.empty(); ++dropped) {
      resident_bytes_ -= level->requeued.begin()->second.footprint();
      level->requeued.erase(level->requeued.begin());
    }
  }
  return dropped;
}

}  // namespace harrier::broker
