// Commands: queues, exchanges, bindings, consumers, connections.
#include "server/commands.h"

#include <utility>

#include "server/properties_key.h"

namespace harrier::server {

using amqp::ReplyCode;
using broker::ConnectionId;
using broker::RoutingTarget;
using broker::VirtualHost;

namespace {

constexpr std::size_t kNameSizeMax = 255;

CommandError refused(amqp::ProtocolError error) {
  return {CommandFailure::kRefused, error.code, std::move(error.detail)};
}

amqp::CheckedStatus check_name(std::string_view kind, std::string_view name) {
  if (name.size() <= kNameSizeMax) return base::Done{};
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      std::string(kind) + " is longer than 255 octets");
}

base::Failure<amqp::ProtocolError> no_such(std::string_view kind, std::string_view name,
                                           const VirtualHost& host) {
  return amqp::refuse(ReplyCode::kNotFound, "no " + std::string(kind) + " '" + std::string(name) +
                                                "' in vhost '" + host.name() + "'");
}

// One of them: the names of AMQP's methods for the two kinds of destination.
const char* bind_action(const BindingPlace& place) {
  return place.destination_kind == RoutingTarget::Kind::kQueue ? "queue.bind" : "exchange.bind";
}
const char* unbind_action(const BindingPlace& place) {
  return place.destination_kind == RoutingTarget::Kind::kQueue ? "queue.unbind" : "exchange.unbind";
}

template <class T>
amqp::CheckedStatus keep(amqp::Checked<T> result, T& value) {
  if (!result.ok()) return base::fail(std::move(result).error());
  value = std::move(result).value();
  return base::Done{};
}

template <class T>
Command<T> answer(CommandStatus status, T value) {
  if (!status.ok()) return base::fail(std::move(status).error());
  return value;
}

}  // namespace

CommandStatus Commands::ask(HostVisit& visit, const broker::Actor& actor, std::string_view action,
                            const Task& task) {
  amqp::CheckedStatus status = base::Done{};
  const bool ran = visit.run([&](VirtualHost& host) {
    status = host.enter(actor);
    if (status.ok()) status = task(host);
    if (!status.ok()) host.note_error(actor, action, status.error());
  });
  if (!ran) {
    return base::fail(CommandError{CommandFailure::kNoVirtualHost, ReplyCode::kNotFound,
                                   "vhost '" + visit.name() + "' not found"});
  }
  if (!status.ok()) return base::fail(refused(std::move(status).error()));
  return base::Done{};
}

CommandStatus Commands::change(const std::string& virtual_host, const broker::Actor& actor,
                               std::string_view action, const Task& task) {
  HostVisit visit(shared_.virtual_hosts, loops_, virtual_host);
  auto status = ask(visit, actor, action, task);
  if (status.ok() && !visit.wait_until_durable()) {
    return base::fail(
        CommandError{CommandFailure::kNotDurable, ReplyCode::kInternalError,
                     "the change is in force, but the disk has not taken it in time"});
  }
  return status;
}

// ---- queues

Command<bool> Commands::declare_queue(const broker::Actor& actor, const std::string& virtual_host,
                                      const broker::QueueDeclaration& declaration) {
  bool made = false;
  auto status = change(virtual_host, actor, "queue.declare", [&](VirtualHost& host) {
    if (auto named = check_name("queue name", declaration.name); !named.ok()) return named;
    made = host.find_queue(declaration.name) == nullptr;
    broker::QueueDeclaration wanted = declaration;
    // No connection would own it.
    wanted.exclusive = wanted.paused = false;
    broker::QueueRef queue;
    return keep(host.declare_queue(actor, std::move(wanted), ConnectionId()), queue);
  });
  return answer(std::move(status), made);
}

Command<std::uint64_t> Commands::delete_queue(const broker::Actor& actor,
                                              const std::string& virtual_host,
                                              const std::string& queue, bool if_unused,
                                              bool if_empty) {
  std::uint64_t count = 0;
  auto status = change(virtual_host, actor, "queue.delete", [&](VirtualHost& host) {
    broker::QueueRef found;
    auto used =
        keep(host.use_queue(actor, broker::Permission::kConfigure, queue, ConnectionId()), found);
    if (!used.ok()) return used;
    return keep(host.delete_queue(actor, queue, ConnectionId(), if_unused, if_empty), count);
  });
  return answer(std::move(status), count);
}

Command<std::uint64_t> Commands::purge_queue(const broker::Actor& actor,
                                             const std::string& virtual_host,
                                             const std::string& queue) {
  std::uint64_t count = 0;
  auto status = change(virtual_host, actor, "queue.purge", [&](VirtualHost& host) {
    return keep(host.purge_queue(actor, queue, ConnectionId()), count);
  });
  return answer(std::move(status), count);
}

CommandStatus Commands::set_paused(const broker::Actor& actor, const std::string& virtual_host,
                                   const std::string& queue, bool paused) {
  const char* const action = paused ? "queue.pause" : "queue.resume";
  return change(virtual_host, actor, action, [&](VirtualHost& host) {
    broker::QueueRef found;
    auto used =
        keep(host.use_queue(actor, broker::Permission::kConfigure, queue, ConnectionId()), found);
    if (!used.ok() || found->paused() == paused) return used;
    found->set_paused(paused);
    host.note(actor, {.action = action, .kind = "queue", .name = queue});
    return used;
  });
}

