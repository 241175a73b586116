// Commands: publish, get and browse.
#include <algorithm>
#include <memory>
#include <utility>

#include "broker/expiration.h"
#include "broker/message_size.h"
#include "broker/queue_cursor.h"
#include "server/commands.h"
#include "server/visited_queue.h"

namespace harrier::server {

using amqp::ReplyCode;
using broker::ConnectionId;
using broker::Position;
using broker::QueueEntry;
using broker::VirtualHost;
using std::chrono::steady_clock;
using Slice = VisitedQueue::Slice;
using End = VisitedQueue::End;

namespace {

constexpr std::size_t kShortStringMax = 255;

CommandError gone(const std::string& queue, const std::string& virtual_host) {
  return {CommandFailure::kRefused, ReplyCode::kNotFound,
          "no queue '" + queue + "' in vhost '" + virtual_host + "'"};
}

CommandError given_up() {
  return {CommandFailure::kGivenUp, ReplyCode::kInternalError, "nobody waits for the answer"};
}

ReadMessage copy_of(const QueueEntry& entry, std::size_t body_bytes_max) {
  const broker::Message& message = *entry.message;
  ReadMessage copy;
  copy.place = {entry.position.value, entry.priority};
  copy.exchange = message.exchange();
  copy.routing_key = message.routing_key();
  copy.redelivered = entry.redelivered;
  copy.delivery_count = entry.delivery_count;
  copy.property_bytes = message.property_bytes();
  copy.body = message.body().substr(0, body_bytes_max);
  copy.body_bytes = message.body_size();
  return copy;
}

std::uint64_t size_of(const ReadMessage& message) {
  return message.body.size() + message.property_bytes.size() + message.exchange.size() +
         message.routing_key.size();
}

}  // namespace

// ---- publish

amqp::CheckedStatus Commands::check_publish(const broker::Actor& actor,
                                            const PublishRequest& request) const {
  const amqp::Properties& properties = request.properties;
  for (const base::Bytes text :
       {base::Bytes(request.exchange), base::Bytes(request.routing_key), properties.content_type,
        properties.content_encoding, properties.correlation_id, properties.reply_to,
        properties.expiration, properties.message_id, properties.type, properties.user_id,
        properties.app_id, properties.cluster_id})
    if (text.size() > kShortStringMax)
      return amqp::refuse(ReplyCode::kSyntaxError,
                          "a name, key or property is longer than 255 octets");
  const std::uint64_t size_max =
      std::min(message_size_max_, shared_.users.account_of(actor.user)->message_size_max());
  if (request.body.size() > size_max)
    return base::fail(broker::message_too_large(request.body.size(), size_max));
  if (properties.has(amqp::kUserId) && properties.user_id != actor.user &&
      !actor.has_tag("impersonator")) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "user_id property set to '" + std::string(properties.user_id) +
                            "' but authenticated user was '" + actor.user + "'");
  }
  if (properties.reply_to == broker::kReplyTo)
    return amqp::refuse(ReplyCode::kPreconditionFailed, "fast reply consumer does not exist");
  return base::Done{};
}

namespace {

// What one publish becomes in its virtual host.
class DirectPublish {
 public:
  DirectPublish(const broker::Actor& actor, const PublishRequest& request)
      : actor_(actor), request_(request) {}

  amqp::CheckedStatus run(VirtualHost& host) {
    if (auto status = host.quota().check_size(request_.body.size()); !status.ok()) return status;
    auto exchange = host.publish_exchange(actor_, request_.exchange);
    if (!exchange.ok()) return base::fail(std::move(exchange).error());
    broker::RoutingKeys keys;
    if (auto status =
            broker::collect_routing_keys(request_.routing_key, request_.properties.headers, keys);
        !status.ok())
      return status;
    for (const base::Bytes key : keys.keys)
      if (auto status = host.check_topic(actor_, *exchange, key); !status.ok()) return status;
    amqp::Properties properties = request_.properties;
    const auto without_bcc = amqp::FieldTable::without(properties.headers, "BCC");
    if (keys.has_bcc) properties.headers = without_bcc.view();
    const std::string property_bytes = amqp::encode_properties(properties);
    broker::MessageParts parts;
    if (auto status = fill(parts, host); !status.ok()) return status;
    parts.property_bytes = property_bytes;
    ++host.counters().published;
    ++host.counters().published_confirm;
    host.counters().message_sizes.add(request_.body.size());
    if (request_.exchange.empty() && request_.routing_key.starts_with(broker::kReplyToPrefix))
      return reply(host, parts);
    std::vector<broker::Queue*> queues;
    host.route(*exchange, keys.keys, properties.headers, queues);
    host.counters().routed.add(queues.size());
    host.traffic_of(*exchange).add(1, queues.size(), host.now().monotonic);
    if (queues.empty()) host.traffic_of(*exchange).add_returned();
    return publish(host, parts, queues);
  }

