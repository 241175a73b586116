// Queues, exchanges, bindings and consumers: what there is, and what can be done to a queue.
#include "ctl/families.h"
#include "ctl/items.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

void delete_queue(Session& session) {
  const bool if_empty = session.arguments().has("if-empty");
  const bool if_unused = session.arguments().has("if-unused");
  std::string banner = "Deleting queue '{QUEUE}' on vhost '{vhost}'";
  if (if_empty) banner += " if queue is empty";
  if (if_unused) banner += if_empty ? " and if queue is unused" : " if queue is unused";
  session.announce(banner + " ...");
  const Json queue = session.get("/api/queues/{vhost}/{QUEUE}");
  std::string query;
  if (if_empty) query = "if-empty=true";
  if (if_unused) query += query.empty() ? "if-unused=true" : "&if-unused=true";
  session.send(std::nullopt, query);
  const Json& ready = member(queue, "messages_ready");
  session.print("Queue was successfully deleted with " + (ready.is_number() ? ready.dump() : "0") +
                " ready messages");
}

Json typed_arguments(const Arguments& given) {
  if (!given.has("arguments")) return Json::object();
  Json arguments = parse_typed(given.text("arguments"));
  if (!arguments.is_object()) throw Trouble(kExitUsage, "--arguments: a JSON object is needed");
  return arguments;
}

void create_queue(Session& session) {
  const Arguments& given = session.arguments();
  Json arguments = typed_arguments(given);
  if (given.has("type")) arguments["x-queue-type"] = given.text("type");
  session.send(Json{{"durable", !given.has("transient")},
                    {"auto_delete", given.has("auto-delete")},
                    {"arguments", arguments}});
}

void create_exchange(Session& session) {
  const Arguments& given = session.arguments();
  session.send(Json{{"type", given.text("TYPE")},
                    {"durable", !given.has("transient")},
                    {"auto_delete", given.has("auto-delete")},
                    {"internal", given.has("internal")},
                    {"arguments", typed_arguments(given)}});
}

void quorum_status(Session& session) {
  const Json queue = session.get("/api/queues/{vhost}/{QUEUE}");
  const Json& type = member(queue, "type");
  if (type != Json("quorum"))
    throw Trouble(kExitUnavailable, "Cannot get quorum status of a " +
                                        (type.is_string() ? type.get<std::string>() : "classic") +
                                        " queue");
  Table table{.columns = {"Node Name", "Raft State"}};
  const Json& members = member(queue, "members");
  for (const Json& node : members.is_array() ? members : Json::array({session.node()}))
    table.rows.push_back(
        {node, node == member(queue, "leader") || members.size() < 2 ? "leader" : "follower"});
  session.print_table(table);
}

// One node has every leader.
void rebalance(Session& session) { session.send(Json::object()); }

const std::vector<Flag> kIgnoredByOneNode = {
    {"--online", "", "accepted; there is one node"},
    {"--offline", "", "accepted; there is one node"},
    {"--local", "", "accepted; there is one node"},
};

constexpr std::string_view kQueueItems =
    "name messages | messages_ready messages_unacknowledged consumers active_consumers durable "
    "auto_delete exclusive arguments policy operator_policy effective_policy_definition type state "
    "node leader members online memory consumer_utilisation consumer_capacity "
    "exclusive_consumer_tag single_active_consumer_tag idle_since head_message_timestamp "
    "message_bytes message_bytes_ready message_bytes_unacknowledged message_bytes_ram "
    "message_bytes_persistent messages_ram messages_persistent messages_paged_out "
    "message_bytes_paged_out delivery_limit storage_version message_stats vhost pid=name";

constexpr std::string_view kNoQueue = "Queue not found";

std::vector<Command> lists() {
  return {
      {.name = "list_queues",
       .arguments = "[ITEM]...",
       .summary = "Lists queues with their properties and counters",
       .call = "GET /api/queues/{vhost}",
       .banner = "Timeout: {timeout} seconds ...\nListing queues for vhost {vhost} ...",
       .items = kQueueItems,
       .run = list_items,
       .flags = kIgnoredByOneNode},
      {.name = "list_exchanges",
       .arguments = "[ITEM]...",
       .summary = "Lists exchanges",
       .call = "GET /api/exchanges/{vhost}",
       .banner = "Listing exchanges for vhost {vhost} ...",
       .items = "name type | durable auto_delete internal arguments policy vhost message_stats",
       .run = list_items},
      {.name = "list_bindings",
       .arguments = "[ITEM]...",
       .summary = "Lists bindings",
       .call = "GET /api/bindings/{vhost}",
       .banner = "Listing bindings for vhost {vhost}...",
       .items = "source_name=source source_kind='exchange destination_name=destination "
                "destination_kind=destination_type routing_key arguments | vhost properties_key",
       .run = list_items},
      {.name = "list_consumers",
       .arguments = "[ITEM]...",
       .summary = "Lists consumers",
       .call = "GET /api/consumers/{vhost}",
       .banner = "Listing consumers in vhost {vhost} ...",
       .items = "queue_name=queue.name channel_pid=channel_details.name consumer_tag ack_required "
                "prefetch_count active arguments | activity_status exclusive consumer_timeout",
       .run = list_items},
  };
}

