#include "broker/router.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/check.h"
#include "broker/queue.h"

namespace harrier::broker {
namespace {

using amqp::FieldValue;
using amqp::ReplyCode;

struct CarbonCopies {
  std::optional<FieldValue> cc;
  std::optional<FieldValue> bcc;
};

// Both in one walk over the headers; of a repeated name the first counts.
CarbonCopies find_carbon_copies(amqp::TableView headers) {
  CarbonCopies found;
  for (const amqp::Field& field : headers) {
    if (field.name == "CC" && !found.cc) found.cc = field.value;
    if (field.name == "BCC" && !found.bcc) found.bcc = field.value;
  }
  return found;
}

base::Failure<amqp::ProtocolError> refuse_message(std::string reason) {
  return amqp::refuse(ReplyCode::kPreconditionFailed, "invalid message: " + std::move(reason));
}

// `count` counts the keys of both headers, repeated ones too.
amqp::CheckedStatus append_keys(std::string_view header, const FieldValue& value,
                                std::size_t& count, std::vector<Bytes>& keys) {
  if (value.type != 'A') {
    // As RabbitMQ shows its Erlang term.
    return refuse_message("{unacceptable_type_in_header,\"" + std::string(header) + "\"," +
                          std::string(value.type_name()) + "}");
  }
  for (const FieldValue& item : value.array()) {
    if (!item.is_string()) continue;
    if (++count > kCarbonCopyMax)
      return refuse_message("CC and BCC name more than " + std::to_string(kCarbonCopyMax) +
                            " routing keys");
    if (item.bytes.size() > kRoutingKeySizeMax)
      return refuse_message("a routing key in " + std::string(header) + " has more than " +
                            std::to_string(kRoutingKeySizeMax) + " octets");
    if (std::find(keys.begin(), keys.end(), item.bytes) == keys.end()) keys.push_back(item.bytes);
  }
  return base::Done{};
}

}  // namespace

amqp::CheckedStatus collect_routing_keys(Bytes routing_key, amqp::TableView headers,
                                         RoutingKeys& keys) {
  keys.keys.clear();
  keys.keys.push_back(routing_key);
  keys.has_bcc = false;
  if (headers.empty()) return base::Done{};

  const CarbonCopies copies = find_carbon_copies(headers);
  std::size_t count = 0;
  if (copies.cc) {
    if (auto status = append_keys("CC", *copies.cc, count, keys.keys); !status.ok()) return status;
  }
  if (copies.bcc) {
    if (auto status = append_keys("BCC", *copies.bcc, count, keys.keys); !status.ok())
      return status;
    keys.has_bcc = true;
  }
  return base::Done{};
}

amqp::Checked<RoutingKeys> routing_keys(Bytes routing_key, amqp::TableView headers) {
  RoutingKeys keys;
  auto status = collect_routing_keys(routing_key, headers, keys);
  if (!status.ok()) return base::fail(std::move(status).error());
  return keys;
}

void Router::route(Exchange* exchange, const std::vector<Bytes>& keys, amqp::TableView headers,
                   std::vector<Queue*>& queues) {
  CHECK(!keys.empty());
  ++pass_;
  cacheable_ = true;
  worklist_.clear();
  if (exchange == nullptr) {
    visit_named_queues(keys, queues);
  } else {
    visit(*exchange, queues);
  }
  std::size_t next = 0;
  while (next < worklist_.size()) {
    const Exchange& current = *worklist_[next++];
    match(current, keys, headers);
    if (matched_.empty()) visit_alternate(current, keys, queues);
    for (RoutingTarget* target : matched_)
      visit(*target, queues);
  }
}

void Router::match(const Exchange& exchange, const std::vector<Bytes>& keys,
                   amqp::TableView headers) {
  matched_.clear();
  if (exchange.routes_by_headers()) cacheable_ = false;
  if (!exchange.routes_by_key()) {
    exchange.match(RouteRequest{keys.front(), headers}, matched_);
    return;
  }
  for (const Bytes key : keys)
    exchange.match(RouteRequest{key, headers}, matched_);
}

void Router::visit(RoutingTarget& target, std::vector<Queue*>& queues) {
  if (!target.visit(pass_)) return;
  if (target.kind() == RoutingTarget::Kind::kQueue) {
    queues.push_back(static_cast<Queue*>(&target));
  } else {
    worklist_.push_back(static_cast<Exchange*>(&target));
  }
}

void Router::visit_alternate(const Exchange& exchange, const std::vector<Bytes>& keys,
                             std::vector<Queue*>& queues) {
  if (!exchange.has_alternate_exchange()) return;
  const std::string& name = exchange.alternate_exchange();
  if (name.empty()) {
    visit_named_queues(keys, queues);
  } else if (Exchange* alternate = directory_.exchange(name); alternate != nullptr) {
    visit(*alternate, queues);
  }
}

void Router::visit_named_queues(const std::vector<Bytes>& keys, std::vector<Queue*>& queues) {
  for (const Bytes key : keys) {
    if (Queue* queue = directory_.queue(key); queue != nullptr) visit(*queue, queues);
  }
}

}  // namespace harrier::broker
