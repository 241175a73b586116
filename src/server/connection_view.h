// A client's connection as it was at one moment, copied out of its loops.
//
// Thread: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amqp/field_table.h"
#include "base/time.h"
#include "broker/ids.h"
#include "server/measured.h"
#include "session/connection_ends.h"

namespace harrier::server {

// RabbitMQ's words: see name_of().
enum class ConnectionStateView : std::uint8_t {
  kStarting,  // not open yet: RabbitMQ's starting, tuning and opening
  kRunning,
  kBlocked,  // it has published and is not read: an alarm, the journal, or its virtual host's quota
  kBlocking,  // the same holds, but it has not published yet
  kFlow,      // not read for a moment: no input credit, unread output, or a publish rate
  kClosing,
};
std::string_view name_of(ConnectionStateView state);

// Of one socket, numbered for the life of the node.
struct ConnectionKey {
  std::size_t loop = 0;  // whose IoLoop has it
  broker::ConnectionId id;

  bool operator==(const ConnectionKey&) const = default;
};

using session::ConnectionEnds;

struct ConnectionView {
  ConnectionKey key;
  // RabbitMQ's; two over a Unix domain socket may share it.
  std::string name;
  ConnectionEnds ends;
  ConnectionStateView state = ConnectionStateView::kStarting;
  std::string user;
  std::string virtual_host;
  std::string protocol;
  std::string auth_mechanism;
  // connection_name of the client properties.
  std::string user_provided_name;
  amqp::FieldTable client_properties;
  base::WallTime connected_at{};
  std::uint32_t frame_max = 0;    // 0: no limit
  std::uint16_t channel_max = 0;  // 0: no limit
  std::uint16_t timeout_s = 0;    // heartbeats; 0: none
  std::uint64_t channels = 0;
  // TLS; empty without.
  bool tls = false;
  std::string tls_protocol;  // "TLSv1.3"
  std::string tls_cipher;    // "TLS_AES_256_GCM_SHA384"
  // Of a client's certificate that was verified.
  std::string peer_certificate_subject;
  // Octets and reads or writes that moved some; the rate is of octets.
  Measured received_octets;
  Measured sent_octets;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  // Octets that wait to be written.
  std::uint64_t send_pending = 0;
  // Of its channels, those that are closed included.
  MessageStatistics statistics;
};

}  // namespace harrier::server
