#include "session/input_recorder.h"

#include "base/check.h"
#include "broker/token_grant.h"

namespace harrier::session {
namespace {

enum Operation : std::uint8_t {
  kAttach,
  kOpen,
  kMethod,
  kRenew,
  kPublish,
  kAck,
  kChannelError,
  kWritten,
  kClose,
};

// What was decoded once within the connection's limits needs none when decoded again.
constexpr amqp::TableLimits kNoLimits{UINT32_MAX, UINT32_MAX};

void put_error(EntryArena& arena, const amqp::ProtocolError& error) {
  arena.put(error.scope);
  arena.put(error.code);
  arena.put(error.method.class_id);
  arena.put(error.method.method_id);
  arena.put_bytes(error.detail);
}

amqp::ProtocolError get_error(EntryReader& reader) {
  amqp::ProtocolError error;
  error.scope = reader.get<amqp::ErrorScope>();
  error.code = reader.get<amqp::ReplyCode>();
  error.method.class_id = reader.get<std::uint16_t>();
  error.method.method_id = reader.get<std::uint16_t>();
  error.detail = std::string(reader.get_bytes());
  return error;
}

void put_actor(EntryArena& arena, const broker::Actor& actor) {
  const auto put_words = [&arena](const std::vector<std::string>& words) {
    arena.put(static_cast<std::uint32_t>(words.size()));
    for (const std::string& word : words)
      arena.put_bytes(word);
  };
  arena.put_bytes(actor.user);
  arena.put_bytes(actor.protocol);
  arena.put_bytes(actor.peer);
  put_words(actor.tags);
  arena.put(actor.grant != nullptr);
  if (actor.grant != nullptr) put_words(actor.grant->scopes());
}

void put_ends(EntryArena& arena, const ConnectionEnds* ends) {
  arena.put(ends != nullptr);
  if (ends == nullptr) return;
  arena.put_bytes(ends->peer_host);
  arena.put(ends->peer_port);
  arena.put_bytes(ends->host);
  arena.put(ends->port);
}

std::shared_ptr<const ConnectionEnds> get_ends(EntryReader& reader) {
  if (!reader.get<bool>()) return nullptr;
  ConnectionEnds ends;
  ends.peer_host = std::string(reader.get_bytes());
  ends.peer_port = reader.get<std::uint16_t>();
  ends.host = std::string(reader.get_bytes());
  ends.port = reader.get<std::uint16_t>();
  return std::make_shared<const ConnectionEnds>(std::move(ends));
}

broker::Actor get_actor(EntryReader& reader) {
  const auto get_words = [&reader] {
    std::vector<std::string> words;
    const auto count = reader.get<std::uint32_t>();
    for (std::uint32_t index = 0; index < count; ++index)
      words.emplace_back(reader.get_bytes());
    return words;
  };
  broker::Actor actor;
  actor.user = std::string(reader.get_bytes());
  actor.protocol = std::string(reader.get_bytes());
  actor.peer = std::string(reader.get_bytes());
  actor.tags = get_words();
  if (reader.get<bool>()) actor.grant = std::make_shared<broker::TokenGrant>(get_words());
  return actor;
}

void replay_publish(EntryReader& reader, SessionInput& input) {
  PublishView publish;
  const ChannelNumber channel(reader.get<std::uint16_t>());
  publish.mandatory = reader.get<bool>();
  publish.immediate = reader.get<bool>();
  publish.exchange = reader.get_bytes();
  publish.routing_key = reader.get_bytes();
  publish.property_bytes = reader.get_bytes();
  publish.properties = amqp::parse_properties(publish.property_bytes);
  publish.body = reader.get_bytes();
  input.publish(channel, publish);
}

void replay_ack(EntryReader& reader, SessionInput& input) {
  const ChannelNumber channel(reader.get<std::uint16_t>());
  const DeliveryTag delivery_tag(reader.get<std::uint64_t>());
  input.ack(channel, delivery_tag, reader.get<bool>());
}

void replay_method(EntryReader& reader, SessionInput& input) {
  const ChannelNumber channel(reader.get<std::uint16_t>());
  const auto method = amqp::decode_method(reader.tail(), kNoLimits);
  CHECK(method.ok());
  input.method(channel, *method);
}

}  // namespace

EntryArena& InputRecorder::start(std::uint8_t operation) {
  EntryArena& arena = source_.batch().arena_;
  arena.start(operation, id_);
  return arena;
}

void InputRecorder::finish(EntryArena& arena) { recorded_bytes_ += arena.finish(); }

void InputRecorder::attach(const ConnectionParameters& parameters) {
  CHECK(parameters.id == id_);
  EntryArena& arena = start(kAttach);
  arena.put(parameters.channel_max);
  arena.put(parameters.frame_max);
  arena.put(parameters.consumer_cancel_notify);
  arena.put(parameters.connection_blocked);
  arena.put_bytes(parameters.virtual_host);
  put_actor(arena, parameters.actor);
  put_ends(arena, parameters.ends.get());
  finish(arena);
}

void InputRecorder::open() { finish(start(kOpen)); }

void InputRecorder::method(ChannelNumber channel, const amqp::Method& method) {
  EntryArena& arena = start(kMethod);
  arena.put(channel.value);
  amqp::encode_method(arena.tail(), method);
  finish(arena);
}

void InputRecorder::renew(const broker::Actor& actor) {
  EntryArena& arena = start(kRenew);
  put_actor(arena, actor);
  finish(arena);
}

void InputRecorder::publish(ChannelNumber channel, const PublishView& publish) {
  EntryArena& arena = start(kPublish);
  arena.put(channel.value);
  arena.put(publish.mandatory);
  arena.put(publish.immediate);
  arena.put_bytes(publish.exchange);
  arena.put_bytes(publish.routing_key);
  arena.put_bytes(publish.property_bytes);
  arena.put_bytes(publish.body);
  finish(arena);
}

void InputRecorder::ack(ChannelNumber channel, DeliveryTag delivery_tag, bool multiple) {
  EntryArena& arena = start(kAck);
  arena.put(channel.value);
  arena.put(delivery_tag.value);
  arena.put(multiple);
  finish(arena);
}

void InputRecorder::channel_error(ChannelNumber channel, const amqp::ProtocolError& error) {
  EntryArena& arena = start(kChannelError);
  arena.put(channel.value);
  put_error(arena, error);
  finish(arena);
}

void InputRecorder::written(std::size_t bytes) {
  EntryArena& arena = start(kWritten);
  arena.put(bytes);
  finish(arena);
}

void InputRecorder::close(const CloseCause& cause) {
  EntryArena& arena = start(kClose);
  arena.put(cause.reason);
  put_error(arena, cause.error);
  finish(arena);
}

bool InputReplay::is_attach() const { return reader_.operation() == kAttach; }

ConnectionParameters InputReplay::parameters() {
  ConnectionParameters parameters;
  parameters.id = reader_.connection();
  parameters.channel_max = reader_.get<std::uint16_t>();
  parameters.frame_max = reader_.get<std::uint32_t>();
  parameters.consumer_cancel_notify = reader_.get<bool>();
  parameters.connection_blocked = reader_.get<bool>();
  parameters.virtual_host = std::string(reader_.get_bytes());
  parameters.actor = get_actor(reader_);
  parameters.ends = get_ends(reader_);
  return parameters;
}

void InputReplay::apply(SessionInput& input) {
  switch (static_cast<Operation>(reader_.operation())) {
    case kAttach: break;
    case kOpen: return input.open();
    case kMethod: return replay_method(reader_, input);
    case kRenew: return input.renew(get_actor(reader_));
    case kPublish: return replay_publish(reader_, input);
    case kAck: return replay_ack(reader_, input);
    case kChannelError: {
      const ChannelNumber channel(reader_.get<std::uint16_t>());
      return input.channel_error(channel, get_error(reader_));
    }
    case kWritten: return input.written(reader_.get<std::size_t>());
    case kClose: {
      CloseCause cause;
      cause.reason = reader_.get<CloseReason>();
      cause.error = get_error(reader_);
      return input.close(cause);
    }
  }
}

}  // namespace harrier::session
