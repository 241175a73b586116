// The one way out: what a connection's broker half tells its I/O half.
//
// Role:      BrokerSession calls it; ConnectionSession implements it by encoding frames into its
//            output buffer, OutputRecorder by writing a batch that is replayed on the I/O loop.
// Model:     after open every frame but heartbeat and connection.blocked/unblocked originates here.
//            A connection.close or close-ok given to method() is the last frame; released() is the
//            last call. No call re-enters SessionInput in the same stack.
// Lifetimes: views are valid during the call only. A Message given here stays alive until the batch
//            that mentions it has come back (recording), or during the call (direct).
// Thread:    the broker loop of the virtual host, or the I/O loop when replaying.
// Spec:      ADR 0001.
#pragma once

#include "amqp/frame.h"
#include "amqp/methods.h"
#include "broker/message.h"
#include "session/session_input.h"

namespace harrier::session {

class SessionOutput {
 public:
  virtual ~SessionOutput() = default;

  // A method without content, on any channel.
  virtual void method(ChannelNumber channel, const amqp::Method& method) = 0;
  // basic.deliver. `property_bytes` is the message's own unless the broker had to change headers.
  virtual void deliver(ChannelNumber channel, const amqp::DeliverView& deliver,
                       const broker::Message& message, Bytes property_bytes) = 0;
  // basic.get-ok or basic.return, with content.
  virtual void content(ChannelNumber channel, const amqp::Method& method,
                       const broker::Message& message, Bytes property_bytes) = 0;
  // Everything the connection held is given back; the I/O half may be freed once its output is
  // written.
  virtual void released() = 0;
};

// What one call puts on the wire, in bytes: both halves count output credit with these.
inline std::size_t output_size(const amqp::Method& method) {
  return amqp::method_frame_size(method);
}
inline std::size_t output_size(std::uint32_t frame_max, const amqp::DeliverView& deliver,
                               Bytes property_bytes, Bytes body) {
  return amqp::deliver_size(frame_max, deliver, property_bytes.size(), body.size());
}
inline std::size_t output_size(std::uint32_t frame_max, const amqp::Method& method,
                               Bytes property_bytes, Bytes body) {
  return amqp::method_frame_size(method) +
         amqp::content_frames_size(frame_max, property_bytes.size(), body.size());
}

}  // namespace harrier::session
