#include "store/stored_queue.h"

#include <algorithm>

#include "base/check.h"

namespace harrier::store {

// ---- records

void StoredQueue::publish(const broker::PublishPlace& place, const broker::MessageRef& message,
                          std::uint64_t lsn) {
  next_position_ = std::max(next_position_, place.position.next());
  // Replayed: it is in a run, or was dead before that run was written.
  if (place.position <= spilled_through_) return;
  if (!young_) young_ = std::make_unique<std::deque<YoungMessage>>();
  if (!young_->empty() && young_->back().position >= place.position) return;
  young_->push_back({message, place.position, lsn, place.expires_at, place.level});
  ++young_count_;
}

std::deque<YoungMessage>::iterator StoredQueue::young_at_or_after(Position position) {
  // Dense, as long as everything is recorded.
  const std::uint64_t front = young_->front().position.value;
  if (position.value <= front) return young_->begin();
  const std::uint64_t distance = position.value - front;
  if (distance < young_->size()) {
    const auto guess = young_->begin() + static_cast<std::ptrdiff_t>(distance);
    if (guess->position == position) return guess;
  }
  return std::lower_bound(
      young_->begin(), young_->end(), position,
      [](const YoungMessage& young, Position wanted) { return young.position < wanted; });
}

void StoredQueue::pop_dead() {
  while (!young_->empty() && !young_->front().message)
    young_->pop_front();
}

StoredQueue::Killed StoredQueue::settle_young(const broker::SettleChange& change) {
  Killed killed;
  if (!young_ || young_->empty()) return killed;
  for (auto young = young_at_or_after(change.first);
       young != young_->end() && young->position <= change.last; ++young) {
    if (!young->message || young->level != change.level) continue;
    ++killed.count;
    killed.body_bytes += young->message->body_size();
    young->message = nullptr;
  }
  young_count_ -= killed.count;
  if (killed.count != 0) pop_dead();
  return killed;
}

void StoredQueue::settle(const broker::SettleChange& change, std::uint64_t lsn) {
  next_position_ = std::max(next_position_, change.last.next());
  const Killed killed = settle_young(change);
  if (counts_) {
    // Between them others of another level may live on.
    for (auto at = counts_->lower_bound(change.first);
         at != counts_->end() && at->first <= change.last;)
      at = at->second.level == change.level ? counts_->erase(at) : std::next(at);
    if (counts_->empty()) counts_.reset();
  }
  if (change.first > spilled_through_ || lsn <= applied_lsn_) return;
  StoredLevel* level = find_level(change.level);
  // A range may begin where other levels or transient messages were spilled, behind all extents.
  if (level == nullptr || level->extents.empty() || change.first > level->extents.back().last)
    return;
  const std::uint64_t left = change.count - std::min(change.count, killed.count);
  const std::uint64_t bytes = change.body_bytes - std::min(change.body_bytes, killed.body_bytes);
  settle_extents(*level, change, {left, bytes});
}

// At most one extent is covered in part: a range is either of neighbours that all were alive, or
// begins inside one extent and goes on to the end of another.
void StoredQueue::settle_extents(StoredLevel& level, const broker::SettleChange& change,
                                 Killed in_extents) {
  auto extent = std::lower_bound(
      level.extents.begin(), level.extents.end(), change.first,
      [](const StoredExtent& other, Position first) { return other.last < first; });
  StoredExtent* partial = nullptr;
  StoredExtent* last = nullptr;
  bool any_dead = false;
  for (; extent != level.extents.end() && extent->first <= change.last; ++extent) {
    const bool whole = change.first <= extent->first && change.last >= extent->last;
    if (!whole && partial == nullptr) {
      partial = &*extent;
      continue;
    }
    // Neighbours across the border of two extents: each position counts for itself.
    std::uint64_t count = extent->count;
    if (!whole) count = change.last.value - std::max(change.first, extent->first).value + 1;
    count = std::min({count, extent->count, in_extents.count});
    lose(*extent, count);
    in_extents.count -= count;
    any_dead = any_dead || extent->count == 0;
    last = &*extent;
  }
  if (partial != nullptr) {
    lose(*partial, std::min(partial->count, in_extents.count));
    any_dead = any_dead || partial->count == 0;
  }
  level.settled.insert(change.first, std::min(change.last, level.extents.back().last));
  if (last == nullptr && partial != nullptr && partial->count != 0 &&
      partial->body_bytes >= in_extents.body_bytes) {
    partial->body_bytes -= in_extents.body_bytes;
  } else {
    subtract_bytes(level, partial, last, in_extents.body_bytes);
  }
  if (any_dead) drop_dead_extents(level);
}

// Which of two extents a record's bytes belong to is not known; their sum is, and it stays right.
void StoredQueue::subtract_bytes(StoredLevel& level, StoredExtent* first, StoredExtent* last,
                                 std::uint64_t bytes) {
  std::uint64_t surplus = 0;
  const auto take = [&](StoredExtent& extent) {
    const std::uint64_t taken = std::min(extent.body_bytes, bytes);
    extent.body_bytes -= taken;
    bytes -= taken;
    if (extent.count == 0) surplus += std::exchange(extent.body_bytes, 0);
  };
  for (StoredExtent& extent : level.extents)
    if (extent.count == 0) take(extent);
  for (StoredExtent* touched : {first, last})
    if (touched != nullptr && touched->count != 0) take(*touched);
  for (StoredExtent& extent : level.extents) {
    if (bytes != 0) take(extent);
    if (extent.count != 0) extent.body_bytes += std::exchange(surplus, 0);
  }
}

void StoredQueue::lose(StoredExtent& extent, std::uint64_t count) {
  extent.count -= count;
  if (ledger_ != nullptr && count != 0) ledger_->lose_messages(extent.run->run(), count);
}

void StoredQueue::drop_dead_extents(StoredLevel& level) {
  std::erase_if(level.extents, [this](const StoredExtent& extent) {
    if (extent.count != 0) return false;
    if (ledger_ != nullptr) ledger_->remove_extent(extent.run->run(), 0, extent.length);
    return true;
  });
  if (level.extents.empty()) {
    level.settled.clear();
  } else {
    level.settled.erase_below(level.extents.front().first);
  }
}

void StoredQueue::requeue(std::uint8_t number, Position first, Position last, std::uint32_t count) {
  next_position_ = std::max(next_position_, last.next());
  if (!counts_) counts_ = std::make_unique<std::map<Position, DeliveryCount>>();
  for (Position position = first; position <= last; position = position.next()) {
    DeliveryCount& known = (*counts_)[position];
    known = {std::max(known.count, count), number};
  }
}

void StoredQueue::dispatched(std::uint8_t number, Position position) {
  next_position_ = std::max(next_position_, position.next());
  StoredLevel& found = level(number);
  found.dispatched = std::max(found.dispatched, position);
}

// ---- spilling

Position StoredQueue::last_young_with_lsn(std::uint64_t lsn) const {
  if (!young_ || young_->empty() || young_->front().lsn > lsn) return Position();
  const auto behind = std::upper_bound(
      young_->begin(), young_->end(), lsn,
      [](std::uint64_t wanted, const YoungMessage& young) { return wanted < young.lsn; });
  return std::prev(behind)->position;
}

bool StoredQueue::kill_young(Position position) {
  if (!young_ || young_->empty()) return false;
  const auto young = young_at_or_after(position);
  if (young == young_->end() || young->position != position || !young->message) return false;
  young->message = nullptr;
  --young_count_;
  return true;
}

void StoredQueue::move_to_run(const std::shared_ptr<const RunFile>& run,
                              const std::vector<RunExtent>& extents,
                              const std::vector<Spilled>& spilled, Position through,
                              bool may_expire) {
  auto entry = spilled.begin();
  for (const RunExtent& written : extents) {
    StoredLevel& to = level(written.level);
    StoredExtent extent{run, written.offset, written.length, written.first, written.last};
    extent.may_expire = may_expire;
    for (; entry != spilled.end() && entry->level == written.level; ++entry) {
      if (kill_young(entry->position)) {
        ++extent.count;
        extent.body_bytes += entry->body_size;
      } else {
        to.settled.insert(entry->position, entry->position);
      }
    }
    if (ledger_ != nullptr) ledger_->add_extent(run, extent.count, extent.length);
    to.extents.push_back(std::move(extent));
    drop_dead_extents(to);
  }
  if (young_) pop_dead();
  note_spilled_through(through);
}

void StoredQueue::set_ledger(RunLedger* ledger) {
  for (const StoredLevel& each : levels_) {
    for (const StoredExtent& extent : each.extents) {
      if (ledger_ != nullptr)
        ledger_->remove_extent(extent.run->run(), extent.count, extent.length);
      if (ledger != nullptr) ledger->add_extent(extent.run, extent.count, extent.length);
    }
  }
  ledger_ = ledger;
}

bool StoredQueue::replace_extents(std::uint8_t number, Position first, Position last,
                                  const std::shared_ptr<const RunFile>& run,
                                  const RunExtent& written) {
  StoredLevel* found = find_level(number);
  if (found == nullptr) return false;
  std::vector<StoredExtent>& extents = found->extents;
  const auto begin =
      std::lower_bound(extents.begin(), extents.end(), first,
                       [](const StoredExtent& other, Position at) { return other.last < at; });
  auto end = begin;
  StoredExtent merged{run, written.offset, written.length, first, last};
  for (; end != extents.end() && end->last <= last; ++end) {
    CHECK(end->first >= first);
    merged.count += end->count;
    merged.body_bytes += end->body_bytes;
    merged.may_expire = merged.may_expire || end->may_expire;
    if (ledger_ != nullptr) ledger_->remove_extent(end->run->run(), end->count, end->length);
  }
  if (begin == end) return false;
  // The first of them died meanwhile, and was forgotten; its messages are in the new run.
  if (begin->first > first) found->settled.insert(first, Position(begin->first.value - 1));
  if (ledger_ != nullptr) ledger_->add_extent(run, merged.count, merged.length);
  *begin = std::move(merged);
  extents.erase(begin + 1, end);
  return true;
}

void StoredQueue::add_transient_run(const std::shared_ptr<const RunFile>& run,
                                    const std::vector<RunExtent>& extents, bool may_expire) {
  for (const RunExtent& written : extents) {
    StoredExtent extent{run,          written.offset, written.length,     written.first,
                        written.last, written.count,  written.body_bytes, may_expire};
    auto& all = level(written.level).transient_extents;
    const auto place = std::upper_bound(
        all.begin(), all.end(), extent.first,
        [](Position first, const StoredExtent& other) { return first < other.first; });
    all.insert(place, std::move(extent));
  }
}

void StoredQueue::passed(std::uint8_t number, Position through) {
  if (StoredLevel* found = find_level(number))
    std::erase_if(found->transient_extents,
                  [&](const StoredExtent& extent) { return extent.last <= through; });
}

bool StoredQueue::has_extents() const {
  return std::any_of(levels_.begin(), levels_.end(), [](const StoredLevel& each) {
    return !each.extents.empty() || !each.transient_extents.empty();
  });
}

// ---- reading

const StoredLevel* StoredQueue::find_level(std::uint8_t number) const {
  for (const StoredLevel& other : levels_)
    if (other.number == number) return &other;
  return nullptr;
}

StoredLevel& StoredQueue::level(std::uint8_t number) {
  auto place = levels_.begin();
  while (place != levels_.end() && place->number < number)
    ++place;
  if (place == levels_.end() || place->number != number) {
    place = levels_.emplace(place);
    place->number = number;
  }
  return *place;
}

std::uint32_t StoredQueue::delivery_count(Position position) const {
  if (!counts_) return 0;
  const auto found = counts_->find(position);
  return found == counts_->end() ? 0 : found->second.count;
}

bool StoredQueue::redelivered(std::uint8_t number, Position position) const {
  if (delivery_count(position) != 0) return true;
  const StoredLevel* found = find_level(number);
  return found != nullptr && found->suspect.contains(position);
}

// ---- recovery

void StoredQueue::suspect_delivered() {
  for (StoredLevel& each : levels_)
    if (each.dispatched != Position()) each.suspect.insert(Position(1), each.dispatched);
  if (!young_) return;
  std::map<std::uint8_t, std::pair<Position, Position>> spans;
  for (const YoungMessage& young : *young_) {
    if (!young.message) continue;
    auto& [first, last] =
        spans.try_emplace(young.level, young.position, young.position).first->second;
    last = young.position;
  }
  for (const auto& [number, span] : spans)
    level(number).suspect.insert(span.first, span.second);
}

std::map<std::uint8_t, broker::PagedMiddle> StoredQueue::middles() const {
  std::map<std::uint8_t, broker::PagedMiddle> result;
  for (const StoredLevel& each : levels_) {
    broker::PagedMiddle middle;
    for (const StoredExtent& extent : each.extents) {
      if (extent.count == 0) continue;
      middle.last = extent.last;
      middle.count += extent.count;
      middle.body_bytes += extent.body_bytes;
      middle.may_expire = middle.may_expire || extent.may_expire;
    }
    middle.logged_count = middle.count;
    middle.logged_body_bytes = middle.body_bytes;
    if (middle.count != 0) result.emplace(each.number, middle);
  }
  return result;
}

}  // namespace harrier::store
