#include "session/output_recorder.h"

#include "base/check.h"

namespace harrier::session {
namespace {

enum Operation : std::uint8_t { kMethod, kDeliver, kContent, kReleased };

// Which of a delivery's parts are the message's own and therefore not stored.
enum Part : std::uint8_t {
  kRedelivered = 1,
  kOwnExchange = 2,
  kOwnRoutingKey = 4,
  kOwnProperties = 8,
};

// What was decoded once within the connection's limits needs none when decoded again.
constexpr amqp::TableLimits kNoLimits{UINT32_MAX, UINT32_MAX};

bool same_view(Bytes a, Bytes b) { return a.data() == b.data() && a.size() == b.size(); }

std::uint8_t parts_of(const amqp::DeliverView& deliver, const broker::Message& message,
                      Bytes property_bytes) {
  unsigned parts = 0;
  if (deliver.redelivered) parts |= kRedelivered;
  if (same_view(deliver.exchange, message.exchange())) parts |= kOwnExchange;
  if (same_view(deliver.routing_key, message.routing_key())) parts |= kOwnRoutingKey;
  if (same_view(property_bytes, message.property_bytes())) parts |= kOwnProperties;
  return static_cast<std::uint8_t>(parts);
}

void replay_deliver(EntryReader& reader, const broker::Message& message, SessionOutput& output) {
  const ChannelNumber channel(reader.get<std::uint16_t>());
  const auto parts = reader.get<std::uint8_t>();
  amqp::DeliverView deliver;
  deliver.delivery_tag = DeliveryTag(reader.get<std::uint64_t>());
  deliver.redelivered = (parts & kRedelivered) != 0;
  deliver.consumer_tag = reader.get_bytes();
  deliver.exchange = (parts & kOwnExchange) != 0 ? message.exchange() : reader.get_bytes();
  deliver.routing_key = (parts & kOwnRoutingKey) != 0 ? message.routing_key() : reader.get_bytes();
  const Bytes property_bytes =
      (parts & kOwnProperties) != 0 ? message.property_bytes() : reader.get_bytes();
  output.deliver(channel, deliver, message, property_bytes);
}

void replay_content(EntryReader& reader, const broker::Message& message, SessionOutput& output) {
  const ChannelNumber channel(reader.get<std::uint16_t>());
  const bool own_properties = reader.get<bool>();
  const Bytes property_bytes = own_properties ? message.property_bytes() : reader.get_bytes();
  const auto method = amqp::decode_method(reader.tail(), kNoLimits);
  CHECK(method.ok());
  output.content(channel, *method, message, property_bytes);
}

void replay_method(EntryReader& reader, SessionOutput& output) {
  const ChannelNumber channel(reader.get<std::uint16_t>());
  const auto method = amqp::decode_method(reader.tail(), kNoLimits);
  CHECK(method.ok());
  output.method(channel, *method);
}

}  // namespace

void OutputBatch::clear() {
  arena_.clear();
  messages_.clear();
  if (messages_.capacity() > kKeepMessages) messages_.shrink_to_fit();
  message_bytes_ = 0;
}

void OutputRecorder::method(ChannelNumber channel, const amqp::Method& method) {
  EntryArena& arena = source_.batch().arena_;
  arena.start(kMethod, id_);
  arena.put(channel.value);
  amqp::encode_method(arena.tail(), method);
  arena.finish();
}

void OutputRecorder::deliver(ChannelNumber channel, const amqp::DeliverView& deliver,
                             const broker::Message& message, Bytes property_bytes) {
  OutputBatch& batch = source_.batch();
  EntryArena& arena = batch.arena_;
  const std::uint8_t parts = parts_of(deliver, message, property_bytes);
  arena.start(kDeliver, id_);
  arena.put(channel.value);
  arena.put(parts);
  arena.put(deliver.delivery_tag.value);
  arena.put_bytes(deliver.consumer_tag);
  if ((parts & kOwnExchange) == 0) arena.put_bytes(deliver.exchange);
  if ((parts & kOwnRoutingKey) == 0) arena.put_bytes(deliver.routing_key);
  if ((parts & kOwnProperties) == 0) arena.put_bytes(property_bytes);
  arena.finish();
  batch.messages_.emplace_back(&message);
  batch.message_bytes_ += message.footprint();
}

void OutputRecorder::content(ChannelNumber channel, const amqp::Method& method,
                             const broker::Message& message, Bytes property_bytes) {
  OutputBatch& batch = source_.batch();
  EntryArena& arena = batch.arena_;
  const bool own_properties = same_view(property_bytes, message.property_bytes());
  arena.start(kContent, id_);
  arena.put(channel.value);
  arena.put(own_properties);
  if (!own_properties) arena.put_bytes(property_bytes);
  amqp::encode_method(arena.tail(), method);
  arena.finish();
  batch.messages_.emplace_back(&message);
  batch.message_bytes_ += message.footprint();
}

void OutputRecorder::released() {
  EntryArena& arena = source_.batch().arena_;
  arena.start(kReleased, id_);
  arena.finish();
}

bool OutputReplay::next() {
  if (!reader_.next()) return false;
  // Also for an entry that is then skipped: the messages stand in the order of the entries.
  const bool has_message = reader_.operation() == kDeliver || reader_.operation() == kContent;
  message_ = has_message ? batch_.messages_[message_index_++].get() : nullptr;
  return true;
}

void OutputReplay::apply(SessionOutput& output) {
  switch (static_cast<Operation>(reader_.operation())) {
    case kMethod: return replay_method(reader_, output);
    case kDeliver: return replay_deliver(reader_, *message_, output);
    case kContent: return replay_content(reader_, *message_, output);
    case kReleased: return output.released();
  }
}

}  // namespace harrier::session
