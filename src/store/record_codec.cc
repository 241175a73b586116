#include "store/record_codec.h"

#include <utility>

#include "store/message_codec.h"
#include "store/node_definition.h"
#include "store/stored_table.h"

namespace harrier::store {
namespace {

using base::Buffer;
using base::ByteReader;
using base::Bytes;
using broker::Position;
using broker::QueueId;

constexpr std::uint8_t kDurable = 1;
constexpr std::uint8_t kAutoDelete = 2;
constexpr std::uint8_t kPaused = 4;  // of queues
constexpr std::uint8_t kInternal = 4;
constexpr std::uint8_t kExpires = 1;
constexpr std::size_t kPiecesSizeBytes = 8;

void put_short(Buffer& to, std::string_view text) {
  to.append_number(static_cast<std::uint8_t>(text.size()));
  to.append(text);
}
void put_long(Buffer& to, Bytes bytes) {
  to.append_number(static_cast<std::uint32_t>(bytes.size()));
  to.append(bytes);
}
std::uint8_t flag(bool set, std::uint8_t bit) { return set ? bit : std::uint8_t{0}; }

// Settles' reasons in the format: their order in SettleReason may change, these numbers not.
constexpr broker::SettleReason kReasons[] = {
    broker::SettleReason::kAcknowledged, broker::SettleReason::kDeliveredWithoutAck,
    broker::SettleReason::kPurged,       broker::SettleReason::kExpired,
    broker::SettleReason::kMaxLength,    broker::SettleReason::kRejected,
    broker::SettleReason::kDeliveryLimit};

std::uint8_t number_of(broker::SettleReason reason) {
  std::uint8_t number = 0;
  while (kReasons[number] != reason)
    ++number;
  return number;
}

bool finished(const ByteReader& reader) { return reader.ok() && reader.remaining() == 0; }

// Every position has a next one.
bool is_range(Position first, Position last) { return first <= last && last.value != UINT64_MAX; }

base::Failure<base::Error> malformed(const char* what) {
  return base::fail(std::string("malformed ") + what + " record");
}

base::Result<std::optional<StoredChange>> decode_settle(ByteReader reader) {
  broker::SettleChange change;
  change.queue = QueueId(reader.u64());
  change.level = reader.u8();
  const std::uint8_t reason = reader.u8();
  change.first = Position(reader.u64());
  change.last = Position(reader.u64());
  change.count = reader.u64();
  change.body_bytes = reader.u64();
  if (!finished(reader) || reason >= std::size(kReasons) || !is_range(change.first, change.last))
    return malformed("settle");
  change.reason = kReasons[reason];
  return std::optional<StoredChange>(change);
}

base::Result<std::optional<StoredChange>> decode_requeue(ByteReader reader) {
  StoredRequeue change;
  change.queue = QueueId(reader.u64());
  change.level = reader.u8();
  change.first = Position(reader.u64());
  change.last = Position(reader.u64());
  change.delivery_count = reader.u32();
  if (!finished(reader) || !is_range(change.first, change.last)) return malformed("requeue");
  return std::optional<StoredChange>(change);
}

base::Result<std::optional<StoredChange>> decode_dispatched(ByteReader reader) {
  broker::DispatchedChange change;
  change.last.queue = QueueId(reader.u64());
  change.last.level = reader.u8();
  change.last.position = Position(reader.u64());
  if (!finished(reader)) return malformed("dispatched");
  return std::optional<StoredChange>(change);
}

bool is_definition(RecordType type) {
  return type >= RecordType::kQueueDeclared && type <= RecordType::kNodeDefinitionRemoved;
}

// Whether the payload of a definition can be read back later.
bool readable(RecordType type, Bytes payload) {
  switch (type) {
    case RecordType::kQueueDeclared: return decode_queue(payload).has_value();
    case RecordType::kQueueDeleted: return decode_queue_id(payload).has_value();
    case RecordType::kExchangeDeclared: return decode_exchange(payload).has_value();
    case RecordType::kExchangeDeleted: return decode_exchange_name(payload).has_value();
    case RecordType::kBound:
    case RecordType::kUnbound: return decode_binding(payload).has_value();
    case RecordType::kVirtualHostCreated:
    case RecordType::kVirtualHostDeleted: return decode_virtual_host(payload).has_value();
    case RecordType::kNodeDefinitionSet: return decode_node_definition(payload).has_value();
    case RecordType::kNodeDefinitionRemoved: return decode_node_definition_key(payload).has_value();
    default: return false;
  }
}

}  // namespace

// ---- payloads

void encode_places(Buffer& to, std::span<const broker::PublishPlace> places) {
  constexpr std::size_t kPlaceMax = 8 + 8 + 1 + 1 + 8;
  char* const begin = to.reserve(sizeof(std::uint32_t) + places.size() * kPlaceMax);
  char* at = base::store_big_endian(begin, static_cast<std::uint32_t>(places.size()));
  for (const broker::PublishPlace& place : places) {
    at = base::store_big_endian(at, place.queue.value);
    at = base::store_big_endian(at, place.position.value);
    at = base::store_big_endian(at, place.level);
    const bool expires = place.expires_at != broker::kNoExpiry;
    at = base::store_big_endian(at, flag(expires, kExpires));
    if (expires)
      at = base::store_big_endian(
          at, static_cast<std::uint64_t>(place.expires_at.time_since_epoch().count()));
  }
  to.commit(static_cast<std::size_t>(at - begin));
}

void encode_settle(Buffer& to, const broker::SettleChange& change) {
  to.append_number(change.queue.value);
  to.append_number(change.level);
  to.append_number(number_of(change.reason));
  to.append_number(change.first.value);
  to.append_number(change.last.value);
  to.append_number(change.count);
  to.append_number(change.body_bytes);
}

void encode_requeue(Buffer& to, const StoredRequeue& change) {
  to.append_number(change.queue.value);
  to.append_number(change.level);
  to.append_number(change.first.value);
  to.append_number(change.last.value);
  to.append_number(change.delivery_count);
}

void encode_dispatched(Buffer& to, const broker::DispatchedChange& change) {
  to.append_number(change.last.queue.value);
  to.append_number(change.last.level);
  to.append_number(change.last.position.value);
}

void encode_queue(Buffer& to, QueueId id, const broker::QueueDeclaration& queue) {
  to.append_number(id.value);
  to.append_number(static_cast<std::uint8_t>(flag(queue.durable, kDurable) |
                                             flag(queue.auto_delete, kAutoDelete) |
                                             flag(queue.paused, kPaused)));
  put_short(to, queue.name);
  put_long(to, queue.arguments.view().bytes());
}

void encode_exchange(Buffer& to, std::uint32_t virtual_host,
                     const broker::ExchangeDeclaration& exchange) {
  encode_exchange_name(to, virtual_host, exchange.name);
  to.append_number(static_cast<std::uint8_t>(exchange.type));
  to.append_number(static_cast<std::uint8_t>(flag(exchange.durable, kDurable) |
                                             flag(exchange.auto_delete, kAutoDelete) |
                                             flag(exchange.internal, kInternal)));
  put_long(to, exchange.arguments.view().bytes());
}

void encode_exchange_name(Buffer& to, std::uint32_t virtual_host, std::string_view name) {
  to.append_number(virtual_host);
  put_short(to, name);
}

void encode_binding(Buffer& to, std::uint32_t virtual_host, const broker::Binding& binding) {
  to.append_number(virtual_host);
  to.append_number(static_cast<std::uint8_t>(binding.destination().kind()));
  put_short(to, binding.source().name());
  put_short(to, binding.destination().name());
  put_short(to, binding.routing_key());
  put_long(to, binding.arguments().bytes());
}

void encode_virtual_host(Buffer& to, const VirtualHostDefinition& host) {
  to.append_number(host.number);
  to.append_number(host.shard);
  put_long(to, host.name);
}

// ---- definitions

std::optional<QueueDefinition> decode_queue(Bytes payload) {
  ByteReader reader(payload);
  QueueDefinition queue;
  queue.id = QueueId(reader.u64());
  const std::uint8_t flags = reader.u8();
  queue.declaration.durable = (flags & kDurable) != 0;
  queue.declaration.auto_delete = (flags & kAutoDelete) != 0;
  queue.declaration.paused = (flags & kPaused) != 0;
  queue.declaration.name = reader.short_string();
  auto arguments = stored_table(reader.long_string());
  if (!finished(reader) || !arguments) return std::nullopt;
  queue.declaration.arguments = std::move(*arguments);
  return queue;
}

std::optional<ExchangeDefinition> decode_exchange(Bytes payload) {
  ByteReader reader(payload);
  ExchangeDefinition exchange;
  exchange.virtual_host = reader.u32();
  exchange.declaration.name = reader.short_string();
  const std::uint8_t type = reader.u8();
  const std::uint8_t flags = reader.u8();
  exchange.declaration.type = static_cast<broker::ExchangeType>(type);
  exchange.declaration.durable = (flags & kDurable) != 0;
  exchange.declaration.auto_delete = (flags & kAutoDelete) != 0;
  exchange.declaration.internal = (flags & kInternal) != 0;
  auto arguments = stored_table(reader.long_string());
  const bool known_type = type <= static_cast<std::uint8_t>(broker::ExchangeType::kHeaders);
  if (!finished(reader) || !arguments || !known_type) return std::nullopt;
  exchange.declaration.arguments = std::move(*arguments);
  return exchange;
}

std::optional<BindingDefinition> decode_binding(Bytes payload) {
  ByteReader reader(payload);
  BindingDefinition binding;
  binding.virtual_host = reader.u32();
  const std::uint8_t kind = reader.u8();
  binding.request.destination_kind = static_cast<broker::RoutingTarget::Kind>(kind);
  binding.request.source = reader.short_string();
  binding.request.destination = reader.short_string();
  binding.request.routing_key = reader.short_string();
  const Bytes arguments = reader.long_string();
  if (!finished(reader) || kind > 1 || !stored_table(arguments)) return std::nullopt;
  binding.request.arguments = amqp::TableView(arguments);
  return binding;
}

std::optional<VirtualHostDefinition> decode_virtual_host(Bytes payload) {
  ByteReader reader(payload);
  VirtualHostDefinition host;
  host.number = reader.u32();
  host.shard = reader.u8();
  host.name = reader.long_string();
  if (!finished(reader) || host.shard == 0 || host.shard >= journal::kShards) return std::nullopt;
  return host;
}

std::optional<QueueId> decode_queue_id(Bytes payload) {
  ByteReader reader(payload);
  const QueueId id(reader.u64());
  if (!reader.ok()) return std::nullopt;
  return id;
}

std::optional<std::pair<std::uint32_t, std::string>> decode_exchange_name(Bytes payload) {
  ByteReader reader(payload);
  const std::uint32_t virtual_host = reader.u32();
  std::string name(reader.short_string());
  if (!reader.ok()) return std::nullopt;
  return std::pair{virtual_host, std::move(name)};
}

// ---- RecordDecoder

bool RecordDecoder::decode_places(ByteReader& reader) {
  const std::uint32_t count = reader.u32();
  if (count > reader.remaining() / 18) return false;
  for (std::uint32_t i = 0; i != count; ++i) {
    broker::PublishPlace place;
    place.queue = QueueId(reader.u64());
    place.position = Position(reader.u64());
    place.level = reader.u8();
    if ((reader.u8() & kExpires) != 0)
      place.expires_at =
          base::WallTime(base::Milliseconds(static_cast<std::int64_t>(reader.u64())));
    places_.push_back(place);
  }
  return reader.ok();
}

base::Result<std::optional<StoredChange>> RecordDecoder::decode_publish(Bytes payload) {
  ByteReader reader(payload);
  if (!decode_places(reader)) return malformed("publish");
  // No message is as short as the size of one that came in pieces.
  const bool in_pieces = reader.remaining() == kPiecesSizeBytes;
  std::optional<broker::MessageParts> parts;
  if (!in_pieces) {
    parts = message_pieces_.empty() ? decode_message(reader) : std::nullopt;
    if (!finished(reader)) return malformed("publish");
  } else {
    const std::uint64_t size = reader.u64();
    // The rest of it was in segments that a checkpoint covers, and so is the message.
    if (message_pieces_.size() < size && first_lsn_ == first_decoded_lsn_)
      return std::optional<StoredChange>();
    ByteReader message(message_pieces_);
    if (message_pieces_.size() == size) parts = decode_message(message);
    if (message.remaining() != 0) return malformed("publish");
  }
  if (!parts) return malformed("publish");
  StoredPublish publish;
  publish.message = broker::Message::create(*parts);
  publish.places = places_;
  return std::optional<StoredChange>(std::move(publish));
}

base::Result<std::optional<StoredChange>> RecordDecoder::decode(const journal::Record& record) {
  const auto type = static_cast<RecordType>(record.type);
  if (std::exchange(published_, false)) places_.clear();
  if (message_pieces_.empty() && places_.empty()) first_lsn_ = record.lsn;
  if (first_decoded_lsn_ == 0) first_decoded_lsn_ = record.lsn;
  if (record.version > kRecordVersion) {
    return base::fail("record of type " + std::to_string(record.type) + " has version " +
                      std::to_string(record.version) + ", newer than this program knows");
  }
  switch (type) {
    case RecordType::kGroupEnd: return std::optional<StoredChange>();
    case RecordType::kMessagePiece:
      message_pieces_.append(record.payload);
      return std::optional<StoredChange>();
    case RecordType::kPlaces: {
      ByteReader reader(record.payload);
      if (!decode_places(reader) || reader.remaining() != 0) return malformed("places");
      return std::optional<StoredChange>();
    }
    case RecordType::kPublish: {
      auto publish = decode_publish(record.payload);
      message_pieces_.clear();
      published_ = true;
      return publish;
    }
    case RecordType::kSettle: return decode_settle(ByteReader(record.payload));
    case RecordType::kRequeue: return decode_requeue(ByteReader(record.payload));
    case RecordType::kDispatched: return decode_dispatched(ByteReader(record.payload));
    default: break;
  }
  if (!is_definition(type) || !readable(type, record.payload))
    return base::fail("record of unknown or malformed type " + std::to_string(record.type));
  return std::optional<StoredChange>(StoredDefinition{type, record.payload});
}

}  // namespace harrier::store
