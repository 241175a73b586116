// Queues of a virtual host.

#include "base/check.h"
#include "broker/virtual_host.h"

namespace harrier::broker {

using amqp::ReplyCode;

Queue* VirtualHost::find_queue(std::string_view name) const {
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->get();
}

base::Failure<amqp::ProtocolError> VirtualHost::locked(const Queue& queue) const {
  return amqp::refuse(
      ReplyCode::kResourceLocked,
      "cannot obtain exclusive access to locked " + in_virtual_host("queue", queue.name()) +
          ". It could be originally declared on another connection or the exclusive "
          "property value does not match that of the original declaration.");
}

amqp::CheckedStatus VirtualHost::check_owner(const Queue& queue, ConnectionId connection) const {
  if (queue.owner() == ConnectionId() || queue.owner() == connection) return base::Done{};
  return locked(queue);
}

amqp::CheckedStatus VirtualHost::check_new_queue(const Actor& actor,
                                                 const QueueDeclaration& declaration) {
  // One of the wrong type is refused with the other arguments.
  const auto dead_letters = declaration.arguments.view().find(kDeadLetterExchange);
  if (dead_letters && dead_letters->is_string()) {
    if (auto status = access_->check(actor, Permission::kRead, "queue", declaration.name, name_);
        !status.ok())
      return status;
    if (auto status =
            access_->check(actor, Permission::kWrite, "exchange", dead_letters->bytes, name_);
        !status.ok())
      return status;
  }
  return note_limit(actor, "queue.declare", quota_.check_queue(declaration.name));
}

amqp::Checked<QueueRef> VirtualHost::declare_queue(const Actor& actor, QueueDeclaration declaration,
                                                   ConnectionId connection) {
  const bool generated = declaration.name.empty();
  if (generated) declaration.name = "amq.gen-" + random_.token();
  const std::string name = declaration.name;
  // It dies with its connection: there is nothing to keep.
  if (declaration.exclusive) declaration.durable = false;
  if (auto status = access_->check(actor, Permission::kConfigure, "queue", name, name_);
      !status.ok())
    return base::fail(status.error());
  if (Queue* existing = find_queue(name)) {
    if (auto status = check_owner(*existing, connection); !status.ok())
      return base::fail(status.error());
    if (existing->declaration().exclusive != declaration.exclusive) return locked(*existing);
    if (auto status = check_equivalent(existing->declaration(), declaration, name_); !status.ok())
      return base::fail(status.error());
    existing->touch();
    ++turn_.counters.queues_declared;
    return QueueRef(existing);
  }
  if (!generated && name.starts_with(kReservedPrefix)) {
    return amqp::refuse(ReplyCode::kAccessRefused,
                        "queue name '" + name + "' contains reserved prefix 'amq.*'");
  }
  if (auto status = check_new_queue(actor, declaration); !status.ok())
    return base::fail(status.error());
  auto settings = parse_queue_arguments(declaration, name_);
  if (!settings.ok()) return base::fail(settings.error());
  if (generated && settings->type == QueueType::kQuorum) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "Cannot declare a server-named queue for type rabbit_quorum_queue");
  }
  const ConnectionId owner = declaration.exclusive ? connection : ConnectionId();
  QueueSettings effective = with_policies(std::move(settings).value(), declaration);
  auto queue = base::make_ref<Queue>(QueueId(++last_queue_id_), std::move(declaration),
                                     std::move(effective), owner, turn_);
  if (queue->durable()) turn_.log.append(QueueDeclaredChange{queue->id(), queue->declaration()});
  add_queue(queue);
  ++turn_.counters.queues_declared;
  ++turn_.counters.queues_created;
  // One that is its connection's own, and goes with it, is no definition.
  if (owner == ConnectionId()) {
    note(actor, {.action = "queue.declare", .kind = "queue", .name = queue->name()});
  } else {
    exclusive_queues_[owner].emplace(queue->id(), queue.get());
  }
  return queue;
}

void VirtualHost::add_queue(const QueueRef& queue) {
  queues_.insert(queue);
  queues_by_id_.insert(queue.get());
  roster_.add(*queue);
  ++turn_.counters.queues;
  ++routes_version_;
}

amqp::Checked<QueueRef> VirtualHost::check_queue_exists(const Actor& actor, std::string_view name,
                                                        ConnectionId connection) {
  if (auto status = access_->check_any(actor, "queue", name, name_); !status.ok())
    return base::fail(status.error());
  Queue* queue = find_queue(name);
  if (queue == nullptr) return not_found("queue", name);
  if (auto status = check_owner(*queue, connection); !status.ok())
    return base::fail(status.error());
  queue->touch();
  return QueueRef(queue);
}

amqp::Checked<QueueRef> VirtualHost::use_queue(const Actor& actor, Permission permission,
                                               std::string_view name, ConnectionId connection) {
  if (auto status = access_->check(actor, permission, "queue", name, name_); !status.ok())
    return base::fail(status.error());
  Queue* queue = find_queue(name);
  if (queue == nullptr) return not_found("queue", name);
  if (auto status = check_owner(*queue, connection); !status.ok())
    return base::fail(status.error());
  return QueueRef(queue);
}

amqp::Checked<std::uint64_t> VirtualHost::delete_queue(const Actor& actor, std::string_view name,
                                                       ConnectionId connection, bool if_unused,
                                                       bool if_empty) {
  const auto queue = use_queue(actor, Permission::kConfigure, name, connection);
  if (!queue.ok()) {
    if (queue.error().code == ReplyCode::kNotFound) return std::uint64_t{0};
    return base::fail(queue.error());
  }
  Queue& found = **queue;
  if (if_unused && found.consumer_count() != 0) {
    return amqp::refuse(ReplyCode::kPreconditionFailed, in_virtual_host("queue", name) + " in use");
  }
  if (if_empty && found.ready_count() != 0) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        in_virtual_host("queue", name) + " not empty");
  }
  const std::uint64_t ready = found.ready_count();
  if (found.owner() == ConnectionId())
    note(actor, {.action = "queue.delete", .kind = "queue", .name = name, .count = ready});
  remove_queue(found);
  return ready;
}

amqp::Checked<std::uint64_t> VirtualHost::purge_queue(const Actor& actor, std::string_view name,
                                                      ConnectionId connection) {
  const auto queue = use_queue(actor, Permission::kRead, name, connection);
  if (!queue.ok()) return base::fail(queue.error());
  const std::uint64_t purged = (*queue)->purge();
  if ((*queue)->owner() == ConnectionId())
    note(actor, {.action = "queue.purge", .kind = "queue", .name = name, .count = purged});
  return purged;
}

void VirtualHost::remove_queue(Queue& queue) {
  const QueueRef keep(&queue);
  // Its bindings go with it or not at all.
  const ChangeGroup group(turn_.log);
  while (!queue.inbound().empty())
    remove_binding(**queue.inbound().begin());
  if (queue.durable()) turn_.log.append(QueueDeletedChange{queue.id()});
  queues_.erase(keep);
  queues_by_id_.erase(&queue);
  roster_.remove(queue);
  if (const auto owned = exclusive_queues_.find(queue.owner()); owned != exclusive_queues_.end()) {
    owned->second.erase(queue.id());
    if (owned->second.empty()) exclusive_queues_.erase(owned);
  }
  --turn_.counters.queues;
  ++turn_.counters.queues_deleted;
  ++routes_version_;
  queue.close();
}

}  // namespace harrier::broker
