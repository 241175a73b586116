// A queue: messages wait here, in order, until consumers take them.
//
// Role:      VirtualHost creates, finds and deletes queues and publishes to them; channels consume
//            from, get from and settle with them. Whatever must happen later (dead letters,
//            auto-delete, another look) goes to the Turn's lists.
// Model:     ready (ReadyMessages: its middle may be on disk) → unacked (held by channels) →
//            settled. A message published while nothing waits and a consumer has credit never
//            enters `ready`. pump() is the one place where waiting messages move: expire heads,
//            serve waiting gets, deliver to consumers, trim to the length limit, in this order.
// Invariants: (1) positions grow by one; (2) ready plus unacked counts equal the entries held here
//             and by channels; (3) an expired message is never delivered; (4) with
//             single_active_consumer only the active consumer stands in the ring.
// Thread:    confined(broker).
// Time:      Turn::now.
// Errors:    consume and delete give ProtocolErrors with RabbitMQ's words.
// Limits:    max_length, max_length_bytes by arguments; one pump() spends the turn's budget and
//            comes again.
// Spec:      conformance.md S24, S28–S36; docs/architecture.md.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/intrusive_list.h"
#include "base/ref.h"
#include "broker/commit_gate.h"
#include "broker/consumer_ring.h"
#include "broker/get_waiter.h"
#include "broker/ids.h"
#include "broker/queue_arguments.h"
#include "broker/queue_statistics.h"
#include "broker/ready_messages.h"
#include "broker/routing_target.h"
#include "broker/turn.h"

