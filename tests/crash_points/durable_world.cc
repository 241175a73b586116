#include "crash_points/durable_world.h"

#include <algorithm>

#include "amqp/properties.h"
#include "broker/message_move.h"

namespace harrier::test {

using broker::Queue;
using broker::QueueEntry;
using broker::QueueRef;
using broker::VirtualHost;

// A basic.get that may have to wait for the disk.
struct DurableWorld::Getter final : broker::GetWaiter {
  Getter(DurableWorld& owner, std::size_t host_index, QueueRef from, bool without_ack)
      : world(owner), host(host_index), queue(std::move(from)), no_ack(without_ack) {}
  void try_again() override {
    QueueEntry entry;
    outcome = queue->get(no_ack, entry, *this);
    if (outcome != broker::GetOutcome::kEntry) return;
    world.delivered(host, *queue, entry);
    if (!no_ack) world.held_.push_back({host, queue, std::move(entry), {}});
  }
  DurableWorld& world;
  std::size_t host;
  QueueRef queue;
  bool no_ack;
  broker::GetOutcome outcome = broker::GetOutcome::kWait;
};

struct DurableWorld::Sink final : broker::ConsumerSink {
  Sink(DurableWorld& owner, std::size_t host_index) : world(owner), host(host_index) {}
  void deliver(broker::Consumer& consumer, QueueEntry&& entry) override {
    world.delivered(host, consumer.queue(), entry);
    if (consumer.no_ack()) return;
    world.held_.push_back(
        {host, QueueRef(&consumer.queue()), std::move(entry), broker::ConsumerRef(&consumer)});
  }
  void cancelled(broker::Consumer&) override { gone = true; }
  DurableWorld& world;
  std::size_t host;
  bool gone = false;
};

struct DurableWorld::Subscription {
  Subscription(DurableWorld& owner, std::size_t host) : sink(owner, host) {}
  broker::Credit channel_credit;
  broker::Credit output_credit;
  Sink sink;
  broker::ConsumerRef consumer;
};

DurableWorld::DurableWorld(DurableOptions options, std::uint64_t seed)
    : DurableMachine(std::move(options), seed), random_(seed) {}

DurableWorld::~DurableWorld() { drop_clients(); }

// ---- ends and beginnings

void DurableWorld::drop_clients() {
  getters_.clear();
  held_.clear();
  for (auto& subscription : subscriptions_)
    if (!subscription->sink.gone) subscription->consumer->queue().detach(*subscription->consumer);
  subscriptions_.clear();
}

void DurableWorld::crash(std::uint64_t seed) { end(files().after_crash(seed), false); }
void DurableWorld::kill() { end(files().after_kill(), false); }

bool DurableWorld::restart_cleanly(bool with_checkpoint) {
  for (const auto& subscription : subscriptions_)
    if (!subscription->sink.gone)
      act(subscription->sink.host,
          [&](VirtualHost&) { subscription->consumer->queue().detach(*subscription->consumer); });
  getters_.clear();
  while (!held_.empty() && !over())
    requeue(0);
  if (over()) return false;
  broker().settle();
  subscriptions_.clear();
  if (over()) return false;
  const bool stopped = broker().stop_cleanly(with_checkpoint);
  if (over()) return false;
  if (!stopped) complain("it does not stop");
  end(nullptr, stopped);
  return !over();
}

void DurableWorld::end(std::unique_ptr<FaultyFileSystem> disk, bool clean) {
  drop_clients();
  if (reopen(std::move(disk), clean)) verify_restored();
}

// ---- comparing

void DurableWorld::verify_restored() {
  std::set<Place> still;
  for (std::size_t host = 0; host != broker().hosts().size(); ++host) {
    verify_host(host);
    for (const auto& [id, queue] : broker().recorder(host).live().queues)
      for (const auto& [position, message] : queue.messages)
        if (handed_out_.contains({host, id, position})) still.insert({host, id, position});
  }
  handed_out_ = std::move(still);
}

void DurableWorld::verify_host(std::size_t index) {
  VirtualHost& host = broker().host(index);
  const DurableModel& model = broker().recorder(index).live();
  const std::string at = "host " + std::to_string(index) + ": ";
  const auto expect_equal = [&](const std::string& what, std::uint64_t is, std::uint64_t should) {
    if (is != should)
      complain(at + what + " " + std::to_string(is) + ", should be " + std::to_string(should));
  };
  expect_equal("queues", host.counters().queues.value(), model.queues.size());
  expect_equal("exchanges", host.counters().exchanges.value(), 5 + model.exchanges.size());
  expect_equal("bindings", host.counters().bindings.value(), model.bindings.size());
  expect_equal("ready", host.counters().ready.value(), model.message_count());
  std::uint64_t bytes = 0;
  for (const auto& [id, expected] : model.queues) {
    Queue* queue = host.find_queue(expected.name);
    if (queue == nullptr || queue->id().value != id) {
      complain(at + "queue '" + expected.name + "' is not there");
      continue;
    }
    expect_equal("ready in '" + expected.name + "'", queue->ready_count(),
                 expected.messages.size());
    expect_equal("paused '" + expected.name + "'", queue->paused(), expected.paused);
    for (const auto& [position, message] : expected.messages)
      bytes += message.body_size;
  }
  expect_equal("ready bytes", host.counters().ready_bytes.value(), bytes);
  for (const auto& [name, type] : model.exchanges) {
    const broker::Exchange* exchange = host.find_exchange(name);
    if (exchange == nullptr || exchange->type() != type)
      complain(at + "exchange '" + name + "' is not there");
  }
}

void DurableWorld::delivered(std::size_t host, Queue& queue, const QueueEntry& entry) {
  if (!entry.message) return complain("delivered without a message");
  const auto number =
      static_cast<std::uint64_t>(entry.message->ingress().time_since_epoch().count());
  const std::string what = "message " + std::to_string(number) + " of '" + queue.name() + "' at " +
                           std::to_string(entry.position.value);
  if (number == 0 || number > last_number_) complain(what + " was never published");
  if (entry.message->body() != body_of(number, entry.message->body_size()))
    complain(what + " has another body");
  const Place place{host, queue.id().value, entry.position.value};
  const bool before = handed_out_.contains(place);
  if (before && !entry.redelivered) complain(what + " was delivered before, and does not say so");
  if (exact() && !before && entry.redelivered)
    complain(what + " says that it was delivered before, but was not");
  handed_out_.insert(place);
  if (!entry.logged) return;
  const auto& queues = broker().recorder(host).live().queues;
  const auto found = queues.find(queue.id().value);
  if (found == queues.end()) return;
  const auto known = found->second.messages.find(entry.position.value);
  if (known == found->second.messages.end()) return;  // without acknowledgement
  if (known->second.number != number) complain(what + " stands where another one should");
  if (known->second.level != entry.priority) complain(what + " is on another level");
  if (known->second.delivery_count != entry.delivery_count)
    complain(what + " came back " + std::to_string(entry.delivery_count) + " times, should be " +
             std::to_string(known->second.delivery_count));
}

void DurableWorld::drain(std::size_t host, const std::string& name) {
  const auto queue_now = [&] { return broker().host(host).find_queue(name); };
  std::map<std::uint8_t, std::uint64_t> last;
  if (queue_now() == nullptr) return;
  const std::uint64_t id = queue_now()->id().value;
  set_paused(host, name, false);
  for (int i = 0; i != 20'000 && !over(); ++i) {
    const std::size_t before = held_.size();
    leaves_turns_open = false;
    get(host, name);
    broker().settle();
    if (over()) return;
    if (held_.size() == before) {
      if (!getters_.empty() && getters_.back()->outcome == broker::GetOutcome::kWait)
        complain("a get of '" + name + "' is never answered");
      break;
    }
    const QueueEntry& entry = held_.back().entry;
    std::uint64_t& position = last[entry.priority];
    if (entry.position.value <= position) complain("'" + name + "' is out of order");
    position = entry.position.value;
    ++drained;
    if (entry.redelivered) ++redelivered;
  }
  getters_.clear();
  // Dead letters may wait for room in the journal.
  for (int i = 0; i != 4 && !over() && broker().publishers_held(); ++i)
    broker().checkpoint();
  if (over()) return;
  // All that should be there is on hold.
  const auto& queues = broker().recorder(host).live().queues;
  const auto expected = queues.find(id);
  std::set<std::uint64_t> have;
  for (const Held& held : held_)
    if (held.host == host && held.queue->id().value == id) have.insert(held.entry.position.value);
  if (expected == queues.end()) return;
  for (const auto& [position, message] : expected->second.messages)
    if (!have.contains(position))
      complain("message " + std::to_string(message.number) + " of '" + name + "' at " +
               std::to_string(position) + " is lost");
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines)
    all += "\n  " + line;
  return all;
}

