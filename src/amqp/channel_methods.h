// Methods of the channel class (20), and access (30) of AMQP 0-8 that RabbitMQ still answers.
//
// Model: rows of the method table, see method_traits.h. Fields stand in wire order.
// Spec:  AMQP 0-9-1 XML, classes channel and access.
#pragma once

#include "amqp/method_traits.h"

namespace harrier::amqp {

struct ChannelOpen {
  static constexpr MethodTraits kTraits{{20, 10}, "channel.open", Sender::kClient, Level::kChannel};
  ShortString reserved_1;

  static constexpr auto fields() {
    return std::tuple(named("reserved_1", &ChannelOpen::reserved_1));
  }
};

struct ChannelOpenOk {
  static constexpr MethodTraits kTraits{
      {20, 11}, "channel.open-ok", Sender::kServer, Level::kChannel};
  LongString reserved_1;

  static constexpr auto fields() {
    return std::tuple(named("reserved_1", &ChannelOpenOk::reserved_1));
  }
};

struct ChannelFlow {
  static constexpr MethodTraits kTraits{{20, 20}, "channel.flow", Sender::kBoth, Level::kChannel};
  bool active = false;

  static constexpr auto fields() { return std::tuple(named("active", &ChannelFlow::active)); }
};

struct ChannelFlowOk {
  static constexpr MethodTraits kTraits{
      {20, 21}, "channel.flow-ok", Sender::kBoth, Level::kChannel};
  bool active = false;

  static constexpr auto fields() { return std::tuple(named("active", &ChannelFlowOk::active)); }
};

struct ChannelClose {
  static constexpr MethodTraits kTraits{{20, 40}, "channel.close", Sender::kBoth, Level::kChannel};
  std::uint16_t reply_code = 0;
  ShortString reply_text;
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;

  static constexpr auto fields() {
    return std::tuple(named("reply_code", &ChannelClose::reply_code),
                      named("reply_text", &ChannelClose::reply_text),
                      named("class_id", &ChannelClose::class_id),
                      named("method_id", &ChannelClose::method_id));
  }
};

struct ChannelCloseOk {
  static constexpr MethodTraits kTraits{
      {20, 41}, "channel.close-ok", Sender::kBoth, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct AccessRequest {
  static constexpr MethodTraits kTraits{
      {30, 10}, "access.request", Sender::kClient, Level::kChannel};
  ShortString realm;
  bool exclusive = false;
  bool passive = false;
  bool active = false;
  bool write = false;
  bool read = false;

  static constexpr auto fields() {
    return std::tuple(
        named("realm", &AccessRequest::realm), named("exclusive", &AccessRequest::exclusive),
        named("passive", &AccessRequest::passive), named("active", &AccessRequest::active),
        named("write", &AccessRequest::write), named("read", &AccessRequest::read));
  }
};

struct AccessRequestOk {
  static constexpr MethodTraits kTraits{
      {30, 11}, "access.request-ok", Sender::kServer, Level::kChannel};
  std::uint16_t ticket = 1;

  static constexpr auto fields() { return std::tuple(named("ticket", &AccessRequestOk::ticket)); }
};

}  // namespace harrier::amqp
