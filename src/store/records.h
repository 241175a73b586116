// What a journal record says, once it is decoded: the input of ShardState::apply(), live and in
// recovery.
//
// Model:     a Change of broker becomes one StoredChange (record_codec.h): definitions are kept as
//            the bytes of their record, messages as references.
// Thread:    plain values.
// Lifetimes: views are valid during the call they are passed to.
// Spec:      docs/formats/journal.md, "Records".
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "base/bytes.h"
#include "broker/changes.h"

namespace harrier::store {

// The numbers of the format; never reused.
enum class RecordType : std::uint8_t {
  kGroupEnd = 1,
  kMessagePiece = 2,  // of a message too long for one record; the publish follows in the same group
  kPlaces = 3,        // of a publish to more queues than fit into its own record
  kPublish = 4,
  kSettle = 5,
  kRequeue = 6,
  kDispatched = 7,
  kQueueDeclared = 16,
  kQueueDeleted = 17,
  kExchangeDeclared = 18,
  kExchangeDeleted = 19,
  kBound = 20,
  kUnbound = 21,
  kVirtualHostCreated = 32,  // from here on shard 0 only
  kVirtualHostDeleted = 33,
  kNodeDefinitionSet = 34,
  kNodeDefinitionRemoved = 35,
};
inline constexpr std::uint8_t kRecordVersion = 1;

struct StoredPublish {
  broker::MessageRef message;
  std::span<const broker::PublishPlace> places;
};
// Several requeues of neighbours with one count.
struct StoredRequeue {
  broker::QueueId queue;
  std::uint8_t level = 0;
  broker::Position first;
  broker::Position last;
  std::uint32_t delivery_count = 0;
};
// A definition by its record's payload.
struct StoredDefinition {
  RecordType type = RecordType::kQueueDeclared;
  base::Bytes payload;
};

using StoredChange = std::variant<StoredPublish, broker::SettleChange, StoredRequeue,
                                  broker::DispatchedChange, StoredDefinition>;

// Queue ids are unique in a node: the virtual host's number stands above these bits.
inline constexpr int kQueueCounterBits = 40;
inline broker::QueueId first_queue_of(std::uint32_t virtual_host) {
  return broker::QueueId(std::uint64_t{virtual_host} << kQueueCounterBits);
}
inline std::uint32_t virtual_host_of(broker::QueueId queue) {
  return static_cast<std::uint32_t>(queue.value >> kQueueCounterBits);
}

}  // namespace harrier::store
