// Concern: a decoded method holds views into bytes of a peer. Plan: what was decoded is encoded,
//          decoded
// and encoded again; both encodings must agree with one another and, but for bits that no field
// uses, with the input.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "amqp/frame.h"
#include "amqp/methods.h"
#include "base/check.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

std::string encoded(const amqp::Method& method) {
  base::Buffer out;
  amqp::encode_method(out, method);
  CHECK(out.size() == amqp::encoded_size(method));
  return std::string(out.bytes());
}

void check_refusal(const amqp::ProtocolError& error) {
  CHECK(error.code == amqp::ReplyCode::kFrameError ||
        error.code == amqp::ReplyCode::kSyntaxError ||
        error.code == amqp::ReplyCode::kCommandInvalid);
  CHECK(error.scope == amqp::ErrorScope::kConnection);
  CHECK(error.reply_text().size() <= 255);
}

void check_frame(const amqp::Method& method, const std::string& payload) {
  base::Buffer out;
  amqp::append_method_frame(out, amqp::ChannelNumber(1), method);
  CHECK(out.size() == amqp::method_frame_size(method));
  const auto found = amqp::find_frame(out.bytes(), 0);
  CHECK(found.ok() && found->consumed == out.size());
  CHECK(found->frame.payload == payload);
}

void check_deliver(const amqp::BasicDeliver& deliver, const std::string& payload) {
  base::Buffer out;
  amqp::append_deliver(out, amqp::ChannelNumber(1), 4096,
                       {deliver.consumer_tag, deliver.delivery_tag, deliver.redelivered,
                        deliver.exchange, deliver.routing_key},
                       std::string_view("\0\0", 2), payload);
  const auto found = amqp::find_frame(out.bytes(), 0);
  CHECK(found.ok() && found->frame.payload == payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const base::Bytes payload(reinterpret_cast<const char*>(bytes), size);
  const auto method = amqp::decode_method(payload);
  if (!method.ok()) {
    check_refusal(method.error());
    return 0;
  }
  const std::string first = encoded(*method);
  CHECK(first.size() == payload.size());
  CHECK(first.substr(0, 4) == payload.substr(0, 4));
  const auto again = amqp::decode_method(first);
  CHECK(again.ok());
  CHECK(again->index() == method->index());
  CHECK(encoded(*again) == first);
  CHECK(amqp::describe(*again) == amqp::describe(*method));
  CHECK(amqp::find_traits(amqp::traits_of(*method).id) == &amqp::traits_of(*method));
  check_frame(*method, first);
  const auto* deliver = std::get_if<amqp::BasicDeliver>(&*method);
  if (deliver != nullptr) check_deliver(*deliver, first);
  return 0;
}
