// A queue as it was at one moment, copied out of its loop.
//
// Role:   what Inspection answers with; management and per-queue metrics read it.
// Thread: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "amqp/field_table.h"
#include "base/time.h"
#include "broker/ids.h"
#include "broker/queue_arguments.h"
#include "broker/queue_reading.h"
#include "server/measured.h"

namespace harrier::server {

// What to copy besides names, kinds and counts: less costs the loop less.
struct QueueParts {
  bool arguments = false;
  bool policies = false;
  bool statistics = false;
  bool distributions = false;
  // Looks into consumers' channels: up to 64 of their deliveries each.
  bool ages = false;

  static QueueParts all() { return {true, true, true, true, true}; }
};

using broker::QueueFates;

struct QueueView {
  broker::QueueId id;  // of its virtual host
  std::string virtual_host;
  std::string name;
  broker::QueueType type = broker::QueueType::kClassic;
  bool durable = false;
  bool auto_delete = false;
  bool exclusive = false;
  bool paused = false;
  // ---- counts
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
  std::uint64_t ready_bytes = 0;  // of bodies
  std::uint64_t unacked_bytes = 0;
  std::uint64_t consumers = 0;
  // Messages with their entries in memory, bytes of entries and bodies; of what is ready.
  std::uint64_t resident = 0;
  std::uint64_t resident_bytes = 0;
  // About what the queue takes in memory, with its resident messages.
  std::uint64_t memory = 0;
  // Of what is ready: recorded on disk, or to be.
  std::uint64_t persistent = 0;
  std::uint64_t persistent_bytes = 0;
  // Fraction of the last five to ten seconds in which waiting messages could have been delivered at
  // once, or none waited: RabbitMQ's consumer_capacity and consumer_utilisation. 0 without
  // consumers.
  double consumer_capacity = 0;
  // Nothing: it is in use now.
  std::optional<base::WallTime> idle_since;
  std::optional<std::string> exclusive_consumer_tag;
  std::optional<std::string> single_active_consumer_tag;
  // The connection of an exclusive queue.
  std::optional<broker::ConnectionId> owner;
  // The message's own timestamp property at the head, in seconds since 1970.
  std::optional<std::uint64_t> head_message_timestamp;
  // Quorum; negative: none.
  std::optional<std::int64_t> delivery_limit;

  // What became of messages.
  QueueFates fates;

  // ---- by QueueParts
  amqp::FieldTable arguments;
  // Names; empty: none.
  std::string policy;
  std::string operator_policy;
  amqp::FieldTable effective_policy_definition;
  MessageStatistics statistics;
  // With statistics, too: how fast `ready` and `unacked` grow, per second.
  double ready_rate = 0;
  double unacked_rate = 0;
  // In seconds, of a resolution of 1 ms. Without counts while nothing has been delivered for about
  // ten seconds; then they begin anew.
  Distribution time_in_queue;   // from publish to delivery
  Distribution publish_to_ack;  // from publish to acknowledgement, of what was resident until then
  // Ages: since the message was published, and since it was delivered to a consumer. Nothing: there
  // is none, or (unacked) none of the oldest that its consumers' channels hold.
  std::optional<base::Milliseconds> oldest_ready_age;
  std::optional<base::Milliseconds> oldest_unacked_age;
};

}  // namespace harrier::server
