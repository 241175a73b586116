// From an exchange and a message's routing keys and headers to the queues that get it.
//
// Role:      VirtualHost's routing: walks exchange-to-exchange bindings with a worklist, each
//            exchange and each queue at most once (cycles are cut), applies alternate exchanges and
//            CC/BCC. One Router for all targets of a virtual host: it numbers the passes by which
//            they are marked.
// Model:     the alternate exchange of an exchange is used only if *that* exchange matched nothing,
//            whatever the key (S20); a message routed by an alternate exchange is routed as far as
//            `mandatory` is concerned. A missing alternate exchange or queue is passed over.
// Thread:    confined(broker).
// Limits:    the visited marks bound the work to the number of exchanges and bindings touched; CC
//            and BCC together name at most kCarbonCopyMax keys of kRoutingKeySizeMax octets
//            (more: 406).
// Spec:      conformance.md S20–S23.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "amqp/field_table.h"
#include "amqp/protocol_error.h"
#include "broker/exchange.h"

namespace harrier::broker {

class Queue;

inline constexpr std::size_t kCarbonCopyMax = 256;
// A routing key is a short string wherever it is not in a header.
inline constexpr std::size_t kRoutingKeySizeMax = 255;

// The routing keys of a message: its own, then CC and BCC without repetition. Views of what they
// were taken from.
struct RoutingKeys {
  std::vector<Bytes> keys;  // keys[0] is the publish's own routing key
  bool has_bcc = false;     // the BCC header must be stripped before the message is stored
};
// Refuses CC or BCC that is no array: 406 as RabbitMQ words it. Items that are no strings are
// skipped.
amqp::Checked<RoutingKeys> routing_keys(Bytes routing_key, amqp::TableView headers);
// The same into `keys`, whose capacity is kept; after a failure it holds nothing of use.
amqp::CheckedStatus collect_routing_keys(Bytes routing_key, amqp::TableView headers,
                                         RoutingKeys& keys);

class Router {
 public:
  // How exchanges and queues are found by name: alternate exchanges, and the default exchange's
  // queues.
  struct Directory {
    std::function<Exchange*(std::string_view)> exchange;
    std::function<Queue*(std::string_view)> queue;
  };
  explicit Router(Directory directory) : directory_(std::move(directory)) {}

  // Appends each queue once. `exchange` nullptr is the default exchange. The result may be reused
  // for the same exchange and keys until the topology changes if it does not depend on headers (see
  // cacheable()).
  void route(Exchange* exchange, const std::vector<Bytes>& keys, amqp::TableView headers,
             std::vector<Queue*>& queues);
  // False if the last route() looked at headers on its way.
  bool cacheable() const { return cacheable_; }

 private:
  void match(const Exchange& exchange, const std::vector<Bytes>& keys, amqp::TableView headers);
  void visit(RoutingTarget& target, std::vector<Queue*>& queues);
  void visit_alternate(const Exchange& exchange, const std::vector<Bytes>& keys,
                       std::vector<Queue*>& queues);
  void visit_named_queues(const std::vector<Bytes>& keys, std::vector<Queue*>& queues);

  Directory directory_;
  std::vector<Exchange*> worklist_;
  Targets matched_;
  std::uint64_t pass_ = 0;
  bool cacheable_ = true;
};

}  // namespace harrier::broker
