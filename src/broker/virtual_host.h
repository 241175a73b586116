// A virtual host: all exchanges, queues and bindings of one tenant, and every command on them.
//
// Role:      sessions (of any protocol) call its commands with an Actor; each checks permission,
//            changes the model, records what is durable, and answers with a value or a
//            ProtocolError. The loop that owns it frames the calls with begin_turn() and end_turn()
//            and calls settle_down() after each.
// Model:     commands change state at once; whoever promises durability to a client waits for
//            log().committed().
// Thread:    confined(broker): the loop that owns it; counters() from any thread.
// Time:      takes now, in begin_turn().
// Errors:    ProtocolErrors with RabbitMQ's words (S3–S16 of conformance.md).
// Limits:    VirtualHostLimits.
// Spec:      AMQP 0-9-1 section 3.1; docs/architecture.md, ADR 0001.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "base/random.h"
#include "broker/access_control.h"
#include "broker/actor.h"
#include "broker/audit_trail.h"
#include "broker/binding_request.h"
#include "broker/exchange.h"
#include "broker/key_map.h"
#include "broker/message_tracer.h"
#include "broker/policies.h"
#include "broker/policy_pass.h"
#include "broker/publish_outcome.h"
#include "broker/queue.h"
#include "broker/queue_table.h"
#include "broker/reply_sink.h"
#include "broker/reserved_names.h"
#include "broker/roster.h"
#include "broker/router.h"
#include "broker/sliced_task.h"
#include "broker/tenant_quota.h"
#include "broker/turn.h"
#include "broker/turn_listeners.h"

namespace harrier::broker {

class VirtualHost {
 public:
  // `first_queue` is below the id of every queue it will ever declare: see restore_queue().
  VirtualHost(std::string name, const VirtualHostLimits& limits, ChangeLog& log,
              base::RandomSource& random, AccessControlRef access, QueueId first_queue = {});
  ~VirtualHost();
  VirtualHost(const VirtualHost&) = delete;
  VirtualHost& operator=(const VirtualHost&) = delete;

  const std::string& name() const { return name_; }
  // Readable from any thread; written only by the owning loop.
  const VirtualHostCounters& counters() const { return turn_.counters; }
  VirtualHostCounters& counters() { return turn_.counters; }

  // ---- turns
  void begin_turn(base::Now now);
  // Does what a call left behind: dirty queues, dead letters, deletions. REQUIRED after every
  // command.
  void settle_down() {
    if (turn_.dirty.empty() && turn_.dead_letters.empty() && turn_.doomed.empty() &&
        doomed_exchanges_.empty())
      return;
    settle_down_slowly();
  }
  // Confirms leave, slices of long work run. True: there is more, call another turn soon.
  bool end_turn();
  base::MonotonicTime next_deadline() const { return turn_.timers.next_deadline(); }
  void handle_deadlines();  // inside a turn
  // Inside a turn: the log has made everything up to here durable.
  void committed(Lsn lsn);
  // Somebody waits for a commit: flush soon.
  bool awaits_commit() const { return !commit_listeners_.empty() || !turn_.gated.empty(); }

  // ---- paging. Inside a turn: a BodyReader's answers.
  void set_paging(BodyReader* reader) { turn_.body_reader = reader; }
  void paged_in(PagedIn answer);
  // No message: it cannot be read any more.
  void body_read(QueuePlace place, MessageRef message);
  Queue* find_queue(QueueId id) const;
  // Calls visit(queue) for queues by the memory that their ready messages take, the largest first,
  // until it says false.
  template <class Visit>
  void visit_largest_resident(Visit&& visit) {
    for (auto list = turn_.resident.rbegin(); list != turn_.resident.rend(); ++list)
      if (!list->visit_while(visit)) return;
  }
  // While held, nothing is dead-lettered; what must be waits in its queue.
  void hold_internal_publishing(bool held);

  // ---- recovery: before any session comes, inside a turn; nothing is appended to the log
  // False when what was stored makes no sense (or an argument of it).
  bool restore_exchange(ExchangeDeclaration declaration);
  Queue* restore_queue(QueueId id, QueueDeclaration declaration);
  // An end that is missing is no error: its deletion took the binding with it.
  void restore_binding(const BindingRequest& request);
  // Before any queue. 406 as set_policy().
  amqp::CheckedStatus restore_policy(PolicyKind kind, Policy policy);
  void restore_last_queue(QueueId id) { last_queue_id_ = std::max(last_queue_id_, id.value); }

  // Sends every dead letter that waits, whatever the turn's budget: they belong to a group.
  void send_dead_letters();

