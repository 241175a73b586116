#include "broker/queue_cursor.h"

#include <utility>

namespace harrier::broker {

QueueCursor::Step QueueCursor::run(Queue& queue, std::uint64_t entries, base::MonotonicTime now,
                                   const Visit& visit, std::function<void(PagedIn)> page) {
  if (queue.ready().levels() == 0) return Step::kDone;
  if (!std::exchange(begun_, true)) level_ = static_cast<std::uint8_t>(queue.ready().levels() - 1);
  while (true) {
    bool enough = false;
    const auto on_disk = queue.ready().visit_behind(level_, after_, [&](const QueueEntry& entry) {
      if (entries-- == 0) return !(enough = true);
      after_ = entry.position;
      if (entry.expires_at > now) enough = !visit(entry, false);
      return !enough;
    });
    if (enough) return Step::kMore;
    if (on_disk) {
      queue.peek(level_, *on_disk, std::move(page));
      return Step::kWait;
    }
    if (level_ == 0) return Step::kDone;
    --level_;
    after_ = Position();
  }
}

bool QueueCursor::take_page(const PagedIn& page, base::MonotonicTime now, const Visit& visit) {
  for (const QueueEntry& entry : page.entries) {
    if (entry.position <= after_) continue;
    after_ = entry.position;
    if (entry.expires_at > now && !visit(entry, true)) return false;
  }
  after_ = std::max(after_, page.through);
  return true;
}

}  // namespace harrier::broker