void DurableWorld::finish() {
  if (over()) {
    if (!excused()) complain("it has ended by itself: " + broker().error());
    return;
  }
  cancel_all();
  if (!broker().settle()) complain("it never comes to rest");
  // Dead letters, and gets behind them, may wait for room in the journal.
  for (int i = 0; i != 4 && !over() && broker().publishers_held(); ++i)
    broker().checkpoint();
  if (over()) return;
  // What dead-letters first, so that its letters are found.
  static constexpr const char* kNames[] = {"plain",  "fan1",  "fan2", "prio",  "work",
                                           "ttl",    "fade",  "maxd", "maxn",  "rejp",
                                           "quorum", "light", "dlq",  "temp0", "temp1"};
  for (std::size_t host = 0; host != broker().hosts().size(); ++host)
    for (const char* name : kNames)
      drain(host, name);
  while (!held_.empty() && !over())
    acknowledge(held_.size() - 1);
  if (!over()) broker().settle();
  if (over()) return;
  for (std::size_t host = 0; host != broker().hosts().size(); ++host) {
    const auto& counters = broker().host(host).counters();
    if (counters.ready.value() != 0 || counters.unacked.value() != 0 ||
        counters.ready_bytes.value() != 0)
      complain("counters are not zero: ready " + std::to_string(counters.ready.value()) +
               ", unacked " + std::to_string(counters.unacked.value()) + ", bytes " +
               std::to_string(counters.ready_bytes.value()));
    if (broker().recorder(host).live().message_count() != 0) complain("messages are left");
  }
  if (broker().loop_store().young_count() != 0) complain("young messages are left");
  for (int i = 0; i != 3 && !over(); ++i)
    if (!broker().checkpoint() && !over()) complain("a checkpoint is never written");
  if (over()) return;
  for (const DurableBroker::Host& host : broker().hosts()) {
    const store::ShardState& state = broker().loop_store().state(host.shard);
    for (const broker::QueueId id : state.queue_ids()) {
      const store::StoredQueue* queue = const_cast<store::ShardState&>(state).find(id);
      const Queue* known = host.host->find_queue(id);
      for (const store::StoredLevel& level : queue->levels())
        for (const auto* extents : {&level.extents, &level.transient_extents})
          for (const store::StoredExtent& extent : *extents)
            complain("'" + (known == nullptr ? "a queue that is gone" : known->name()) +
                     "' still has " + std::to_string(extent.count) + " from " +
                     std::to_string(extent.first.value) + " to " +
                     std::to_string(extent.last.value) + " in run " +
                     std::to_string(extent.run->run().value) +
                     (extents == &level.extents ? "" : ", transient"));
    }
  }
  for (const std::string& path : files().paths())
    if (path.starts_with("runs") && path.find('/') != std::string::npos)
      complain("the run '" + path + "' is left");
  for (const std::string& complaint : broker().complaints)
    complain(complaint);
}

