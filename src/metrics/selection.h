// What a scrape wants: which page it asks for, and of /metrics/detailed which families of which
// objects.
//
// Thread: plain value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/pattern.h"

namespace harrier::metrics {

enum class Endpoint : std::uint8_t { kAggregated, kPerObject, kDetailed, kMemoryBreakdown };
inline constexpr std::array<Endpoint, 4> kEndpoints = {
    Endpoint::kAggregated, Endpoint::kPerObject, Endpoint::kDetailed, Endpoint::kMemoryBreakdown};
// RabbitMQ's word, which rabbitmq_identity_info tells.
std::string_view name_of(Endpoint endpoint);

struct Selection {
  Endpoint endpoint = Endpoint::kAggregated;
  // The rest: kDetailed only. RabbitMQ's names of groups of families; none: none.
  std::set<std::string, std::less<>> families;
  // None: all of them.
  std::set<std::string, std::less<>> virtual_hosts;
  std::optional<base::Pattern> queues;

  // `group`: by which name /metrics/detailed has it, nullptr if it has not.
  bool wants(const char* group) const {
    if (endpoint != Endpoint::kDetailed) return true;
    return group != nullptr && families.contains(std::string_view(group));
  }
  bool wants_virtual_host(const std::string& name) const {
    return virtual_hosts.empty() || virtual_hosts.contains(name);
  }
  bool wants_queue(const std::string& name) const { return !queues || queues->matches(name); }
};

// How a family is called there: rabbitmq_… becomes rabbitmq_detailed_… on kDetailed, so that the
// same words with other labels do not meet. Our own names are on one kind of page only.
std::string name_on(Endpoint endpoint, std::string_view name);

}  // namespace harrier::metrics
