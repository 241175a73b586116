// Records as bytes and back.
//
// Role:   ShardLog encodes with it, recovery and harrier-journal decode.
// Thread: pure functions; RecordDecoder: confined to its user.
// Errors: bytes from the disk may be anything: decoding says what is wrong, never a CHECK.
// Spec:   docs/formats/journal.md, "Records".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "amqp/field_table.h"
#include "base/buffer.h"
#include "base/result.h"
#include "broker/queue_arguments.h"
#include "broker/virtual_host.h"
#include "journal/journal.h"
#include "store/records.h"

namespace harrier::store {

// ---- payloads
void encode_places(base::Buffer& to, std::span<const broker::PublishPlace> places);
void encode_settle(base::Buffer& to, const broker::SettleChange& change);
void encode_requeue(base::Buffer& to, const StoredRequeue& change);
void encode_dispatched(base::Buffer& to, const broker::DispatchedChange& change);
void encode_queue(base::Buffer& to, broker::QueueId id, const broker::QueueDeclaration& queue);
void encode_exchange(base::Buffer& to, std::uint32_t virtual_host,
                     const broker::ExchangeDeclaration& exchange);
void encode_exchange_name(base::Buffer& to, std::uint32_t virtual_host, std::string_view name);
void encode_binding(base::Buffer& to, std::uint32_t virtual_host, const broker::Binding& binding);

struct VirtualHostDefinition {
  std::uint32_t number = 0;
  std::uint8_t shard = 0;
  std::string name;
};
void encode_virtual_host(base::Buffer& to, const VirtualHostDefinition& host);

// ---- definitions
struct QueueDefinition {
  broker::QueueId id;
  broker::QueueDeclaration declaration;
};
struct ExchangeDefinition {
  std::uint32_t virtual_host = 0;
  broker::ExchangeDeclaration declaration;
};
struct BindingDefinition {
  std::uint32_t virtual_host = 0;
  broker::BindingRequest request;  // its arguments point into the payload
};
std::optional<QueueDefinition> decode_queue(base::Bytes payload);
std::optional<ExchangeDefinition> decode_exchange(base::Bytes payload);
std::optional<BindingDefinition> decode_binding(base::Bytes payload);
std::optional<VirtualHostDefinition> decode_virtual_host(base::Bytes payload);
// The queue's id alone, from a declaration or a deletion.
std::optional<broker::QueueId> decode_queue_id(base::Bytes payload);
// Virtual host and name, from an exchange's declaration or deletion.
std::optional<std::pair<std::uint32_t, std::string>> decode_exchange_name(base::Bytes payload);

// Turns the records of one shard into changes; holds the pieces of a long message until the publish
// comes.
class RecordDecoder {
 public:
  // nullopt: the record is a piece, the end of a group, or the end of a publish whose first pieces
  // came before the first record that was decoded. The change is valid until the next call.
  base::Result<std::optional<StoredChange>> decode(const journal::Record& record);
  // Of the first record of the change that was given out last.
  std::uint64_t first_lsn() const { return first_lsn_; }

 private:
  base::Result<std::optional<StoredChange>> decode_publish(base::Bytes payload);
  bool decode_places(base::ByteReader& reader);

  std::string message_pieces_;
  std::vector<broker::PublishPlace> places_;
  std::uint64_t first_lsn_ = 0;
  std::uint64_t first_decoded_lsn_ = 0;
  // The places belong to the change given out last.
  bool published_ = false;
};

}  // namespace harrier::store
