// Contents in pieces: method, header and body frames of each channel become one message.
//
// Role:      used by ConnectionSession for contents that do not lie whole in the read buffer (those
//            that do pass through read_whole_publish and are never stored here).
// Model:     per channel: idle → awaits header → awaits body … → idle. A body over max_message_size
//            is refused at its header, then its frames are dropped: → discarding → idle.
// Invariants: (1) held_bytes() is the sum over the unfinished contents and at most
//            assembly_bytes_max; (2) nothing is reserved that has not arrived.
// Thread:    confined(io).
// Errors:    frames out of order 505, a body longer than declared 501, too much at once 506.
// Lifetimes: the view of a complete content is valid until the next call.
// Spec:      AMQP 0-9-1 section 4.2.6; ADR 0001.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "amqp/basic_methods.h"
#include "amqp/field_table.h"
#include "amqp/protocol_error.h"
#include "base/buffer.h"
#include "session/session_input.h"

namespace harrier::session {

struct AssemblyLimits {
  std::uint64_t max_message_size = 0;
  std::uint64_t assembly_bytes_max = 0;
  amqp::TableLimits table_limits;
};

// What a header or body frame led to.
enum class AssemblyStep : std::uint8_t {
  kMore,      // further frames belong to it
  kComplete,  // the view is filled in
  kTooLarge,  // over max_message_size, see too_large()
};

class ContentAssembler {
 public:
  // `limits` must outlive it.
  explicit ContentAssembler(const AssemblyLimits& limits);
  explicit ContentAssembler(const AssemblyLimits&&) = delete;

  // Whether a method may come on the channel; if not, the error is why. Refused contents that are
  // still being dropped do not stand in the way of a method: it ends them.
  amqp::CheckedStatus expect_method(ChannelNumber channel);
  // REQUIRES expect_method().
  amqp::CheckedStatus begin(ChannelNumber channel, const amqp::BasicPublish& publish);
  amqp::Checked<AssemblyStep> add_header(ChannelNumber channel, Bytes payload, PublishView& view);
  amqp::Checked<AssemblyStep> add_body(ChannelNumber channel, Bytes payload, PublishView& view);
  // The channel error for the content that was last kTooLarge.
  amqp::ProtocolError too_large() const;

  bool idle() const { return unfinished_.empty(); }
  std::uint64_t held_bytes() const { return held_bytes_; }
  // The view of the last complete content is no longer needed: gives a large body's memory back.
  void release_completed();
  // Gives everything back; the connection has ended.
  void clear();

 private:
  struct Content {
    // Exchange name and routing key.
    std::string names;
    std::size_t exchange_size = 0;
    bool mandatory = false;
    bool immediate = false;
    bool has_header = false;
    bool discarding = false;
    std::uint64_t body_size = 0;
    std::uint64_t received = 0;
    std::string property_bytes;
    base::Buffer body;

    std::uint64_t held() const { return names.size() + property_bytes.size() + body.size(); }
  };
  using Contents = std::unordered_map<std::uint16_t, Content>;

  amqp::CheckedStatus hold(std::size_t bytes);
  // Moves the content out of the map, so that the view outlives its entry.
  void complete(Contents::iterator entry, PublishView& view);

  const AssemblyLimits& limits_;
  Contents unfinished_;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t refused_size_ = 0;
  Content completed_;
};

// Reads a basic.publish whose method, header and at most one body frame all lie at the start of
// `bytes`, without copying any of it. Answers how many bytes that were; 0 if it is not so or not as
// it should be, and then the frames one by one tell why. `view` may hold an earlier publish.
std::size_t read_whole_publish(Bytes bytes, std::uint32_t frame_max, const AssemblyLimits& limits,
                               ChannelNumber& channel, PublishView& view);

}  // namespace harrier::session
