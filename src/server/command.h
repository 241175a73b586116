// What a command from outside the loops answers, and what it takes and gives.
//
// Role:   the values of Commands, for HTTP and harrierctl.
// Thread: plain values; none refers to anything of a loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "amqp/constants.h"
#include "amqp/properties.h"
#include "base/result.h"
#include "broker/routing_target.h"

namespace harrier::server {

enum class CommandFailure : std::uint8_t {
  kRefused,        // `code` says as what: 404, 403, 405, 406, 530 …
  kNoVirtualHost,  // code 404
  kNotDurable,     // done, in force, and not known to be on disk
  kHeld,           // publishers are held: a resource alarm, a quota, an operator
  kUnavailable,    // the node starts or stops
  kGivenUp,        // the caller's GiveUp said so; what was done until then is done
};
struct CommandError {
  CommandFailure kind = CommandFailure::kRefused;
  amqp::ReplyCode code = amqp::ReplyCode::kInternalError;
  // AMQP's words without the code's name: "no queue 'q' in vhost '/'".
  std::string message;
};
template <class T>
using Command = base::Result<T, CommandError>;
using CommandStatus = base::Status<CommandError>;

// Asked between two slices of long work, on the caller's thread; true: nobody waits any more.
using GiveUp = std::function<bool()>;

struct PublishRequest {
  std::string exchange;
  std::string routing_key;
  // What it refers to lives during the call; `flags` says what is set.
  amqp::Properties properties;
  std::string body;
};

// As basic.ack, basic.reject with and without requeue.
enum class GetAck : std::uint8_t { kRequeue, kAck, kReject };
struct GetRequest {
  std::uint64_t count = 1;
  GetAck ack = GetAck::kRequeue;
  // Bodies are cut to so many octets.
  std::size_t body_bytes_max = SIZE_MAX;
};

// A message's place in its queue. Positions are unique in a queue; the level is the priority it
// waits on, and 0 in queues without priorities.
struct MessagePlace {
  std::uint64_t position = 0;
  std::uint8_t level = 0;

  bool operator==(const MessagePlace&) const = default;
};

struct ReadMessage {
  MessagePlace place;
  std::string exchange;
  std::string routing_key;
  bool redelivered = false;
  std::uint32_t delivery_count = 0;
  // For amqp::parse_properties().
  std::string property_bytes;
  std::string body;
  // Of the whole body.
  std::uint64_t body_bytes = 0;
  // get(): how many were ready behind it.
  std::uint64_t message_count = 0;
  // On disk when it was looked at (browse).
  bool paged_out = false;
};

struct BrowseRequest {
  // Messages behind this one in the order of delivery; nothing: from the head.
  std::optional<MessagePlace> after;
  std::uint64_t count = 50;
  std::size_t body_bytes_max = SIZE_MAX;
};
struct BrowsedMessages {
  std::vector<ReadMessage> messages;
  // Ready in the queue now.
  std::uint64_t ready = 0;
  // There are more behind the last.
  bool more = false;
};

struct MoveRequest {
  std::string from;
  std::string to;
  // Nothing: all that are ready when it begins.
  std::optional<std::uint64_t> count;
  // Of a single message instead, wherever it stands.
  std::optional<MessagePlace> place;
  // Messages per second; 0: as fast as it goes.
  std::uint32_t rate_max = 0;
};
enum class MoveEnd : std::uint8_t {
  kDone,
  kTargetFull,  // it refuses messages (reject-publish), or its virtual host stores what it may
  kGone,        // one of the queues, or their virtual host, was deleted meanwhile
  kHeldMax,     // redrive: so many stay that it cannot see what is behind them
  kGivenUp,
  kNotDurable,  // the disk has not taken the last of them in time
};
struct MoveOutcome {
  std::uint64_t moved = 0;
  MoveEnd end = MoveEnd::kDone;
};

// Every message goes back to the queue that its newest x-death entry names.
struct RedriveRequest {
  std::string queue;
  std::optional<std::uint64_t> count;
  // For those whose queue is gone, or that never died anywhere; none: they stay.
  std::optional<std::string> fallback;
  std::uint32_t rate_max = 0;
  // Counts, and moves nothing.
  bool dry_run = false;
};
struct RedriveOutcome {
  // By target, the fallback among them.
  std::map<std::string, std::uint64_t> moved;
  // Stayed (or went to the fallback, which counts them under `moved`, too): their queue is gone.
  std::uint64_t source_gone = 0;
  // Likewise: no x-death entry names a queue.
  std::uint64_t no_history = 0;
  // Stayed: their queue refuses messages.
  std::uint64_t refused = 0;
  MoveEnd end = MoveEnd::kDone;
};

struct BindingPlace {
  std::string source;
  broker::RoutingTarget::Kind destination_kind = broker::RoutingTarget::Kind::kQueue;
  std::string destination;
};

}  // namespace harrier::server
