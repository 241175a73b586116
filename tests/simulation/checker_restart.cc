// What must be true over the ends of a node, crashes included.

#include "checker.h"

namespace harrier::test {

using Kind = Event::Kind;

void Checker::apply_restart_rules(const Event& event, Channel& channel) {
  switch (event.kind) {
    case Kind::kAsk: channel.asks.push_back(now_); break;
    case Kind::kProof:
      if (channel.asks.empty()) {
        fail(event, "an answer to nothing");
      } else {
        prove(event.channel, channel.asks.front());
        channel.asks.pop_front();
      }
      break;
    case Kind::kCommit: channel.commits.push_back({event.transaction, now_}); break;
    case Kind::kCommitted: committed(channel, event.channel); break;
    case Kind::kDeclare:
      queues_[event.queue].durable = event.durable;
      if (queues_[event.queue].state == Queue::State::kDeleted)
        queues_[event.queue].state = Queue::State::kUnknown;
      break;
    case Kind::kDeclared: queues_[event.queue].state = Queue::State::kDeclared; break;
    case Kind::kMayVanish: may_vanish(event.queue); break;
    case Kind::kPurge: purge(event, channel); break;
    case Kind::kPurged: purged(event, channel); break;
    case Kind::kDelete:
      may_vanish(event.queue);
      queues_[event.queue].state = Queue::State::kUnknown;
      queues_[event.queue].delete_sent_at = now_;
      taken_from_.erase(event.queue);
      break;
    case Kind::kDeleted: deleted(event.queue); break;
    case Kind::kStopped: restart(true); break;
    case Kind::kCrashed: restart(false); break;
    case Kind::kFound: found(event); break;
    case Kind::kMissing: missing(event); break;
    default: break;
  }
}

template <class Visit>
void Checker::visit_messages(const std::string& queue, Visit&& visit) {
  for (auto at = messages_.lower_bound({queue, ""});
       at != messages_.end() && at->first.first == queue; ++at)
    visit(at->first, at->second);
}

// ---- what is known of the disk

void Checker::prove(int channel, std::uint64_t asked_at) {
  std::erase_if(unproven_, [&](const Settle& settle) {
    const bool before = settle.channel == channel
                            ? settle.sent_at < asked_at
                            : settle.handled_at != 0 && settle.handled_at < asked_at;
    if (before) messages_[settle.place].certain = true;
    return before;
  });
}

void Checker::committed(Channel& channel, int number) {
  if (channel.commits.empty())
    return fail({.kind = Kind::kCommitted, .channel = number}, "a commit-ok to nothing");
  const Commit commit = channel.commits.front();
  channel.commits.pop_front();
  for (const Place& place : transactions_[commit.transaction].published) {
    Message& message = messages_[place];
    if (message.fate == Fate::kSent) message.fate = Fate::kAccepted;
    message.promised = message.durable;
  }
  prove(number, commit.sent_at);
}

void Checker::observe(const Event& event, Message& message) {
  if (message.gone != nullptr) fail(event, message.gone);
  message.seen_at = now_;
  message.excused = false;
  if (message.fate == Fate::kUncertain) message.fate = Fate::kAccepted;
  if (message.transaction != 0) transactions_[message.transaction].there = true;
  if (message.settled_by != 0) transactions_[message.settled_by].undone = true;
  message.settled_by = 0;
}

// ---- what clients throw away

void Checker::may_vanish(const std::string& queue) {
  visit_messages(queue, [](const Place&, Message& message) {
    if (message.owner == 0 && message.fate != Fate::kSettled) message.excused = true;
  });
}

void Checker::may_be_on_its_way(const std::string& queue, bool no_ack) {
  if (no_ack) may_vanish(queue);
  visit_messages(queue, [](const Place&, Message& message) {
    if (message.owner == 0) message.handed_out = true;
  });
}

void Checker::purge(const Event& event, Channel& channel) {
  std::vector<Place> there;
  // Whatever somebody takes may be with him, and come back.
  if (!taken_from_.contains(event.queue)) {
    visit_messages(event.queue, [&](const Place& place, const Message& message) {
      if (message.fate == Fate::kAccepted ||
          (message.fate == Fate::kSent && message.publisher == event.channel))
        there.push_back(place);
    });
  }
  channel.purges.push_back(std::move(there));
  may_vanish(event.queue);
}

void Checker::purged(const Event& event, Channel& channel) {
  if (channel.purges.empty()) return fail(event, "a purge-ok to nothing");
  if (!taken_from_.contains(event.queue))
    for (const Place& place : channel.purges.front())
      messages_[place].gone = "purged, and back";
  channel.purges.pop_front();
  may_vanish(event.queue);
}

void Checker::deleted(const std::string& name) {
  Queue& queue = queues_[name];
  visit_messages(name, [&](const Place&, Message& message) {
    if (message.sent_at < queue.delete_sent_at) message.gone = "deleted with its queue, and back";
  });
  // It may have been asked for again.
  if (queue.state == Queue::State::kUnknown) queue.state = Queue::State::kDeleted;
}

// ---- ends and starts

void Checker::restart(bool orderly) {
  for (auto& [place, message] : messages_)
    restart_message(message, orderly);
  for (auto& [number, transaction] : transactions_) {
    if (transaction.decided) continue;
    transaction.decided = true;
    // What was seen of it before may be lost.
    if (orderly) continue;
    transaction.there = transaction.undone = false;
    transaction.seen_from = now_;
  }
  unproven_.clear();
  taken_from_.clear();
  disturbed_.clear();
  ++era_;
  if (!orderly) exact_ = false;
}

void Checker::restart_message(Message& message, bool orderly) {
  message.owner = 0;
  if (message.gone != nullptr) return;
  if (!message.durable) {
    message.gone = "not durable, and back after a restart";
    return;
  }
  const bool stays_settled = orderly || message.certain;
  if (message.fate == Fate::kSettled && stays_settled)
    message.gone = "settled for certain, and back";
  if (message.fate == Fate::kSettled && !stays_settled) message.fate = Fate::kUncertain;
  if (message.fate == Fate::kSent) message.fate = Fate::kUncertain;
  if (message.fate == Fate::kAccepted && !orderly && !message.promised)
    message.fate = Fate::kUncertain;
}

void Checker::found(const Event& event) {
  Queue& queue = queues_[event.queue];
  if (!queue.durable) fail(event, "a queue that is not durable is back");
  if (queue.state == Queue::State::kDeleted) fail(event, "a deleted queue is back");
  queue.state = Queue::State::kDeclared;
}

void Checker::missing(const Event& event) {
  Queue& queue = queues_[event.queue];
  if (queue.durable && queue.state == Queue::State::kDeclared) fail(event, "a queue is gone");
  queue.state = Queue::State::kDeleted;
  visit_messages(event.queue, [](const Place&, Message& message) {
    if (message.gone == nullptr) message.gone = "gone with its queue, and back";
  });
}

// ---- transactions without an answer

bool Checker::is_missing(const Place& place, const Transaction& transaction) {
  const Message& message = messages_[place];
  return message.durable && message.gone == nullptr && !message.excused && !message.settled &&
         !lossy_.contains(place.first) && message.seen_at <= transaction.seen_from;
}

void Checker::check_transaction(const Transaction& transaction) {
  bool missing = false;
  Event event;
  for (const Place& place : transaction.published) {
    event.queue = place.first;
    event.body = place.second;
    missing = missing || is_missing(place, transaction);
  }
  // What it settled must be there, were it not settled.
  bool settled = false;
  for (const Place& place : transaction.settled) {
    const Message& message = messages_[place];
    settled =
        settled || (message.settled_by != 0 && &transactions_[message.settled_by] == &transaction &&
                    message.promised && message.gone == nullptr && !message.excused &&
                    !lossy_.contains(place.first) && message.fate == Fate::kUncertain);
  }
  if (transaction.there && transaction.undone)
    fail(event, "half of a transaction: what it settled came back");
  if ((transaction.there || settled) && missing)
    fail(event, "half of a transaction: what it published is missing");
}

}  // namespace harrier::test