// ---- what clients do

void DurableWorld::act(std::size_t host, const std::function<void(VirtualHost&)>& calls) {
  if (over()) return;
  const bool ends = !keeps_turns_open && (!leaves_turns_open || random_.below(4) != 0);
  broker().act(host, calls, ends);
}

broker::MessageRef DurableWorld::make_message(const Publish& publish) {
  const std::uint64_t number = ++last_number_;
  const std::string body = body_of(number, publish.body_size);
  amqp::Properties properties;
  const std::string expiration =
      publish.expiration ? std::to_string(publish.expiration->count()) : std::string();
  properties.flags = amqp::kDeliveryMode | amqp::kPriority;
  properties.delivery_mode = publish.persistent ? 2 : 1;
  properties.priority = publish.priority;
  if (publish.expiration) {
    properties.flags |= amqp::kExpiration;
    properties.expiration = expiration;
  }
  const std::string property_bytes = amqp::encode_properties(properties);
  broker::MessageParts parts;
  parts.exchange = publish.exchange;
  parts.routing_key = publish.routing_key;
  parts.property_bytes = property_bytes;
  parts.body = body;
  parts.persistent = publish.persistent;
  parts.priority = publish.priority;
  if (publish.expiration) {
    parts.has_expiration = true;
    parts.expiration = *publish.expiration;
  }
  parts.ingress = base::WallTime(base::Milliseconds(static_cast<std::int64_t>(number)));
  return broker::Message::create(parts);
}

