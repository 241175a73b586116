#include "metrics/selection.h"

namespace harrier::metrics {
namespace {

constexpr std::string_view kTheirs = "rabbitmq_";

}  // namespace

std::string_view name_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kAggregated: return "aggregated";
    case Endpoint::kPerObject: return "per-object";
    case Endpoint::kDetailed: return "detailed";
    case Endpoint::kMemoryBreakdown: break;
  }
  return "memory-breakdown";
}

std::string name_on(Endpoint endpoint, std::string_view name) {
  if (endpoint != Endpoint::kDetailed || !name.starts_with(kTheirs)) return std::string(name);
  // What RabbitMQ says of the whole cluster has a name of its own already.
  if (name.starts_with("rabbitmq_cluster_")) return std::string(name);
  return "rabbitmq_detailed_" + std::string(name.substr(kTheirs.size()));
}

}  // namespace harrier::metrics