  const base::Now& now() const { return turn_.now; }
  ChangeLog& log() { return turn_.log; }
  base::RandomSource& random() { return random_; }
  Timers& timers() { return turn_.timers; }
  const VirtualHostLimits& limits() const { return turn_.limits; }
  // For what comes. REQUIRES the old policies_max, default_delivery_limit and read_ahead_bytes.
  void change_host_limits(const VirtualHostLimits& limits) { turn_.limits = limits; }
  // What this tenant may; asked by sessions, too, before they add something.
  const TenantQuota& quota() const { return quota_; }
  // Inside a turn, or before any: holds from now on.
  void set_limits(const TenantLimits& limits) { quota_.set(limits); }
  void at_turn_end(TurnEndListener& listener);
  void on_commit(CommitListener& listener);
  // Runs the first slice at once.
  void add_task(SlicedTask& task) {
    if (!task.linked() && !task.run_slice(turn_)) tasks_.push_back(task);
  }

  // ---- connections
  amqp::CheckedStatus enter(const Actor& actor) const;
  // What is decided from now on is decided by these permissions; consumers that are there stay.
  // Closing the connections of those who may not enter any more is the caller's.
  void set_access(AccessControlRef access);
  // Deletes so many queues and exchanges, whoever uses them. True: there are more. Inside a turn.
  bool delete_some(std::uint32_t count);
  // All queues and exchanges, for who lists them in pieces; who comes and goes: see roster.h.
  const Roster<RoutingTarget>& targets() const { return roster_; }
  // Deletes the exclusive queues of a connection that ends.
  void release_connection(ConnectionId connection);

  // ---- audit and tracing
  // Who is told; nullptr: nobody. It outlives the virtual host.
  void set_audit(AuditTrail* audit) { audit_ = audit; }
  // Counts what was refused, and tells of it.
  void note(const Actor& actor, const AuditNote& note);
  // Of a limit, unless `status` is good; passes it on.
  amqp::CheckedStatus note_limit(const Actor& actor, std::string_view action,
                                 amqp::CheckedStatus status);
  // The same for an error that a client gets, if it is about a right or a limit.
  void note_error(const Actor& actor, std::string_view action, const amqp::ProtocolError& error);
  // Tracing: before any message is published; the sink outlives it.
  void set_tracing(const TracerLimits& limits, SpanSink& sink);
  // Whether the publisher of a message with these headers asked for a trace that is followed.
  bool traces(amqp::TableView headers) const { return tracer_ && tracer_->follows(headers); }

  // ---- exchanges
  amqp::CheckedStatus declare_exchange(const Actor& actor, ExchangeDeclaration declaration);
  // Passive declare: one of the three permissions is enough, none is not.
  amqp::CheckedStatus check_exchange_exists(const Actor& actor, std::string_view name) const;
  amqp::CheckedStatus delete_exchange(const Actor& actor, std::string_view name, bool if_unused);
  // `connection` may bind its own exclusive queues.
  amqp::CheckedStatus bind(const Actor& actor, const BindingRequest& request,
                           ConnectionId connection);
  amqp::CheckedStatus unbind(const Actor& actor, const BindingRequest& request,
                             ConnectionId connection);
  Exchange* find_exchange(std::string_view name) const;

  // ---- queues
  // An empty name is replaced by a generated one.
  amqp::Checked<QueueRef> declare_queue(const Actor& actor, QueueDeclaration declaration,
                                        ConnectionId connection);
  // Passive declare: one of the three permissions is enough, none is not.
  amqp::Checked<QueueRef> check_queue_exists(const Actor& actor, std::string_view name,
                                             ConnectionId connection);
  // 404 when there is none, 405 when it is exclusive to another connection, 403 without permission.
  amqp::Checked<QueueRef> use_queue(const Actor& actor, Permission permission,
                                    std::string_view name, ConnectionId connection);
  amqp::Checked<std::uint64_t> delete_queue(const Actor& actor, std::string_view name,
                                            ConnectionId connection, bool if_unused, bool if_empty);
  amqp::Checked<std::uint64_t> purge_queue(const Actor& actor, std::string_view name,
                                           ConnectionId connection);
  Queue* find_queue(std::string_view name) const;

  // ---- policies
  // 403 without the tag `administrator` (users' policies: or `policymaker`). Counts for what is
  // declared next; what exists follows in slices, and then `listener`, if any, is told: before the
  // call returns if there is little to do. 406 with RabbitMQ's words when it makes no sense.
  amqp::CheckedStatus set_policy(const Actor& actor, PolicyKind kind, Policy policy,
                                 PolicyListener* listener);
  // 404 when there is none.
  amqp::CheckedStatus clear_policy(const Actor& actor, PolicyKind kind, std::string_view name,
                                   PolicyListener* listener);
  // In the order in which they are asked.
  amqp::Checked<std::vector<Policy>> list_policies(const Actor& actor, PolicyKind kind) const;

