// The queue class on a channel.

#include "session/broker_session.h"
#include "session/channel.h"
#include "session/names.h"

namespace harrier::session {

using amqp::ReplyCode;
using broker::kReplyTo;
using broker::kReplyToPrefix;

amqp::Checked<std::string> Channel::resolve_queue(std::string_view name) const {
  if (!name.empty()) return without_line_breaks(name);
  if (last_queue_.empty())
    return amqp::refuse(ReplyCode::kNotFound, "no previously declared queue");
  return last_queue_;
}

// The pseudo-queue of direct replies exists as long as its consumer does (S38).
std::optional<Channel::Status> Channel::declare_reply_to(const amqp::QueueDeclare& method) {
  const bool own = method.queue == kReplyTo;
  if (!own && !method.queue.starts_with(kReplyToPrefix)) return std::nullopt;
  if (!own && virtual_host().find_reply_sink(method.queue) == nullptr) {
    return amqp::refuse(ReplyCode::kNotFound, "no queue '" + std::string(method.queue) +
                                                  "' in vhost '" + virtual_host().name() + "'");
  }
  if (!method.no_wait) reply(amqp::QueueDeclareOk{method.queue, 0, 1});
  return Status(base::Done{});
}

Channel::Status Channel::handle_queue_declare(const amqp::QueueDeclare& method) {
  if (auto done = declare_reply_to(method)) return *std::move(done);
  auto name = declared_name(method.queue);
  if (!name.ok()) return base::fail(name.error());
  const broker::ConnectionId connection = session_.parameters().id;
  auto queue = [&]() -> amqp::Checked<broker::QueueRef> {
    if (method.passive) return virtual_host().check_queue_exists(actor(), *name, connection);
    broker::QueueDeclaration declaration;
    declaration.name = *name;
    declaration.durable = method.durable;
    declaration.exclusive = method.exclusive;
    declaration.auto_delete = method.auto_delete;
    declaration.arguments = amqp::FieldTable(method.arguments);
    return virtual_host().declare_queue(actor(), std::move(declaration), connection);
  }();
  if (!queue.ok()) return base::fail(queue.error());
  const broker::Queue& found = **queue;
  last_queue_ = found.name();
  if (method.no_wait) return base::Done{};
  const amqp::QueueDeclareOk ok{found.name(), static_cast<std::uint32_t>(found.ready_count()),
                                static_cast<std::uint32_t>(found.consumer_count())};
  // A transient queue promises nothing that the disk must keep.
  if (found.durable()) {
    reply_durable(ok);
  } else {
    reply(ok);
  }
  return base::Done{};
}

template <class M>
amqp::Checked<broker::BindingRequest> Channel::queue_binding(const M& method) const {
  auto queue = resolve_queue(method.queue);
  if (!queue.ok()) return base::fail(queue.error());
  // Both empty: the queue last declared, bound by its name (S16).
  const bool by_name = method.queue.empty() && method.routing_key.empty();
  return broker::BindingRequest{
      broker::RoutingTarget::Kind::kQueue, *queue, without_line_breaks(method.exchange),
      by_name ? *queue : std::string(method.routing_key), method.arguments};
}

Channel::Status Channel::handle_queue_bind(const amqp::QueueBind& method) {
  const auto binding = queue_binding(method);
  if (!binding.ok()) return base::fail(binding.error());
  if (auto status = virtual_host().bind(actor(), *binding, session_.parameters().id); !status.ok())
    return status;
  if (!method.no_wait) reply_durable(amqp::QueueBindOk{});
  return base::Done{};
}

Channel::Status Channel::handle_queue_unbind(const amqp::QueueUnbind& method) {
  const auto binding = queue_binding(method);
  if (!binding.ok()) return base::fail(binding.error());
  if (auto status = virtual_host().unbind(actor(), *binding, session_.parameters().id);
      !status.ok())
    return status;
  reply_durable(amqp::QueueUnbindOk{});
  return base::Done{};
}

Channel::Status Channel::handle_queue_purge(const amqp::QueuePurge& method) {
  auto queue = resolve_queue(method.queue);
  if (!queue.ok()) return base::fail(queue.error());
  const auto count = virtual_host().purge_queue(actor(), *queue, session_.parameters().id);
  if (!count.ok()) return base::fail(count.error());
  if (!method.no_wait) reply_durable(amqp::QueuePurgeOk{static_cast<std::uint32_t>(*count)});
  return base::Done{};
}

Channel::Status Channel::handle_queue_delete(const amqp::QueueDelete& method) {
  auto queue = resolve_queue(method.queue);
  if (!queue.ok()) return base::fail(queue.error());
  const auto count = virtual_host().delete_queue(actor(), *queue, session_.parameters().id,
                                                 method.if_unused, method.if_empty);
  if (!count.ok()) return base::fail(count.error());
  if (!method.no_wait) reply_durable(amqp::QueueDeleteOk{static_cast<std::uint32_t>(*count)});
  return base::Done{};
}

}  // namespace harrier::session