  bool routed() const { return routed_; }
  bool held() const { return held_; }

 private:
  amqp::CheckedStatus fill(broker::MessageParts& parts, const VirtualHost& host) const {
    const amqp::Properties& properties = request_.properties;
    parts.exchange = request_.exchange;
    parts.routing_key = request_.routing_key;
    parts.body = request_.body;
    parts.ingress = host.now().wall;
    parts.persistent = properties.persistent();
    if (properties.has(amqp::kPriority)) parts.priority = properties.priority;
    if (!properties.has(amqp::kExpiration)) return base::Done{};
    const auto expiration = broker::parse_expiration(properties.expiration);
    if (!expiration.ok()) return base::fail(expiration.error());
    parts.has_expiration = true;
    parts.expiration = *expiration;
    return base::Done{};
  }
  // Counts as routed whether or not somebody is there (S38).
  amqp::CheckedStatus reply(VirtualHost& host, const broker::MessageParts& parts) {
    routed_ = true;
    host.traffic_of(nullptr).add(1, 0, host.now().monotonic);
    if (broker::ReplySink* sink = host.find_reply_sink(request_.routing_key)) {
      sink->deliver_reply(broker::Message::create(parts));
    } else {
      ++host.counters().direct_replies_dropped;
    }
    return base::Done{};
  }
  amqp::CheckedStatus publish(VirtualHost& host, const broker::MessageParts& parts,
                              const std::vector<broker::Queue*>& queues) {
    if (queues.empty()) {
      ++host.counters().unroutable_returned;
      return base::Done{};
    }
    if (host.quota().held()) {
      held_ = true;
      return base::Done{};
    }
    routed_ = true;
    if (host.publish(broker::Message::create(parts), queues).refused) {
      return amqp::refuse(ReplyCode::kPreconditionFailed,
                          "a queue that it is routed to is full and refuses it");
    }
    ++host.counters().confirmed;
    return base::Done{};
  }

  const broker::Actor& actor_;
  const PublishRequest& request_;
  bool routed_ = false;
  bool held_ = false;
};

}  // namespace

Command<bool> Commands::publish(const broker::Actor& actor, const std::string& virtual_host,
                                const PublishRequest& request) {
  const CommandError held{
      CommandFailure::kHeld, ReplyCode::kResourceError,
      "publishers are held: " + shared_.gate.notice().value_or("storage limit reached, or a disk "
                                                               "that is behind")};
  if (shared_.gate.closed()) return base::fail(held);
  DirectPublish publish(actor, request);
  auto status = change(virtual_host, actor, "basic.publish", [&](VirtualHost& host) {
    auto checked = check_publish(actor, request);
    return checked.ok() ? publish.run(host) : std::move(checked);
  });
  if (!status.ok()) return base::fail(std::move(status).error());
  if (publish.held()) return base::fail(held);
  return publish.routed();
}

// ---- get

Command<std::vector<ReadMessage>> Commands::get(const broker::Actor& actor,
                                                const std::string& virtual_host,
                                                const std::string& queue, const GetRequest& request,
                                                const GiveUp& give_up) {
  HostVisit visit(shared_.virtual_hosts, loops_, virtual_host);
  VisitedQueue at(visit);
  auto status = ask(visit, actor, "basic.get", [&](VirtualHost& host) -> amqp::CheckedStatus {
    auto used = host.use_queue(actor, broker::Permission::kRead, queue, ConnectionId());
    if (!used.ok()) return base::fail(std::move(used).error());
    at.queue = *std::move(used);
    const broker::QueueSettings& settings = at.queue->settings();
    if (settings.type != broker::QueueType::kQuorum || !settings.single_active_consumer)
      return base::Done{};
    return amqp::refuse(ReplyCode::kResourceLocked,
                        "cannot obtain access to locked queue '" + queue + "' in vhost '" +
                            virtual_host +
                            "'. basic.get operations are not supported by quorum queues with "
                            "single active consumer");
  });
  if (!status.ok()) return base::fail(std::move(status).error());
  std::vector<ReadMessage> got;
  std::uint64_t bytes = 0;
  const std::uint64_t count = std::min(request.count, limits_.messages_max);
  const End end = at.run(give_up, [&](VirtualHost&) {
    const auto slice_end = steady_clock::now() + kSlice;
    while (got.size() < count && bytes < limits_.bytes_max) {
      QueueEntry entry;
      const broker::GetOutcome outcome = at.queue->get(false, entry, at.waiter);
      if (outcome == broker::GetOutcome::kWait) return Slice::kWait;
      if (outcome == broker::GetOutcome::kEmpty) return Slice::kDone;
      got.push_back(copy_of(entry, request.body_bytes_max));
      got.back().message_count = at.queue->ready_count();
      bytes += size_of(got.back());
      at.held.push_back(std::move(entry));
      if (steady_clock::now() >= slice_end) return Slice::kMore;
    }
    return Slice::kDone;
  });
  // What nobody will read was not got.
  const GetAck ack = end == End::kDone ? request.ack : GetAck::kRequeue;
  visit.run([&](VirtualHost&) {
    for (QueueEntry& entry : std::exchange(at.held, {})) {
      switch (ack) {
        case GetAck::kRequeue: at.queue->requeue(std::move(entry), nullptr); break;
        case GetAck::kAck: at.queue->acknowledge(std::move(entry), nullptr); break;
        case GetAck::kReject: at.queue->reject(std::move(entry), nullptr); break;
      }
    }
  });
  if (end == End::kGivenUp) return base::fail(given_up());
  if (end == End::kGone) return base::fail(gone(queue, virtual_host));
  return got;
}

