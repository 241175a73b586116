#include "broker/virtual_host.h"

#include "amqp/properties.h"
#include "base/check.h"
#include "base/log.h"
#include "broker/dead_letter.h"

namespace harrier::broker {

using amqp::ReplyCode;

VirtualHost::VirtualHost(std::string name, const VirtualHostLimits& limits, ChangeLog& log,
                         base::RandomSource& random, AccessControlRef access, QueueId first_queue)
    : name_(std::move(name)),
      access_(std::move(access)),
      random_(random),
      turn_(log, limits),
      quota_(name_, turn_.limits, turn_.counters),
      router_({[this](std::string_view exchange) { return find_exchange(exchange); },
               [this](std::string_view queue) { return find_queue(queue); }}),
      policies_(turn_.limits.policies_max),
      policy_pass_(roster_, [this](RoutingTarget& target) { return apply_policies(target); }),
      last_queue_id_(first_queue.value) {
  CHECK(access_ != nullptr);
  predeclare();
}

VirtualHost::~VirtualHost() {
  // Bindings point at both ends: cut them all before either end goes.
  for (auto& entry : exchanges_) {
    Exchange& exchange = *entry.second;
    for (Binding* binding : exchange.bindings())
      exchange.remove_binding(*binding);
  }
  for (const QueueRef& queue : queues_)
    if (!queue->deleted()) queue->close();
  turn_.dirty.clear();
  turn_.doomed.clear();
  turn_.gated.clear();
  turn_.held.clear();
  turn_.dead_letters.clear();
}

void VirtualHost::predeclare() {
  const auto add = [this](const std::string& name, ExchangeType type) {
    ExchangeDeclaration declaration;
    declaration.name = name;
    declaration.type = type;
    declaration.durable = true;
    add_exchange(Exchange::create(std::move(declaration)));
  };
  add("amq.direct", ExchangeType::kDirect);
  add("amq.fanout", ExchangeType::kFanout);
  add("amq.topic", ExchangeType::kTopic);
  add("amq.headers", ExchangeType::kHeaders);
  add("amq.match", ExchangeType::kHeaders);
}

// ---- turns

void VirtualHost::begin_turn(base::Now now) {
  turn_.now = now;
  turn_.budget = turn_.limits.slice_entries;
}

void VirtualHost::settle_down_slowly() {
  while (true) {
    if (!turn_.doomed.empty()) {
      QueueRef queue = turn_.doomed.take_front();
      if (!queue->deleted()) remove_queue(*queue);
    } else if (!doomed_exchanges_.empty()) {
      base::Ref<Exchange> exchange = doomed_exchanges_.back();
      doomed_exchanges_.pop_back();
      if (find_exchange(exchange->name()) == exchange.get()) remove_exchange(*exchange);
    } else if (turn_.budget == 0) {
      return;
    } else if (!turn_.dead_letters.empty() && !turn_.internal_publishing_held) {
      turn_.spend();
      send_dead_letter(turn_.dead_letters.take_front());
    } else if (!turn_.dirty.empty()) {
      turn_.dirty.take_front()->pump();
    } else {
      return;
    }
  }
}

bool VirtualHost::end_turn() {
  while (!tasks_.empty() && turn_.budget != 0) {
    SlicedTask& task = tasks_.front();
    if (task.run_slice(turn_)) {
      task.unlink();
    } else {
      tasks_.rotate();
    }
    settle_down();
  }
  while (!turn_.discarded.empty() && turn_.budget != 0) {
    ReadyMessages& contents = turn_.discarded.front();
    turn_.budget -= static_cast<std::uint32_t>(contents.discard(turn_.budget));
    if (contents.resident_empty()) turn_.discarded.pop_front();
  }
  while (!turn_end_listeners_.empty()) {
    TurnEndListener& listener = turn_end_listeners_.front();
    listener.unlink();
    listener.turn_ended();
  }
  quota_.watch();
  return has_more_work();
}

bool VirtualHost::has_more_work() const {
  const bool dead_letters = !turn_.dead_letters.empty() && !turn_.internal_publishing_held;
  return !turn_.dirty.empty() || dead_letters || !turn_.discarded.empty() || !tasks_.empty();
}

void VirtualHost::handle_deadlines() {
  // What is left over stays due: the loop comes again.
  while (turn_.spend() && turn_.timers.run_one_due(turn_.now.monotonic)) {
  }
  settle_down();
}

void VirtualHost::at_turn_end(TurnEndListener& listener) {
  if (!listener.linked()) turn_end_listeners_.push_back(listener);
}

void VirtualHost::on_commit(CommitListener& listener) {
  if (!listener.linked()) commit_listeners_.push_back(listener);
}

void VirtualHost::committed(Lsn lsn) {
  for (std::size_t gated = turn_.gated.size(); gated > 0; --gated) {
    QueueRef queue = turn_.gated.take_front();
    if (queue->commit_reached(lsn)) turn_.gated.push_back(queue);
  }
  // A listener that still waits links itself again; it must not be asked twice now.
  base::IntrusiveList<CommitListener> asked;
  while (!commit_listeners_.empty()) {
    CommitListener& listener = commit_listeners_.front();
    listener.unlink();
    asked.push_back(listener);
  }
  while (!asked.empty()) {
    CommitListener& listener = asked.front();
    listener.unlink();
    listener.commit_reached(lsn);
  }
  settle_down();
}

// ---- paging

Queue* VirtualHost::find_queue(QueueId id) const {
  const auto found = queues_by_id_.find(id);
  return found == queues_by_id_.end() ? nullptr : *found;
}

void VirtualHost::paged_in(PagedIn answer) {
  const std::uint64_t unreadable = turn_.counters.unreadable.value();
  if (Queue* queue = find_queue(answer.queue)) {
    queue->paged_in(std::move(answer));
    if (const std::uint64_t lost = turn_.counters.unreadable.value() - unreadable; lost != 0)
      base::log_error("queue", "the disk did not give back all that was counted",
                      {{"queue", queue->name()}, {"messages", std::to_string(lost)}});
  }
  settle_down();
}

void VirtualHost::body_read(QueuePlace place, MessageRef message) {
  if (Queue* queue = find_queue(place.queue)) queue->body_read(place, std::move(message));
  settle_down();
}

void VirtualHost::hold_internal_publishing(bool held) {
  turn_.internal_publishing_held = held;
  if (held) return;
  while (!turn_.held.empty())
    turn_.held.take_front()->room_again();
  settle_down();
}

// ---- connections

amqp::CheckedStatus VirtualHost::enter(const Actor& actor) const {
  if (access_->may_enter(actor, name_)) return base::Done{};
  return amqp::refuse(ReplyCode::kNotAllowed,
                      "access to vhost '" + name_ + "' refused for user '" + actor.user + "'");
}

void VirtualHost::set_access(AccessControlRef access) {
  CHECK(access != nullptr);
  access_ = std::move(access);
  ++routes_version_;
}

void VirtualHost::release_connection(ConnectionId connection) {
  const auto owned = exclusive_queues_.find(connection);
  if (owned == exclusive_queues_.end()) return;
  while (!owned->second.empty()) {
    Queue& queue = *owned->second.begin()->second;
    const bool last = owned->second.size() == 1;
    remove_queue(queue);
    if (last) break;  // remove_queue erased the whole entry
  }
  settle_down();
}

// ---- publishing

amqp::Checked<Exchange*> VirtualHost::publish_exchange(const Actor& actor,
                                                       std::string_view name) const {
  if (auto status = access_->check(actor, Permission::kWrite, "exchange", name, name_);
      !status.ok())
    return base::fail(status.error());
  if (name.empty()) return static_cast<Exchange*>(nullptr);
  Exchange* exchange = find_exchange(name);
  if (exchange == nullptr) return not_found("exchange", name);
  if (exchange->declaration().internal) {
    return amqp::refuse(ReplyCode::kAccessRefused,
                        "cannot publish to internal " + in_virtual_host("exchange", name));
  }
  return exchange;
}

void VirtualHost::turn_away(Queue& queue, const MessageRef& message) {
  ++turn_.counters.refused;
  queue.note_refused();
  if (queue.settings().overflow == Overflow::kRejectPublishDeadLetter &&
      queue.settings().dead_letter_exchange) {
    if (quota_.far_exceeded()) return void(++turn_.counters.dead_letters_dropped);
    turn_.counters.by_type[static_cast<std::size_t>(queue.settings().type)]
        .dead_lettered_for(DeadLetterStrategy::kAtMostOnce, SettleReason::kMaxLength)
        .add(1);
    QueueEntry refused;
    refused.message = message;
    turn_.dead_letters.push_back({QueueRef(&queue), std::move(refused), SettleReason::kMaxLength});
  }
}

PublishOutcome VirtualHost::publish_within_quota(const MessageRef& message,
                                                 std::span<Queue* const> queues) {
  if (!quota_.would_exceed(message->body_size() * queues.size())) return put(message, queues);
  quota_.count(LimitKind::kVirtualHostStoredBytes);
  for (Queue* queue : queues)
    if (!queue->deleted()) turn_away(*queue, message);
  PublishOutcome outcome;
  outcome.refused = true;
  return outcome;
}

PublishOutcome VirtualHost::put(const MessageRef& message, std::span<Queue* const> queues) {
  PublishOutcome outcome;
  // All places must be known before the record is written, and the record written before any queue
  // hands the message on.
  places_.clear();
  accepting_.clear();
  for (Queue* queue : queues) {
    if (queue->deleted()) continue;
    if (queue->refuses(message->body_size())) [[unlikely]] {
      turn_away(*queue, message);
      outcome.refused = true;
      continue;
    }
    accepting_.push_back({queue, queue->take_position()});
    if (queue->logs(*message))
      places_.push_back(queue->place_of(*message, accepting_.back().position));
  }
  if (!places_.empty()) {
    turn_.log.append(PublishChange{*message, places_});
    outcome.lsn = turn_.log.last_appended();
  }
  if (message->traced()) [[unlikely]]
    turn_.tracer->publishing(*message);
  for (const Accepting& accepting : accepting_) {
    const bool logged = accepting.queue->logs(*message);
    accepting.queue->publish(message, accepting.position, logged ? outcome.lsn : Lsn());
  }
  if (message->traced()) [[unlikely]]
    tracer_->published(outcome.lsn, accepting_.size());
  return outcome;
}

void VirtualHost::set_tracing(const TracerLimits& limits, SpanSink& sink) {
  tracer_ = std::make_unique<MessageTracer>(name_, turn_, limits, random_, sink,
                                            [this](CommitListener& waits) { on_commit(waits); });
  turn_.tracer = tracer_.get();
}

// ---- dead letters

void VirtualHost::send_dead_letters() {
  while (!turn_.dead_letters.empty())
    send_dead_letter(turn_.dead_letters.take_front());
}

// It stands in its new queues and is gone from the old one, or neither.
void VirtualHost::send_dead_letter(DeadLetter dead_letter) {
  const ChangeGroup group(turn_.log);
  Queue& source = *dead_letter.source;
  const QueueSettings& settings = source.settings();
  if (!settings.dead_letter_exchange) {
    // A policy named one and has been cleared meanwhile.
    ++turn_.counters.dead_letters_dropped;
    return source.note_dead_lettered(dead_letter.entry, dead_letter.reason, false);
  }
  const MessageRef& dead = dead_letter.entry.message;
  const std::string& exchange_name = *settings.dead_letter_exchange;
  Exchange* exchange = exchange_name.empty() ? nullptr : find_exchange(exchange_name);
  std::vector<Queue*> queues;
  MessageRef message;
  if (exchange != nullptr || exchange_name.empty()) {
    Death death;
    death.queue = source.name();
    death.reason = dead_letter.reason;
    death.time = turn_.now.wall;
    if (settings.dead_letter_routing_key) death.routing_key = *settings.dead_letter_routing_key;
    message = dead_letter_message(*dead, death, exchange_name);
    const amqp::TableView headers = amqp::parse_properties(message->property_bytes()).headers;
    router_.route(exchange, dead_letter_keys(*message), headers, queues);
    std::erase_if(queues, [&](const Queue* queue) {
      return is_dead_letter_cycle(headers, queue->name(), dead->dead_lettered());
    });
  }
  if (queues.empty()) {
    ++turn_.counters.dead_letters_dropped;
  } else {
    ++turn_.counters.dead_lettered;
    put(message, queues);
  }
  source.note_dead_lettered(dead_letter.entry, dead_letter.reason, !queues.empty());
}

// ---- recovery

bool VirtualHost::restore_exchange(ExchangeDeclaration declaration) {
  if (declaration.name.empty() || find_exchange(declaration.name) != nullptr) return false;
  add_exchange(Exchange::create(std::move(declaration)));
  return true;
}

Queue* VirtualHost::restore_queue(QueueId id, QueueDeclaration declaration) {
  auto settings = parse_queue_arguments(declaration, name_);
  if (!settings.ok() || find_queue(declaration.name) != nullptr || find_queue(id) != nullptr)
    return nullptr;
  QueueSettings effective = with_policies(std::move(settings).value(), declaration);
  auto queue = base::make_ref<Queue>(id, std::move(declaration), std::move(effective),
                                     ConnectionId(), turn_);
  add_queue(queue);
  restore_last_queue(id);
  return queue.get();
}

void VirtualHost::restore_binding(const BindingRequest& request) {
  Exchange* source = find_exchange(request.source);
  RoutingTarget* destination = nullptr;
  if (request.destination_kind == RoutingTarget::Kind::kQueue) {
    destination = find_queue(request.destination);
  } else {
    destination = find_exchange(request.destination);
  }
  if (source == nullptr || destination == nullptr ||
      !source->check_binding(request.routing_key, request.arguments).ok())
    return;
  if (source->find_binding(*destination, request.routing_key, request.arguments) != nullptr) return;
  source->add_binding(++last_binding_id_, *destination, request.routing_key, request.arguments);
  ++turn_.counters.bindings;
}

// ---- direct replies

std::string VirtualHost::add_reply_sink(ReplySink& sink) {
  std::string reply_to(kReplyToPrefix);
  reply_to += random_.token();
  reply_sinks_[reply_to] = &sink;
  return reply_to;
}

void VirtualHost::remove_reply_sink(std::string_view reply_to) {
  const auto found = reply_sinks_.find(reply_to);
  if (found != reply_sinks_.end()) reply_sinks_.erase(found);
}

ReplySink* VirtualHost::find_reply_sink(std::string_view reply_to) const {
  const auto found = reply_sinks_.find(reply_to);
  return found == reply_sinks_.end() ? nullptr : found->second;
}

std::string VirtualHost::in_virtual_host(std::string_view kind, std::string_view name) const {
  std::string text(kind);
  text.append(" '").append(name).append("' in vhost '").append(name_).append("'");
  return text;
}

base::Failure<amqp::ProtocolError> VirtualHost::not_found(std::string_view kind,
                                                          std::string_view name) const {
  return amqp::refuse(ReplyCode::kNotFound, "no " + in_virtual_host(kind, name));
}

}  // namespace harrier::broker
