// A channel: the methods of one client's channel, one handle_<class>_<method> each.
//
// Role:      owned by BrokerSession; calls VirtualHost's commands and answers through reply slots.
//            The handlers lie in channel_<what>.cc by AMQP class.
// Model:     kOpen → kClosing (we sent channel.close and ignore all but close and close-ok) → ended
//            kOpen → kReleasing (the client closed; close-ok leaves when everything is given back)
//            → ended
// Invariants: (1) no delivery to a consumer before its consume-ok; (2) replies leave in order; (3)
//             confirms leave in tag order, a return before its confirm; (4) nothing but
//             channel.close leaves in kClosing.
// Thread:    confined(broker).
// Errors:    handlers return ProtocolErrors; fail() closes the channel or, by scope, the
//            connection.
// Limits:    SessionLimits; prefetch.
// Spec:      AMQP 0-9-1 classes channel, exchange, queue, basic, tx; RabbitMQ's confirm;
//            conformance.md S9–S39.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/queue.h"
#include "broker/unacked_messages.h"
#include "broker/virtual_host.h"
#include "session/channel_reading.h"
#include "session/channel_statistics.h"
#include "session/publisher_confirms.h"
#include "session/reply_slots.h"
#include "session/session_input.h"
#include "session/transaction.h"

namespace harrier::session {

class BrokerSession;

class Channel final : public broker::ConsumerSink,
                      public broker::ReplySink,
                      public broker::TurnEndListener,
                      public broker::CommitListener,
                      public broker::SlicedTask,
                      public broker::Timed {
 public:
  Channel(BrokerSession& session, ChannelNumber number);
  ~Channel() override;

  ChannelNumber number() const { return number_; }
  bool open() const { return state_ == State::kOpen; }

  // ---- for views
  ChannelReading read() const;
  const BrokerSession& session() const { return session_; }
  const std::map<std::string, broker::ConsumerRef, std::less<>>& consumers() const {
    return consumers_;
  }
  broker::MessageTotals totals() const;
  bool publishes() const { return published_ != 0; }
  // Of what it has published since the last time.
  void report_published();
  // Its statistics say so.
  void become_quiet();

  // ---- from the client
  void handle_method(const amqp::Method& method);
  void handle_publish(const PublishView& publish);
  void handle_ack(DeliveryTag delivery_tag, bool multiple);
  // Closes the channel with channel.close, or the connection.
  void fail(amqp::ProtocolError error, amqp::MethodId blamed = {});
  // The connection's user may do something else than before: nothing is remembered as allowed, and
  // consumers of queues that it may not read any more are cancelled.
  void heed_new_rights();
  // Those that may leave now; otherwise they leave at the end of the turn.
  void send_confirms();
  // The connection ends: give back everything, say nothing. channel_ended() follows, now or later.
  void abandon();

  // ---- from the broker
  void deliver(broker::Consumer& consumer, broker::QueueEntry&& entry) override;
  void cancelled(broker::Consumer& consumer) override;
  void deliver_reply(const broker::MessageRef& message) override;
  void turn_ended() override;
  void commit_reached(broker::Lsn committed) override;
  bool run_slice(broker::Turn& turn) override;
  void deadline_reached() override;
  std::optional<base::MonotonicTime> oldest_unacked_of(const broker::Queue& queue) const override;

 private:
  friend struct MethodDispatch;
  class PendingGet;
  enum class State : std::uint8_t { kOpen, kClosing, kReleasing, kEnded };
  using Status = amqp::CheckedStatus;

  // channel.cc
  Status handle_channel_flow(const amqp::ChannelFlow& method);
  Status handle_channel_close(const amqp::ChannelClose& method);
  Status handle_access_request(const amqp::AccessRequest& method);
  Status handle_confirm_select(const amqp::ConfirmSelect& method);
  // channel_exchange.cc
  Status handle_exchange_declare(const amqp::ExchangeDeclare& method);
  Status handle_exchange_delete(const amqp::ExchangeDelete& method);
  Status handle_exchange_bind(const amqp::ExchangeBind& method);
  Status handle_exchange_unbind(const amqp::ExchangeUnbind& method);
  // channel_queue.cc
  Status handle_queue_declare(const amqp::QueueDeclare& method);
  Status handle_queue_bind(const amqp::QueueBind& method);
  Status handle_queue_unbind(const amqp::QueueUnbind& method);
  Status handle_queue_purge(const amqp::QueuePurge& method);
  Status handle_queue_delete(const amqp::QueueDelete& method);
  amqp::Checked<std::string> resolve_queue(std::string_view name) const;
  // Of queue.bind or queue.unbind.
  template <class M>
  amqp::Checked<broker::BindingRequest> queue_binding(const M& method) const;
  std::optional<Status> declare_reply_to(const amqp::QueueDeclare& method);
  // channel_consume.cc
  Status handle_basic_qos(const amqp::BasicQos& method);
  Status handle_basic_consume(const amqp::BasicConsume& method);
  Status add_consumer(const amqp::BasicConsume& method);
  Status handle_basic_cancel(const amqp::BasicCancel& method);
  Status handle_basic_get(const amqp::BasicGet& method);
  Status consume_reply_to(const amqp::BasicConsume& method, const std::string& consumer_tag);
  void reply_consume_ok(const amqp::BasicConsume& method, const std::string& consumer_tag,
                        broker::ConsumerRef consumer);
  void fill_get(ReplySlots::Slot& slot, broker::GetOutcome outcome, bool no_ack,
                const broker::QueueRef& queue, broker::QueueEntry entry);
  void get_done(PendingGet& pending);
  // Under last_delivery_tag_.
  void note_unacked(broker::QueueRef queue, broker::ConsumerRef consumer,
                    broker::QueueEntry&& entry);
  void arm_consumer_timeout(const broker::Queue& queue);
  // channel_ack.cc
  Status handle_basic_reject(const amqp::BasicReject& method);
  Status handle_basic_nack(const amqp::BasicNack& method);
  Status handle_basic_recover(const amqp::BasicRecover& method);
  Status handle_basic_recover_async(const amqp::BasicRecoverAsync& method);
  Status settle(DeliveryTag delivery_tag, bool multiple, Settlement settlement);
  void settle_one(DeliveryTag tag, broker::Unacked unacked, Settlement settlement);
  void apply_settlement(broker::Unacked unacked, Settlement settlement);
  Status recover(bool requeue);
  // channel_publish.cc
  struct Route {
    std::string exchange;
    std::string routing_key;
    std::uint64_t routes_version = 0;
    std::vector<broker::Queue*> queues;
  };
  // The exchange that was published to last, found and allowed; nullptr is the default exchange.
  struct Target {
    std::string name;
    std::uint64_t routes_version = 0;
    broker::Exchange* exchange = nullptr;
  };
  Status publish(const PublishView& publish);
  Status check_properties(const PublishView& publish, broker::MessageParts& parts);
  Status publish_reply(const PublishView& publish, const broker::MessageParts& parts);
  Route* remembered_route(const PublishView& publish);
  // Makes target_ the exchange of this publish; 404 or 403.
  Status choose_target(const PublishView& publish);
  amqp::Checked<Route*> route(const PublishView& publish, broker::MessageParts& parts);
  Status publish_routed(const PublishView& publish, const broker::MessageParts& parts,
                        const std::vector<broker::Queue*>& queues);
  void return_message(const broker::Message& message);
  void confirm(broker::Lsn lsn, bool refused);
  // channel_tx.cc
  Status handle_tx_select(const amqp::TxSelect& method);
  Status handle_tx_commit(const amqp::TxCommit& method);
  Status handle_tx_rollback(const amqp::TxRollback& method);
  Status check_transaction_room() const;
  bool apply_transaction();

  // channel_statistics.cc
  ChannelStatistics& statistics();
  void become_active();
  // To target_ by route_; report_published() tells the others.
  void note_published(std::size_t size) {
    if (size - sizes_from_ > sizes_span_) [[unlikely]]
      change_size_class(size);
    unreported_bytes_ += size;
    if (unreported_++ == 0) virtual_host().at_turn_end(*this);
  }
  void change_size_class(std::size_t size);
  // `routed`: copies that went to queues; `traffic`: nullptr, the exchange is gone.
  void count_published(std::uint64_t count, std::uint64_t routed, broker::ExchangeTraffic* traffic);
  void note_committed(const Transaction::Publish& publish);
  // nullptr: the exchange is gone.
  broker::ExchangeTraffic* traffic_to(std::string_view exchange);
  // The same of target_, which need not be looked for as long as nothing has changed.
  broker::ExchangeTraffic* target_traffic();
  void note_dropped(broker::ExchangeTraffic* traffic);
  void note_get_empty();
  void count_got(bool no_ack, bool redelivered);

  static amqp::ProtocolError unexpected_in_commit();
  void reply(const amqp::Method& method) { reply_after(broker::Lsn(), method); }
  // For replies that promise durability: waits for what the shard has appended so far.
  void reply_durable(const amqp::Method& method);
  // Keeps a copy of the method's bytes when it has to wait.
  void reply_after(broker::Lsn lsn, const amqp::Method& method);
  template <class F>
  void reply_with(broker::Lsn lsn, F&& leave) {
    slots_.reply(lsn, reply_gate(), std::forward<F>(leave));
    if (!slots_.empty()) await_gate();
  }
  ReplySlots::Gate reply_gate();
  void release_slots();
  // Replies wait: to be told when the log or the client has come further.
  void await_gate();
  void await_commit();
  void close_consumers();
  // Detaches the consumers, forgets what waits, and gives back all unacked messages, in slices.
  void start_release();
  void fill_recovers();
  void give_up_pending();
  // All is given back: says what was waiting for it, ends if nothing else is awaited.
  void finish_release();
  bool nothing_to_return() const { return returning_.empty() && unacked_.empty() && got_.empty(); }
  const broker::Actor& actor() const;
  broker::VirtualHost& virtual_host();

  BrokerSession& session_;
  ChannelNumber number_;
  State state_ = State::kOpen;
  ReplySlots slots_;
  broker::Credit channel_credit_;
  std::uint16_t default_prefetch_ = 0;
  std::uint16_t global_prefetch_ = 0;
  std::map<std::string, broker::ConsumerRef, std::less<>> consumers_;
  broker::UnackedMessages unacked_;
  DeliveryTag last_delivery_tag_;
  base::Milliseconds shortest_timeout_ = base::Milliseconds::max();
  std::string last_queue_;
  PublisherConfirms confirms_;
  std::optional<Transaction> transaction_;
  bool committing_ = false;
  Route route_;
  Target target_;
  // Publishes to target_ by route_, all of one class of sizes.
  std::uint64_t unreported_ = 0;
  std::uint64_t unreported_bytes_ = 0;
  std::uint64_t sizes_from_ = 0;
  std::uint64_t sizes_span_ = broker::VirtualHostCounters::MessageSizes::kBounds[0];
  std::uint64_t published_ = 0;  // reported
  std::uint64_t delivered_no_ack_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::unique_ptr<ChannelStatistics> statistics_;  // from the first message on
  base::MonotonicTime opened_at_;
  broker::RoutingKeys keys_;  // reused between publishes
  std::string rewritten_properties_;
  std::vector<std::unique_ptr<PendingGet>> pending_gets_;
  // What gets have taken whose get-ok has not left yet, in the order of the gets.
  std::map<std::uint64_t, broker::Unacked> got_;
  std::uint64_t last_got_ = 0;
  std::optional<std::string> reply_consumer_tag_;
  std::string reply_to_;
  // basic.recover: what goes back to its queues, in slices, and the replies that wait for it.
  broker::UnackedMessages returning_;
  std::vector<ReplySlots::Slot*> recover_slots_;
  bool active_ = false;       // it has moved messages lately: statistics_->window is there
  bool abandoned_ = false;    // the connection ends: nothing is said any more
  bool peer_closed_ = false;  // kClosing: close-ok (or close) has come
};

}  // namespace harrier::session
