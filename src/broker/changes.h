// What durable change looks like, and the ports through which it leaves and comes back.
//
// Role:      VirtualHost appends one record per durable change to its ChangeLog and goes on;
//            whoever promised durability to a client waits until committed() has reached the
//            record's Lsn. Store implements the ports; VolatileChangeLog serves until then and
//            where nothing is durable.
// Model:     (queue, position) is a stored message's identity in every record.
// Lifetimes: records are views: append() encodes or copies what it needs before it returns.
// Thread:    confined(broker).
// Spec:      ADR 0001.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "broker/exchange.h"
#include "broker/ids.h"
#include "broker/message.h"

namespace harrier::broker {

struct QueueDeclaration;

// Why a message left a queue.
enum class SettleReason : std::uint8_t {
  kAcknowledged,
  kDeliveredWithoutAck,
  kPurged,
  kExpired,
  kMaxLength,
  kRejected,
  kDeliveryLimit,
};

struct QueuePlace {
  QueueId queue;
  Position position;
};

struct PublishChange {
  const Message& message;
  std::span<const QueuePlace> places;
};
struct SettleChange {
  QueuePlace place;
  SettleReason reason;
};
struct RequeueChange {
  QueuePlace place;
  std::uint32_t delivery_count;
};
// Everything ready up to `last` is gone at once.
struct PurgeChange {
  QueueId queue;
  Position last;
};
struct QueueDeclaredChange {
  QueueId queue;
  const QueueDeclaration& declaration;
};
struct QueueDeletedChange {
  QueueId queue;
};
struct ExchangeDeclaredChange {
  const ExchangeDeclaration& declaration;
};
struct ExchangeDeletedChange {
  std::string_view exchange;
};
struct BoundChange {
  const Binding& binding;
};
struct UnboundChange {
  const Binding& binding;
};

using Change = std::variant<PublishChange, SettleChange, RequeueChange, PurgeChange,
                            QueueDeclaredChange, QueueDeletedChange, ExchangeDeclaredChange,
                            ExchangeDeletedChange, BoundChange, UnboundChange>;

class ChangeLog {
 public:
  virtual ~ChangeLog() = default;
  // Adds one record; its Lsn is last_appended() afterwards.
  virtual void append(const Change& change) = 0;
  virtual Lsn last_appended() const = 0;
  // Everything up to here is on disk. Moves only between a loop's calls, never inside one: the
  // owner of the loop tells VirtualHost::committed().
  virtual Lsn committed() const = 0;
};

// Promises nothing beyond the process: every change counts as committed at once.
class VolatileChangeLog final : public ChangeLog {
 public:
  void append(const Change&) override { last_ = last_.next(); }
  Lsn last_appended() const override { return last_; }
  Lsn committed() const override { return last_; }

 private:
  Lsn last_;
};

// Where messages go that leave memory, and where they come back from.
class Spill {
 public:
  virtual ~Spill() = default;
  // Takes over the message at `place`; the queue keeps only its entry.
  virtual void write(QueuePlace place, const MessageRef& message) = 0;
};
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Asks for the message at `place`; the answer is a later VirtualHost::paged_in().
  virtual void read(QueuePlace place) = 0;
};

}  // namespace harrier::broker
