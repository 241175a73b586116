// Concern: frames are found in whatever a peer sends, before it is authenticated. Plan: the same
//          stream
// read whole and in pieces must give the same frames, payloads must lie inside the stream, and a
// frame or property list that was accepted must be written back byte for byte.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "amqp/frame.h"
#include "amqp/properties.h"
#include "base/check.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

constexpr std::uint32_t kFrameMax = 4096;

std::string written_back(const amqp::Frame& frame) {
  base::Buffer out;
  out.append_number(static_cast<std::uint8_t>(frame.type));
  out.append_number(frame.channel.value);
  out.append_number(static_cast<std::uint32_t>(frame.payload.size()));
  out.append(frame.payload);
  out.append_number(amqp::kFrameEnd);
  return std::string(out.bytes());
}

void check_content_header(base::Bytes payload) {
  const auto header = amqp::parse_content_header(payload);
  if (!header.ok()) return;
  const base::Bytes properties = header->property_bytes;
  CHECK(amqp::encode_properties(header->properties) == properties);
  CHECK(amqp::encode_properties(amqp::parse_properties(properties)) == properties);
  const amqp::TableView headers = header->properties.headers;
  if (!headers.empty()) CHECK(amqp::with_headers(properties, headers) == properties);
  const std::string replied = amqp::with_reply_to(properties, "reply");
  CHECK(amqp::parse_properties(replied).reply_to == "reply");
  const std::string bare = amqp::with_headers(properties, {}, true);
  CHECK(!amqp::parse_properties(bare).has(amqp::kHeaders));
  CHECK(!amqp::parse_properties(bare).has(amqp::kExpiration));

  base::Buffer out;
  amqp::append_content_frames(out, amqp::ChannelNumber(1), 0, properties, "");
  CHECK(out.size() == amqp::content_frames_size(0, properties.size(), 0));
}

// What arrives in pieces must be asked for until it is whole, and never be misjudged.
void check_prefixes(base::Bytes bytes, std::size_t consumed) {
  const std::size_t step = std::max<std::size_t>(1, consumed / 64);
  for (std::size_t size = 0; size < consumed; size += step) {
    const auto found = amqp::find_frame(bytes.substr(0, size), kFrameMax);
    CHECK(found.ok());
    CHECK(found->consumed == 0);
    CHECK(found->wanted > size && found->wanted <= consumed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  base::Bytes rest(reinterpret_cast<const char*>(bytes), size);
  while (true) {
    const auto found = amqp::find_frame(rest, kFrameMax);
    if (!found.ok()) {
      CHECK(found.error().code == amqp::ReplyCode::kFrameError);
      return 0;
    }
    if (found->consumed == 0) {
      CHECK(found->wanted > rest.size());
      return 0;
    }
    CHECK(found->consumed <= rest.size());
    CHECK(found->frame.payload.size() <= kFrameMax);
    CHECK(written_back(found->frame) == rest.substr(0, found->consumed));
    check_prefixes(rest, found->consumed);
    if (found->frame.type == amqp::FrameType::kHeader) check_content_header(found->frame.payload);
    rest.remove_prefix(found->consumed);
  }
}
