// Methods of the queue class (50).
//
// Model: rows of the method table, see method_traits.h. Fields stand in wire order.
// Spec:  AMQP 0-9-1 XML, class queue.
#pragma once

#include "amqp/method_traits.h"

namespace harrier::amqp {

struct QueueDeclare {
  static constexpr MethodTraits kTraits{
      {50, 10}, "queue.declare", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString queue;
  bool passive = false;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool no_wait = false;
  TableView arguments;

  static constexpr auto fields() {
    return std::tuple(
        named("ticket", &QueueDeclare::ticket), named("queue", &QueueDeclare::queue),
        named("passive", &QueueDeclare::passive), named("durable", &QueueDeclare::durable),
        named("exclusive", &QueueDeclare::exclusive),
        named("auto_delete", &QueueDeclare::auto_delete), named("no_wait", &QueueDeclare::no_wait),
        named("arguments", &QueueDeclare::arguments));
  }
};

struct QueueDeclareOk {
  static constexpr MethodTraits kTraits{
      {50, 11}, "queue.declare-ok", Sender::kServer, Level::kChannel};
  ShortString queue;
  std::uint32_t message_count = 0;
  std::uint32_t consumer_count = 0;

  static constexpr auto fields() {
    return std::tuple(named("queue", &QueueDeclareOk::queue),
                      named("message_count", &QueueDeclareOk::message_count),
                      named("consumer_count", &QueueDeclareOk::consumer_count));
  }
};

struct QueueBind {
  static constexpr MethodTraits kTraits{{50, 20}, "queue.bind", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString queue;
  ShortString exchange;
  ShortString routing_key;
  bool no_wait = false;
  TableView arguments;

  static constexpr auto fields() {
    return std::tuple(
        named("ticket", &QueueBind::ticket), named("queue", &QueueBind::queue),
        named("exchange", &QueueBind::exchange), named("routing_key", &QueueBind::routing_key),
        named("no_wait", &QueueBind::no_wait), named("arguments", &QueueBind::arguments));
  }
};

struct QueueBindOk {
  static constexpr MethodTraits kTraits{
      {50, 21}, "queue.bind-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct QueuePurge {
  static constexpr MethodTraits kTraits{{50, 30}, "queue.purge", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString queue;
  bool no_wait = false;

  static constexpr auto fields() {
    return std::tuple(named("ticket", &QueuePurge::ticket), named("queue", &QueuePurge::queue),
                      named("no_wait", &QueuePurge::no_wait));
  }
};

struct QueuePurgeOk {
  static constexpr MethodTraits kTraits{
      {50, 31}, "queue.purge-ok", Sender::kServer, Level::kChannel};
  std::uint32_t message_count = 0;

  static constexpr auto fields() {
    return std::tuple(named("message_count", &QueuePurgeOk::message_count));
  }
};

struct QueueDelete {
  static constexpr MethodTraits kTraits{{50, 40}, "queue.delete", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString queue;
  bool if_unused = false;
  bool if_empty = false;
  bool no_wait = false;

  static constexpr auto fields() {
    return std::tuple(named("ticket", &QueueDelete::ticket), named("queue", &QueueDelete::queue),
                      named("if_unused", &QueueDelete::if_unused),
                      named("if_empty", &QueueDelete::if_empty),
                      named("no_wait", &QueueDelete::no_wait));
  }
};

struct QueueDeleteOk {
  static constexpr MethodTraits kTraits{
      {50, 41}, "queue.delete-ok", Sender::kServer, Level::kChannel};
  std::uint32_t message_count = 0;

  static constexpr auto fields() {
    return std::tuple(named("message_count", &QueueDeleteOk::message_count));
  }
};

struct QueueUnbind {
  static constexpr MethodTraits kTraits{{50, 50}, "queue.unbind", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString queue;
  ShortString exchange;
  ShortString routing_key;
  TableView arguments;

  static constexpr auto fields() {
    return std::tuple(named("ticket", &QueueUnbind::ticket), named("queue", &QueueUnbind::queue),
                      named("exchange", &QueueUnbind::exchange),
                      named("routing_key", &QueueUnbind::routing_key),
                      named("arguments", &QueueUnbind::arguments));
  }
};

struct QueueUnbindOk {
  static constexpr MethodTraits kTraits{
      {50, 51}, "queue.unbind-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

}  // namespace harrier::amqp
