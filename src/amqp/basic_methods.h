// Methods of the basic class (60); nack is RabbitMQ's.
//
// Model: rows of the method table, see method_traits.h. Fields stand in wire order.
// Spec:  AMQP 0-9-1 XML, class basic.
#pragma once

#include "amqp/method_traits.h"

namespace harrier::amqp {

struct BasicQos {
  static constexpr MethodTraits kTraits{{60, 10}, "basic.qos", Sender::kClient, Level::kChannel};
  std::uint32_t prefetch_size = 0;
  std::uint16_t prefetch_count = 0;
  bool global = false;

  static constexpr auto fields() {
    return std::tuple(named("prefetch_size", &BasicQos::prefetch_size),
                      named("prefetch_count", &BasicQos::prefetch_count),
                      named("global", &BasicQos::global));
  }
};

struct BasicQosOk {
  static constexpr MethodTraits kTraits{{60, 11}, "basic.qos-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct BasicConsume {
  static constexpr MethodTraits kTraits{
      {60, 20}, "basic.consume", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString queue;
  ShortString consumer_tag;
  bool no_local = false;
  bool no_ack = false;
  bool exclusive = false;
  bool no_wait = false;
  TableView arguments;

  static constexpr auto fields() {
    return std::tuple(
        named("ticket", &BasicConsume::ticket), named("queue", &BasicConsume::queue),
        named("consumer_tag", &BasicConsume::consumer_tag),
        named("no_local", &BasicConsume::no_local), named("no_ack", &BasicConsume::no_ack),
        named("exclusive", &BasicConsume::exclusive), named("no_wait", &BasicConsume::no_wait),
        named("arguments", &BasicConsume::arguments));
  }
};

struct BasicConsumeOk {
  static constexpr MethodTraits kTraits{
      {60, 21}, "basic.consume-ok", Sender::kServer, Level::kChannel};
  ShortString consumer_tag;

  static constexpr auto fields() {
    return std::tuple(named("consumer_tag", &BasicConsumeOk::consumer_tag));
  }
};

struct BasicCancel {
  static constexpr MethodTraits kTraits{{60, 30}, "basic.cancel", Sender::kBoth, Level::kChannel};
  ShortString consumer_tag;
  bool no_wait = false;

  static constexpr auto fields() {
    return std::tuple(named("consumer_tag", &BasicCancel::consumer_tag),
                      named("no_wait", &BasicCancel::no_wait));
  }
};

struct BasicCancelOk {
  static constexpr MethodTraits kTraits{
      {60, 31}, "basic.cancel-ok", Sender::kBoth, Level::kChannel};
  ShortString consumer_tag;

  static constexpr auto fields() {
    return std::tuple(named("consumer_tag", &BasicCancelOk::consumer_tag));
  }
};

struct BasicPublish {
  static constexpr MethodTraits kTraits{
      {60, 40}, "basic.publish", Sender::kClient, Level::kChannel, true};
  std::uint16_t ticket = 0;
  ShortString exchange;
  ShortString routing_key;
  bool mandatory = false;
  bool immediate = false;

  static constexpr auto fields() {
    return std::tuple(
        named("ticket", &BasicPublish::ticket), named("exchange", &BasicPublish::exchange),
        named("routing_key", &BasicPublish::routing_key),
        named("mandatory", &BasicPublish::mandatory), named("immediate", &BasicPublish::immediate));
  }
};

struct BasicReturn {
  static constexpr MethodTraits kTraits{
      {60, 50}, "basic.return", Sender::kServer, Level::kChannel, true};
  std::uint16_t reply_code = 0;
  ShortString reply_text;
  ShortString exchange;
  ShortString routing_key;

  static constexpr auto fields() {
    return std::tuple(named("reply_code", &BasicReturn::reply_code),
                      named("reply_text", &BasicReturn::reply_text),
                      named("exchange", &BasicReturn::exchange),
                      named("routing_key", &BasicReturn::routing_key));
  }
};

struct BasicDeliver {
  static constexpr MethodTraits kTraits{
      {60, 60}, "basic.deliver", Sender::kServer, Level::kChannel, true};
  ShortString consumer_tag;
  DeliveryTag delivery_tag;
  bool redelivered = false;
  ShortString exchange;
  ShortString routing_key;

  static constexpr auto fields() {
    return std::tuple(named("consumer_tag", &BasicDeliver::consumer_tag),
                      named("delivery_tag", &BasicDeliver::delivery_tag),
                      named("redelivered", &BasicDeliver::redelivered),
                      named("exchange", &BasicDeliver::exchange),
                      named("routing_key", &BasicDeliver::routing_key));
  }
};

struct BasicGet {
  static constexpr MethodTraits kTraits{{60, 70}, "basic.get", Sender::kClient, Level::kChannel};
  std::uint16_t ticket = 0;
  ShortString queue;
  bool no_ack = false;

  static constexpr auto fields() {
    return std::tuple(named("ticket", &BasicGet::ticket), named("queue", &BasicGet::queue),
                      named("no_ack", &BasicGet::no_ack));
  }
};

struct BasicGetOk {
  static constexpr MethodTraits kTraits{
      {60, 71}, "basic.get-ok", Sender::kServer, Level::kChannel, true};
  DeliveryTag delivery_tag;
  bool redelivered = false;
  ShortString exchange;
  ShortString routing_key;
  std::uint32_t message_count = 0;

  static constexpr auto fields() {
    return std::tuple(named("delivery_tag", &BasicGetOk::delivery_tag),
                      named("redelivered", &BasicGetOk::redelivered),
                      named("exchange", &BasicGetOk::exchange),
                      named("routing_key", &BasicGetOk::routing_key),
                      named("message_count", &BasicGetOk::message_count));
  }
};

struct BasicGetEmpty {
  static constexpr MethodTraits kTraits{
      {60, 72}, "basic.get-empty", Sender::kServer, Level::kChannel};
  ShortString reserved_1;

  static constexpr auto fields() {
    return std::tuple(named("reserved_1", &BasicGetEmpty::reserved_1));
  }
};

struct BasicAck {
  static constexpr MethodTraits kTraits{{60, 80}, "basic.ack", Sender::kBoth, Level::kChannel};
  DeliveryTag delivery_tag;
  bool multiple = false;

  static constexpr auto fields() {
    return std::tuple(named("delivery_tag", &BasicAck::delivery_tag),
                      named("multiple", &BasicAck::multiple));
  }
};

struct BasicReject {
  static constexpr MethodTraits kTraits{{60, 90}, "basic.reject", Sender::kClient, Level::kChannel};
  DeliveryTag delivery_tag;
  bool requeue = false;

  static constexpr auto fields() {
    return std::tuple(named("delivery_tag", &BasicReject::delivery_tag),
                      named("requeue", &BasicReject::requeue));
  }
};

struct BasicRecoverAsync {
  static constexpr MethodTraits kTraits{
      {60, 100}, "basic.recover-async", Sender::kClient, Level::kChannel};
  bool requeue = false;

  static constexpr auto fields() {
    return std::tuple(named("requeue", &BasicRecoverAsync::requeue));
  }
};

struct BasicRecover {
  static constexpr MethodTraits kTraits{
      {60, 110}, "basic.recover", Sender::kClient, Level::kChannel};
  bool requeue = false;

  static constexpr auto fields() { return std::tuple(named("requeue", &BasicRecover::requeue)); }
};

struct BasicRecoverOk {
  static constexpr MethodTraits kTraits{
      {60, 111}, "basic.recover-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct BasicNack {
  static constexpr MethodTraits kTraits{{60, 120}, "basic.nack", Sender::kBoth, Level::kChannel};
  DeliveryTag delivery_tag;
  bool multiple = false;
  bool requeue = false;

  static constexpr auto fields() {
    return std::tuple(named("delivery_tag", &BasicNack::delivery_tag),
                      named("multiple", &BasicNack::multiple),
                      named("requeue", &BasicNack::requeue));
  }
};

}  // namespace harrier::amqp
