#include "simulated_client.h"

#include <algorithm>

#include "amqp/properties.h"

namespace harrier::test {
namespace {

constexpr const char* kQueues[] = {"plain",  "durable", "quorum", "priority",
                                   "reject", "short",   "ttl"};
constexpr int kPriorityMax = 3;

bool loses_messages(const std::string& kind) {
  return kind.starts_with("short") || kind.starts_with("ttl");
}

}  // namespace

SimulatedClient::SimulatedClient(SimulatedNode& node, std::vector<Event>& events, int number,
                                 std::uint64_t seed, ClientOptions options)
    : node_(&node), events_(events), number_(number), random_(seed), options_(std::move(options)) {
  connect();
}

void SimulatedClient::connect() {
  ++connections_;
  wire_ = &node_->connect();
  const amqp::FieldTable capabilities =
      std::move(amqp::FieldTable().add_boolean("consumer_cancel_notify", true));
  amqp::FieldTable properties;
  properties.add_table("capabilities", capabilities);
  wire_->to_server = std::string(amqp::kProtocolHeader091);
  for (const amqp::Method& method :
       {amqp::Method(amqp::ConnectionStartOk{properties, "PLAIN", {"open sesame"}, "en_US"}),
        amqp::Method(amqp::ConnectionTuneOk{2047, 8192, 0}),
        amqp::Method(amqp::ConnectionOpen{"/"})})
    wire_->to_server += method_bytes(0, method);
  open_channel();
  declare_all(channels_.begin()->second);
  barrier();
}

// Without a connection any more, for this reason.
void SimulatedClient::disconnect(Event::Kind why) {
  for (auto& [number, channel] : channels_) {
    for (const Get& get : channel.gets)
      if (get.no_ack && why != Event::Kind::kForced)
        note(channel, {.kind = Event::Kind::kMayVanish, .queue = get.queue});
    note(channel, {.kind = why});
  }
  channels_.clear();
  content_ = {};
  open_ = false;
}

void SimulatedClient::drop() {
  disconnect(Event::Kind::kDropped);
  node_->drop(*wire_);
  connect();
}

void SimulatedClient::expect_close() {
  for (auto& [number, channel] : channels_)
    if (!std::exchange(channel.closing, true)) note(channel, {.kind = Event::Kind::kChannelGone});
}

void SimulatedClient::lose_node(bool reads) {
  if (reads) read();
  disconnect(Event::Kind::kDropped);
  wire_ = nullptr;
}

void SimulatedClient::go_on_with(SimulatedNode& node) {
  node_ = &node;
  connect();
}

// ---- doing

void SimulatedClient::send(const Channel& channel, const amqp::Method& method) {
  wire_->to_server += method_bytes(channel.number, method);
}

void SimulatedClient::request(Channel& channel, const amqp::Method& method, std::string reply,
                              std::vector<Event> events) {
  send(channel, method);
  channel.awaited.push_back({std::move(reply), std::move(events)});
}

void SimulatedClient::request_durable(Channel& channel, const amqp::Method& method,
                                      std::string reply, const Event& asked,
                                      const Event& answered) {
  note(channel, asked);
  note(channel, {.kind = Event::Kind::kAsk});
  request(channel, method, std::move(reply), {answered, {.kind = Event::Kind::kProof}});
}

void SimulatedClient::note(const Channel& channel, Event event) {
  event.channel = channel.key;
  events_.push_back(std::move(event));
}

void SimulatedClient::open_channel() {
  unsigned number = 1;
  while (channels_.contains(number))
    ++number;
  Channel& channel = channels_[number];
  channel.number = number;
  channel.key = number_ * 100'000 + ++opened_channels_;
  request(channel, amqp::ChannelOpen{}, "channel.open-ok");
  switch (below(4)) {
    case 0: break;
    case 1:
      channel.transactional = true;
      request(channel, amqp::TxSelect{}, "tx.select-ok");
      break;
    default:
      channel.confirms = true;
      request(channel, amqp::ConfirmSelect{false}, "confirm.select-ok");
  }
}

void SimulatedClient::declare_all(Channel& channel) {
  for (const char* kind : kQueues)
    declare(channel, kind);
  if (options_.durable) declare(channel, kOwn);
}

void SimulatedClient::declare(Channel& channel, const std::string& kind) {
  amqp::FieldTable arguments;
  amqp::QueueDeclare declare;
  const std::string queue = name(kind);
  declare.queue = queue;
  declare.durable = durable(kind);
  if (kind == "quorum")
    arguments.add_string("x-queue-type", "quorum").add_long("x-delivery-limit", -1);
  if (kind == "priority") arguments.add_long("x-max-priority", kPriorityMax);
  if (kind == "reject")
    arguments.add_long("x-max-length", 5).add_string("x-overflow", "reject-publish");
  if (kind == "short") arguments.add_long("x-max-length", 5);
  if (kind == "ttl") arguments.add_long("x-message-ttl", 20);
  declare.arguments = arguments;
  if (kind == kOwn) own_exists_ = true;
  const Event asked{.kind = Event::Kind::kDeclare, .queue = queue, .durable = declare.durable};
  const Event answered{.kind = Event::Kind::kDeclared, .queue = queue};
  if (declare.durable) {
    request_durable(channel, declare, "queue.declare-ok", asked, answered);
  } else {
    note(channel, asked);
    request(channel, declare, "queue.declare-ok", {answered});
  }
  // A requeue over a length limit trims; so a limited queue may lose what it had accepted.
  if (loses_messages(kind) || kind == "reject")
    note(channel, {.kind = Event::Kind::kRemoved, .queue = queue});
}

void SimulatedClient::barrier() {
  for (auto& [number, channel] : channels_) {
    if (channel.closing || channel.committing) continue;
    if (options_.durable && below(3) == 0) declare(channel, "durable");
    request(channel, amqp::BasicQos{0, channel.prefetch, false}, "basic.qos-ok",
            {{.kind = Event::Kind::kBarrier}});
  }
}

bool SimulatedClient::idle() const {
  if (closed_) return true;
  return open_ && !closing_ &&
         std::all_of(channels_.begin(), channels_.end(), [](const auto& entry) {
           const Channel& channel = entry.second;
           return channel.awaited.empty() && !channel.closing &&
                  (!channel.confirms || channel.confirmed == channel.published);
         });
}

std::string SimulatedClient::describe() const {
  std::string text = "client " + std::to_string(number_) + (open_ ? " open" : " not open");
  for (const auto& [number, channel] : channels_) {
    text += " [" + std::to_string(channel.key) + (channel.closing ? " closing" : "");
    text +=
        " confirmed " + std::to_string(channel.confirmed) + "/" + std::to_string(channel.published);
    for (const Awaited& awaited : channel.awaited)
      text += " " + awaited.reply;
    text += "]";
  }
  return text + "\n";
}

SimulatedClient::Channel* SimulatedClient::pick_channel() {
  std::vector<Channel*> usable;
  for (auto& [number, channel] : channels_)
    if (!channel.closing && !channel.committing) usable.push_back(&channel);
  return usable.empty() ? nullptr : usable[below(usable.size())];
}

std::string SimulatedClient::pick_queue(bool for_publish, const Channel& channel) {
  // Seldom taken from: then a purge of it is certain to take all.
  if (own_exists_ && options_.durable && !channel.transactional && below(for_publish ? 6 : 60) == 0)
    return kOwn;
  while (true) {
    const std::string kind = kQueues[below(std::size(kQueues))];
    // Without confirms nobody would know what it refused.
    if (for_publish && kind == "reject" && !channel.confirms) continue;
    return kind;
  }
}

void SimulatedClient::act() {
  own_changes_ = false;
  if (options_.drops && below(60) == 0) return drop();
  if (channels_.empty() || (channels_.size() < 3 && below(8) == 0)) open_channel();
  for (std::uint64_t left = 1 + below(12); left != 0; --left)
    if (Channel* channel = pick_channel()) act_on(*channel);
  barrier();
}

void SimulatedClient::act_on(Channel& channel) {
  const std::uint64_t what = below(100);
  if (what < 40) return publish(channel);
  if (what < 48) return consume(channel);
  if (what < 52) return cancel(channel);
  if (what < 62) return get(channel);
  if (what < 88) return settle(channel);
  if (what < 93) return finish_transaction(channel, what != 92);
  if (what < 95) return close_channel(channel);
  if (what < 96) return misuse(channel);
  if (what < 97) return purge(channel);
  if (what < 99 && options_.recovers) return recover_or_delete(channel);
  if (options_.durable) return change_own(channel);
}

void SimulatedClient::publish(Channel& channel) {
  const std::string kind = pick_queue(true, channel);
  const std::string queue = name(kind);
  const std::string body = std::to_string(number_) + "-" + std::to_string(++last_body_) +
                           std::string(below(10) == 0 ? 9'000 : 0, '.');
  amqp::Properties properties;
  properties.flags = amqp::kDeliveryMode | amqp::kPriority;
  properties.delivery_mode = below(2) == 0 ? 2 : 1;
  properties.priority = static_cast<std::uint8_t>(below(6));
  wire_->to_server += method_bytes(channel.number, amqp::BasicPublish{0, "", queue, true}) +
                      header_bytes(channel.number, body.size(), properties);
  for (std::size_t at = 0; at < body.size(); at += 8'000)
    wire_->to_server += body_bytes(channel.number, Bytes(body).substr(at, 8'000));
  ++channel.published;
  Event event{.kind = Event::Kind::kPublish, .queue = queue, .body = body};
  event.priority = kind == "priority" ? std::min<int>(properties.priority, kPriorityMax) : 0;
  event.confirms = channel.confirms;
  event.gated = kind == "quorum";
  event.durable = durable(kind) && (properties.delivery_mode == 2 || event.gated);
  if (!channel.transactional) return note(channel, event);
  channel.transaction.push_back(event);
}

void SimulatedClient::consume(Channel& channel) {
  if (channel.consumers.size() >= 3) return;
  const std::string consumer = "c" + std::to_string(channel.next_consumer++);
  const std::string queue = name(pick_queue(false, channel));
  static constexpr std::uint16_t kPrefetch[] = {0, 1, 2, 10};
  channel.prefetch = kPrefetch[below(4)];
  request(channel, amqp::BasicQos{0, channel.prefetch, false}, "basic.qos-ok*");
  const bool no_ack = below(5) == 0 && options_.no_ack;
  channel.consumers[consumer] = {queue, no_ack};
  Event event{.kind = Event::Kind::kConsume, .queue = queue, .consumer = consumer};
  event.prefetch = channel.prefetch;
  event.no_ack = no_ack;
  note(channel, event);
  amqp::BasicConsume method;
  method.queue = queue;
  method.consumer_tag = consumer;
  method.no_ack = no_ack;
  request(channel, method, "basic.consume-ok");
}

void SimulatedClient::cancel(Channel& channel) {
  for (auto& [tag, consumer] : channel.consumers) {
    if (consumer.cancelling) continue;
    consumer.cancelling = true;
    return request(channel, amqp::BasicCancel{tag, false}, "basic.cancel-ok");
  }
}

void SimulatedClient::get(Channel& channel) {
  const std::string queue = name(pick_queue(false, channel));
  const bool no_ack = below(3) == 0 && options_.no_ack;
  channel.gets.push_back({queue, no_ack});
  note(channel, {.kind = Event::Kind::kGet, .queue = queue, .no_ack = no_ack});
  request(channel, amqp::BasicGet{0, queue, no_ack}, "basic.get-");
}

void SimulatedClient::settle_one(Channel& channel, std::uint64_t tag, bool requeue) {
  Event event{.kind = requeue ? Event::Kind::kRequeue : Event::Kind::kSettle, .tag = tag};
  channel.held.erase(tag);
  if (!channel.transactional) return note(channel, event);
  channel.transaction.push_back(event);
}

void SimulatedClient::settle(Channel& channel) {
  if (channel.held.empty()) return;
  auto chosen = channel.held.begin();
  std::advance(chosen, below(channel.held.size()));
  const DeliveryTag tag(chosen->first);
  const bool requeue = below(5) == 0;
  const bool multiple = below(4) == 0;
  if (requeue) {
    send(channel, amqp::BasicNack{tag, multiple, true});
  } else if (multiple) {
    send(channel, amqp::BasicAck{tag, true});
  } else if (below(4) == 0) {
    send(channel, amqp::BasicReject{tag, false});
  } else {
    send(channel, amqp::BasicAck{tag, false});
  }
  if (!multiple) return settle_one(channel, tag.value, requeue);
  while (!channel.held.empty() && channel.held.begin()->first <= tag.value)
    settle_one(channel, channel.held.begin()->first, requeue);
}

void SimulatedClient::finish_transaction(Channel& channel, bool commit) {
  if (!channel.transactional) return;
  if (commit) {
    const int transaction = number_ * 1'000'000 + ++transactions_;
    for (Event& event : channel.transaction) {
      event.transaction = transaction;
      note(channel, event);
    }
    channel.transaction.clear();
    note(channel, {.kind = Event::Kind::kCommit, .transaction = transaction});
    request(channel, amqp::TxCommit{}, "tx.commit-ok",
            {{.kind = Event::Kind::kCommitted}, {.kind = Event::Kind::kBarrier}});
    channel.committing = true;
    return;
  }
  for (const Event& event : std::exchange(channel.transaction, {}))
    if (event.kind != Event::Kind::kPublish) channel.held[event.tag] = {};
  request(channel, amqp::TxRollback{}, "tx.rollback-ok");
}

void SimulatedClient::close_channel(Channel& channel) {
  note(channel, {.kind = Event::Kind::kChannelGone});
  channel.closing = true;
  channel.transaction.clear();
  request(channel, amqp::ChannelClose{200, "bye", 0, 0}, "channel.close-ok");
}

// The broker closes the channel; what it held is given up now.
void SimulatedClient::misuse(Channel& channel) {
  note(channel, {.kind = Event::Kind::kChannelGone});
  channel.closing = true;
  channel.transaction.clear();
  request(channel, amqp::BasicReject{DeliveryTag(1'000'000), true}, "channel.close");
}

void SimulatedClient::purge(Channel& channel) {
  const std::string queue = name(options_.durable && below(2) == 0 ? "durable" : "plain");
  request_durable(channel, amqp::QueuePurge{0, queue, false}, "queue.purge-ok",
                  {.kind = Event::Kind::kPurge, .queue = queue},
                  {.kind = Event::Kind::kPurged, .queue = queue});
}

void SimulatedClient::change_own(Channel& channel) {
  const std::string queue = name(kOwn);
  if (own_exists_ && below(2) == 0) {
    return request_durable(channel, amqp::QueuePurge{0, queue, false}, "queue.purge-ok",
                           {.kind = Event::Kind::kPurge, .queue = queue},
                           {.kind = Event::Kind::kPurged, .queue = queue});
  }
  if (std::exchange(own_changes_, true)) return;
  if (!own_exists_) return declare(channel, kOwn);
  own_exists_ = false;
  request_durable(channel, amqp::QueueDelete{0, queue, false, false, false}, "queue.delete-ok",
                  {.kind = Event::Kind::kDelete, .queue = queue},
                  {.kind = Event::Kind::kDeleted, .queue = queue});
}

void SimulatedClient::recover_or_delete(Channel& channel) {
  if (below(2) == 0) {
    if (channel.transactional || channel.recovering || !channel.gets.empty()) return;
    while (!channel.held.empty())
      settle_one(channel, channel.held.begin()->first, true);
    // What arrives before recover-ok was on its way and goes back, too.
    channel.recovering = true;
    return request(channel, amqp::BasicRecover{true}, "basic.recover-ok");
  }
  const std::string queue = name("durable");
  request_durable(channel, amqp::QueueDelete{0, queue, false, false, false}, "queue.delete-ok",
                  {.kind = Event::Kind::kDelete, .queue = queue},
                  {.kind = Event::Kind::kDeleted, .queue = queue});
  declare(channel, "durable");
}

void SimulatedClient::close() {
  closing_ = true;
  for (auto& [number, channel] : channels_) {
    note(channel, {.kind = Event::Kind::kFinished});
    note(channel, {.kind = Event::Kind::kChannelGone});
    channel.closing = true;
  }
  wire_->to_server += method_bytes(0, amqp::ConnectionClose{200, "bye", 0, 0});
}

// ---- seeing

void SimulatedClient::read() {
  while (wire_ != nullptr) {
    auto found = amqp::find_frame(wire_->to_client, 0);
    if (!found.ok()) return complaints_.push_back("a malformed frame");
    if (found->consumed == 0) return;
    const std::size_t consumed = found->consumed;
    take_frame(found->frame);
    if (wire_ == nullptr) return;
    wire_->to_client.erase(0, consumed);
  }
}

void SimulatedClient::take_frame(const amqp::Frame& frame) {
  const unsigned number = frame.channel.value;
  if (frame.type == amqp::FrameType::kMethod) {
    const auto method = amqp::decode_method(frame.payload);
    if (!method.ok()) return complaints_.push_back("a malformed method");
    return take_method(number, *method);
  }
  if (frame.type == amqp::FrameType::kHeartbeat) return;
  if (number != content_.channel) complaints_.push_back("content of another channel");
  if (frame.type == amqp::FrameType::kHeader) {
    content_.size = amqp::parse_content_header(frame.payload)->body_size;
  } else {
    content_.body.append(frame.payload);
  }
  if (content_.body.size() == content_.size) take_content(channels_.at(number));
}

void SimulatedClient::take_connection_method(const amqp::Method& method) {
  open_ = open_ || std::holds_alternative<amqp::ConnectionOpenOk>(method);
  if (const auto* close = std::get_if<amqp::ConnectionClose>(&method)) {
    if (close->reply_code != static_cast<std::uint16_t>(amqp::ReplyCode::kConnectionForced))
      return complaints_.push_back(amqp::describe(method));
    disconnect(Event::Kind::kForced);
    node_->drop(*std::exchange(wire_, nullptr));
  }
  if (std::holds_alternative<amqp::ConnectionCloseOk>(method)) {
    closed_ = true;
    channels_.clear();
    node_->drop(*std::exchange(wire_, nullptr));
  }
}

void SimulatedClient::take_method(unsigned number, const amqp::Method& method) {
  if (number == 0) return take_connection_method(method);
  const auto found = channels_.find(number);
  if (found == channels_.end())
    return complaints_.push_back("no such channel: " + amqp::describe(method));
  Channel& channel = found->second;
  if (const auto* deliver = std::get_if<amqp::BasicDeliver>(&method)) {
    content_ = {number, std::string(deliver->consumer_tag), deliver->delivery_tag.value,
                deliver->redelivered};
  } else if (const auto* got = std::get_if<amqp::BasicGetOk>(&method)) {
    content_ = {number, "", got->delivery_tag.value, got->redelivered, true};
  } else if (std::holds_alternative<amqp::BasicReturn>(method)) {
    content_ = {number};
    content_.returned = true;
    complaints_.push_back("a return of what is routable");
  } else if (const auto* ack = std::get_if<amqp::BasicAck>(&method)) {
    take_confirm(channel, ack->delivery_tag.value, ack->multiple, false);
  } else if (const auto* nack = std::get_if<amqp::BasicNack>(&method)) {
    take_confirm(channel, nack->delivery_tag.value, nack->multiple, true);
  } else if (const auto* cancelled = std::get_if<amqp::BasicCancel>(&method)) {
    remember(channel, "replies", amqp::describe(method));
    const std::string consumer(cancelled->consumer_tag);
    if (channel.consumers.erase(consumer) != 0)
      note(channel, {.kind = Event::Kind::kCancelOk, .consumer = consumer});
  } else {
    take_reply(channel, method);
  }
}

void SimulatedClient::take_reply(Channel& channel, const amqp::Method& method) {
  const std::string reply = amqp::describe(method);
  remember(channel, "replies", reply);
  // A get that waits for its body when the broker closes its channel is not answered.
  if (channel.closing && std::holds_alternative<amqp::ChannelClose>(method)) {
    while (!channel.awaited.empty() && channel.awaited.front().reply == "basic.get-")
      channel.awaited.pop_front();
  }
  if (channel.awaited.empty()) return complaints_.push_back("an answer to nothing: " + reply);
  const auto [awaited, events] = channel.awaited.front();
  const bool closes = std::holds_alternative<amqp::ChannelClose>(method);
  if (!reply.starts_with(awaited.substr(0, awaited.find('*'))))
    return complaints_.push_back("awaited " + awaited + ", not " + reply);
  channel.awaited.pop_front();
  for (const Event& event : events)
    if (!channel.closing || event.kind != Event::Kind::kBarrier) note(channel, event);
  if (awaited == "basic.get-") channel.gets.pop_front();
  if (awaited == "basic.recover-ok") channel.recovering = false;
  if (awaited == "tx.commit-ok") {
    channel.committing = false;
    // What the commit sets going comes behind commit-ok.
    if (!channel.closing)
      request(channel, amqp::BasicQos{0, channel.prefetch, false}, "basic.qos-ok",
              {{.kind = Event::Kind::kBarrier}});
  }
  if (const auto* ok = std::get_if<amqp::BasicConsumeOk>(&method))
    note(channel, {.kind = Event::Kind::kConsumeOk, .consumer = std::string(ok->consumer_tag)});
  if (const auto* ok = std::get_if<amqp::BasicCancelOk>(&method)) {
    note(channel, {.kind = Event::Kind::kCancelOk, .consumer = std::string(ok->consumer_tag)});
    channel.consumers.erase(std::string(ok->consumer_tag));
  }
  if (closes) send(channel, amqp::ChannelCloseOk{});
  if (!closes && awaited != "channel.close-ok") return;
  note(channel, {.kind = Event::Kind::kBarrier});
  channels_.erase(channel.number);
}

void SimulatedClient::take_confirm(Channel& channel, std::uint64_t tag, bool multiple, bool nack) {
  // Coalescing is the broker's choice: one line each.
  for (std::uint64_t each = multiple ? channel.confirmed + 1 : tag; each <= tag; ++each)
    remember(channel, "confirms", std::to_string(each) + (nack ? " nack" : " ack"));
  channel.confirmed = tag;
  Event event{.kind = Event::Kind::kConfirm, .tag = tag};
  event.multiple = multiple;
  event.nack = nack;
  note(channel, event);
}

void SimulatedClient::take_content(Channel& channel) {
  const Content content = std::exchange(content_, {});
  if (content.returned) return;
  Event event{.kind = Event::Kind::kDeliver, .body = content.body, .consumer = content.consumer};
  event.tag = content.tag;
  event.redelivered = content.redelivered;
  std::string line = std::to_string(event.tag) + " " + event.consumer + " " + event.body;
  if (event.redelivered) line += " redelivered";
  if (content.get) {
    remember(channel, "replies", "get-ok " + line);
    if (channel.awaited.empty() || channel.awaited.front().reply != "basic.get-" ||
        channel.gets.empty())
      return complaints_.push_back("a get-ok out of order");
    channel.awaited.pop_front();
    event.kind = Event::Kind::kGetOk;
    event.queue = channel.gets.front().queue;
    event.no_ack = channel.gets.front().no_ack;
    channel.gets.pop_front();
  } else {
    remember(channel, "deliveries", line);
    const auto consumer = channel.consumers.find(event.consumer);
    if (consumer == channel.consumers.end()) {
      note(channel, event);
      return complaints_.push_back("a delivery to no consumer: " + line);
    }
    event.queue = consumer->second.queue;
    event.no_ack = consumer->second.no_ack;
  }
  note(channel, event);
  if (!channel.closing && !channel.recovering && !event.no_ack)
    channel.held[event.tag] = {event.queue, event.consumer};
}

void SimulatedClient::remember(const Channel& channel, const char* what, std::string line) {
  seen_[std::to_string(channel.key) + " " + what].push_back(std::move(line));
}

}  // namespace harrier::test
