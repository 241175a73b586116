// A definitions file: users, virtual hosts, permissions, policies, queues and so on, as values.
//
// Role:   read from what RabbitMQ, LavinMQ and we export; written by definitions_writer.h; brought
//         into a node by definitions_import.h.
// Model:  the file's order is kept. What a file does not name is not there: an import leaves it.
//         Keys that mean nothing to us are passed over and named once, in `warnings`.
// Thread: plain values; pure functions.
// Errors: the first thing that makes no sense, with its place ("users[2]"), never a password.
// Limits: `size_max` octets, kDepthMax objects and arrays inside one another; names: 255 octets.
// Spec:   docs/operations/definitions.md; RabbitMQ's definitions export, 3.8 to 4.x.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/exchange.h"
#include "broker/queue_arguments.h"
#include "broker/routing_target.h"
#include "server/administrative_change.h"
#include "server/definition_codec.h"
#include "server/node_definitions.h"

namespace harrier::server {

struct HostedExchange {
  std::string virtual_host;
  broker::ExchangeDeclaration declaration;
};
struct HostedQueue {
  std::string virtual_host;
  broker::QueueDeclaration declaration;
};
struct HostedBinding {
  std::string virtual_host;
  broker::RoutingTarget::Kind destination_kind = broker::RoutingTarget::Kind::kQueue;
  std::string destination;
  std::string source;
  std::string routing_key;
  amqp::FieldTable arguments;
};

struct DefinitionsDocument {
  std::vector<UserDefinition> users;
  // Those of whom the file does not say loopback_only, which RabbitMQ does not have: who is there
  // keeps it, and of others it holds for guest, as in RabbitMQ.
  std::set<std::string> loopback_unsaid;
  std::vector<VirtualHostDescription> virtual_hosts;
  std::vector<broker::PermissionRule> permissions;
  std::vector<broker::TopicPermissionRule> topic_permissions;
  std::vector<NodeDefinitions::HostedPolicy> policies;
  // What has no value is not the file's to say.
  std::vector<SetVirtualHostLimits> limits;
  std::vector<SetUserLimits> user_limits;
  std::vector<SetParameter> parameters;
  std::vector<SetGlobalParameter> global_parameters;
  std::vector<HostedExchange> exchanges;
  std::vector<HostedQueue> queues;
  std::vector<HostedBinding> bindings;
  std::vector<std::string> warnings;
};

struct DefinitionsParsing {
  static constexpr int kDepthMax = 32;

  std::uint64_t size_max = 64 << 20;
  // Where a file of one virtual host belongs; empty: the one it came from.
  std::string virtual_host{};
};
base::Result<DefinitionsDocument> parse_definitions(base::Bytes text,
                                                    const DefinitionsParsing& parsing = {});

// What administrators have defined; virtual hosts that are being deleted are left out.
DefinitionsDocument document_of(const NodeDefinitions& definitions);
// Exchanges, queues and bindings in the order of their names, each once.
void put_in_order(DefinitionsDocument& document);

}  // namespace harrier::server
