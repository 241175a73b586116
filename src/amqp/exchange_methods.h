// Methods of the exchange class (40); bind and unbind are RabbitMQ's.
//
// Model: rows of the method table, see method_traits.h. Fields stand in wire order.
// Spec:  AMQP 0-9-1 XML, class exchange.
#pragma once

#include "amqp/method_traits.h"

namespace harrier::amqp {

struct ExchangeDeclare {
  static constexpr MethodTraits kTraits{
      {40, 10}, "exchange.declare", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString exchange;
  ShortString type;
  bool passive = false;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  bool no_wait = false;
  TableView arguments;

  static constexpr auto fields() {
    return std::tuple(
        named("ticket", &ExchangeDeclare::ticket), named("exchange", &ExchangeDeclare::exchange),
        named("type", &ExchangeDeclare::type), named("passive", &ExchangeDeclare::passive),
        named("durable", &ExchangeDeclare::durable),
        named("auto_delete", &ExchangeDeclare::auto_delete),
        named("internal", &ExchangeDeclare::internal), named("no_wait", &ExchangeDeclare::no_wait),
        named("arguments", &ExchangeDeclare::arguments));
  }
};

struct ExchangeDeclareOk {
  static constexpr MethodTraits kTraits{
      {40, 11}, "exchange.declare-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct ExchangeDelete {
  static constexpr MethodTraits kTraits{
      {40, 20}, "exchange.delete", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString exchange;
  bool if_unused = false;
  bool no_wait = false;

  static constexpr auto fields() {
    return std::tuple(
        named("ticket", &ExchangeDelete::ticket), named("exchange", &ExchangeDelete::exchange),
        named("if_unused", &ExchangeDelete::if_unused), named("no_wait", &ExchangeDelete::no_wait));
  }
};

struct ExchangeDeleteOk {
  static constexpr MethodTraits kTraits{
      {40, 21}, "exchange.delete-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct ExchangeBind {
  static constexpr MethodTraits kTraits{
      {40, 30}, "exchange.bind", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString destination;
  ShortString source;
  ShortString routing_key;
  bool no_wait = false;
  TableView arguments;

  static constexpr auto fields() {
    return std::tuple(
        named("ticket", &ExchangeBind::ticket), named("destination", &ExchangeBind::destination),
        named("source", &ExchangeBind::source), named("routing_key", &ExchangeBind::routing_key),
        named("no_wait", &ExchangeBind::no_wait), named("arguments", &ExchangeBind::arguments));
  }
};

struct ExchangeBindOk {
  static constexpr MethodTraits kTraits{
      {40, 31}, "exchange.bind-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct ExchangeUnbind {
  static constexpr MethodTraits kTraits{
      {40, 40}, "exchange.unbind", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString destination;
  ShortString source;
  ShortString routing_key;
  bool no_wait = false;
  TableView arguments;

  static constexpr auto fields() {
    return std::tuple(named("ticket", &ExchangeUnbind::ticket),
                      named("destination", &ExchangeUnbind::destination),
                      named("source", &ExchangeUnbind::source),
                      named("routing_key", &ExchangeUnbind::routing_key),
                      named("no_wait", &ExchangeUnbind::no_wait),
                      named("arguments", &ExchangeUnbind::arguments));
  }
};

struct ExchangeUnbindOk {
  static constexpr MethodTraits kTraits{
      {40, 51}, "exchange.unbind-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

}  // namespace harrier::amqp
