#include "broker/redrive.h"

#include <utility>

#include "amqp/properties.h"

namespace harrier::broker {

std::optional<std::string_view> origin_of(const Message& message) {
  const amqp::Properties properties = amqp::parse_properties(message.property_bytes());
  const auto deaths = properties.headers.find("x-death");
  if (!deaths || deaths->type != 'A') return std::nullopt;
  for (const amqp::FieldValue& death : deaths->array()) {
    if (death.type != 'F') return std::nullopt;
    const auto queue = death.table().find("queue");
    if (!queue || !queue->is_string()) return std::nullopt;
    return queue->bytes;
  }
  return std::nullopt;
}

Queue* Redrive::target_of(VirtualHost& host, const Message& message) {
  const auto origin = origin_of(message);
  Queue* target = origin ? host.find_queue(*origin) : nullptr;
  // Back to where it is, or to somebody's own queue of the same name: nobody asked for that.
  if (target == source_.get() || (target != nullptr && target->owner() != ConnectionId()))
    target = nullptr;
  if (target == nullptr) {
    ++(origin ? counts_.source_gone : counts_.no_history);
    target = request_.fallback.get();
  }
  if (target == nullptr) return nullptr;
  if (takes(host, *target, message.body_size())) return target;
  ++counts_.refused;
  return nullptr;
}

void Redrive::note_moved(const Queue& target) {
  ++moved_;
  const auto [entry, made] = counts_.moved.try_emplace(target.name(), 0);
  ++entry->second;
}

void Redrive::count_only(VirtualHost& host, const Message& message) {
  if (const Queue* target = target_of(host, message)) note_moved(*target);
}

// Its bytes are not needed before it is ready again.
void Redrive::hold(QueueEntry entry) {
  if (entry.stored && source_->may_drop_bodies()) entry.message = nullptr;
  held_.push_back(std::move(entry));
}

MoveStep Redrive::run(VirtualHost& host, const Enough& enough, GetWaiter& waiter) {
  for (; left_ != 0 && may_move(); --left_) {
    QueueEntry entry;
    if (const auto none = take_head(*source_, enough, waiter, entry)) return *none;
    if (Queue* target = target_of(host, *entry.message)) {
      move_taken(host, *source_, entry, *target);
      note_moved(*target);
      continue;
    }
    hold(std::move(entry));
    if (held_.size() >= request_.held_max) {
      --left_;
      return left_ == 0 ? MoveStep::kDone : MoveStep::kFull;
    }
  }
  return MoveStep::kDone;
}

void Redrive::end() {
  for (QueueEntry& entry : std::exchange(held_, {}))
    source_->put_back(std::move(entry));
}

}  // namespace harrier::broker
