#include "session/content_assembler.h"

#include <algorithm>
#include <utility>

#include "amqp/frame.h"
#include "base/check.h"
#include "broker/message_size.h"

namespace harrier::session {
namespace {

constexpr amqp::MethodId kPublishId = amqp::BasicPublish::kTraits.id;

base::Failure<amqp::ProtocolError> unexpected(const char* detail, amqp::MethodId method) {
  return amqp::refuse(amqp::ReplyCode::kUnexpectedFrame, detail, method);
}

base::Failure<amqp::ProtocolError> no_content_expected() {
  return unexpected("expected method frame, got non method frame instead", {});
}

constexpr std::size_t kIdSize = sizeof(std::uint32_t);
// In a content header.
constexpr std::size_t kBodySizeAt = sizeof amqp::kBasicClassAndWeight;

// Type and channel of a frame as they stand there.
constexpr std::uint32_t type_and_channel(amqp::FrameType type, ChannelNumber channel) {
  return std::uint32_t{static_cast<std::uint8_t>(type)} << 16 | channel.value;
}

// The payload of the frame at the start of `bytes` if it is whole, well-formed and of this type and
// channel; without data if not.
Bytes payload_of_frame(Bytes bytes, std::uint32_t wanted, std::uint32_t frame_max) {
  if (bytes.size() < amqp::kFrameOverhead) return {};
  // Type, channel and size, and an octet of what follows.
  const auto head = base::load_big_endian<std::uint64_t>(bytes.data());
  const std::size_t size = static_cast<std::uint32_t>(head >> 8);
  if (head >> 40 != wanted || (frame_max != 0 && size > frame_max) ||
      bytes.size() - amqp::kFrameOverhead < size ||
      static_cast<std::uint8_t>(bytes[amqp::kFrameHeaderSize + size]) != amqp::kFrameEnd)
    return {};
  return {bytes.data() + amqp::kFrameHeaderSize, size};
}

// The fields of basic.publish; false if they are malformed.
bool read_publish_fields(Bytes method_payload, PublishView& view) {
  base::ByteReader reader(method_payload);
  reader.take(kIdSize + sizeof(std::uint16_t));  // the method's id, the ticket
  view.exchange = reader.short_string();
  view.routing_key = reader.short_string();
  const std::uint8_t bits = reader.u8();
  view.mandatory = (bits & 1) != 0;
  view.immediate = (bits & 2) != 0;
  return reader.ok() && reader.remaining() == 0;
}

}  // namespace

ContentAssembler::ContentAssembler(const AssemblyLimits& limits) : limits_(limits) {}

amqp::CheckedStatus ContentAssembler::expect_method(ChannelNumber channel) {
  if (unfinished_.empty()) return base::Done{};
  const auto entry = unfinished_.find(channel.value);
  if (entry == unfinished_.end()) return base::Done{};
  const Content& content = entry->second;
  if (!content.discarding)
    return unexpected(content.has_header
                          ? "expected content body, got non content body frame instead"
                          : "expected content header for class 60, got non content header frame "
                            "instead",
                      kPublishId);
  held_bytes_ -= content.held();
  unfinished_.erase(entry);
  return base::Done{};
}

amqp::CheckedStatus ContentAssembler::begin(ChannelNumber channel,
                                            const amqp::BasicPublish& publish) {
  auto held = hold(publish.exchange.size() + publish.routing_key.size());
  if (!held) return held;
  Content& content = unfinished_[channel.value];
  content.names.assign(publish.exchange);
  content.names.append(publish.routing_key);
  content.exchange_size = publish.exchange.size();
  content.mandatory = publish.mandatory;
  content.immediate = publish.immediate;
  return base::Done{};
}

amqp::Checked<AssemblyStep> ContentAssembler::add_header(ChannelNumber channel, Bytes payload,
                                                         PublishView& view) {
  const auto entry = unfinished_.find(channel.value);
  if (entry == unfinished_.end()) return no_content_expected();
  Content& content = entry->second;
  if (content.has_header)
    return unexpected("expected content body, got non content body frame instead", kPublishId);
  auto header = amqp::parse_content_header(payload, limits_.table_limits);
  if (!header) {
    amqp::ProtocolError error = std::move(header).error();
    error.method = kPublishId;
    return base::fail(std::move(error));
  }
  content.has_header = true;
  content.body_size = header->body_size;
  if (content.body_size > limits_.max_message_size) {
    content.discarding = true;
    refused_size_ = content.body_size;
    return AssemblyStep::kTooLarge;
  }
  auto held = hold(header->property_bytes.size());
  if (!held) return base::fail(std::move(held).error());
  content.property_bytes.assign(header->property_bytes);
  if (content.body_size != 0) return AssemblyStep::kMore;
  complete(entry, view);
  return AssemblyStep::kComplete;
}

amqp::Checked<AssemblyStep> ContentAssembler::add_body(ChannelNumber channel, Bytes payload,
                                                       PublishView& view) {
  const auto entry = unfinished_.find(channel.value);
  if (entry == unfinished_.end()) return no_content_expected();
  Content& content = entry->second;
  if (!content.has_header)
    return unexpected("expected content header for class 60, got non content header frame instead",
                      kPublishId);
  if (payload.size() > content.body_size - content.received)
    return amqp::refuse(amqp::ReplyCode::kFrameError,
                        "content body of " + std::to_string(content.received + payload.size()) +
                            " bytes is longer than the " + std::to_string(content.body_size) +
                            " of its header",
                        kPublishId);
  content.received += payload.size();
  const bool last = content.received == content.body_size;
  if (content.discarding) {
    if (last) {
      held_bytes_ -= content.held();
      unfinished_.erase(entry);
    }
    return AssemblyStep::kMore;
  }
  const bool whole = last && content.body.empty();
  if (!whole) {
    auto held = hold(payload.size());
    if (!held) return base::fail(std::move(held).error());
    content.body.append(payload);
  }
  if (!last) return AssemblyStep::kMore;
  complete(entry, view);
  if (whole) view.body = payload;
  return AssemblyStep::kComplete;
}

amqp::ProtocolError ContentAssembler::too_large() const {
  return broker::message_too_large(refused_size_, limits_.max_message_size, kPublishId);
}

void ContentAssembler::release_completed() { completed_.body.release(); }

void ContentAssembler::clear() {
  unfinished_.clear();
  completed_ = Content();
  held_bytes_ = 0;
}

amqp::CheckedStatus ContentAssembler::hold(std::size_t bytes) {
  const std::uint64_t limit = std::max(limits_.assembly_bytes_max, limits_.max_message_size);
  // What names and properties add to a single message of the largest size is not held against it.
  const bool alone = unfinished_.size() <= 1;
  if (!alone && held_bytes_ + bytes > limit)
    return amqp::refuse(
        amqp::ReplyCode::kResourceError,
        "unfinished contents of all channels exceed " + std::to_string(limit) + " bytes",
        kPublishId);
  held_bytes_ += bytes;
  return base::Done{};
}

void ContentAssembler::complete(Contents::iterator entry, PublishView& view) {
  held_bytes_ -= entry->second.held();
  completed_ = std::move(entry->second);
  unfinished_.erase(entry);
  const Bytes names = completed_.names;
  view.exchange = names.substr(0, completed_.exchange_size);
  view.routing_key = names.substr(completed_.exchange_size);
  view.mandatory = completed_.mandatory;
  view.immediate = completed_.immediate;
  view.property_bytes = completed_.property_bytes;
  view.properties = amqp::parse_properties(completed_.property_bytes);
  view.body = completed_.body.bytes();
}

std::size_t read_whole_publish(Bytes bytes, std::uint32_t frame_max, const AssemblyLimits& limits,
                               ChannelNumber& channel, PublishView& view) {
  if (bytes.size() < amqp::kFrameOverhead + kIdSize) return 0;
  channel = ChannelNumber(base::load_big_endian<std::uint16_t>(bytes.data() + 1));
  const Bytes method =
      payload_of_frame(bytes, type_and_channel(amqp::FrameType::kMethod, channel), frame_max);
  if (method.size() < kIdSize ||
      base::load_big_endian<std::uint32_t>(method.data()) != kPublishId.packed())
    return 0;
  Bytes rest = bytes.substr(method.size() + amqp::kFrameOverhead);
  const Bytes header =
      payload_of_frame(rest, type_and_channel(amqp::FrameType::kHeader, channel), frame_max);
  if (header.size() < amqp::kContentHeaderSize ||
      base::load_big_endian<std::uint32_t>(header.data()) != amqp::kBasicClassAndWeight)
    return 0;
  const auto body_size = base::load_big_endian<std::uint64_t>(header.data() + kBodySizeAt);
  if (body_size > limits.max_message_size) return 0;
  rest.remove_prefix(header.size() + amqp::kFrameOverhead);
  std::size_t body_frame_size = 0;
  view.body = {};
  if (body_size != 0) {
    view.body =
        payload_of_frame(rest, type_and_channel(amqp::FrameType::kBody, channel), frame_max);
    if (view.body.size() != body_size) return 0;
    body_frame_size = body_size + amqp::kFrameOverhead;
  }
  if (!read_publish_fields(method, view)) return 0;
  view.property_bytes = header.substr(amqp::kContentHeaderSize);
  // Without a flag nothing was ever set.
  if (view.properties.flags != 0) view.properties = {};
  if (!amqp::read_properties(view.property_bytes, limits.table_limits, view.properties)) return 0;
  return method.size() + header.size() + 2 * amqp::kFrameOverhead + body_frame_size;
}

}  // namespace harrier::session