// ---- browse

namespace {

// Shared with the answer of a disk that comes when nobody waits any more.
struct Browse {
  explicit Browse(const BrowseRequest& request, const CommandLimitOptions& limits)
      : count(std::min(request.count, limits.messages_max)),
        bytes_max(limits.bytes_max),
        body_bytes_max(request.body_bytes_max) {
    if (request.after)
      cursor = broker::QueueCursor(request.after->level, Position(request.after->position));
  }

  bool take(const QueueEntry& entry, bool on_disk) {
    if (seen.messages.size() >= count || bytes >= bytes_max) {
      seen.more = true;
      return false;
    }
    seen.messages.push_back(copy_of(entry, body_bytes_max));
    seen.messages.back().paged_out = on_disk;
    bytes += size_of(seen.messages.back());
    return true;
  }
  broker::QueueCursor::Visit visit() {
    return [this](const QueueEntry& entry, bool on_disk) { return take(entry, on_disk); };
  }

  const std::uint64_t count;
  const std::uint64_t bytes_max;
  const std::size_t body_bytes_max;
  broker::QueueCursor cursor;
  BrowsedMessages seen;
  std::uint64_t bytes = 0;
  bool reading = false;
  Signal signal;
};

constexpr std::uint64_t kLookedAtPerSlice = 256;

}  // namespace

Command<BrowsedMessages> Commands::browse(const broker::Actor& actor,
                                          const std::string& virtual_host, const std::string& queue,
                                          const BrowseRequest& request, const GiveUp& give_up) {
  HostVisit visit(shared_.virtual_hosts, loops_, virtual_host);
  VisitedQueue at(visit);
  const auto browse = std::make_shared<Browse>(request, limits_);
  auto status = ask(visit, actor, "queue.browse", [&](VirtualHost& host) -> amqp::CheckedStatus {
    auto used = host.use_queue(actor, broker::Permission::kRead, queue, ConnectionId());
    if (!used.ok()) return base::fail(std::move(used).error());
    at.queue = *std::move(used);
    return base::Done{};
  });
  if (!status.ok()) return base::fail(std::move(status).error());
  const End end = at.run(browse->signal, give_up, [&](VirtualHost& host) {
    browse->seen.ready = at.queue->ready_count();
    if (browse->reading) return Slice::kWait;
    if (browse->seen.more) return Slice::kDone;
    const base::MonotonicTime now = host.now().monotonic;
    const auto step = browse->cursor.run(*at.queue, kLookedAtPerSlice, now, browse->visit(),
                                         [browse, now](const broker::PagedIn& page) {
                                           browse->cursor.take_page(page, now, browse->visit());
                                           browse->reading = false;
                                           browse->signal.tell();
                                         });
    browse->reading = step == broker::QueueCursor::Step::kWait;
    switch (step) {
      case broker::QueueCursor::Step::kDone: return Slice::kDone;
      case broker::QueueCursor::Step::kMore: return Slice::kMore;
      case broker::QueueCursor::Step::kWait: break;
    }
    return Slice::kWait;
  });
  if (end == End::kGivenUp) return base::fail(given_up());
  if (end == End::kGone) return base::fail(gone(queue, virtual_host));
  return std::move(browse->seen);
}

}  // namespace harrier::server