void DurableWorld::publish(std::size_t host, const Publish& publish) {
  if (over() || broker().publishers_held()) return;
  const broker::MessageRef message = make_message(publish);
  act(host, [&](VirtualHost& to) {
    broker::Exchange* exchange =
        publish.exchange.empty() ? nullptr : to.find_exchange(publish.exchange);
    if (exchange == nullptr && !publish.exchange.empty()) return;
    std::vector<Queue*> queues;
    to.route(exchange, {message->routing_key()}, {}, queues);
    if (!queues.empty()) to.publish(message, queues);
  });
}

void DurableWorld::get(std::size_t host, const std::string& name, bool no_ack) {
  act(host, [&](VirtualHost& from) {
    Queue* queue = from.find_queue(name);
    if (queue == nullptr) return;
    getters_.push_back(std::make_unique<Getter>(*this, host, QueueRef(queue), no_ack));
    Getter& getter = *getters_.back();
    getter.try_again();
    if (getter.outcome != broker::GetOutcome::kWait) getters_.pop_back();
  });
  getters_.remove_if([this](const auto& getter) {
    return getter->outcome != broker::GetOutcome::kWait && getter != getters_.back();
  });
}

void DurableWorld::consume(std::size_t host, const std::string& name, bool no_ack,
                           std::uint16_t prefetch) {
  act(host, [&](VirtualHost& from) {
    Queue* queue = from.find_queue(name);
    if (queue == nullptr) return;
    auto subscription = std::make_unique<Subscription>(*this, host);
    broker::ConsumerOptions options;
    options.consumer_tag = "c" + std::to_string(subscriptions_.size());
    options.no_ack = no_ack;
    options.prefetch_count = prefetch;
    subscription->consumer =
        base::make_ref<broker::Consumer>(options, QueueRef(queue), subscription->sink,
                                         subscription->channel_credit, subscription->output_credit);
    if (!queue->attach(subscription->consumer, "/").ok()) return;
    queue->activate(*subscription->consumer);
    subscriptions_.push_back(std::move(subscription));
  });
}

void DurableWorld::cancel_all() {
  for (const auto& subscription : subscriptions_)
    if (!subscription->sink.gone)
      act(subscription->sink.host, [&](VirtualHost&) {
        subscription->consumer->queue().detach(*subscription->consumer);
        subscription->sink.gone = true;
      });
}

DurableWorld::Held DurableWorld::take_held(std::size_t index) {
  Held held = std::move(held_[index]);
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
  return held;
}

void DurableWorld::acknowledge(std::size_t index) {
  if (over()) return;
  Held held = take_held(index);
  act(held.host,
      [&](VirtualHost&) { held.queue->acknowledge(std::move(held.entry), held.consumer.get()); });
}
void DurableWorld::requeue(std::size_t index) {
  if (over()) return;
  Held held = take_held(index);
  act(held.host,
      [&](VirtualHost&) { held.queue->requeue(std::move(held.entry), held.consumer.get()); });
}
void DurableWorld::reject(std::size_t index) {
  if (over()) return;
  Held held = take_held(index);
  act(held.host,
      [&](VirtualHost&) { held.queue->reject(std::move(held.entry), held.consumer.get()); });
}

void DurableWorld::purge(std::size_t host, const std::string& queue) {
  act(host, [&](VirtualHost& of) { (void)of.purge_queue(broker().actor, queue, {}); });
}

void DurableWorld::set_paused(std::size_t host, const std::string& queue, bool paused) {
  act(host, [&](VirtualHost& of) {
    if (Queue* found = of.find_queue(queue)) found->set_paused(paused);
  });
}

void DurableWorld::delete_message(std::size_t host, const std::string& queue) {
  act(host, [&](VirtualHost& of) {
    Queue* const found = of.find_queue(queue);
    if (found == nullptr || found->ready().levels() == 0) return;
    const auto level = static_cast<std::uint8_t>(random_.below(found->ready().levels()));
    std::uint64_t skip = random_.below(20);
    std::optional<broker::Position> chosen;
    const auto on_disk = found->ready().visit_behind(level, {}, [&](const QueueEntry& entry) {
      chosen = entry.position;
      return skip-- != 0;
    });
    const auto drop = [found](const QueueEntry& entry) {
      found->settle_taken(entry, broker::SettleReason::kPurged);
    };
    if (on_disk && (!chosen || random_.below(2) == 0)) {
      found->peek(level, *on_disk, [found, drop, skip](const broker::PagedIn& page) {
        if (page.entries.empty()) return;
        const QueueEntry& entry = page.entries[skip % page.entries.size()];
        if (found->extract_from_disk(entry)) drop(entry);
      });
    } else if (chosen) {
      drop(found->extract(level, *chosen));
    }
  });
}