namespace harrier::broker {

class Queue final : public base::RefCounted<Queue>,
                    public base::ListNode<Queue>,
                    public RoutingTarget,
                    public Timed {
 public:
  Queue(QueueId id, QueueDeclaration declaration, QueueSettings settings, ConnectionId owner,
        Turn& turn);
  ~Queue();

  QueueId id() const { return id_; }
  const QueueDeclaration& declaration() const { return declaration_; }
  const QueueSettings& settings() const { return *settings_; }
  // The connection of an exclusive queue; zero otherwise.
  ConnectionId owner() const { return owner_; }
  bool durable() const { return declaration_.durable; }
  bool deleted() const { return deleted_; }
  const ReadyMessages& ready() const { return ready_; }
  std::uint64_t ready_count() const { return ready_.count(); }
  std::uint64_t unacked_count() const { return unacked_count_; }
  std::uint64_t ready_bytes() const { return ready_.bytes(); }
  std::uint64_t unacked_bytes() const { return unacked_bytes_; }
  std::size_t consumer_count() const { return consumers_.size(); }

  // ---- for views
  void read(QueueReading& reading) const;
  const std::vector<ConsumerRef>& consumers() const { return consumers_; }  // by age
  const Consumer* active_consumer() const { return active_consumer_; }      // of a single one
  bool has_exclusive_consumer() const { return exclusive_consumer_; }
  // Calls visit(message) for the oldest of each level that is in memory.
  template <class Visit>
  void visit_heads(Visit&& visit) {
    ready_.visit_heads([&](const ReadyMessages::Head& head) {
      if (head.resident()) visit(*head.entry->message);
      return true;
    });
  }

  // ---- publishing
  // Whether reject-publish turns away a body of this size now.
  bool refuses(std::size_t body_size) const {
    return settings_->overflow != Overflow::kDropHead && would_exceed(body_size);
  }
  // REQUIRES a following publish() with it, in the order of the positions given out.
  Position take_position() {
    if (!active_) [[unlikely]]
      become_active();
    const Position position = next_position_;
    next_position_ = position.next();
    return position;
  }
  // Whether a message is recorded in the log here.
  bool logs(const Message& message) const {
    return durable() && (message.persistent() || settings_->type == QueueType::kQuorum);
  }
  // What the record, which is about to be written, says of a message published to `position`.
  PublishPlace place_of(const Message& message, Position position);
  // `lsn` is the record's, zero when none was written.
  void publish(const MessageRef& message, Position position, Lsn lsn);

  // ---- consuming
  // 403 when exclusive use forbids it. On success the consumer is attached but gets nothing until
  // activate().
  amqp::CheckedStatus attach(ConsumerRef consumer, std::string_view virtual_host);
  void activate(Consumer& consumer);
  // Nothing is delivered to it afterwards; its unacked messages stay with its channel.
  void detach(Consumer& consumer);
  // A parked consumer may be served again.
  void consumer_ready(Consumer& consumer);

  // ---- basic.get
  // kWait: the waiter stands in line and is told later. Called again from try_again() it keeps its
  // place.
  GetOutcome get(bool no_ack, QueueEntry& entry, GetWaiter& waiter);

  // ---- for operators (queue_operator.cc)
  bool paused() const { return declaration_.paused; }
  // While paused, consumers and basic.get get nothing. Recorded where the queue is durable.
  void set_paused(bool paused);
  // The head as it stands, also of a paused queue. It counts as unacked until settle_taken() or
  // put_back(). kWait: the waiter is told when there is more to know, and has to step back then.
  GetOutcome take(QueueEntry& entry, GetWaiter& waiter);
  // REQUIRES that find_ready() finds it. put_back() is not for it.
  QueueEntry extract(std::uint8_t level, Position position);
  // The same for one that peek() has shown; false while something else is read there.
  bool extract_from_disk(const QueueEntry& entry);
  // It stands elsewhere now, or nowhere.
  void settle_taken(const QueueEntry& entry, SettleReason reason);
  // To its place before all others, as if it had never left.
  void put_back(QueueEntry entry);
  const QueueEntry* find_ready(std::uint8_t level, Position position) const;
  // Whether what is ready at this place, if anything, is on disk.
  bool on_disk(std::uint8_t level, Position position) const;
  void peek(std::uint8_t level, const ReadyMessages::OnDisk& range,
            std::function<void(PagedIn)> answer);

  // ---- what came back. Ignored after deletion.
  void acknowledge(QueueEntry entry, Consumer* consumer);
  void reject(QueueEntry entry, Consumer* consumer);
  void requeue(QueueEntry entry, Consumer* consumer);

  // ---- administration
  std::uint64_t purge();
  // Policies have changed. Deadlines that messages got stay theirs, as in RabbitMQ; x-expires
  // starts anew.
  void change_settings(QueueSettings settings);
  // A declare, get or consume happened: x-expires starts anew.
  void touch();
  // Cancels consumers, drops contents; the queue object lives on while entries refer to it.
  void close();

  // ---- work of the turn
  void mark_dirty();
  void pump();
  void deadline_reached() override;
  // Internal publishing is no longer held.
  void room_again() {
    awaits_room_ = false;
    mark_dirty();
  }
  // Records up to `committed` are on disk; false when nothing waits for the disk any more.
  bool commit_reached(Lsn committed);

  // The dead letter made of `entry` has been published, if there was a queue for it; both are one
  // group of the log.
  void note_dead_lettered(const QueueEntry& entry, SettleReason reason, bool routed);
  // A publish was refused, for this queue is full.
  void note_refused() { ++statistics().fates.refused; }
  // Whether a delivered message that BodyReader can read again may be dropped from memory.
  bool may_drop_bodies() const { return !dead_letters(); }

  // ---- paging (BodyReader in changes.h)
  std::uint64_t resident_bytes() const { return ready_.resident_bytes(); }
  // What stays in memory of each level's head when the rest is evicted.
  ReadyMessages::KeptHeads kept_heads() const { return ready_.kept_heads(head_bytes()); }
  // About how much an eviction could free.
  std::uint64_t evictable_bytes() const {
    return ready_.resident_bytes() - std::min(ready_.resident_bytes(), head_bytes());
  }
  // ReadyMessages::plan_eviction().
  template <class... Arguments>
  std::vector<EvictionPart> plan_eviction(Arguments&&... arguments) {
    return ready_.plan_eviction(std::forward<Arguments>(arguments)...);
  }
  // Of plan_eviction(); `written`: messages. REQUIRES that all were, those not recorded, too, and
  // that no other plan of this queue is still to be evicted, but for earlier pieces of the same:
  // what it names may have come back and been passed().
  void evict(const std::vector<EvictionPart>& parts, std::uint64_t written);
  void trim() { ready_.trim(); }
  // Up to where messages of the level may have been handed out, or may be without a record.
  Position dispatched_through(std::uint8_t level) {
    const PagedMiddle* middle = ready_.middle(level);
    return middle == nullptr ? kNoPosition : middle->after;
  }
  void paged_in(PagedIn answer);
  void body_read(QueuePlace place, MessageRef message);

  // ---- recovery, before anything else happens to the queue
  void restore_next_position(Position next);
  // REQUIRES each level's middle before its entries, and these in growing positions: what had been
  // handed out (up to the middle's `after`) stands before it again, the rest behind it.
  void restore_middle(std::uint8_t level, const PagedMiddle& middle);
  void restore_entry(QueueEntry entry);

 private:
  friend class QueueActivity;

  // queue_statistics.cc. What takes a message out of `ready` or from what is unacked is preceded by
  // become_active() or statistics(): these begin with what is there.
  QueueStatistics& statistics();
  void become_active();
  void become_quiet();
  void count_settled(SettleReason reason, std::uint64_t count);
  void note_waited(const QueueEntry& entry);
  // Messages wait for the credit of consumers, or no longer.
  void note_blocked();
  void note_unblocked();
  MessageTotals totals() const;
  QueueActivity::Window::Totals window_totals() const;

  bool expired(const QueueEntry& entry) const { return entry.expires_at <= turn_.now.monotonic; }
  bool over_length() const;
  bool would_exceed(std::size_t body_size) const;
  bool dead_letters() const { return settings_->dead_letter_exchange.has_value(); }
  // What is needed soon would only come back at once.
  std::uint64_t head_bytes() const;
  base::MonotonicTime expiry_of(const Message& message) const;
  void hand_over(Consumer& consumer, QueueEntry&& entry);
  void note_taken(const QueueEntry& entry, bool no_ack);
  void note_unacked(const QueueEntry& entry);
  // kEntry: the head may be taken. `patient`: waits for one that must not be delivered yet.
  GetOutcome await_head(GetWaiter& waiter, bool patient);
  void note_got(const QueueEntry& entry, bool no_ack);
  void note_empty_get();
  QueueEntry take_ready_head() { return take_ready(ready_.head().level); }
  QueueEntry take_ready(std::uint8_t level);
  // One step each of pump(); kDone: nothing to do, kProgress: done one, kStuck: must wait for the
  // disk or the dead-letter backlog.
  enum class Step : std::uint8_t { kDone, kProgress, kStuck };
  Step move_one();
  void keep_length();
  Step expire_one();
  Step serve_waiter();
  Step deliver_one();
  Step trim_one();
  // Asks for what the head lacks.
  Step page_in(const ReadyMessages::Head& head);
  void read_ahead(std::uint8_t level);
  void watch_memory();
  void trim_if_unused() {
    if (ready_.empty() && consumers_.empty()) trim();
  }
  void await_room();
  // Removes a ready or unacked entry for good, for this reason; dead-letters it if the queue does.
  void discard(QueueEntry entry, SettleReason reason);
  void dead_letter_when_read(QueueEntry entry, SettleReason reason);
  void settle(const QueueEntry& entry, SettleReason reason);
  void trace_end(const QueueEntry& entry, SettleReason reason);
  void trace(QueueEntry& entry);
  void record(const QueueEntry& entry, SettleReason reason);
  void forget_unacked(const QueueEntry& entry, Consumer* consumer);
  void choose_active_consumer();
  void arm_expiry();

  QueueId id_;
  QueueDeclaration declaration_;
  std::shared_ptr<const QueueSettings> settings_;
  ConnectionId owner_;
  Turn& turn_;
  ReadyMessages ready_;
  ConsumerRing ring_;
  std::vector<ConsumerRef> consumers_;   // by age
  Consumer* active_consumer_ = nullptr;  // with single_active_consumer
  base::IntrusiveList<GetWaiter> waiters_;
  CommitGate gate_;  // a quorum queue's
  // Dead letters whose bodies are being read. Never empty.
  using DeadOnDisk = std::map<std::pair<std::uint8_t, Position>, DeadLetter>;
  std::unique_ptr<DeadOnDisk> dead_on_disk_;
  std::unique_ptr<QueueStatistics> statistics_;  // from the first message on
  Position next_position_{1};
  std::uint64_t unacked_count_ = 0;
  std::uint64_t unacked_bytes_ = 0;
  base::MonotonicTime last_used_;
  Position body_pending_{0};
  std::uint8_t memory_class_ = 0;
  bool active_ = false;  // statistics_->recent is there
  bool exclusive_consumer_ = false;
  bool had_consumer_ = false;
  bool may_expire_ = false;
  bool dirty_ = false;
  bool awaits_room_ = false;
  bool doomed_ = false;
  bool deleted_ = false;
};

using QueueRef = base::Ref<Queue>;

}  // namespace harrier::broker
