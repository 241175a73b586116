// harrier-journal dump: records as lines.

#include <array>
#include <cctype>
#include <cstdio>

#include "amqp/properties.h"
#include "app/journal_tool.h"
#include "base/crc32c.h"
#include "journal/journal_reader.h"
#include "store/node_definition.h"
#include "store/record_codec.h"
#include "store/survey.h"

namespace harrier::app {
namespace {

using store::RecordType;

std::string number(std::uint64_t value) { return std::to_string(value); }

// Names and bodies may be any bytes; a line is one line.
std::string quoted(base::Bytes bytes) {
  std::string text = "'";
  for (const char c : bytes) {
    if (c == '\'' || c == '\\') text += '\\';
    if (std::isprint(static_cast<unsigned char>(c)) != 0) {
      text += c;
    } else {
      std::array<char, 5> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
      text += escaped.data();
    }
  }
  return text + "'";
}

const char* reason_of(broker::SettleReason reason) {
  switch (reason) {
    case broker::SettleReason::kAcknowledged: return "acknowledged";
    case broker::SettleReason::kDeliveredWithoutAck: return "delivered without ack";
    case broker::SettleReason::kPurged: return "purged";
    case broker::SettleReason::kExpired: return "expired";
    case broker::SettleReason::kMaxLength: return "max-length";
    case broker::SettleReason::kRejected: return "rejected";
    case broker::SettleReason::kDeliveryLimit: break;
  }
  return "delivery limit";
}

std::string place(broker::QueueId queue, std::uint8_t level) {
  std::string text = "queue " + number(queue.value);
  if (level != 0) text += " level " + number(level);
  return text;
}

std::string headers_of(base::Bytes property_bytes) {
  // Stored bytes may be anything: parsed as carefully as a client's.
  std::string header(12, '\0');
  header[1] = 60;
  header.append(property_bytes);
  const auto parsed = amqp::parse_content_header(header);
  if (!parsed.ok()) return " properties unreadable";
  const amqp::Properties& properties = parsed->properties;
  return properties.headers.empty() ? std::string()
                                    : " headers " + quoted(amqp::display(properties.headers));
}

class Describer {
 public:
  explicit Describer(bool bodies) : bodies_(bodies) {}

  std::string operator()(const store::StoredPublish& publish) const {
    const broker::Message& message = *publish.message;
    std::array<char, 9> crc{};
    std::snprintf(crc.data(), crc.size(), "%08x", base::crc32c(message.body()));
    std::string text = "publish";
    for (const broker::PublishPlace& at : publish.places)
      text += " " + place(at.queue, at.level) + " position " + number(at.position.value);
    text += " exchange " + quoted(message.exchange()) + " key " + quoted(message.routing_key()) +
            " body " + number(message.body_size()) + " bytes crc " + crc.data();
    if (message.has_expiration())
      text += " expiration " + std::to_string(message.expiration().count()) + " ms";
    if (message.dead_lettered()) text += " dead-lettered";
    text += headers_of(message.property_bytes());
    if (bodies_) text += " " + quoted(message.body());
    return text;
  }
  std::string operator()(const broker::SettleChange& settle) const {
    return "settle " + place(settle.queue, settle.level) + " positions " +
           number(settle.first.value) + ".." + number(settle.last.value) + " count " +
           number(settle.count) + " " + reason_of(settle.reason);
  }
  std::string operator()(const store::StoredRequeue& requeue) const {
    return "requeue " + place(requeue.queue, requeue.level) + " positions " +
           number(requeue.first.value) + ".." + number(requeue.last.value) + " delivery count " +
           number(requeue.delivery_count);
  }
  std::string operator()(const broker::DispatchedChange& dispatched) const {
    return "dispatched " + place(dispatched.last.queue, dispatched.last.level) + " through " +
           number(dispatched.last.position.value);
  }
  std::string operator()(const store::StoredDefinition& definition) const {
    const base::Bytes payload = definition.payload;
    switch (definition.type) {
      case RecordType::kQueueDeclared: return queue(*store::decode_queue(payload));
      case RecordType::kQueueDeleted:
        return "queue deleted " + number(store::decode_queue_id(payload)->value);
      case RecordType::kExchangeDeclared: return exchange(*store::decode_exchange(payload));
      case RecordType::kExchangeDeleted:
        return "exchange deleted " + quoted(store::decode_exchange_name(payload)->second);
      case RecordType::kBound: return binding("bound", *store::decode_binding(payload));
      case RecordType::kUnbound: return binding("unbound", *store::decode_binding(payload));
      case RecordType::kVirtualHostCreated:
        return virtual_host("created", *store::decode_virtual_host(payload));
      case RecordType::kVirtualHostDeleted:
        return virtual_host("deleted", *store::decode_virtual_host(payload));
      case RecordType::kNodeDefinitionSet:
        return node_definition("set", *store::decode_node_definition(payload));
      default: return node_definition("removed", *store::decode_node_definition_key(payload));
    }
  }

