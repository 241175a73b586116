#include "session/content_assembler.h"

#include <algorithm>
#include <utility>

#include "amqp/frame.h"
#include "base/check.h"

namespace harrier::session {
namespace {

constexpr amqp::MethodId kPublishId = amqp::BasicPublish::kTraits.id;

base::Failure<amqp::ProtocolError> unexpected(const char* detail, amqp::MethodId method) {
  return amqp::refuse(amqp::ReplyCode::kUnexpectedFrame, detail, method);
}

base::Failure<amqp::ProtocolError> no_content_expected() {
  return unexpected("expected method frame, got non method frame instead", {});
}

// The frame of this type and channel at the start of `bytes`, if it is whole and well-formed; its
// payload's size is the second answer.
bool starts_with_frame(Bytes bytes, amqp::FrameType type, const char* channel,
                       std::uint32_t frame_max, std::size_t& payload_size) {
  if (bytes.size() < amqp::kFrameOverhead) return false;
  payload_size = base::load_big_endian<std::uint32_t>(bytes.data() + 3);
  return static_cast<amqp::FrameType>(bytes[0]) == type &&
         std::memcmp(bytes.data() + 1, channel, sizeof(std::uint16_t)) == 0 &&
         (frame_max == 0 || payload_size <= frame_max) &&
         bytes.size() - amqp::kFrameOverhead >= payload_size &&
         static_cast<std::uint8_t>(bytes[amqp::kFrameHeaderSize + payload_size]) == amqp::kFrameEnd;
}

// The fields of basic.publish; false if they are malformed.
bool read_publish_fields(Bytes method_payload, PublishView& view) {
  base::ByteReader reader(method_payload);
  reader.take(sizeof(std::uint32_t) + sizeof(std::uint16_t));  // the method's id, the ticket
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
  return amqp::protocol_error(amqp::ReplyCode::kPreconditionFailed,
                              "message size " + std::to_string(refused_size_) +
                                  " is larger than configured max size " +
                                  std::to_string(limits_.max_message_size),
                              kPublishId);
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

std::size_t read_whole_publish(Bytes bytes, Bytes method_payload, std::uint32_t frame_max,
                               const AssemblyLimits& limits, PublishView& view) {
  const char* channel = bytes.data() + 1;
  const std::size_t method_frame_size = method_payload.size() + amqp::kFrameOverhead;
  Bytes rest = bytes.substr(method_frame_size);
  std::size_t header_size = 0;
  if (!starts_with_frame(rest, amqp::FrameType::kHeader, channel, frame_max, header_size)) return 0;
  // The body's size stands behind class and weight; look before parsing for nothing.
  if (header_size < sizeof(std::uint32_t) + sizeof(std::uint64_t)) return 0;
  const Bytes header_payload = rest.substr(amqp::kFrameHeaderSize, header_size);
  const auto body_size =
      base::load_big_endian<std::uint64_t>(header_payload.data() + sizeof(std::uint32_t));
  if (body_size > limits.max_message_size) return 0;
  rest.remove_prefix(header_size + amqp::kFrameOverhead);
  if (body_size != 0) {
    std::size_t size = 0;
    if (!starts_with_frame(rest, amqp::FrameType::kBody, channel, frame_max, size)) return 0;
    if (size != body_size) return 0;
  }
  if (!read_publish_fields(method_payload, view)) return 0;
  auto header = amqp::parse_content_header(header_payload, limits.table_limits);
  if (!header) return 0;
  view.property_bytes = header->property_bytes;
  view.properties = header->properties;
  view.body = body_size == 0 ? Bytes() : rest.substr(amqp::kFrameHeaderSize, body_size);
  const std::size_t body_frame_size = body_size == 0 ? 0 : body_size + amqp::kFrameOverhead;
  return method_frame_size + header_size + amqp::kFrameOverhead + body_frame_size;
}

}  // namespace harrier::session
