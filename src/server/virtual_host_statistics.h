// What happens in one virtual host, or in all: totals and rates.
//
// Thread: plain values.
#pragma once

#include <cstdint>
#include <string>

#include "server/measured.h"

namespace harrier::server {

// How many there are now, and how fast that grows or shrinks a second.
struct Level {
  std::uint64_t value = 0;
  double rate = 0;
};

struct VirtualHostStatistics {
  std::string name;
  Level ready;
  Level unacked;
  std::uint64_t connections = 0;
  std::uint64_t channels = 0;
  std::uint64_t consumers = 0;
  std::uint64_t queues = 0;
  std::uint64_t exchanges = 0;  // the default one included
  MessageStatistics statistics;
  // Of the connections in it, those that are gone included.
  Measured received_octets;
  Measured sent_octets;
};

// RabbitMQ's churn_rates.
struct Churn {
  Measured connections_created;
  Measured connections_closed;
  Measured channels_created;
  Measured channels_closed;
  Measured queues_declared;
  Measured queues_created;
  Measured queues_deleted;
};

// Totals never fall while the node runs: what deleted virtual hosts had counted stays in them.
struct NodeStatistics {
  Level ready;
  Level unacked;
  std::uint64_t connections = 0;
  std::uint64_t channels = 0;
  std::uint64_t consumers = 0;
  std::uint64_t queues = 0;
  std::uint64_t exchanges = 0;
  MessageStatistics statistics;
  Churn churn;
};

}  // namespace harrier::server