 private:
  static std::string arguments(amqp::TableView table) {
    return table.empty() ? std::string() : " arguments " + quoted(amqp::display(table));
  }
  static std::string queue(const store::QueueDefinition& queue) {
    return "queue declared " + number(queue.id.value) + " " + quoted(queue.declaration.name) +
           arguments(queue.declaration.arguments) + (queue.declaration.paused ? " paused" : "");
  }
  static std::string exchange(const store::ExchangeDefinition& exchange) {
    return "exchange declared " + quoted(exchange.declaration.name) + " of virtual host " +
           number(exchange.virtual_host) + arguments(exchange.declaration.arguments);
  }
  static std::string binding(const char* what, const store::BindingDefinition& binding) {
    const broker::BindingRequest& request = binding.request;
    const bool to_queue = request.destination_kind == broker::RoutingTarget::Kind::kQueue;
    return std::string(what) + " " + (to_queue ? "queue " : "exchange ") +
           quoted(request.destination) + " to " + quoted(request.source) + " key " +
           quoted(request.routing_key) + arguments(request.arguments);
  }
  static std::string virtual_host(const char* what, const store::VirtualHostDefinition& host) {
    return std::string("virtual host ") + what + " " + number(host.number) + " " +
           quoted(host.name) + " shard " + number(host.shard);
  }

  // Without passwords: display() does not show them.
  static std::string node_definition(const char* what, const store::NodeDefinition& definition) {
    std::string text = "definition of " + std::string(store::name_of(definition.kind));
    for (const std::string& part : definition.key)
      text += " " + quoted(part);
    return text + " " + what + arguments(definition.value);
  }

  bool bodies_;
};

std::string describe(const journal::Record& record, store::RecordDecoder& decoder, bool bodies) {
  const auto change = decoder.decode(record);
  if (!change.ok()) return "type " + number(record.type) + " unreadable: " + change.error().message;
  if (change->has_value()) return std::visit(Describer(bodies), **change);
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::kMessagePiece:
      return "piece of a message, " + number(record.payload.size()) + " bytes";
    case RecordType::kPlaces: return "places of a publish";
    case RecordType::kPublish: return "publish of a message whose pieces lie in an earlier segment";
    default: return "end of a group";
  }
}

}  // namespace

int dump_records(OfflineDirectory& directory, const DumpOptions& options) {
  const store::Survey survey = store::survey_directory(directory.files(), directory.node(), false);
  auto reader = journal::JournalReader::open(directory.files(), false);
  if (!reader.ok()) {
    std::fprintf(stderr, "%s\n", reader.error().message.c_str());
    return kExitIoFailure;
  }
  std::array<store::RecordDecoder, journal::kShards> decoders;
  const auto visit = [&](const journal::BatchFacts& batch, base::Bytes padded, std::string&) {
    const std::size_t shard = batch.head.shard;
    return journal::each_record(batch.head, padded, [&](const journal::Record& record) {
      // Decoded in any case: pieces come before what they are pieces of.
      const std::string text = describe(record, decoders[shard], options.bodies);
      const bool wanted = record.lsn >= options.lsns.first && record.lsn <= options.lsns.last &&
                          (!options.shard || *options.shard == shard);
      if (wanted)
        std::printf("shard %zu lsn %llu batch %llu%s %s\n", shard,
                    static_cast<unsigned long long>(record.lsn),
                    static_cast<unsigned long long>(batch.head.number),
                    (record.flags & journal::kGroupContinues) != 0 ? " (group)" : "", text.c_str());
      return true;
    });
  };
  const auto end = (*reader)->walk(directory.node().uuid, survey.journal.start, visit);
  if (!end.ok()) {
    std::fprintf(stderr, "%s\n", end.error().message.c_str());
    return kExitIoFailure;
  }
  if (end->verdict == journal::Verdict::kWhole || end->verdict == journal::Verdict::kTorn)
    return kExitOk;
  std::fprintf(stderr, "%s\n", end->message.c_str());
  return end->verdict == journal::Verdict::kCorrupt ? kExitCorrupt : kExitConfig;
}

}  // namespace harrier::app
