// Changes of what lies in virtual hosts, from a thread that is no loop's.
//
// Role:   the port for HTTP and harrierctl: queues, exchanges, bindings, messages. Administration
//         has users, virtual hosts, policies; DefinitionsTransfer has files.
// Model:  each command runs on the loop that owns the virtual host, as the Actor, with the model's
//         own checks (enter, permissions, limits, quota) and audit events; when it answers, it is
//         in force and what is durable is on disk. Messages that are moved are published to their
//         target and settled in their source in one group of the journal: after a crash they stand
//         in one of the two. Long work runs in slices; between them the loop's other tenants go
//         on, a rate is kept, and GiveUp is asked.
// Thread: any that is no loop's, while the node runs; any number at a time.
// Errors: CommandError. A name that is not there is 404, also where AMQP forgives it (delete,
//         unbind).
// Limits: CommandLimitOptions (limits.commands.*).
// Spec:   docs/operations/messages.md; conformance.md for the words.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/actor.h"
#include "broker/exchange.h"
#include "broker/queue_arguments.h"
#include "harrier/options.h"
#include "server/command.h"
#include "server/host_visit.h"
#include "server/shared.h"
#include "server/virtual_hosts.h"

namespace harrier::server {

class SingleMessage;
struct VisitedQueue;

class Commands {
 public:
  // A slice takes so much of its loop, and a message more.
  static constexpr std::chrono::microseconds kSlice{500};

  // REQUIRES that both outlive it, and that administrators' changes can be made already.
  Commands(Shared& shared, const VirtualHosts::Loops& loops, const Options& options)
      : shared_(shared),
        loops_(loops),
        limits_(options.commands),
        message_size_max_(options.connection.max_message_size) {}

  // ---- definitions
  // True: made; false: was there, as declared.
  Command<bool> declare_queue(const broker::Actor& actor, const std::string& virtual_host,
                              const broker::QueueDeclaration& declaration);
  // Answers how many messages went with it.
  Command<std::uint64_t> delete_queue(const broker::Actor& actor, const std::string& virtual_host,
                                      const std::string& queue, bool if_unused, bool if_empty);
  Command<std::uint64_t> purge_queue(const broker::Actor& actor, const std::string& virtual_host,
                                     const std::string& queue);
  Command<bool> declare_exchange(const broker::Actor& actor, const std::string& virtual_host,
                                 const broker::ExchangeDeclaration& declaration);
  CommandStatus delete_exchange(const broker::Actor& actor, const std::string& virtual_host,
                                const std::string& exchange, bool if_unused);
  // Answers its properties_key().
  Command<std::string> bind(const broker::Actor& actor, const std::string& virtual_host,
                            const BindingPlace& place, const std::string& routing_key,
                            const amqp::FieldTable& arguments);
  CommandStatus unbind(const broker::Actor& actor, const std::string& virtual_host,
                       const BindingPlace& place, const std::string& properties_key);
  // While paused a queue takes messages and gives none: not to consumers, not to basic.get nor
  // get(). Durable queues stay paused across a restart. Again is no error.
  CommandStatus set_paused(const broker::Actor& actor, const std::string& virtual_host,
                           const std::string& queue, bool paused);

  // ---- messages
  // Mandatory, and waits for the disk: true if some queue took it, false if it was not routed; 406
  // if a queue refused it.
  Command<bool> publish(const broker::Actor& actor, const std::string& virtual_host,
                        const PublishRequest& request);
  // As so many times basic.get, then the acknowledgement of all. Stops early at bytes_max.
  Command<std::vector<ReadMessage>> get(const broker::Actor& actor, const std::string& virtual_host,
                                        const std::string& queue, const GetRequest& request,
                                        const GiveUp& give_up);
  // Changes nothing, also when the queue is paused. Stops early at bytes_max.
  Command<BrowsedMessages> browse(const broker::Actor& actor, const std::string& virtual_host,
                                  const std::string& queue, const BrowseRequest& request,
                                  const GiveUp& give_up);
  // 404: it is not ready there (any more).
  CommandStatus delete_message(const broker::Actor& actor, const std::string& virtual_host,
                               const std::string& queue, MessagePlace place, const GiveUp& give_up);
  // As one who consumes, and publishes by the default exchange: those rights are asked for. 406
  // from a durable queue to one that is not, or to itself.
  Command<MoveOutcome> move(const broker::Actor& actor, const std::string& virtual_host,
                            const MoveRequest& request, const GiveUp& give_up);
  Command<RedriveOutcome> redrive(const broker::Actor& actor, const std::string& virtual_host,
                                  const RedriveRequest& request, const GiveUp& give_up);
  // Each of the queue's consumers with this tag; a client that takes it is told with basic.cancel.
  // 404: there is none.
  CommandStatus cancel_consumer(const broker::Actor& actor, const std::string& virtual_host,
                                const std::string& queue, const std::string& consumer_tag);

  // ---- connections. That the actor may is the caller's to decide.
  // One of Inspection::connections_named(). With CONNECTION_FORCED (320) and `reason` as its text.
  // False: it is gone. It may take a moment to go.
  bool close_connection(const broker::Actor& actor, std::size_t loop, broker::ConnectionId id,
                        const std::string& reason);
  // Answer how many were told.
  std::uint64_t close_user_connections(const broker::Actor& actor, const std::string& user,
                                       const std::string& reason);
  std::uint64_t close_virtual_host_connections(const broker::Actor& actor,
                                               const std::string& virtual_host,
                                               const std::string& reason);

 private:
  using Task = std::function<amqp::CheckedStatus(broker::VirtualHost&)>;

  // Enters as the actor and runs the task in one slice. What is refused is told as `action`.
  CommandStatus ask(HostVisit& visit, const broker::Actor& actor, std::string_view action,
                    const Task& task);
  // The same, and waits for the disk.
  CommandStatus change(const std::string& virtual_host, const broker::Actor& actor,
                       std::string_view action, const Task& task);
  std::uint64_t close_all(const ConnectionFilter& filter, const broker::Actor& actor,
                          std::string_view kind, const std::string& name,
                          const std::string& reason);
  amqp::CheckedStatus check_publish(const broker::Actor& actor,
                                    const PublishRequest& request) const;
  CommandStatus take_single(VisitedQueue& at, const std::shared_ptr<SingleMessage>& single,
                            bool needs_body, const std::string& queue, MessagePlace place,
                            const GiveUp& give_up);
  void note_messages(HostVisit& visit, const broker::Actor& actor, std::string_view action,
                     const std::string& queue, const std::string& target, std::uint64_t count);
  // The disk has fallen behind, or its journal is full: who moves messages waits as publishers do.
  bool held_by_store() const;

  Shared& shared_;
  const VirtualHosts::Loops& loops_;
  const CommandLimitOptions limits_;
  const std::uint64_t message_size_max_;
};

}  // namespace harrier::server