namespace {

// Does not come back when it is told.
class Passer final : public broker::GetWaiter {
 public:
  void try_again() override { unlink(); }
};

}  // namespace

void DurableWorld::move(std::size_t host, const std::string& from, const std::string& to,
                        std::size_t count) {
  if (over() || broker().publishers_held()) return;
  act(host, [&](VirtualHost& of) {
    Queue* const source = of.find_queue(from);
    Queue* const target = of.find_queue(to);
    if (source == nullptr || target == nullptr || source == target) return;
    Passer waiter;
    broker::MessageMove move(QueueRef(source), QueueRef(target), count);
    move.run(
        of, [] { return false; }, waiter);
    waiter.unlink();
  });
}

void DurableWorld::transaction(std::size_t host, std::size_t body_bytes) {
  if (over() || broker().publishers_held()) return;
  act(host, [&](VirtualHost& of) {
    const broker::ChangeGroup group(of.log());
    for (int i = 0; i != 3; ++i) {
      const broker::MessageRef message =
          make_message({i == 2 ? "fan" : "", i == 0 ? "plain" : "work",
                        body_bytes + random_.below(200), i != 1});
      std::vector<Queue*> queues;
      of.route(i == 2 ? of.find_exchange("fan") : nullptr, {message->routing_key()}, {}, queues);
      if (!queues.empty()) of.publish(message, queues);
    }
    for (std::size_t i = held_.size(); i-- > 0;) {
      if (held_[i].host != host || random_.below(2) == 0) continue;
      Held held = take_held(i);
      if (random_.below(3) == 0) {
        held.queue->reject(std::move(held.entry), held.consumer.get());
      } else {
        held.queue->acknowledge(std::move(held.entry), held.consumer.get());
      }
    }
    of.send_dead_letters();
  });
}

void DurableWorld::declare_queue(std::size_t host, const std::string& name, bool durable,
                                 const amqp::FieldTable& arguments) {
  act(host, [&](VirtualHost& of) {
    broker::QueueDeclaration declaration;
    declaration.name = name;
    declaration.durable = durable;
    declaration.arguments = arguments;
    const auto declared = of.declare_queue(broker().actor, declaration, {});
    if (!declared.ok()) complain("cannot declare: " + declared.error().detail);
  });
}
void DurableWorld::delete_queue(std::size_t host, const std::string& name) {
  act(host,
      [&](VirtualHost& of) { (void)of.delete_queue(broker().actor, name, {}, false, false); });
}
void DurableWorld::declare_exchange(std::size_t host, const std::string& name,
                                    broker::ExchangeType type) {
  act(host, [&](VirtualHost& of) {
    broker::ExchangeDeclaration declaration;
    declaration.name = name;
    declaration.type = type;
    declaration.durable = true;
    (void)of.declare_exchange(broker().actor, declaration);
  });
}
void DurableWorld::delete_exchange(std::size_t host, const std::string& name) {
  act(host, [&](VirtualHost& of) { (void)of.delete_exchange(broker().actor, name, false); });
}
void DurableWorld::bind(std::size_t host, const std::string& exchange, const std::string& queue,
                        const std::string& key, bool unbind) {
  act(host, [&](VirtualHost& of) {
    broker::BindingRequest request;
    request.destination = queue;
    request.source = exchange;
    request.routing_key = key;
    if (unbind) {
      (void)of.unbind(broker().actor, request, {});
    } else {
      (void)of.bind(broker().actor, request, {});
    }
  });
}

