#include "broker/queue.h"

#include <algorithm>

#include "base/check.h"
#include "broker/message_tracer.h"

namespace harrier::broker {

using amqp::ReplyCode;

Queue::Queue(QueueId id, QueueDeclaration declaration, QueueSettings settings, ConnectionId owner,
             Turn& turn)
    : RoutingTarget(Kind::kQueue, declaration_.name),
      id_(id),
      declaration_(std::move(declaration)),
      settings_(turn.settings.share(std::move(settings))),
      owner_(owner),
      turn_(turn),
      last_used_(turn.now.monotonic),
      may_expire_(settings_->message_ttl.has_value()) {
  arm_expiry();
}

Queue::~Queue() {
  CHECK(consumers_.empty());
  unlink();
}

// ---- publishing

bool Queue::would_exceed(std::size_t body_size) const {
  if (settings_->max_length && ready_.count() + 1 > *settings_->max_length) return true;
  return settings_->max_length_bytes && ready_.bytes() + body_size > *settings_->max_length_bytes;
}

base::MonotonicTime Queue::expiry_of(const Message& message) const {
  base::Milliseconds ttl = base::Milliseconds::max();
  if (settings_->message_ttl) ttl = *settings_->message_ttl;
  if (message.has_expiration()) ttl = std::min(ttl, message.expiration());
  return ttl == base::Milliseconds::max() ? base::kNever : turn_.now.monotonic + ttl;
}

PublishPlace Queue::place_of(const Message& message, Position position) {
  ++statistics_->fates.disk_writes;
  PublishPlace place;
  place.queue = id_;
  place.position = position;
  place.level = std::min(message.priority(), settings_->max_priority);
  const base::MonotonicTime expires_at = expiry_of(message);
  if (expires_at != base::kNever)
    place.expires_at = turn_.now.wall + (expires_at - turn_.now.monotonic);
  return place;
}

void Queue::publish(const MessageRef& message, Position position, Lsn lsn) {
  QueueEntry entry;
  entry.message = message;
  entry.position = position;
  entry.body_size = static_cast<std::uint32_t>(message->body_size());
  entry.logged = lsn != Lsn();
  entry.priority = std::min(message->priority(), settings_->max_priority);
  entry.expires_at = expiry_of(*message);
  if (message->traced()) [[unlikely]]
    trace(entry);
  const bool gated = settings_->type == QueueType::kQuorum && lsn > turn_.log.committed();
  if (gated) {
    if (!gate_.closed()) turn_.gated.push_back(QueueRef(this));
    gate_.add_published(position, lsn);
  }
  // Nothing waits and somebody is ready: straight through. A time to live of zero asks for just
  // this.
  if (ready_.empty() && !gated && waiters_.empty()) {
    if (Consumer* consumer = ring_.next()) {
      hand_over(*consumer, std::move(entry));
      return;
    }
  }
  if (entry.expires_at != base::kNever) {
    may_expire_ = true;
    turn_.timers.arm(*this, entry.expires_at);
  }
  ++turn_.counters.ready;
  turn_.counters.ready_bytes.add(entry.body_size);
  ready_.push(std::move(entry));
  watch_memory();
  if (over_length()) [[unlikely]]
    keep_length();
  // A queue whose consumers all wait for credit has nothing to do: the credit wakes it.
  const bool can_serve = ring_.next() != nullptr;
  if (may_expire_ || over_length() || can_serve) mark_dirty();
  if (!can_serve && !consumers_.empty()) note_blocked();
}

// ---- consuming

amqp::CheckedStatus Queue::attach(ConsumerRef consumer, std::string_view virtual_host) {
  const bool wants_exclusive = consumer->options().exclusive;
  if (exclusive_consumer_ || (wants_exclusive && !consumers_.empty()) ||
      (wants_exclusive && settings_->single_active_consumer)) {
    return amqp::refuse(
        ReplyCode::kAccessRefused,
        "queue '" + name() + "' in vhost '" + std::string(virtual_host) + "' in exclusive use");
  }
  exclusive_consumer_ = wants_exclusive;
  had_consumer_ = true;
  touch();
  ++turn_.counters.consumers;
  consumers_.push_back(std::move(consumer));
  if (settings_->single_active_consumer) choose_active_consumer();
  return base::Done{};
}

void Queue::activate(Consumer& consumer) {
  if (deleted_) return;
  consumer.set_active(true);
  if (settings_->single_active_consumer && active_consumer_ != &consumer) return;
  consumer_ready(consumer);
}

void Queue::consumer_ready(Consumer& consumer) {
  if (!consumer.active() || deleted_ || paused()) return;
  ring_.add(consumer);
  note_unblocked();
  if (!ready_.empty()) mark_dirty();
}

void Queue::choose_active_consumer() {
  if (active_consumer_ != nullptr || consumers_.empty()) return;
  // The highest priority, among equals the oldest.
  const auto chosen = std::max_element(
      consumers_.begin(), consumers_.end(),
      [](const ConsumerRef& a, const ConsumerRef& b) { return a->priority() < b->priority(); });
  active_consumer_ = chosen->get();
  if (active_consumer_->active()) consumer_ready(*active_consumer_);
}

void Queue::detach(Consumer& consumer) {
  consumer.unlink();
  consumer.set_active(false);
  const auto found =
      std::find_if(consumers_.begin(), consumers_.end(),
                   [&](const ConsumerRef& other) { return other.get() == &consumer; });
  if (found == consumers_.end()) return;
  const ConsumerRef keep = *found;
  consumers_.erase(found);
  --turn_.counters.consumers;
  ring_.forget_empty(consumer.priority());
  if (consumer.options().exclusive) exclusive_consumer_ = false;
  if (active_consumer_ == &consumer) {
    active_consumer_ = nullptr;
    choose_active_consumer();
  }
  if (consumers_.empty()) note_unblocked();
  trim_if_unused();
  touch();
  if (declaration_.auto_delete && consumers_.empty() && had_consumer_ && !doomed_) {
    doomed_ = true;
    turn_.doomed.push_back(QueueRef(this));
  }
}

void Queue::hand_over(Consumer& consumer, QueueEntry&& entry) {
  ring_.served(consumer);
  QueueTypeCounters& of_type = statistics_->of_type;
  if (consumer.no_ack()) {
    ++of_type.delivered_auto_ack;
  } else {
    ++of_type.delivered_manual_ack;
    consumer.take_credit();
  }
  note_taken(entry, consumer.no_ack());
  consumer.sink().deliver(consumer, std::move(entry));
}

// ---- basic.get

GetOutcome Queue::get(bool no_ack, QueueEntry& entry, GetWaiter& waiter) {
  touch();
  GetOutcome outcome = GetOutcome::kEmpty;
  if (paused()) {
    waiter.unlink();
  } else {
    outcome = await_head(waiter, false);
  }
  if (outcome == GetOutcome::kEmpty) note_empty_get();
  if (outcome != GetOutcome::kEntry) return outcome;
  entry = take_ready_head();
  note_got(entry, no_ack);
  // The next head's deadline is not armed while another stands before it.
  if (may_expire_) mark_dirty();
  return GetOutcome::kEntry;
}

GetOutcome Queue::await_head(GetWaiter& waiter, bool patient) {
  const auto wait = [&] {
    if (!waiter.linked()) waiters_.push_back(waiter);
    mark_dirty();
    return GetOutcome::kWait;
  };
  // Those who came before are served before.
  if (!deleted_ && !waiters_.empty() && &waiters_.front() != &waiter) return wait();
  while (!deleted_ && !ready_.empty()) {
    const bool may_work = turn_.spend();
    Step step = may_work ? expire_one() : Step::kStuck;
    if (step == Step::kProgress) continue;
    const ReadyMessages::Head head = ready_.head();
    if (step == Step::kDone && head.entry != nullptr && !gate_.passes(*head.entry)) {
      if (!patient) break;
      step = Step::kStuck;
    }
    if (step == Step::kDone && !head.resident()) step = page_in(head);
    if (step == Step::kStuck) return wait();
    waiter.unlink();
    return GetOutcome::kEntry;
  }
  waiter.unlink();
  if (!deleted_) trim_if_unused();
  return GetOutcome::kEmpty;
}

void Queue::note_empty_get() {
  if (deleted_) return;
  if (!active_) become_active();
  ++statistics_->get_empty;
  ++statistics_->of_type.get_empty;
}

void Queue::note_got(const QueueEntry& entry, bool no_ack) {
  note_waited(entry);
  QueueTypeCounters& of_type = statistics_->of_type;
  if (no_ack) {
    ++statistics_->got_no_ack;
    ++of_type.got_auto_ack;
  } else {
    ++statistics_->got;
    ++of_type.got_manual_ack;
  }
  note_taken(entry, no_ack);
}

void Queue::note_taken(const QueueEntry& entry, bool no_ack) {
  if (entry.traced) [[unlikely]]
    turn_.tracer->delivered(id_, name(), entry);
  if (entry.redelivered) {
    ++statistics_->of_type.redelivered;
    ++statistics_->redelivered;
  }
  if (no_ack) {
    ++statistics_->settled_by(SettleReason::kDeliveredWithoutAck);
    settle(entry, SettleReason::kDeliveredWithoutAck);
  } else {
    note_unacked(entry);
  }
}

void Queue::note_unacked(const QueueEntry& entry) {
  ++unacked_count_;
  ++turn_.counters.unacked;
  unacked_bytes_ += entry.body_size;
  turn_.counters.unacked_bytes.add(entry.body_size);
}

// ---- what came back

void Queue::forget_unacked(const QueueEntry& entry, Consumer* consumer) {
  if (consumer != nullptr) consumer->give_credit();
  if (deleted_) return;
  if (!active_) [[unlikely]]
    become_active();
  CHECK(unacked_count_ != 0);
  --unacked_count_;
  --turn_.counters.unacked;
  unacked_bytes_ -= entry.body_size;
  turn_.counters.unacked_bytes.subtract(entry.body_size);
}

void Queue::acknowledge(QueueEntry entry, Consumer* consumer) {
  forget_unacked(entry, consumer);
  if (deleted_) return;
  ++statistics_->of_type.acknowledged;
  if (entry.message)
    statistics_->recent->publish_to_ack.add(turn_.now.wall - entry.message->ingress());
  settle(entry, SettleReason::kAcknowledged);
}

void Queue::reject(QueueEntry entry, Consumer* consumer) {
  forget_unacked(entry, consumer);
  if (!deleted_) discard(std::move(entry), SettleReason::kRejected);
}

void Queue::requeue(QueueEntry entry, Consumer* consumer) {
  forget_unacked(entry, consumer);
  if (deleted_) return;
  ++statistics_->fates.requeued;
  if (entry.delivery_count != UINT16_MAX) ++entry.delivery_count;
  if (settings_->delivery_limit && *settings_->delivery_limit >= 0 &&
      entry.delivery_count > *settings_->delivery_limit) {
    discard(std::move(entry), SettleReason::kDeliveryLimit);
    return;
  }
  if (entry.traced) [[unlikely]]
    turn_.tracer->requeued(id_, name(), entry);
  entry.redelivered = true;
  ++turn_.counters.requeued;
  ++turn_.counters.ready;
  turn_.counters.ready_bytes.add(entry.body_size);
  if (entry.logged) {
    turn_.log.append(RequeueChange{{id_, entry.position, entry.priority}, entry.delivery_count});
    if (settings_->type == QueueType::kQuorum &&
        turn_.log.last_appended() > turn_.log.committed()) {
      if (!gate_.closed()) turn_.gated.push_back(QueueRef(this));
      gate_.add_requeued(turn_.log.last_appended());
    }
  }
  // It may have gone straight through when published, so that nothing here knew of its deadline.
  if (entry.expires_at != base::kNever) may_expire_ = true;
  ready_.requeue(std::move(entry));
  watch_memory();
  mark_dirty();
}

void Queue::settle(const QueueEntry& entry, SettleReason reason) {
  ++turn_.counters.settled_by(reason);
  trace_end(entry, reason);
  record(entry, reason);
}

void Queue::trace_end(const QueueEntry& entry, SettleReason reason) {
  if (entry.traced) [[unlikely]]
    turn_.tracer->settled(id_, name(), entry, reason);
}

void Queue::trace(QueueEntry& entry) {
  if (turn_.tracer == nullptr) return;
  entry.traced = true;
  turn_.tracer->enqueued(id_, entry);
}

void Queue::record(const QueueEntry& entry, SettleReason reason) {
  if (!entry.logged || deleted_) return;
  turn_.log.append(SettleChange{id_, entry.priority, entry.position, entry.position, 1,
                                entry.body_size, reason});
}

// With a dead-letter exchange the message stays recorded here until it stands there: see
// VirtualHost::send_dead_letter().
void Queue::discard(QueueEntry entry, SettleReason reason) {
  count_settled(reason, 1);
  if (!dead_letters()) return settle(entry, reason);
  ++turn_.counters.settled_by(reason);
  trace_end(entry, reason);
  if (!entry.resident()) return dead_letter_when_read(std::move(entry), reason);
  turn_.dead_letters.push_back({QueueRef(this), std::move(entry), reason});
}

// It was delivered while nobody needed its body any more; then a policy named a dead-letter
// exchange.
void Queue::dead_letter_when_read(QueueEntry entry, SettleReason reason) {
  CHECK(turn_.body_reader != nullptr);
  const QueuePlace place{id_, entry.position, entry.priority};
  if (!dead_on_disk_) dead_on_disk_ = std::make_unique<DeadOnDisk>();
  dead_on_disk_->emplace(std::pair(place.level, place.position),
                         DeadLetter{QueueRef(this), std::move(entry), reason});
  turn_.body_reader->read_body(place);
}

// ---- administration

void Queue::change_settings(QueueSettings settings) {
  if (deleted_ || settings == *settings_) return;
  settings_ = turn_.settings.share(std::move(settings));
  if (settings_->message_ttl) may_expire_ = true;
  touch();
  // The length limit may be lower, a dead-letter exchange may need bodies.
  mark_dirty();
}

void Queue::touch() {
  if (deleted_) return;  // nobody would disarm it
  last_used_ = turn_.now.monotonic;
  arm_expiry();
}

void Queue::arm_expiry() {
  if (settings_->expires) turn_.timers.arm(*this, last_used_ + *settings_->expires);
}

std::uint64_t Queue::purge() {
  const std::uint64_t count = ready_.count();
  if (count == 0) return 0;
  statistics();
  count_settled(SettleReason::kPurged, count);
  turn_.counters.settled_by(SettleReason::kPurged).add(count);
  turn_.counters.ready.subtract(count);
  turn_.counters.ready_bytes.subtract(ready_.bytes());
  if (durable() && !deleted_) {
    ready_.visit_logged_ranges([&](std::uint8_t level, Position first, Position last,
                                   std::uint64_t logged, std::uint64_t body_bytes) {
      turn_.log.append(
          SettleChange{id_, level, first, last, logged, body_bytes, SettleReason::kPurged});
    });
  }
  if (turn_.body_reader != nullptr) {
    for (std::size_t level = 0; level != ready_.levels(); ++level) {
      const auto number = static_cast<std::uint8_t>(level);
      if (ready_.middle(number) != nullptr) turn_.body_reader->passed({id_, kNoPosition, number});
    }
  }
  turn_.discarded.push_back(std::exchange(ready_, ReadyMessages()));
  watch_memory();
  // What they wait for is gone, so that no answer of the disk will wake them.
  if (!waiters_.empty()) mark_dirty();
  return count;
}

void Queue::close() {
  CHECK(!deleted_);
  deleted_ = true;
  turn_.timers.disarm(*this);
  purge();
  dead_on_disk_.reset();
  if (active_) become_quiet();
  unlink();
  turn_.counters.unacked.subtract(unacked_count_);
  turn_.counters.unacked_bytes.subtract(unacked_bytes_);
  for (ConsumerRef& consumer : std::exchange(consumers_, {})) {
    consumer->unlink();
    consumer->set_active(false);
    --turn_.counters.consumers;
    consumer->sink().cancelled(*consumer);
  }
  active_consumer_ = nullptr;
  while (!waiters_.empty())
    waiters_.front().try_again();
}

void Queue::deadline_reached() {
  if (deleted_) return;
  if (settings_->expires && !doomed_) {
    if (consumers_.empty() && last_used_ + *settings_->expires <= turn_.now.monotonic) {
      doomed_ = true;
      turn_.doomed.push_back(QueueRef(this));
      return;
    }
    // Consumers keep it: their detach() starts the time anew.
    if (consumers_.empty()) arm_expiry();
  }
  mark_dirty();
}

}  // namespace harrier::broker
