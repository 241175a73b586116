#include "support/durable_model.h"

#include <algorithm>

namespace harrier::test {

std::string body_of(std::uint64_t number, std::size_t size) {
  std::string body(size, '\0');
  std::uint64_t state = number * 0x9E3779B97F4A7C15ULL + 1;
  for (std::size_t i = 0; i < size; ++i) {
    // Few distinct bytes per word: long bodies must be cheap.
    if (i % 8 == 0) state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    body[i] = static_cast<char>(state >> (8 * (i % 8)));
  }
  return body;
}

std::uint64_t DurableModel::message_count() const {
  std::uint64_t count = 0;
  for (const auto& [id, queue] : queues)
    count += queue.messages.size();
  return count;
}

std::string binding_name(std::string_view source, bool to_queue, std::string_view destination,
                         std::string_view routing_key) {
  std::string name(source);
  name.append(to_queue ? "|q|" : "|e|").append(destination).append("|").append(routing_key);
  return name;
}

DurableModel ChangeRecorder::state_at(broker::Lsn lsn) const {
  DurableModel state = base_;
  for (const Recorded& recorded : recorded_)
    if (recorded.lsn <= lsn) recorded.apply(state);
  return state;
}

void ChangeRecorder::append(const broker::Change& change) {
  Apply apply = judge(change);
  apply(live_);
  inner_.append(change);
  recorded_.push_back({inner_.last_appended(), std::move(apply)});
}

void ChangeRecorder::begin_group() {
  if (depth_++ == 0) group_begin_ = recorded_.size();
  inner_.begin_group();
}

void ChangeRecorder::end_group() {
  inner_.end_group();
  if (--depth_ != 0) return;
  // All of it or nothing.
  for (std::size_t i = group_begin_; i != recorded_.size(); ++i)
    recorded_[i].lsn = inner_.last_appended();
}

ChangeRecorder::Apply ChangeRecorder::judge(const broker::Change& change) {
  if (const auto* publish = std::get_if<broker::PublishChange>(&change))
    return judge_publish(*publish);
  if (const auto* settle = std::get_if<broker::SettleChange>(&change)) return judge_settle(*settle);
  if (const auto* requeue = std::get_if<broker::RequeueChange>(&change)) {
    const auto place = requeue->place;
    const std::uint32_t count = requeue->delivery_count;
    return [place, count](DurableModel& model) {
      const auto queue = model.queues.find(place.queue.value);
      if (queue == model.queues.end()) return;
      const auto found = queue->second.messages.find(place.position.value);
      if (found != queue->second.messages.end())
        found->second.delivery_count = std::max(found->second.delivery_count, count);
    };
  }
  if (const auto* declared = std::get_if<broker::QueueDeclaredChange>(&change)) {
    const std::uint64_t id = declared->queue.value;
    ModelQueue made;
    made.name = declared->declaration.name;
    made.dead_letters =
        declared->declaration.arguments.view().find("x-dead-letter-exchange").has_value();
    made.paused = declared->declaration.paused;
    const bool known = live_.queues.contains(id);
    if (id <= live_.last_queue && !known)
      complain_("queue id " + std::to_string(id) + " is used again");
    return [id, made](DurableModel& model) {
      model.queues.emplace(id, made).first->second.paused = made.paused;
      model.last_queue = std::max(model.last_queue, id);
    };
  }
  if (const auto* deleted = std::get_if<broker::QueueDeletedChange>(&change)) {
    return [id = deleted->queue.value](DurableModel& model) { model.queues.erase(id); };
  }
  if (const auto* exchange = std::get_if<broker::ExchangeDeclaredChange>(&change)) {
    return [name = exchange->declaration.name, type = exchange->declaration.type](
               DurableModel& model) { model.exchanges.insert_or_assign(name, type); };
  }
  if (const auto* gone = std::get_if<broker::ExchangeDeletedChange>(&change)) {
    return
        [name = std::string(gone->exchange)](DurableModel& model) { model.exchanges.erase(name); };
  }
  const auto name_of_binding = [](const broker::Binding& binding) {
    const broker::RoutingTarget& to = binding.destination();
    return binding_name(binding.source().name(), to.kind() == broker::RoutingTarget::Kind::kQueue,
                        to.name(), binding.routing_key());
  };
  if (const auto* bound = std::get_if<broker::BoundChange>(&change)) {
    return [name = name_of_binding(bound->binding)](DurableModel& model) {
      model.bindings.insert(name);
    };
  }
  if (const auto* unbound = std::get_if<broker::UnboundChange>(&change)) {
    return [name = name_of_binding(unbound->binding)](DurableModel& model) {
      model.bindings.erase(name);
    };
  }
  return [](DurableModel&) {};
}

ChangeRecorder::Apply ChangeRecorder::judge_publish(const broker::PublishChange& change) {
  const auto number =
      static_cast<std::uint64_t>(change.message.ingress().time_since_epoch().count());
  const std::vector<broker::PublishPlace> places(change.places.begin(), change.places.end());
  const auto size = static_cast<std::uint32_t>(change.message.body_size());
  for (const broker::PublishPlace& place : places) {
    const auto queue = live_.queues.find(place.queue.value);
    if (queue == live_.queues.end()) {
      complain_("published to an unknown queue");
    } else if (place.position.value < queue->second.next_position) {
      complain_("position " + std::to_string(place.position.value) + " of '" + queue->second.name +
                "' is used again");
    }
  }
  return [number, places, size](DurableModel& model) {
    for (const broker::PublishPlace& place : places) {
      const auto queue = model.queues.find(place.queue.value);
      if (queue == model.queues.end()) continue;
      queue->second.messages.emplace(place.position.value,
                                     ModelMessage{number, size, place.level, place.expires_at, 0});
      queue->second.next_position = std::max(queue->second.next_position, place.position.value + 1);
    }
  };
}

ChangeRecorder::Apply ChangeRecorder::judge_settle(const broker::SettleChange& change) {
  std::uint64_t count = 0, bytes = 0;
  const auto queue = live_.queues.find(change.queue.value);
  if (queue == live_.queues.end()) {
    complain_("settled in an unknown queue");
  } else {
    const auto& messages = queue->second.messages;
    for (auto at = messages.lower_bound(change.first.value);
         at != messages.end() && at->first <= change.last.value; ++at) {
      if (at->second.level != change.level) continue;
      ++count;
      bytes += at->second.body_size;
      if (change.reason == broker::SettleReason::kExpired && at->second.expires_at > now)
        complain_("message " + std::to_string(at->second.number) + " expired early");
    }
    if (count != change.count || bytes != change.body_bytes)
      complain_("a settle of '" + queue->second.name + "' counts " + std::to_string(change.count) +
                " messages, but there are " + std::to_string(count));
  }
  return [queue_id = change.queue.value, level = change.level, first = change.first.value,
          last = change.last.value](DurableModel& model) {
    const auto found = model.queues.find(queue_id);
    if (found == model.queues.end()) return;
    auto& messages = found->second.messages;
    for (auto at = messages.lower_bound(first); at != messages.end() && at->first <= last;)
      at = at->second.level == level ? messages.erase(at) : std::next(at);
    found->second.next_position = std::max(found->second.next_position, last + 1);
  };
}

}  // namespace harrier::test