std::vector<Command> declarations() {
  const std::vector<Flag> declare = {
      {"--transient", "", "not durable"},
      {"--auto-delete", "", "deleted when its last user is gone"},
      {"--arguments", "JSON", "an object of x-arguments"},
  };
  std::vector<Flag> declare_queue = declare;
  declare_queue.push_back({"--type", "TYPE", "classic or quorum"});
  std::vector<Flag> declare_exchange = declare;
  declare_exchange.push_back({"--internal", "", "no client may publish to it"});
  return {
      {.name = "create_queue",
       .arguments = "QUEUE",
       .summary = "Declares a queue, durable unless told otherwise",
       .call = "PUT /api/queues/{vhost}/{QUEUE}",
       .banner = "Creating queue '{QUEUE}' in vhost '{vhost}' ...",
       .run = create_queue,
       .flags = declare_queue},
      {.name = "create_exchange",
       .arguments = "EXCHANGE TYPE",
       .summary = "Declares an exchange, durable unless told otherwise",
       .call = "PUT /api/exchanges/{vhost}/{EXCHANGE}",
       .banner = "Creating exchange '{EXCHANGE}' in vhost '{vhost}' ...",
       .run = create_exchange,
       .flags = declare_exchange},
  };
}

std::vector<Command> uses() {
  return {
      {.name = "purge_queue",
       .arguments = "QUEUE",
       .summary = "Removes the ready messages of a queue",
       .call = "DELETE /api/queues/{vhost}/{QUEUE}/contents",
       .banner = "Purging queue '{QUEUE}' in vhost '{vhost}' ...",
       .run = send_call,
       .missing = "not_found"},
      {.name = "delete_queue",
       .arguments = "QUEUE",
       .summary = "Deletes a queue with its messages",
       .call = "DELETE /api/queues/{vhost}/{QUEUE}",
       .run = delete_queue,
       .flags = {{"-e,--if-empty", "", "only if it holds no message"},
                 {"-u,--if-unused", "", "only if it has no consumer"}},
       .missing = kNoQueue,
       .missing_exit = kExitUsage},
      {.name = "pause_queue",
       .arguments = "QUEUE",
       .summary = "Stops deliveries from a queue; publishing goes on",
       .call = "PUT /api/queues/{vhost}/{QUEUE}/pause",
       .banner = "Pausing queue '{QUEUE}' in vhost '{vhost}' ...",
       .run = send_call,
       .missing = kNoQueue},
      {.name = "resume_queue",
       .arguments = "QUEUE",
       .summary = "Lets deliveries from a paused queue go on",
       .call = "PUT /api/queues/{vhost}/{QUEUE}/resume",
       .banner = "Resuming queue '{QUEUE}' in vhost '{vhost}' ...",
       .run = send_call,
       .missing = kNoQueue},
      {.name = "quorum_status",
       .arguments = "QUEUE",
       .summary = "Shows the members of a quorum queue",
       .call = "GET /api/queues/{vhost}/{QUEUE}",
       .banner = "Status of quorum queue {QUEUE} on node {node} ...",
       .run = quorum_status,
       .missing = "not_found"},
      {.name = "rebalance",
       .arguments = "[KIND]",
       .summary = "Spreads queues over nodes: with one node there is nothing to do",
       .call = "POST /api/rebalance/queues",
       .banner = "Re-balancing leaders of all queues...",
       .run = rebalance,
       .flags = {{"--vhost-pattern", "PATTERN", "accepted; there is one node"},
                 {"--queue-pattern", "PATTERN", "accepted; there is one node"}}},
  };
}

}  // namespace

std::vector<Command> queue_commands() {
  std::vector<Command> rows = lists();
  for (Command& row : declarations())
    rows.push_back(std::move(row));
  for (Command& row : uses())
    rows.push_back(std::move(row));
  for (Command& row : rows)
    row.family = Family::kQueues;
  return rows;
}

}  // namespace harrier::ctl