CommandStatus Commands::cancel_consumer(const broker::Actor& actor, const std::string& virtual_host,
                                        const std::string& queue, const std::string& consumer_tag) {
  HostVisit visit(shared_.virtual_hosts, loops_, virtual_host);
  return ask(visit, actor, "basic.cancel", [&](VirtualHost& host) -> amqp::CheckedStatus {
    broker::QueueRef found;
    // Who may delete the queue may do that to its consumers.
    auto used =
        keep(host.use_queue(actor, broker::Permission::kConfigure, queue, ConnectionId()), found);
    if (!used.ok()) return used;
    std::vector<broker::ConsumerRef> meant;
    for (const broker::ConsumerRef& consumer : found->consumers())
      if (consumer->consumer_tag() == consumer_tag) meant.push_back(consumer);
    if (meant.empty()) return no_such("consumer", consumer_tag, host);
    for (const broker::ConsumerRef& consumer : meant) {
      found->detach(*consumer);
      consumer->sink().cancelled(*consumer);
    }
    host.note(actor, {.action = "basic.cancel", .kind = "consumer", .name = consumer_tag});
    return used;
  });
}

// ---- exchanges and bindings

Command<bool> Commands::declare_exchange(const broker::Actor& actor,
                                         const std::string& virtual_host,
                                         const broker::ExchangeDeclaration& declaration) {
  bool made = false;
  auto status = change(virtual_host, actor, "exchange.declare", [&](VirtualHost& host) {
    if (auto named = check_name("exchange name", declaration.name); !named.ok()) return named;
    made = host.find_exchange(declaration.name) == nullptr;
    return host.declare_exchange(actor, declaration);
  });
  return answer(std::move(status), made);
}

CommandStatus Commands::delete_exchange(const broker::Actor& actor, const std::string& virtual_host,
                                        const std::string& exchange, bool if_unused) {
  return change(virtual_host, actor, "exchange.delete",
                [&](VirtualHost& host) -> amqp::CheckedStatus {
                  const bool there = host.find_exchange(exchange) != nullptr;
                  auto status = host.delete_exchange(actor, exchange, if_unused);
                  if (status.ok() && !there) return no_such("exchange", exchange, host);
                  return status;
                });
}

Command<std::string> Commands::bind(const broker::Actor& actor, const std::string& virtual_host,
                                    const BindingPlace& place, const std::string& routing_key,
                                    const amqp::FieldTable& arguments) {
  auto status = change(virtual_host, actor, bind_action(place), [&](VirtualHost& host) {
    if (auto named = check_name("routing key", routing_key); !named.ok()) return named;
    return host.bind(
        actor,
        {place.destination_kind, place.destination, place.source, routing_key, arguments.view()},
        ConnectionId());
  });
  return answer(std::move(status), properties_key(routing_key, arguments.view()));
}

CommandStatus Commands::unbind(const broker::Actor& actor, const std::string& virtual_host,
                               const BindingPlace& place, const std::string& key) {
  return change(virtual_host, actor, unbind_action(place),
                [&](VirtualHost& host) -> amqp::CheckedStatus {
                  const RoutingTarget* destination = nullptr;
                  if (place.destination_kind == RoutingTarget::Kind::kQueue) {
                    destination = host.find_queue(place.destination);
                  } else {
                    destination = host.find_exchange(place.destination);
                  }
                  broker::BindingRequest request{
                      place.destination_kind, place.destination, place.source, {}, {}};
                  amqp::FieldTable arguments;
                  bool found = false;
                  if (destination != nullptr) {
                    for (const broker::Binding* binding : destination->inbound()) {
                      if (binding->source().name() != place.source ||
                          properties_key(binding->routing_key(), binding->arguments()) != key)
                        continue;
                      request.routing_key = binding->routing_key();
                      // The binding's own go with it.
                      arguments = amqp::FieldTable(binding->arguments());
                      request.arguments = arguments.view();
                      found = true;
                      break;
                    }
                  }
                  auto status = host.unbind(actor, request, ConnectionId());
                  if (status.ok() && !found) return no_such("binding", key, host);
                  return status;
                });
}

// ---- connections

bool Commands::close_connection(const broker::Actor& actor, std::size_t loop,
                                broker::ConnectionId id, const std::string& reason) {
  if (loop >= loops_.size()) return false;
  bool found = false;
  NodeLoop& own = *loops_[loop];
  own.run([&] {
    Connection* connection = own.io().find(id);
    if (connection == nullptr) return;
    found = true;
    if (shared_.audit) {
      shared_.audit->note(actor, connection->virtual_host(),
                          {.action = "connection.close",
                           .kind = "connection",
                           .name = connection->peer_display(),
                           .reason = reason});
    }
    connection->force_close(ReplyCode::kConnectionForced, reason);
  });
  return found;
}

std::uint64_t Commands::close_user_connections(const broker::Actor& actor, const std::string& user,
                                               const std::string& reason) {
  return close_all({user, {}, true}, actor, "user", user, reason);
}

std::uint64_t Commands::close_virtual_host_connections(const broker::Actor& actor,
                                                       const std::string& virtual_host,
                                                       const std::string& reason) {
  return close_all({{}, virtual_host, true}, actor, "vhost", virtual_host, reason);
}

std::uint64_t Commands::close_all(const ConnectionFilter& filter, const broker::Actor& actor,
                                  std::string_view kind, const std::string& name,
                                  const std::string& reason) {
  // An empty filter means all of them, which nobody asked for.
  if (name.empty()) return 0;
  std::uint64_t closed = 0;
  for (const auto& loop : loops_)
    loop->run(
        [&] { closed += loop->io().force_close(filter, ReplyCode::kConnectionForced, reason); });
  if (shared_.audit) {
    shared_.audit->note(actor, filter.virtual_host,
                        {.action = "connection.close",
                         .kind = kind,
                         .name = name,
                         .reason = reason,
                         .count = closed});
  }
  return closed;
}

}  // namespace harrier::server
