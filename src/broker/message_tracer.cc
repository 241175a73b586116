#include "broker/message_tracer.h"

#include <algorithm>

#include "amqp/properties.h"
#include "broker/queue.h"

namespace harrier::broker {
namespace {

// In the words of x-death where it has one.
std::string_view outcome_of(SettleReason reason) {
  switch (reason) {
    case SettleReason::kAcknowledged: return "acknowledged";
    case SettleReason::kDeliveredWithoutAck: return "delivered without acknowledgement";
    case SettleReason::kRejected: return "rejected";
    case SettleReason::kExpired: return "expired";
    case SettleReason::kMaxLength: return "maxlen";
    case SettleReason::kDeliveryLimit: return "delivery_limit";
    case SettleReason::kPurged: return "purged";
  }
  return "settled";
}

// The last seven octets of a trace are random (W3C Trace Context 2, 3.2.2.3): compared with the
// ratio they give every broker and program on the way the same answer.
bool within(const TraceId& trace, double ratio) {
  std::uint64_t number = 0;
  for (std::size_t i = 9; i != trace.size(); ++i)
    number = number << 8 | trace[i];
  constexpr double kAll = static_cast<double>(std::uint64_t{1} << 56);
  return static_cast<double>(number) < ratio * kAll;
}

}  // namespace

bool MessageTracer::follows(amqp::TableView headers) const {
  const auto context = trace_context(headers);
  return context && context->sampled && within(context->trace, limits_.ratio);
}

SpanId MessageTracer::new_span() {
  SpanId id{};
  while (id == SpanId{}) {
    std::uint64_t number = random_.next();
    for (std::uint8_t& octet : id) {
      octet = static_cast<std::uint8_t>(number);
      number >>= 8;
    }
  }
  return id;
}

void MessageTracer::publishing(const Message& message) {
  publish_ = Span();
  publish_.kind = message.dead_lettered() ? SpanKind::kDeadLetter : SpanKind::kPublish;
  if (const auto context =
          trace_context(amqp::parse_properties(message.property_bytes()).headers)) {
    publish_.trace = context->trace;
    publish_.parent = context->parent;
  }
  publish_.id = new_span();
  publish_.start = turn_.now.wall;
  publish_.virtual_host = virtual_host_;
  publish_.exchange = message.exchange();
  publish_.routing_key = message.routing_key();
  publish_.body_size = message.body_size();
}

void MessageTracer::published(Lsn lsn, std::size_t queues) {
  publish_.queues = static_cast<std::uint32_t>(queues);
  if (queues == 0) publish_.outcome = "refused";
  if (lsn <= turn_.log.committed()) {
    publish_.end = turn_.now.wall;
    sink_.finish(std::move(publish_));
    return;
  }
  if (uncommitted_.size() >= limits_.messages_max) {
    uncommitted_.pop_front();
    sink_.abandon(1);
  }
  uncommitted_.emplace_back(lsn, std::move(publish_));
  await_commit_(*this);
}

void MessageTracer::commit_reached(Lsn committed) {
  while (!uncommitted_.empty() && uncommitted_.front().first <= committed) {
    Span span = std::move(uncommitted_.front().second);
    uncommitted_.pop_front();
    span.end = std::max(span.start, turn_.now.wall);
    sink_.finish(std::move(span));
  }
  if (!uncommitted_.empty()) await_commit_(*this);
}

void MessageTracer::enqueued(QueueId queue, const QueueEntry& entry) {
  if (followed_.size() >= limits_.messages_max) {
    forget(followed_.find(by_age_.begin()->second));
    sink_.abandon(1);
  }
  Followed& followed = followed_[{queue, entry.position}];
  followed.trace = publish_.trace;
  followed.publish = publish_.id;
  followed.since = turn_.now.wall;
  followed.order = ++last_order_;
  by_age_.emplace(followed.order, Place{queue, entry.position});
}

Span MessageTracer::stretch(SpanKind kind, const Followed& followed, std::string_view queue,
                            const QueueEntry& entry, std::string_view outcome) {
  Span span;
  span.kind = kind;
  span.trace = followed.trace;
  span.id = new_span();
  span.parent = kind == SpanKind::kWait ? followed.publish : followed.last;
  span.start = followed.since;
  span.end = std::max(followed.since, turn_.now.wall);
  span.virtual_host = virtual_host_;
  span.queue = queue;
  span.outcome = outcome;
  span.body_size = entry.body_size;
  return span;
}

// Ends what it was in, waiting or delivered, and begins the next now.
void MessageTracer::finish_stretch(Followed& followed, std::string_view name,
                                   const QueueEntry& entry, std::string_view outcome) {
  Span span = stretch(followed.delivered ? SpanKind::kDeliver : SpanKind::kWait, followed, name,
                      entry, outcome);
  followed.last = span.id;
  followed.since = span.end;
  sink_.finish(std::move(span));
}

void MessageTracer::delivered(QueueId queue, std::string_view name, const QueueEntry& entry) {
  const auto found = followed_.find({queue, entry.position});
  if (found == followed_.end()) return;
  finish_stretch(found->second, name, entry, "delivered");
  found->second.delivered = true;
}

void MessageTracer::settled(QueueId queue, std::string_view name, const QueueEntry& entry,
                            SettleReason reason) {
  const auto found = followed_.find({queue, entry.position});
  if (found == followed_.end()) return;
  const std::string_view outcome = outcome_of(reason);
  finish_stretch(found->second, name, entry, outcome);
  sink_.finish(stretch(SpanKind::kSettle, found->second, name, entry, outcome));
  forget(found);
}

void MessageTracer::requeued(QueueId queue, std::string_view name, const QueueEntry& entry) {
  const auto found = followed_.find({queue, entry.position});
  if (found == followed_.end()) return;
  finish_stretch(found->second, name, entry, "requeued");
  found->second.delivered = false;
}

void MessageTracer::forget(FollowedMessages::iterator found) {
  by_age_.erase(found->second.order);
  followed_.erase(found);
}

}  // namespace harrier::broker
