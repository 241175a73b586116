#include "server/single_message.h"

#include <utility>

namespace harrier::server {

using broker::Position;
using broker::QueueEntry;

SingleMessage::Outcome SingleMessage::look(broker::Queue& queue, bool needs_body) {
  if (reading_ || outcome_ != Outcome::kLooking) return outcome_;
  const Position position(place_.position);
  const QueueEntry* entry = queue.find_ready(place_.level, position);
  if (entry != nullptr && (entry->resident() || !needs_body)) {
    if (!may_(entry->body_size)) return outcome_ = Outcome::kRefused;
    act_(queue, queue.extract(place_.level, position));
    return outcome_ = Outcome::kTaken;
  }
  if (!queue.on_disk(place_.level, position)) return outcome_ = Outcome::kAbsent;
  reading_ = true;
  queue.peek(place_.level, {Position(position.value - 1), position},
             [self = shared_from_this(), &queue](const broker::PagedIn& page) {
               self->reading_ = false;
               self->take(queue, page);
               self->signal.tell();
             });
  return outcome_;
}

void SingleMessage::take(broker::Queue& queue, const broker::PagedIn& page) {
  if (abandoned_) return;
  const Position position(place_.position);
  if (page.entries.empty() || page.entries.front().position != position) {
    outcome_ = Outcome::kAbsent;
    return;
  }
  QueueEntry read = page.entries.front();
  if (!may_(read.body_size)) {
    outcome_ = Outcome::kRefused;
    return;
  }
  // It may have come to memory meanwhile, or there again without its body.
  if (queue.find_ready(place_.level, position) != nullptr) {
    QueueEntry entry = queue.extract(place_.level, position);
    if (!entry.resident()) entry.message = std::move(read.message);
    act_(queue, std::move(entry));
    outcome_ = Outcome::kTaken;
  } else if (queue.extract_from_disk(read)) {
    act_(queue, std::move(read));
    outcome_ = Outcome::kTaken;
  }
  // Else it is on its way to memory: another look finds it there.
}

}  // namespace harrier::server
