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

#include <functional>
#include <span>
#include <string_view>
#include <variant>

#include "broker/exchange.h"
#include "broker/ids.h"
#include "broker/message.h"

namespace harrier::broker {

struct PagedIn;
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

// A time that never comes, for messages without a time to live.
inline constexpr base::WallTime kNoExpiry = base::WallTime::max();

// Where a message stands: the levels of a priority queue are sequences of their own.
struct QueuePlace {
  QueueId queue;
  Position position;
  std::uint8_t level = 0;
};
// A place that a message is published to, with the deadline that the queue gave it there.
struct PublishPlace : QueuePlace {
  base::WallTime expires_at = kNoExpiry;
};

struct PublishChange {
  const Message& message;
  std::span<const PublishPlace> places;
};
// Whatever of this level is still there from `first` to `last` is gone: `count` recorded messages.
struct SettleChange {
  QueueId queue;
  std::uint8_t level = 0;
  Position first;
  Position last;
  std::uint64_t count = 0;
  std::uint64_t body_bytes = 0;
  SettleReason reason = SettleReason::kAcknowledged;
};
struct RequeueChange {
  QueuePlace place;
  std::uint32_t delivery_count;
};
// Everything of this level up to here may be handed out from now on: what lies behind it has never
// been delivered (B5).
struct DispatchedChange {
  QueuePlace last;
};
// Of a queue that is there: what changes is `paused`.
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

using Change = std::variant<PublishChange, SettleChange, RequeueChange, DispatchedChange,
                            QueueDeclaredChange, QueueDeletedChange, ExchangeDeclaredChange,
                            ExchangeDeletedChange, BoundChange, UnboundChange>;

class ChangeLog {
 public:
  virtual ~ChangeLog() = default;
  // Adds one record; its Lsn is last_appended() afterwards.
  virtual void append(const Change& change) = 0;
  // What is appended between the two is found again after a crash as a whole or not at all. Groups
  // may stand in one another: the outermost counts.
  virtual void begin_group() = 0;
  virtual void end_group() = 0;
  virtual Lsn last_appended() const = 0;
  // Everything up to here is on disk. Moves only between a loop's calls, never inside one: the
  // owner of the loop tells VirtualHost::committed().
  virtual Lsn committed() const = 0;
};

// Promises nothing beyond the process: every change counts as committed at once.
class VolatileChangeLog final : public ChangeLog {
 public:
  void append(const Change&) override { last_ = last_.next(); }
  void begin_group() override {}
  void end_group() override {}
  Lsn last_appended() const override { return last_; }
  Lsn committed() const override { return last_; }

 private:
  Lsn last_;
};

// A group for as long as it lives.
class ChangeGroup {
 public:
  explicit ChangeGroup(ChangeLog& log) : log_(log) { log_.begin_group(); }
  ~ChangeGroup() { log_.end_group(); }
  ChangeGroup(const ChangeGroup&) = delete;
  ChangeGroup& operator=(const ChangeGroup&) = delete;

 private:
  ChangeLog& log_;
};

// What a queue asks for when its resident head runs short.
struct ReadAhead {
  QueueId queue;
  std::uint8_t level = 0;
  // Everything ready in (after, last] is on disk.
  Position after;
  Position last;
  // Blocks whose messages have all expired by then may be counted instead of read; kNoExpiry: none.
  base::WallTime drop_expired_by = kNoExpiry;
};
// Reads back what left memory (Queue::evict). Answers come in a later turn, in any order.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The answer is VirtualHost::paged_in().
  virtual void read_ahead(const ReadAhead& request) = 0;
  // The same for somebody who only looks: nothing of it is taken in. `answer` is called in a turn
  // of the virtual host, or never if the queue is gone by then.
  virtual void peek(const ReadAhead& request, std::function<void(PagedIn)> answer) = 0;
  // The answer is VirtualHost::body_read(): a single message that was delivered and came back.
  virtual void read_body(QueuePlace place) = 0;
  // Messages that were not recorded are needed no more up to here.
  virtual void passed(QueuePlace last) = 0;
};

}  // namespace harrier::broker
