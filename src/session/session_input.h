// The one way into the broker: what a connection's I/O half tells its broker half.
//
// Role:      called by ConnectionSession with what it decoded. BrokerSession implements it; when
//            the two live on different loops an InputRecorder stands between and the calls are
//            replayed there, in order.
// Model:     open, then any of method/renew/publish/ack/written/channel_error, then close as the
//            *last* call. After close nothing follows; calls that arrive after the broker half
//            ended by itself are ignored there.
// Lifetimes: every view is valid during the call only.
// Thread:    the broker loop of the virtual host (direct), or the I/O loop when recording.
// Spec:      ADR 0001.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "amqp/methods.h"
#include "amqp/properties.h"
#include "broker/actor.h"
#include "broker/ids.h"
#include "broker/user_account.h"

namespace harrier::session {

using amqp::Bytes;
using amqp::ChannelNumber;
using amqp::DeliveryTag;

// What the handshake settled about a connection.
struct ConnectionParameters {
  broker::ConnectionId id;
  std::string virtual_host;
  broker::Actor actor;
  std::uint16_t channel_max = 0;  // 0: no limit below 65535
  std::uint32_t frame_max = 0;    // 0: no limit
  // Client capabilities that change what we send.
  bool consumer_cancel_notify = false;
  bool connection_blocked = false;
  // What the user has open on the node; may be null: not counted. Not part of what is handed over
  // between loops: each side looks it up.
  std::shared_ptr<broker::UserAccount> account = {};
  // Likewise of the node; outlives the session.
  broker::CountedPlaces* channels_of_node = nullptr;
};

// A complete message from a client.
struct PublishView {
  Bytes exchange;
  Bytes routing_key;
  bool mandatory = false;
  bool immediate = false;
  Bytes property_bytes;
  amqp::Properties properties;
  Bytes body;
};

enum class CloseReason : std::uint8_t {
  kClientClose,    // connection.close arrived: close-ok must leave after everything is released
  kProtocolError,  // the I/O half found a mistake: connection.close with `error` must leave
  kForced,         // shutdown or an operator: connection.close with `error` (320) must leave
  kPeerGone,       // end of file, reset, heartbeats missed, stalled: nothing can be sent any more
};

struct CloseCause {
  CloseReason reason = CloseReason::kPeerGone;
  amqp::ProtocolError error;
};

class SessionInput {
 public:
  virtual ~SessionInput() = default;

  // First call. The answer is connection.open-ok, or connection.close 530, through SessionOutput.
  virtual void open() = 0;
  // Any client method without content: channel 0 carries connection.update-secret only; on other
  // channels all of channel, access, exchange, queue, basic (without publish and ack), confirm and
  // tx.
  virtual void method(ChannelNumber channel, const amqp::Method& method) = 0;
  // The connection's user is allowed something else from here on: what was sent before is judged by
  // the old rights, what comes after by these. Answered by connection.update-secret-ok.
  virtual void renew(const broker::Actor& actor) = 0;
  // basic.publish with its content complete and its size within limits.
  virtual void publish(ChannelNumber channel, const PublishView& publish) = 0;
  virtual void ack(ChannelNumber channel, DeliveryTag delivery_tag, bool multiple) = 0;
  // The I/O half refused something that closes only a channel (a body over max_message_size).
  virtual void channel_error(ChannelNumber channel, const amqp::ProtocolError& error) = 0;
  // So many bytes of what SessionOutput was told have been written to the socket (output credit,
  // A5).
  virtual void written(std::size_t bytes) = 0;
  // Last call.
  virtual void close(const CloseCause& cause) = 0;
};

}  // namespace harrier::session
