#include "store/record_codec.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/message_codec.h"
#include "store/node_definition.h"
#include "unit/store/store_fixture.h"

namespace harrier::store {
namespace {

struct Encoded {
  RecordType type;
  std::string payload;
};

std::string payload_of(const std::function<void(base::Buffer&)>& encode) {
  base::Buffer to;
  encode(to);
  return std::string(to.bytes());
}

std::string publish_payload(const std::vector<broker::PublishPlace>& places,
                            const broker::Message& message) {
  return payload_of([&](base::Buffer& to) {
    encode_places(to, places);
    encode_message(to, message);
  });
}

broker::SettleChange a_settle(broker::SettleReason reason) {
  broker::SettleChange settle;
  settle.queue = kQueue;
  settle.level = 3;
  settle.first = Position(10);
  settle.last = Position(19);
  settle.count = 9;
  settle.body_bytes = 900;
  settle.reason = reason;
  return settle;
}

broker::DispatchedChange a_dispatch() {
  broker::DispatchedChange change;
  change.last.queue = kQueue;
  change.last.level = 2;
  change.last.position = Position(77);
  return change;
}

std::string exchange_payload() {
  broker::ExchangeDeclaration exchange{
      .name = "logs", .type = broker::ExchangeType::kTopic, .durable = true, .internal = true};
  exchange.arguments.add_string("alternate-exchange", "other");
  return payload_of([&](base::Buffer& to) { encode_exchange(to, 5, exchange); });
}

// As encode_binding() writes it: a Binding needs exchanges.
std::string binding_payload() {
  amqp::FieldTable arguments;
  arguments.add_string("x-match", "all");
  return payload_of([&](base::Buffer& to) {
    to.append_number(std::uint32_t{5});
    to.append_number(std::uint8_t{1});
    to.append(std::string_view("\4logs\3all\5a.*.b", 15));
    to.append_number(static_cast<std::uint32_t>(arguments.view().bytes().size()));
    to.append(arguments.view().bytes());
  });
}

NodeDefinition a_permission() {
  NodeDefinition definition{NodeDefinitionKind::kPermission, {"ali", "shop"}, {}};
  definition.value.add_string("read", "^orders");
  return definition;
}

// One of every type that says something by itself.
std::vector<Encoded> every_record() {
  auto expiring = place_of(kQueue, 4, 9);
  expiring.expires_at = at(61'000);
  return {
      {RecordType::kPublish, publish_payload({place_of(kQueue, 3), expiring}, *message("body"))},
      {RecordType::kSettle, payload_of([](base::Buffer& to) {
         encode_settle(to, a_settle(broker::SettleReason::kExpired));
       })},
      {RecordType::kRequeue, payload_of([](base::Buffer& to) {
         encode_requeue(to, {kQueue, 1, Position(5), Position(8), 70'000});
       })},
      {RecordType::kDispatched,
       payload_of([](base::Buffer& to) { encode_dispatched(to, a_dispatch()); })},
      {RecordType::kQueueDeclared, queue_payload(kQueue, "orders")},
      {RecordType::kQueueDeleted,
       payload_of([](base::Buffer& to) { to.append_number(kQueue.value); })},
      {RecordType::kExchangeDeclared, exchange_payload()},
      {RecordType::kExchangeDeleted,
       payload_of([](base::Buffer& to) { encode_exchange_name(to, 5, "logs"); })},
      {RecordType::kBound, binding_payload()},
      {RecordType::kUnbound, binding_payload()},
      {RecordType::kVirtualHostCreated, virtual_host_payload(5, 16, "shop")},
      {RecordType::kVirtualHostDeleted, virtual_host_payload(5, 16, "shop")},
      {RecordType::kNodeDefinitionSet,
       payload_of([](base::Buffer& to) { encode_node_definition(to, a_permission()); })},
      {RecordType::kNodeDefinitionRemoved,
       payload_of([](base::Buffer& to) { encode_node_definition_key(to, a_permission()); })},
  };
}

journal::Record record_of(const Encoded& encoded, std::uint64_t lsn = 1) {
  journal::Record record;
  record.lsn = lsn;
  record.type = static_cast<std::uint8_t>(encoded.type);
  record.version = kRecordVersion;
  record.payload = encoded.payload;
  return record;
}

bool decodes(const Encoded& encoded) {
  RecordDecoder decoder;
  const auto change = decoder.decode(record_of(encoded));
  return change.ok() && change->has_value();
}

TEST(RecordCodec, GivesBackAPublish) {
  const Encoded encoded = every_record()[0];
  RecordDecoder decoder;
  const auto change = decoder.decode(record_of(encoded, 12));
  ASSERT_TRUE(change.ok() && change->has_value());
  const auto& publish = std::get<StoredPublish>(**change);
  EXPECT_EQ(decoder.first_lsn(), 12u);
  EXPECT_EQ(publish.message->body(), "body");
  EXPECT_EQ(publish.message->routing_key(), "key");
  ASSERT_EQ(publish.places.size(), 2u);
  EXPECT_EQ(publish.places[0].queue, kQueue);
  EXPECT_EQ(publish.places[0].position, Position(3));
  EXPECT_EQ(publish.places[0].expires_at, kNoExpiry);
  EXPECT_EQ(publish.places[1].level, 9);
  EXPECT_EQ(publish.places[1].expires_at, at(61'000));
}

TEST(RecordCodec, GivesBackANodeDefinition) {
  base::Buffer payload;
  encode_node_definition(payload, a_permission());
  const auto set = decode_node_definition(payload.bytes());
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(set->kind, NodeDefinitionKind::kPermission);
  EXPECT_EQ(set->key, (std::vector<std::string>{"ali", "shop"}));
  EXPECT_EQ(set->value.view().bytes(), a_permission().value.view().bytes());
  base::Buffer key;
  encode_node_definition_key(key, a_permission());
  EXPECT_EQ(node_definition_identity(payload.bytes()), key.bytes());
  ASSERT_TRUE(decode_node_definition_key(key.bytes()).has_value());
}

TEST(RecordCodec, ANodeDefinitionHasTheKeyOfItsKind) {
  for (int number = 0; number <= static_cast<int>(kLastNodeDefinitionKind) + 1; ++number) {
    const auto kind = static_cast<NodeDefinitionKind>(number);
    const bool known = number != 0 && kind <= kLastNodeDefinitionKind;
    for (std::size_t parts = 0; parts <= 4; ++parts) {
      const NodeDefinition definition{kind, std::vector<std::string>(parts, "x"), {}};
      const Encoded encoded{RecordType::kNodeDefinitionSet, payload_of([&](base::Buffer& to) {
                              encode_node_definition(to, definition);
                            })};
      EXPECT_EQ(decodes(encoded), known && parts == key_parts(kind)) << number << ' ' << parts;
    }
  }
}

TEST(RecordCodec, GivesBackEverySettleReason) {
  for (int number = 0; number <= static_cast<int>(broker::SettleReason::kDeliveryLimit); ++number) {
    const auto reason = static_cast<broker::SettleReason>(number);
    const Encoded encoded{RecordType::kSettle, payload_of([&](base::Buffer& to) {
                            encode_settle(to, a_settle(reason));
                          })};
    RecordDecoder decoder;
    const auto change = decoder.decode(record_of(encoded));
    ASSERT_TRUE(change.ok() && change->has_value());
    const auto& settle = std::get<broker::SettleChange>(**change);
    EXPECT_EQ(settle.reason, reason);
    EXPECT_EQ(settle.level, 3);
    EXPECT_EQ(settle.first, Position(10));
    EXPECT_EQ(settle.last, Position(19));
    EXPECT_EQ(settle.count, 9u);
    EXPECT_EQ(settle.body_bytes, 900u);
  }
}

TEST(RecordCodec, GivesBackRequeueAndDispatch) {
  const auto records = every_record();
  RecordDecoder decoder;
  const auto requeue = decoder.decode(record_of(records[2]));
  ASSERT_TRUE(requeue.ok() && requeue->has_value());
  const auto& range = std::get<StoredRequeue>(**requeue);
  EXPECT_EQ(range.first, Position(5));
  EXPECT_EQ(range.last, Position(8));
  EXPECT_EQ(range.level, 1);
  EXPECT_EQ(range.delivery_count, 70'000u);
  const auto dispatched = decoder.decode(record_of(records[3]));
  ASSERT_TRUE(dispatched.ok() && dispatched->has_value());
  EXPECT_EQ(std::get<broker::DispatchedChange>(**dispatched).last.position, Position(77));
}

TEST(RecordCodec, GivesBackDefinitions) {
  const auto queue = decode_queue(queue_payload(kQueue, "orders"));
  ASSERT_TRUE(queue.has_value());
  EXPECT_EQ(queue->id, kQueue);
  EXPECT_EQ(queue->declaration.name, "orders");
  EXPECT_TRUE(queue->declaration.durable);
  EXPECT_FALSE(queue->declaration.auto_delete);
  EXPECT_EQ(queue->declaration.arguments.view().count(), 1u);
  const auto exchange = decode_exchange(exchange_payload());
  ASSERT_TRUE(exchange.has_value());
  EXPECT_EQ(exchange->virtual_host, 5u);
  EXPECT_EQ(exchange->declaration.name, "logs");
  EXPECT_EQ(exchange->declaration.type, broker::ExchangeType::kTopic);
  EXPECT_TRUE(exchange->declaration.durable && exchange->declaration.internal);
  EXPECT_FALSE(exchange->declaration.auto_delete);
  const std::string payload = binding_payload();
  const auto binding = decode_binding(payload);
  ASSERT_TRUE(binding.has_value());
  EXPECT_EQ(binding->request.source, "logs");
  EXPECT_EQ(binding->request.destination, "all");
  EXPECT_EQ(binding->request.routing_key, "a.*.b");
  const auto host = decode_virtual_host(virtual_host_payload(5, 16, "shop"));
  ASSERT_TRUE(host.has_value());
  EXPECT_EQ(host->number, 5u);
  EXPECT_EQ(host->shard, 16);
  EXPECT_EQ(host->name, "shop");
}

TEST(RecordCodec, TellsEveryTruncationAndEveryByteTooMany) {
  for (const Encoded& encoded : every_record()) {
    SCOPED_TRACE(static_cast<int>(encoded.type));
    EXPECT_TRUE(decodes(encoded));
    for (std::size_t size = 0; size < encoded.payload.size(); ++size) {
      // A copy of this size, so that AddressSanitizer sees a read past the end.
      const std::vector<char> part(encoded.payload.begin(),
                                   encoded.payload.begin() + static_cast<long>(size));
      EXPECT_FALSE(decodes({encoded.type, std::string(part.begin(), part.end())})) << size;
    }
    const bool names_only =
        encoded.type == RecordType::kQueueDeleted || encoded.type == RecordType::kExchangeDeleted;
    // Their decoders read the key of a declaration, too.
    EXPECT_EQ(decodes({encoded.type, encoded.payload + '\0'}), names_only);
  }
}

TEST(RecordCodec, RefusesTypesAndVersionsItDoesNotKnow) {
  const Encoded good = every_record()[1];
  for (int type = 0; type < 256; ++type) {
    const bool known =
        (type >= 1 && type <= 7) || (type >= 16 && type <= 21) || type == 32 || type == 33;
    if (known) continue;
    Encoded unknown = good;
    unknown.type = static_cast<RecordType>(type);
    EXPECT_FALSE(decodes(unknown)) << type;
  }
  RecordDecoder decoder;
  journal::Record newer = record_of(good);
  newer.version = kRecordVersion + 1;
  const auto change = decoder.decode(newer);
  ASSERT_FALSE(change.ok());
  EXPECT_NE(change.error().message.find("newer"), std::string::npos);
}

TEST(RecordCodec, RefusesRangesThatCannotBe) {
  const auto requeue = [](std::uint64_t first, std::uint64_t last) {
    return decodes({RecordType::kRequeue, payload_of([&](base::Buffer& to) {
                      encode_requeue(to, {kQueue, 0, Position(first), Position(last), 1});
                    })});
  };
  EXPECT_TRUE(requeue(5, 5));
  EXPECT_FALSE(requeue(5, 4));
  EXPECT_FALSE(requeue(UINT64_MAX, UINT64_MAX));
  broker::SettleChange settle = a_settle(broker::SettleReason::kPurged);
  settle.last = Position(UINT64_MAX);
  EXPECT_FALSE(decodes(
      {RecordType::kSettle, payload_of([&](base::Buffer& to) { encode_settle(to, settle); })}));
}

// ---- pieces

std::vector<Encoded> in_pieces(const broker::Message& message, std::size_t piece) {
  std::vector<Encoded> records;
  const std::string bytes = payload_of([&](base::Buffer& to) { encode_message(to, message); });
  for (std::size_t begin = 0; begin < bytes.size(); begin += piece)
    records.push_back({RecordType::kMessagePiece, bytes.substr(begin, piece)});
  records.push_back({RecordType::kPublish, payload_of([&](base::Buffer& to) {
                       encode_places(to, std::vector{place_of(kQueue, 3)});
                       to.append_number(std::uint64_t{bytes.size()});
                     })});
  return records;
}

TEST(RecordPieces, MakeOneMessageWithTheLsnOfTheFirst) {
  const std::string body(1'000, 'b');
  RecordDecoder decoder;
  std::uint64_t lsn = 40;
  const auto records = in_pieces(*message(body), 300);
  for (const Encoded& encoded : records) {
    const auto change = decoder.decode(record_of(encoded, lsn++));
    ASSERT_TRUE(change.ok());
    EXPECT_EQ(change->has_value(), &encoded == &records.back());
    if (change->has_value()) {
      EXPECT_EQ(std::get<StoredPublish>(**change).message->body(), body);
      EXPECT_EQ(decoder.first_lsn(), 40u);
    }
  }
  const Encoded next = every_record()[0];
  ASSERT_TRUE(decoder.decode(record_of(next, lsn)).ok());
  EXPECT_EQ(decoder.first_lsn(), lsn);
}

TEST(RecordPieces, MayBeMissingOnlyBeforeTheFirstRecord) {
  const auto records = in_pieces(*message(std::string(1'000, 'b')), 300);
  for (std::size_t begin = 1; begin < records.size(); ++begin) {
    RecordDecoder decoder;
    for (std::size_t i = begin; i < records.size(); ++i) {
      const auto change = decoder.decode(record_of(records[i], i));
      ASSERT_TRUE(change.ok()) << begin;
      EXPECT_FALSE(change->has_value());
    }
    // Nothing of it is left over.
    EXPECT_TRUE(decoder.decode(record_of(every_record()[0], 50)).ok());
    EXPECT_EQ(decoder.first_lsn(), 50u);
    EXPECT_FALSE(decoder.decode(record_of(records.back(), 51)).ok());
  }
}

TEST(RecordPieces, TooManyAreMalformed) {
  auto records = in_pieces(*message(std::string(1'000, 'b')), 300);
  records.insert(records.begin(), records.front());
  RecordDecoder decoder;
  for (std::size_t i = 0; i + 1 < records.size(); ++i)
    ASSERT_TRUE(decoder.decode(record_of(records[i])).ok());
  EXPECT_FALSE(decoder.decode(record_of(records.back())).ok());
}

TEST(RecordPieces, PlacesAreOfTheNextPublish) {
  const auto places = [](std::uint64_t position) {
    return payload_of(
        [&](base::Buffer& to) { encode_places(to, std::vector{place_of(kQueue, position)}); });
  };
  RecordDecoder decoder;
  ASSERT_TRUE(decoder.decode(record_of({RecordType::kPlaces, places(1)}, 7)).ok());
  ASSERT_TRUE(decoder.decode(record_of({RecordType::kPlaces, places(2)}, 8)).ok());
  const Encoded publish{RecordType::kPublish,
                        publish_payload({place_of(kQueue, 3)}, *message("body"))};
  for (const std::size_t wanted : {3u, 1u}) {
    const auto change = decoder.decode(record_of(publish, 9));
    ASSERT_TRUE(change.ok() && change->has_value());
    const auto& got = std::get<StoredPublish>(**change).places;
    ASSERT_EQ(got.size(), wanted);
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(got[i].position, Position(wanted == 1 ? 3 : i + 1));
    EXPECT_EQ(decoder.first_lsn(), wanted == 3 ? 7u : 9u);
  }
}

}  // namespace
}  // namespace harrier::store
