#include "checker.h"

#include <utility>

namespace harrier::test {

void Checker::fail(const Event& event, const std::string& what) {
  violations_.push_back(what + ": channel " + std::to_string(event.channel) + " queue " +
                        event.queue + " body " + event.body + " tag " + std::to_string(event.tag));
}

void Checker::apply(const Event& event) {
  using Kind = Event::Kind;
  Channel& channel = channels_[event.channel];
  switch (event.kind) {
    case Kind::kPublish: {
      const Place place{event.queue, event.body};
      channel.publishes.push_back(place);
      channel.confirms = event.confirms;
      messages_[place] = {event.channel, channel.publishes.size(), event.priority};
      break;
    }
    case Kind::kConfirm: return confirm(event, channel);
    case Kind::kConsume:
      channel.consumers[event.consumer] = {event.queue, event.prefetch, event.no_ack};
      break;
    case Kind::kConsumeOk: channel.consumers[event.consumer].confirmed = true; break;
    case Kind::kCancelOk: channel.consumers[event.consumer].cancelled = true; break;
    case Kind::kDeliver: return deliver(event, channel);
    case Kind::kGetOk: return take(event, channel, event.no_ack);
    case Kind::kSettle: return release(channel, event.tag, event, true);
    case Kind::kRequeue: return release(channel, event.tag, event, false);
    case Kind::kBarrier: return pass_barrier(channel);
    case Kind::kChannelGone:
      pass_barrier(channel);
      channel.gone = true;
      return give_back(channel);
    case Kind::kDropped: return lose(channel);
    case Kind::kFinished:
      if (channel.confirms && channel.last_confirm != channel.publishes.size())
        fail(event, "publishes without a confirm");
      break;
    case Kind::kRemoved: lossy_.insert(event.queue); break;
    case Kind::kDrained: {
      const auto found = messages_.find({event.queue, event.body});
      if (found == messages_.end()) return fail(event, "nobody published what is there");
      if (found->second.fate == Fate::kSettled) fail(event, "settled, and still there");
      if (found->second.fate == Fate::kRefused) fail(event, "refused, and still there");
      if (!drained_.insert(found->first).second) fail(event, "there twice");
      break;
    }
  }
}

void Checker::confirm(const Event& event, Channel& channel) {
  if (event.tag <= channel.last_confirm) return fail(event, "confirmed twice or out of order");
  if (event.tag > channel.publishes.size()) return fail(event, "confirmed before published");
  if (!event.multiple && event.tag != channel.last_confirm + 1)
    return fail(event, "a confirm was skipped");
  for (std::uint64_t tag = channel.last_confirm + 1; tag <= event.tag; ++tag) {
    Message& message = messages_[channel.publishes[tag - 1]];
    if (event.nack && message.seen) fail(event, "refused, and delivered");
    if (event.nack) {
      message.fate = Fate::kRefused;
    } else if (message.fate != Fate::kSettled) {
      message.fate = Fate::kAccepted;
    }
  }
  channel.last_confirm = event.tag;
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
  if (channel.gone && !no_ack) return;
  if (!channel.gone && event.tag != channel.last_tag + 1)
    fail(event, "a delivery tag was skipped or repeated");
  channel.last_tag = event.tag;
  const auto found = messages_.find({event.queue, event.body});
  if (found == messages_.end()) return fail(event, "nobody published this");
  Message& message = found->second;
  if (message.owner != 0) fail(event, "two owners");
  if (message.fate == Fate::kSettled) fail(event, "settled, and delivered again");
  if (message.fate == Fate::kRefused) fail(event, "refused, and delivered");
  if (message.seen && !event.redelivered) fail(event, "seen before, but not marked redelivered");
  if (!event.redelivered && !channel.gone) {
    std::uint64_t& last =
        channel.order[{event.queue, event.consumer, message.publisher, message.priority}];
    if (message.sequence <= last) fail(event, "out of order");
    last = message.sequence;
  }
  message.seen = true;
  if (no_ack) {
    message.fate = Fate::kSettled;
    return;
  }
  message.owner = event.channel;
  channel.held[event.tag] = {found->first, event.consumer};
}

void Checker::release(Channel& channel, std::uint64_t tag, const Event& event, bool settles) {
  const auto found = channel.held.find(tag);
  if (found == channel.held.end()) return fail(event, "the client settles what it does not hold");
  Message& message = messages_[found->second.place];
  message.owner = 0;
  if (settles) {
    message.fate = Fate::kSettled;
    channel.settled.push_back(found->second.place);
  }
  const auto consumer = channel.consumers.find(found->second.consumer);
  if (consumer != channel.consumers.end()) --consumer->second.outstanding;
  channel.held.erase(found);
}

void Checker::pass_barrier(Channel& channel) {
  for (; channel.passed < channel.publishes.size(); ++channel.passed) {
    Message& message = messages_[channel.publishes[channel.passed]];
    // Without confirms a queue may refuse it unheard of: only confirms say that it is there.
    if (message.fate == Fate::kSent && !channel.confirms) message.fate = Fate::kAccepted;
  }
  channel.settled.clear();
}

void Checker::give_back(Channel& channel) {
  for (const auto& [tag, held] : std::exchange(channel.held, {}))
    messages_[held.place].owner = 0;
}

void Checker::lose(Channel& channel) {
  for (std::size_t i = channel.passed; i < channel.publishes.size(); ++i) {
    Message& message = messages_[channel.publishes[i]];
    if (message.fate == Fate::kSent) message.fate = Fate::kUncertain;
  }
  for (const Place& place : channel.settled)
    messages_[place].fate = Fate::kUncertain;
  for (const auto& [tag, consumer] : channel.consumers)
    if (consumer.no_ack) lossy_.insert(consumer.queue);
  give_back(channel);
}

void Checker::finish() {
  for (const auto& [place, message] : messages_) {
    const Event event{.channel = message.publisher, .queue = place.first, .body = place.second};
    if (message.owner != 0) fail(event, "held at the end");
    if (message.fate == Fate::kAccepted && !drained_.contains(place) &&
        !lossy_.contains(place.first))
      fail(event, "lost");
  }
}

}  // namespace harrier::test