void DurableWorld::declare_everything(std::size_t host) {
  amqp::FieldTable letters;
  letters.add_string("x-dead-letter-exchange", "").add_string("x-dead-letter-routing-key", "dlq");
  const auto with = [&](const char* name, std::int64_t value, bool dead_letters) {
    amqp::FieldTable table = dead_letters ? letters : amqp::FieldTable();
    table.add_long(name, value);
    return table;
  };
  for (const char* name : {"plain", "fan1", "fan2", "dlq"})
    declare_queue(host, name, true);
  declare_queue(host, "prio", true, with("x-max-priority", 5, false));
  declare_queue(host, "work", true, letters);
  declare_queue(host, "ttl", true, with("x-message-ttl", 40, true));
  declare_queue(host, "fade", true, with("x-message-ttl", 60, false));
  declare_queue(host, "maxd", true, with("x-max-length", 5, true));
  declare_queue(host, "maxn", true, with("x-max-length-bytes", 8'000, false));
  amqp::FieldTable refusing = with("x-max-length", 4, true);
  refusing.add_string("x-overflow", "reject-publish-dlx");
  declare_queue(host, "rejp", true, refusing);
  amqp::FieldTable quorum = with("x-delivery-limit", 3, true);
  quorum.add_string("x-queue-type", "quorum");
  declare_queue(host, "quorum", true, quorum);
  declare_queue(host, "light", false);
  declare_exchange(host, "fan", broker::ExchangeType::kFanout);
  for (const char* name : {"fan1", "fan2", "plain"})
    bind(host, "fan", name, "");
}

void DurableWorld::run(std::size_t steps) {
  for (; steps != 0 && !over(); --steps) {
    do_something();
    if (over()) return;
    broker().jitter(random_.below(6));
  }
}

void DurableWorld::do_something() {
  static constexpr const char* kTargets[] = {"plain", "prio", "work", "ttl",    "fade",
                                             "maxd",  "maxn", "rejp", "quorum", "light"};
  const std::size_t host = random_.below(5) == 0 ? broker().hosts().size() - 1 : 0;
  const std::string target = kTargets[random_.below(std::size(kTargets))];
  const auto some_held = [&] { return random_.below(held_.size()); };
  const std::string temp = random_.below(2) == 0 ? "temp0" : "temp1";
  switch (random_.below(33)) {
    case 0:
    case 1:
    case 2: {  // one, of any kind
      Publish one{"", target, random_.below(3) == 0 ? 0 : random_.below(4'000),
                  random_.below(4) != 0, static_cast<std::uint8_t>(random_.below(7))};
      if (random_.below(5) == 0) one.expiration = base::Milliseconds(random_.below(80));
      return publish(host, one);
    }
    case 3:
    case 4:
    case 5:  // a few, so that queues grow
      for (std::size_t i = 2 + random_.below(12); i != 0; --i)
        publish(host, {"", target, 100 + random_.below(900), random_.below(8) != 0,
                       static_cast<std::uint8_t>(random_.below(6))});
      return;
    case 6: return publish(host, {"", "plain", 70'000});
    case 7:
    case 8: return publish(host, {"fan", "", random_.below(5'000), random_.below(5) != 0});
    case 9:
    case 10:
    case 11:
      for (std::size_t i = 1 + random_.below(5); i != 0; --i)
        get(host, target, random_.below(5) == 0);
      return;
    case 12: return get(host, "fan1");
    case 13: return get(host, "dlq", random_.below(2) == 0);
    case 14:
    case 15:
      if (!held_.empty()) acknowledge(some_held());
      return;
    case 16:  // a range
      for (std::size_t i = std::min<std::size_t>(held_.size(), 8); i != 0 && !over(); --i)
        acknowledge(0);
      return;
    case 17:
    case 18:
      if (!held_.empty()) requeue(some_held());
      return;
    case 19:
      // A consumer may get it at once: each only once.
      for (std::size_t i = held_.size(); i != 0 && !held_.empty() && !over(); --i)
        requeue(std::min(i, held_.size()) - 1);
      return;
    case 20:
    case 21:
      if (!held_.empty()) reject(some_held());
      return;
    case 22: return random_.below(3) == 0 ? purge(host, target) : transaction(host);
    case 23: return transaction(host);
    case 24:
      if (random_.below(2) == 0) return delete_queue(host, temp);
      declare_queue(host, temp, true);
      bind(host, "fan", temp, "");
      if (random_.below(3) == 0) bind(host, "fan", temp, "", true);
      return publish(host, {"", temp, 300});
    case 25:
      if (random_.below(3) == 0) return delete_exchange(host, "extra");
      declare_exchange(
          host, "extra",
          random_.below(2) == 0 ? broker::ExchangeType::kDirect : broker::ExchangeType::kTopic);
      return bind(host, "extra", "work", "key");
    case 30: return set_paused(host, target, random_.below(3) == 0);
    case 31: return delete_message(host, target);
    case 32: return move(host, random_.below(2) == 0 ? "dlq" : target, "plain", random_.below(9));
    case 26:
      if (random_.below(2) == 0) return cancel_all();
      return consume(host, target, random_.below(3) == 0, 3);
    case 27:
      if (random_.below(2) == 0) broker().store().checkpointer().request();
      return;
    default:
      clock().time += base::Milliseconds(random_.below(25));
      broker().step(0);
      return;
  }
}

}  // namespace harrier::test
