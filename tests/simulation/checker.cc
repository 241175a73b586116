#include "checker.h"

#include <utility>

namespace harrier::test {

using Kind = Event::Kind;

void Checker::fail(const Event& event, const std::string& what) {
  violations_.push_back(what + ": channel " + std::to_string(event.channel) + " queue " +
                        event.queue + " body " + event.body.substr(0, 20) + " tag " +
                        std::to_string(event.tag) + " event " + std::to_string(now_));
}

void Checker::apply(const Event& event) {
  ++now_;
  Channel& channel = channels_[event.channel];
  switch (event.kind) {
    case Kind::kPublish: return publish(event, channel);
    case Kind::kConfirm: return confirm(event, channel);
    case Kind::kConsume:
    case Kind::kGet:
      if (event.kind == Kind::kConsume)
        channel.consumers[event.consumer] = {event.queue, event.prefetch, event.no_ack};
      else
        channel.gets.emplace_back(event.queue, event.no_ack);
      channel.taken_from.insert(event.queue);
      taken_from_.insert(event.queue);
      break;
    case Kind::kConsumeOk: channel.consumers[event.consumer].confirmed = true; break;
    case Kind::kCancelOk: channel.consumers[event.consumer].cancelled = true; break;
    case Kind::kDeliver: return deliver(event, channel);
    case Kind::kGetOk: return take(event, channel, event.no_ack);
    case Kind::kSettle: return release(channel, event, true);
    case Kind::kRequeue: return release(channel, event, false);
    case Kind::kBarrier: return pass_barrier(channel, event.channel);
    case Kind::kChannelGone: channel.gone = true; return give_back(channel);
    case Kind::kDropped: return lose(channel, event.channel, false);
    case Kind::kForced: return lose(channel, event.channel, true);
    case Kind::kFinished:
      if (channel.confirms && channel.last_confirm != channel.publishes.size())
        fail(event, "publishes without a confirm");
      break;
    case Kind::kRemoved: lossy_.insert(event.queue); break;
    case Kind::kDrained: return drained(event);
    default: apply_restart_rules(event, channel);
  }
}

void Checker::publish(const Event& event, Channel& channel) {
  const Place place{event.queue, event.body};
  channel.publishes.push_back(place);
  channel.confirms = event.confirms;
  Message& message = messages_[place];
  message.publisher = event.channel;
  message.sequence = channel.publishes.size();
  message.priority = event.priority;
  message.durable = event.durable;
  message.gated = event.gated;
  message.era = era_;
  message.sent_at = now_;
  message.transaction = event.transaction;
  if (event.transaction != 0) transactions_[event.transaction].published.push_back(place);
}

void Checker::confirm(const Event& event, Channel& channel) {
  if (event.tag <= channel.last_confirm) return fail(event, "confirmed twice or out of order");
  if (event.tag > channel.publishes.size()) return fail(event, "confirmed before published");
  if (!event.multiple && event.tag != channel.last_confirm + 1)
    return fail(event, "a confirm was skipped");
  std::uint64_t proven = 0;
  for (std::uint64_t tag = channel.last_confirm + 1; tag <= event.tag; ++tag) {
    Message& message = messages_[channel.publishes[tag - 1]];
    if (event.nack && message.seen) fail(event, "refused, and delivered");
    if (event.nack) {
      message.fate = Fate::kRefused;
      continue;
    }
    if (message.fate != Fate::kSettled) message.fate = Fate::kAccepted;
    message.promised = message.durable;
    if (message.durable) proven = message.sent_at;
  }
  channel.last_confirm = event.tag;
  if (proven != 0) prove(event.channel, proven);
}

void Checker::deliver(const Event& event, Channel& channel) {
  const auto found = channel.consumers.find(event.consumer);
  if (found == channel.consumers.end()) return fail(event, "delivery to no consumer");
  Consumer& consumer = found->second;
  if (!consumer.confirmed) fail(event, "delivery before consume-ok");
  if (consumer.cancelled) fail(event, "delivery after cancel-ok");
  if (channel.gone) return take(event, channel, consumer.no_ack);
  if (!consumer.no_ack) ++consumer.outstanding;
  if (consumer.prefetch != 0 && consumer.outstanding > consumer.prefetch)
    fail(event, "more than the prefetch");
  take(event, channel, consumer.no_ack);
}

void Checker::take(const Event& event, Channel& channel, bool no_ack) {
  const auto found = messages_.find({event.queue, event.body});
  if (found != messages_.end())
    (event.redelivered ? found->second.flagged : found->second.unflagged) = true;
  if (channel.gone && !no_ack) return;
  if (!channel.gone && event.tag != channel.last_tag + 1)
    fail(event, "a delivery tag was skipped or repeated");
  channel.last_tag = event.tag;
  if (found == messages_.end()) return fail(event, "nobody published this");
  Message& message = found->second;
  if (message.owner != 0) fail(event, "two owners");
  if (message.fate == Fate::kSettled) fail(event, "settled, and delivered again");
  if (message.fate == Fate::kRefused) fail(event, "refused, and delivered");
  if (message.seen && !event.redelivered) fail(event, "seen before, but not marked redelivered");
  if (!channel.gone) check_order(event, channel, message);
  observe(event, message);
  message.seen = true;
  if (message.gated) message.promised = true;
  if (no_ack) {
    message.fate = Fate::kSettled;
    message.settled = true;
    message.settled_by = 0;
    // It counts as settled before it is sent.
    unproven_.push_back({found->first, event.channel, now_, now_});
    return;
  }
  message.owner = event.channel;
  channel.held[event.tag] = {found->first, event.consumer};
}

// What an earlier era left may be marked redelivered without having been delivered.
void Checker::check_order(const Event& event, Channel& channel, const Message& message) {
  const bool survived = message.era != era_ && !message.seen && !disturbed_.contains(event.queue);
  if (event.redelivered && !survived) return;
  std::uint64_t& last =
      channel.order[{event.queue, event.consumer, message.publisher, message.priority}];
  if (message.sequence <= last) fail(event, "out of order");
  last = message.sequence;
}

void Checker::release(Channel& channel, const Event& event, bool settles) {
  const auto found = channel.held.find(event.tag);
  if (found == channel.held.end()) return fail(event, "the client settles what it does not hold");
  const Place place = found->second.place;
  Message& message = messages_[place];
  message.owner = 0;
  if (settles) {
    message.fate = Fate::kSettled;
    message.settled = true;
    message.settled_by = event.transaction;
    if (event.transaction != 0) transactions_[event.transaction].settled.push_back(place);
    channel.settled.push_back(place);
    unproven_.push_back({place, event.channel, now_, 0});
  }
  const auto consumer = channel.consumers.find(found->second.consumer);
  if (consumer != channel.consumers.end()) --consumer->second.outstanding;
  channel.held.erase(found);
}

void Checker::pass_barrier(Channel& channel, int number) {
  channel.gets.clear();
  for (; channel.passed < channel.publishes.size(); ++channel.passed) {
    Message& message = messages_[channel.publishes[channel.passed]];
    // Without confirms a queue may refuse it unheard of: only confirms say that it is there.
    if (message.fate == Fate::kSent && !channel.confirms) message.fate = Fate::kAccepted;
  }
  if (channel.settled.empty()) return;
  channel.settled.clear();
  for (Settle& settle : unproven_)
    if (settle.channel == number && settle.handled_at == 0) settle.handled_at = now_;
}

void Checker::give_back(Channel& channel) {
  for (const auto& [tag, held] : std::exchange(channel.held, {}))
    messages_[held.place].owner = 0;
  disturbed_.insert(channel.taken_from.begin(), channel.taken_from.end());
}

void Checker::lose(Channel& channel, int number, bool orderly) {
  if (!orderly) exact_ = false;
  for (std::size_t i = channel.passed; i < channel.publishes.size(); ++i) {
    Message& message = messages_[channel.publishes[i]];
    if (message.fate == Fate::kSent) message.fate = Fate::kUncertain;
  }
  for (const Place& place : channel.settled)
    if (Message& message = messages_[place]; !message.certain) message.fate = Fate::kUncertain;
  std::erase_if(unproven_, [number](const Settle& settle) {
    return settle.channel == number && settle.handled_at == 0;
  });
  for (const Commit& commit : channel.commits)
    transactions_[commit.transaction].in_doubt = true;
  // Also in order: what a broker says to a connection that it is closing is not sent.
  for (const auto& [tag, consumer] : channel.consumers)
    if (!consumer.cancelled) may_be_on_its_way(consumer.queue, consumer.no_ack);
  for (const auto& [queue, no_ack] : channel.gets)
    may_be_on_its_way(queue, no_ack);
  // A deletion or a purge that was under way may not have happened.
  taken_from_.insert(channel.taken_from.begin(), channel.taken_from.end());
  channel.commits.clear();
  channel.purges.clear();
  channel.asks.clear();
  give_back(channel);
}

void Checker::drained(const Event& event) {
  const auto found = messages_.find({event.queue, event.body});
  if (found == messages_.end()) return fail(event, "nobody published what is there");
  Message& message = found->second;
  if (message.fate == Fate::kSettled) fail(event, "settled, and still there");
  if (message.fate == Fate::kRefused) fail(event, "refused, and still there");
  if (message.seen && !event.redelivered) fail(event, "seen before, but there without its mark");
  if (!drained_.insert(found->first).second) fail(event, "there twice");
  std::uint64_t& last = drained_order_[{event.queue, message.publisher, message.priority}];
  if (message.sequence < last) fail(event, "there out of order");
  last = message.sequence;
  (event.redelivered ? message.flagged : message.unflagged) = true;
  observe(event, message);
}

void Checker::finish() {
  for (const auto& [place, message] : messages_) {
    const Event event{.channel = message.publisher, .queue = place.first, .body = place.second};
    if (message.owner != 0) fail(event, "held at the end");
    if (exact_ && message.flagged && !message.unflagged && !message.handed_out)
      fail(event, "marked redelivered, but never delivered before");
    if (message.fate == Fate::kAccepted && message.gone == nullptr && !message.excused &&
        !drained_.contains(place) && !lossy_.contains(place.first))
      fail(event, "lost");
  }
  for (const auto& [number, transaction] : transactions_)
    if (transaction.in_doubt) check_transaction(transaction);
}

}  // namespace harrier::test
