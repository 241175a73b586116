// Follows traced messages through a virtual host: from publish to settlement.
//
// Role:   one per virtual host if tracing is on; VirtualHost and its queues tell it of what becomes
//         of a message whose `traced` is set, and of no other: without tracing, and for messages
//         that are not sampled, all of this costs a branch.
// Model:  publishing() → enqueued() for each queue → published(); then per queue: delivered() →
//         settled(), or requeued() and again. What it says of a message is lost when the message
//         leaves memory, in a restart, and when there are too many.
// Thread: confined(broker).
// Time:   Turn::now: spans are as fine as turns, and have milliseconds.
// Limits: messages_max followed at a time, the oldest gives way; as many publishes that wait for a
//         commit.
// Spec:   docs/operations/tracing.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/random.h"
#include "broker/changes.h"
#include "broker/ids.h"
#include "broker/message.h"
#include "broker/queue_entry.h"
#include "broker/span.h"
#include "broker/turn_listeners.h"

namespace harrier::broker {

struct Turn;

struct TracerLimits {
  std::size_t messages_max = 10'000;
  // Of the traces that their publishers sample; decided by the trace, so that all of it is
  // followed or nothing.
  double ratio = 1.0;
};

class MessageTracer final : public CommitListener {
 public:
  // Has a listener told of the next commit.
  using AwaitCommit = std::function<void(CommitListener&)>;
  // REQUIRES that all but `limits` outlive it.
  MessageTracer(const std::string& virtual_host, const Turn& turn, const TracerLimits& limits,
                base::RandomSource& random, SpanSink& sink, AwaitCommit await_commit)
      : virtual_host_(virtual_host),
        turn_(turn),
        limits_(limits),
        random_(random),
        sink_(sink),
        await_commit_(std::move(await_commit)) {}

  // Whether a message with these headers is traced.
  bool follows(amqp::TableView headers) const;

  void publishing(const Message& message);
  // REQUIRES publishing() before.
  void published(Lsn lsn, std::size_t queues);
  void commit_reached(Lsn committed) override;

  // `name` of the queue everywhere.
  void enqueued(QueueId queue, const QueueEntry& entry);
  void delivered(QueueId queue, std::string_view name, const QueueEntry& entry);
  void settled(QueueId queue, std::string_view name, const QueueEntry& entry, SettleReason reason);
  void requeued(QueueId queue, std::string_view name, const QueueEntry& entry);

 private:
  struct Followed {
    TraceId trace{};
    SpanId publish{};  // parent of the waiting
    SpanId last{};     // the span that ended last
    base::WallTime since{};
    bool delivered = false;
    std::uint64_t order = 0;
  };
  using Place = std::pair<QueueId, Position>;
  using FollowedMessages = std::map<Place, Followed>;

  SpanId new_span();
  Span stretch(SpanKind kind, const Followed& followed, std::string_view queue,
               const QueueEntry& entry, std::string_view outcome);
  void finish_stretch(Followed& followed, std::string_view name, const QueueEntry& entry,
                      std::string_view outcome);
  void forget(FollowedMessages::iterator found);

  const std::string& virtual_host_;
  const Turn& turn_;
  const TracerLimits limits_;
  base::RandomSource& random_;
  SpanSink& sink_;
  const AwaitCommit await_commit_;
  Span publish_;  // between publishing() and published()
  std::deque<std::pair<Lsn, Span>> uncommitted_;
  FollowedMessages followed_;
  std::map<std::uint64_t, Place> by_age_;
  std::uint64_t last_order_ = 0;
};

}  // namespace harrier::broker
