#include "broker/message_move.h"

#include <utility>

#include "base/check.h"

namespace harrier::broker {

bool takes(const VirtualHost& host, const Queue& target, std::size_t body_size) {
  if (target.deleted() || target.refuses(body_size)) return false;
  return !host.quota().rejects() || !host.quota().would_exceed(body_size);
}

void move_taken(VirtualHost& host, Queue& source, const QueueEntry& entry, Queue& target) {
  const ChangeGroup group(host.log());
  Queue* const targets[] = {&target};
  const PublishOutcome outcome = host.publish(entry.message, targets);
  CHECK(!outcome.refused);
  source.settle_taken(entry, SettleReason::kAcknowledged);
}

std::optional<MoveStep> take_head(Queue& source, const Enough& enough, GetWaiter& waiter,
                                  QueueEntry& entry) {
  if (source.deleted()) return MoveStep::kGone;
  if (enough()) return MoveStep::kMore;
  switch (source.take(entry, waiter)) {
    case GetOutcome::kWait: return MoveStep::kWait;
    case GetOutcome::kEmpty: return MoveStep::kDone;
    case GetOutcome::kEntry: break;
  }
  return std::nullopt;
}

MoveStep MessageMove::run(VirtualHost& host, const Enough& enough, GetWaiter& waiter) {
  for (; left_ != 0; --left_) {
    if (target_->deleted()) return MoveStep::kGone;
    QueueEntry entry;
    if (const auto none = take_head(*source_, enough, waiter, entry)) return *none;
    if (!takes(host, *target_, entry.message->body_size())) {
      source_->put_back(std::move(entry));
      return MoveStep::kFull;
    }
    move_taken(host, *source_, entry, *target_);
    ++moved_;
  }
  return MoveStep::kDone;
}

}  // namespace harrier::broker
