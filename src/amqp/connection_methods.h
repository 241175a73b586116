// Methods of the connection class (10): handshake, tuning, opening, closing.
//
// Model: rows of the method table, see method_traits.h. Fields stand in wire order.
// Spec:  AMQP 0-9-1 XML, class connection.
#pragma once

#include "amqp/method_traits.h"

namespace harrier::amqp {

struct ConnectionStart {
  static constexpr MethodTraits kTraits{
      {10, 10}, "connection.start", Sender::kServer, Level::kConnection};
  std::uint8_t version_major = 0;
  std::uint8_t version_minor = 9;
  TableView server_properties;
  LongString mechanisms;
  LongString locales;

  static constexpr auto fields() {
    return std::tuple(named("version_major", &ConnectionStart::version_major),
                      named("version_minor", &ConnectionStart::version_minor),
                      named("server_properties", &ConnectionStart::server_properties),
                      named("mechanisms", &ConnectionStart::mechanisms),
                      named("locales", &ConnectionStart::locales));
  }
};

struct ConnectionStartOk {
  static constexpr MethodTraits kTraits{
      {10, 11}, "connection.start-ok", Sender::kClient, Level::kConnection};
  TableView client_properties;
  ShortString mechanism;
  LongString response;
  ShortString locale;

  static constexpr auto fields() {
    return std::tuple(named("client_properties", &ConnectionStartOk::client_properties),
                      named("mechanism", &ConnectionStartOk::mechanism),
                      named("response", &ConnectionStartOk::response),
                      named("locale", &ConnectionStartOk::locale));
  }
};

struct ConnectionSecure {
  static constexpr MethodTraits kTraits{
      {10, 20}, "connection.secure", Sender::kServer, Level::kConnection};
  LongString challenge;

  static constexpr auto fields() {
    return std::tuple(named("challenge", &ConnectionSecure::challenge));
  }
};

struct ConnectionSecureOk {
  static constexpr MethodTraits kTraits{
      {10, 21}, "connection.secure-ok", Sender::kClient, Level::kConnection};
  LongString response;

  static constexpr auto fields() {
    return std::tuple(named("response", &ConnectionSecureOk::response));
  }
};

struct ConnectionTune {
  static constexpr MethodTraits kTraits{
      {10, 30}, "connection.tune", Sender::kServer, Level::kConnection};
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;

  static constexpr auto fields() {
    return std::tuple(named("channel_max", &ConnectionTune::channel_max),
                      named("frame_max", &ConnectionTune::frame_max),
                      named("heartbeat", &ConnectionTune::heartbeat));
  }
};

struct ConnectionTuneOk {
  static constexpr MethodTraits kTraits{
      {10, 31}, "connection.tune-ok", Sender::kClient, Level::kConnection};
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;

  static constexpr auto fields() {
    return std::tuple(named("channel_max", &ConnectionTuneOk::channel_max),
                      named("frame_max", &ConnectionTuneOk::frame_max),
                      named("heartbeat", &ConnectionTuneOk::heartbeat));
  }
};

struct ConnectionOpen {
  static constexpr MethodTraits kTraits{
      {10, 40}, "connection.open", Sender::kClient, Level::kConnection};
  ShortString virtual_host;
  ShortString reserved_1;
  bool reserved_2 = false;

  static constexpr auto fields() {
    return std::tuple(named("virtual_host", &ConnectionOpen::virtual_host),
                      named("reserved_1", &ConnectionOpen::reserved_1),
                      named("reserved_2", &ConnectionOpen::reserved_2));
  }
};

struct ConnectionOpenOk {
  static constexpr MethodTraits kTraits{
      {10, 41}, "connection.open-ok", Sender::kServer, Level::kConnection};
  ShortString reserved_1;

  static constexpr auto fields() {
    return std::tuple(named("reserved_1", &ConnectionOpenOk::reserved_1));
  }
};

struct ConnectionClose {
  static constexpr MethodTraits kTraits{
      {10, 50}, "connection.close", Sender::kBoth, Level::kConnection};
  std::uint16_t reply_code = 0;
  ShortString reply_text;
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;

  static constexpr auto fields() {
    return std::tuple(named("reply_code", &ConnectionClose::reply_code),
                      named("reply_text", &ConnectionClose::reply_text),
                      named("class_id", &ConnectionClose::class_id),
                      named("method_id", &ConnectionClose::method_id));
  }
};

struct ConnectionCloseOk {
  static constexpr MethodTraits kTraits{
      {10, 51}, "connection.close-ok", Sender::kBoth, Level::kConnection};
  static constexpr auto fields() { return std::tuple(); }
};

struct ConnectionBlocked {
  static constexpr MethodTraits kTraits{
      {10, 60}, "connection.blocked", Sender::kServer, Level::kConnection};
  ShortString reason;

  static constexpr auto fields() { return std::tuple(named("reason", &ConnectionBlocked::reason)); }
};

struct ConnectionUnblocked {
  static constexpr MethodTraits kTraits{
      {10, 61}, "connection.unblocked", Sender::kServer, Level::kConnection};
  static constexpr auto fields() { return std::tuple(); }
};

struct ConnectionUpdateSecret {
  static constexpr MethodTraits kTraits{
      {10, 70}, "connection.update-secret", Sender::kClient, Level::kConnection};
  LongString new_secret;
  ShortString reason;

  static constexpr auto fields() {
    return std::tuple(named("new_secret", &ConnectionUpdateSecret::new_secret),
                      named("reason", &ConnectionUpdateSecret::reason));
  }
};

struct ConnectionUpdateSecretOk {
  static constexpr MethodTraits kTraits{
      {10, 71}, "connection.update-secret-ok", Sender::kServer, Level::kConnection};
  static constexpr auto fields() { return std::tuple(); }
};

}  // namespace harrier::amqp
