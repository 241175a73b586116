#include "broker/ready_messages.h"

#include <algorithm>

#include "base/check.h"

namespace harrier::broker {

ReadyMessages::Level& ReadyMessages::level_for(std::uint8_t priority) {
  if (levels_.size() <= priority) levels_.resize(std::size_t{priority} + 1);
  if (!levels_[priority]) levels_[priority] = std::make_unique<Level>();
  return *levels_[priority];
}

void ReadyMessages::note_added(const QueueEntry& entry) {
  if (count_ == 0 || entry.priority > highest_) highest_ = entry.priority;
  ++count_;
  bytes_ += entry.body_size;
}

void ReadyMessages::push(QueueEntry entry) {
  note_added(entry);
  Level& level = level_for(entry.priority);
  DCHECK(level.tail.empty() || level.tail.back().position < entry.position);
  level.tail.push_back(std::move(entry));
}

void ReadyMessages::requeue(QueueEntry entry) {
  note_added(entry);
  Level& level = level_for(entry.priority);
  CHECK(level.tail.empty() || entry.position < level.tail.front().position);
  const Position position = entry.position;
  const bool inserted = level.requeued.emplace(position, std::move(entry)).second;
  CHECK(inserted);
}

QueueEntry ReadyMessages::take(std::size_t index) {
  Level& level = *levels_[index];
  QueueEntry entry;
  if (level.requeued.empty()) {
    entry = level.tail.take_front();
  } else {
    auto first = level.requeued.begin();
    entry = std::move(first->second);
    level.requeued.erase(first);
  }
  --count_;
  bytes_ -= entry.body_size;
  if (index == highest_ && level.empty() && count_ != 0) {
    while (!levels_[highest_] || levels_[highest_]->empty())
      --highest_;
  }
  return entry;
}

base::MonotonicTime ReadyMessages::next_expiry() const {
  base::MonotonicTime earliest = base::kNever;
  for (const auto& level : levels_) {
    if (!level || level->empty()) continue;
    earliest = std::min(earliest, level_head(*level).expires_at);
  }
  return earliest;
}

QueueEntry* ReadyMessages::find_head_at(Position position) {
  for (auto& level : levels_) {
    if (!level || level->empty()) continue;
    if (QueueEntry& head = level_head(*level); head.position == position) return &head;
    if (auto found = level->requeued.find(position); found != level->requeued.end())
      return &found->second;
    if (!level->tail.empty() && level->tail.front().position == position)
      return &level->tail.front();
  }
  return nullptr;
}

std::uint64_t ReadyMessages::discard(std::uint64_t budget) {
  std::uint64_t dropped = 0;
  for (; dropped < budget && count_ != 0; ++dropped)
    take_head();
  return dropped;
}

}  // namespace harrier::broker