  // ---- publishing
  // The exchange to publish to; nullptr is the default exchange. 404, or 403: no permission,
  // internal.
  amqp::Checked<Exchange*> publish_exchange(const Actor& actor, std::string_view name) const;
  // Whether a message may go to a topic exchange with this key; for other exchanges always.
  amqp::CheckedStatus check_topic(const Actor& actor, const Exchange* exchange,
                                  std::string_view routing_key) const {
    if (exchange == nullptr || exchange->type() != ExchangeType::kTopic) return base::Done{};
    return access_->check_topic(actor, Permission::kWrite, exchange->declaration().name,
                                routing_key, name_);
  }
  // Appends the queues that a message with these keys and headers goes to.
  void route(Exchange* exchange, const std::vector<Bytes>& keys, amqp::TableView headers,
             std::vector<Queue*>& queues) {
    router_.route(exchange, keys, headers, queues);
  }
  // Whether the last route() may be remembered until routes_version() changes.
  bool route_cacheable() const { return router_.cacheable(); }
  // Moves with whatever a remembered route rests on: exchanges, queues, bindings, permissions.
  std::uint64_t routes_version() const { return routes_version_; }
  // Puts the message into each queue, or into those that do not refuse it.
  PublishOutcome publish(const MessageRef& message, std::span<Queue* const> queues) {
    if (quota_.rejects()) [[unlikely]]
      return publish_within_quota(message, queues);
    return put(message, queues);
  }

  // ---- statistics
  // nullptr: the default exchange.
  ExchangeTraffic& traffic_of(Exchange* exchange) {
    return exchange == nullptr ? default_exchange_traffic_ : exchange->traffic();
  }
  void join_activity(Active& active) { turn_.activity.join(active); }

  // ---- direct replies
  // The reply-to of a channel; unguessable.
  std::string add_reply_sink(ReplySink& sink);
  void remove_reply_sink(std::string_view reply_to);
  ReplySink* find_reply_sink(std::string_view reply_to) const;

 private:
  void predeclare();
  void settle_down_slowly();
  bool has_more_work() const;
  void send_dead_letter(DeadLetter dead_letter);
  void turn_away(Queue& queue, const MessageRef& message);
  PublishOutcome publish_within_quota(const MessageRef& message, std::span<Queue* const> queues);
  PublishOutcome put(const MessageRef& message, std::span<Queue* const> queues);
  std::string in_virtual_host(std::string_view kind, std::string_view name) const;
  base::Failure<amqp::ProtocolError> not_found(std::string_view kind, std::string_view name) const;
  base::Failure<amqp::ProtocolError> locked(const Queue& queue) const;
  amqp::CheckedStatus check_owner(const Queue& queue, ConnectionId connection) const;
  amqp::CheckedStatus check_new_queue(const Actor& actor, const QueueDeclaration& declaration);
  amqp::CheckedStatus check_new_exchange(const Actor& actor,
                                         const ExchangeDeclaration& declaration);
  void note_binding(const Actor& actor, std::string_view action, const BindingRequest& request);
  amqp::Checked<BindingEnds> binding_ends(const Actor& actor, const BindingRequest& request) const;
  amqp::CheckedStatus check_binding_access(const Actor& actor, const BindingRequest& request) const;
  amqp::CheckedStatus check_owner(const RoutingTarget& target, ConnectionId connection) const;
  void remove_binding(Binding& binding);
  void add_queue(const QueueRef& queue);
  void add_exchange(base::Ref<Exchange> exchange);
  void remove_queue(Queue& queue);
  void remove_exchange(Exchange& exchange);
  bool durable_binding(const Binding& binding) const;
  amqp::CheckedStatus check_policy_right(const Actor& actor, PolicyKind kind) const;
  QueueSettings with_policies(QueueSettings declared, const QueueDeclaration& declaration);
  // Answers how many patterns were asked.
  std::uint32_t apply_policies(RoutingTarget& target);
  void policies_changed(PolicyListener* listener);

  std::string name_;
  AccessControlRef access_;
  AuditTrail* audit_ = nullptr;
  base::RandomSource& random_;
  Turn turn_;
  TenantQuota quota_;
  KeyMap<base::Ref<Exchange>> exchanges_;
  ExchangeTraffic default_exchange_traffic_;
  QueuesByName queues_;
  QueuesById queues_by_id_;
  std::map<ConnectionId, std::map<QueueId, Queue*>> exclusive_queues_;
  KeyMap<ReplySink*> reply_sinks_;
  Router router_;
  std::vector<base::Ref<Exchange>> doomed_exchanges_;
  base::IntrusiveList<TurnEndListener> turn_end_listeners_;
  base::IntrusiveList<CommitListener> commit_listeners_;
  std::unique_ptr<MessageTracer> tracer_;  // turn_.tracer; stands among them
  base::IntrusiveList<SlicedTask> tasks_;
  Roster<RoutingTarget> roster_;
  Policies policies_;
  PolicyPass policy_pass_;
  struct Accepting {
    Queue* queue;
    Position position;
  };
  // Reused between publishes; publish() is not re-entered.
  std::vector<Accepting> accepting_;
  std::vector<PublishPlace> places_;
  std::uint64_t routes_version_ = 1;
  std::uint64_t last_binding_id_ = 0;
  std::uint64_t last_queue_id_;
};

}  // namespace harrier::broker
