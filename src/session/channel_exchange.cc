// The exchange class on a channel.

#include "session/broker_session.h"
#include "session/channel.h"
#include "session/names.h"

namespace harrier::session {

using amqp::ReplyCode;

namespace {

// Of exchange.bind or exchange.unbind.
template <class M>
broker::BindingRequest exchange_binding(const M& method) {
  return {broker::RoutingTarget::Kind::kExchange, without_line_breaks(method.destination),
          without_line_breaks(method.source), std::string(method.routing_key), method.arguments};
}

}  // namespace

Channel::Status Channel::handle_exchange_declare(const amqp::ExchangeDeclare& method) {
  auto name = declared_name(method.exchange);
  if (!name.ok()) return base::fail(name.error());
  if (method.passive) {
    if (auto status = virtual_host().check_exchange_exists(actor(), *name); !status.ok())
      return status;
    if (!method.no_wait) reply(amqp::ExchangeDeclareOk{});
    return base::Done{};
  }
  const auto type_name = declared_name(method.type);
  if (!type_name.ok()) return base::fail(type_name.error());
  const auto type = broker::exchange_type_named(*type_name);
  if (!type) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "unknown exchange type '" + std::string(method.type) + "'");
  }
  broker::ExchangeDeclaration declaration;
  declaration.name = std::move(name).value();
  declaration.type = *type;
  declaration.durable = method.durable;
  declaration.auto_delete = method.auto_delete;
  declaration.internal = method.internal;
  declaration.arguments = amqp::FieldTable(method.arguments);
  if (auto status = virtual_host().declare_exchange(actor(), std::move(declaration)); !status.ok())
    return status;
  if (!method.no_wait) reply_durable(amqp::ExchangeDeclareOk{});
  return base::Done{};
}

Channel::Status Channel::handle_exchange_delete(const amqp::ExchangeDelete& method) {
  const std::string name = without_line_breaks(method.exchange);
  if (auto status = virtual_host().delete_exchange(actor(), name, method.if_unused); !status.ok())
    return status;
  if (!method.no_wait) reply_durable(amqp::ExchangeDeleteOk{});
  return base::Done{};
}

Channel::Status Channel::handle_exchange_bind(const amqp::ExchangeBind& method) {
  const auto binding = exchange_binding(method);
  if (auto status = virtual_host().bind(actor(), binding, session_.parameters().id); !status.ok())
    return status;
  if (!method.no_wait) reply_durable(amqp::ExchangeBindOk{});
  return base::Done{};
}

Channel::Status Channel::handle_exchange_unbind(const amqp::ExchangeUnbind& method) {
  const auto binding = exchange_binding(method);
  if (auto status = virtual_host().unbind(actor(), binding, session_.parameters().id); !status.ok())
    return status;
  if (!method.no_wait) reply_durable(amqp::ExchangeUnbindOk{});
  return base::Done{};
}

}  // namespace harrier::session
