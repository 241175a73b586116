// The arguments of queue.declare: which there are, what they may be, what they mean.
//
// Role:   turns a declare's field table into QueueSettings, or into the 406 that RabbitMQ gives;
//         compares a redeclaration with what exists.
// Model:  one table of known arguments (in the .cc): name, accepted values, queue types. Unknown
//         names are ignored and never compared (S10).
// Thread: pure functions; SharedSettings: confined(broker).
// Spec:   docs/protocol/conformance.md S10, S12, S24, S28.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/field_table.h"
#include "amqp/protocol_error.h"
#include "base/time.h"
#include "broker/applied_policies.h"

namespace harrier::broker {

enum class QueueType : std::uint8_t { kClassic, kQuorum };
enum class Overflow : std::uint8_t { kDropHead, kRejectPublish, kRejectPublishDeadLetter };

inline constexpr std::string_view kDeadLetterExchange = "x-dead-letter-exchange";

struct QueueDeclaration {
  std::string name;  // empty: the broker chooses
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  amqp::FieldTable arguments;
  // An operator's word, no client's: see Queue::set_paused().
  bool paused = false;
};

struct QueueSettings {
  QueueType type = QueueType::kClassic;
  std::optional<base::Milliseconds> message_ttl;
  std::optional<base::Milliseconds> expires;
  std::optional<std::uint64_t> max_length;
  std::optional<std::uint64_t> max_length_bytes;
  Overflow overflow = Overflow::kDropHead;
  std::optional<std::string> dead_letter_exchange;
  std::optional<std::string> dead_letter_routing_key;
  std::uint8_t max_priority = 0;  // 0: no priorities
  bool single_active_consumer = false;
  std::optional<std::int64_t> delivery_limit;  // negative: unlimited
  std::optional<base::Milliseconds> consumer_timeout;
  // What was taken from these stands in the members above.
  AppliedPolicies policies;

  bool operator==(const QueueSettings&) const = default;
};

// Gives queues that are declared alike the same settings: a quarter of what an idle queue takes.
//
// Model: remembers the kinds declared last. Queues of kinds that alternate more widely have their
//        own.
class SharedSettings {
 public:
  std::shared_ptr<const QueueSettings> share(QueueSettings settings);

 private:
  static constexpr std::size_t kKinds = 4;
  std::array<std::shared_ptr<const QueueSettings>, kKinds> kinds_;
  std::size_t next_ = 0;
};

// REQUIRES nothing of `declaration`: it comes from a peer.
amqp::Checked<QueueSettings> parse_queue_arguments(const QueueDeclaration& declaration,
                                                   std::string_view virtual_host);

// Durable, auto_delete and the known arguments must agree; exclusive is checked before, with 405
// (S10).
amqp::CheckedStatus check_equivalent(const QueueDeclaration& current,
                                     const QueueDeclaration& redeclared,
                                     std::string_view virtual_host);

}  // namespace harrier::broker
