// Queues.
#include <memory>

#include "management/bindings_json.h"
#include "management/body_fields.h"
#include "management/consumers_json.h"
#include "management/list_answer.h"
#include "management/node_facts.h"
#include "management/route.h"
#include "management/statistics_json.h"
#include "management/walk.h"
#include "server/commands.h"
#include "server/definitions_values.h"
#include "server/inspection.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::Inspection;
using server::QueueParts;
using server::QueueView;

json text_or_null(const std::string& text) { return text.empty() ? json() : json(text); }

template <class T>
json value_or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

void put_bytes(json& row, const QueueView& view) {
  row["message_bytes"] = view.ready_bytes + view.unacked_bytes;
  row["message_bytes_ready"] = view.ready_bytes;
  row["message_bytes_unacknowledged"] = view.unacked_bytes;
  row["message_bytes_ram"] = view.resident_bytes;
  row["message_bytes_persistent"] = view.persistent_bytes;
  row["message_bytes_paged_out"] =
      view.ready_bytes > view.resident_bytes ? view.ready_bytes - view.resident_bytes : 0;
  row["messages_persistent"] = view.persistent;
  row["messages_ram"] = view.resident;
  row["messages_ready_ram"] = view.resident;
  row["messages_unacknowledged_ram"] = view.unacked;
  row["messages_paged_out"] = view.ready > view.resident ? view.ready - view.resident : 0;
  row["memory"] = view.memory;
}

void put_statistics(json& row, const QueueView& view) {
  row["message_stats"] = json_of(view.statistics);
  put_totals(row, {view.ready, view.ready_rate}, {view.unacked, view.unacked_rate});
  row["dead_lettered"] = view.fates.dead_lettered;
  row["dead_letters_dropped"] = view.fates.dead_letters_dropped;
  row["requeued"] = view.fates.requeued;
  if (view.oldest_ready_age) row["oldest_ready_age"] = view.oldest_ready_age->count() / 1000.0;
  if (view.oldest_unacked_age)
    row["oldest_unacked_age"] = view.oldest_unacked_age->count() / 1000.0;
}

// What is always copied.
json brief_row(const QueueView& view) {
  const bool quorum = view.type == broker::QueueType::kQuorum;
  json row = {{"name", view.name},
              {"vhost", view.virtual_host},
              {"type", quorum ? "quorum" : "classic"},
              {"durable", view.durable},
              {"auto_delete", view.auto_delete},
              {"exclusive", view.exclusive},
              {"node", node_name()},
              {"state", view.paused ? "paused" : "running"},
              {"paused", view.paused},
              {"messages", view.ready + view.unacked},
              {"messages_ready", view.ready},
              {"messages_unacknowledged", view.unacked},
              {"consumers", view.consumers},
              {"active_consumers", view.consumers},
              {"consumer_capacity", view.consumer_capacity},
              {"consumer_utilisation", view.consumer_capacity},
              {"exclusive_consumer_tag", value_or_null(view.exclusive_consumer_tag)},
              {"single_active_consumer_tag", value_or_null(view.single_active_consumer_tag)},
              {"head_message_timestamp", value_or_null(view.head_message_timestamp)},
              {"storage_version", 2},
              {"leader", node_name()},
              {"members", {node_name()}},
              {"online", {node_name()}}};
  if (view.idle_since) row["idle_since"] = text_of(*view.idle_since);
  if (quorum) row["delivery_limit"] = view.delivery_limit.value_or(-1);
  put_bytes(row, view);
  return row;
}

json queue_row(const QueueView& view, const QueueParts& parts) {
  json row = brief_row(view);
  row["arguments"] = server::json_of_table(view.arguments.view());
  row["policy"] = text_or_null(view.policy);
  row["operator_policy"] = text_or_null(view.operator_policy);
  row["effective_policy_definition"] =
      server::json_of_table(view.effective_policy_definition.view());
  row["garbage_collection"] = json::object();
  row["backing_queue_status"] = json::object();
  row["reductions"] = 0;
  if (parts.statistics) put_statistics(row, view);
  return row;
}

// What a list is most often sorted by, without the rest of the row: it is asked of every queue.
json sorting_row(const QueueView& view, const QueueParts& parts, std::string_view member) {
  if (member == "name") return {{"name", view.name}};
  if (member == "vhost") return {{"vhost", view.virtual_host}};
  if (member == "messages") return {{"messages", view.ready + view.unacked}};
  if (member == "messages_ready") return {{"messages_ready", view.ready}};
  if (member == "messages_unacknowledged") return {{"messages_unacknowledged", view.unacked}};
  if (member == "consumers") return {{"consumers", view.consumers}};
  if (member == "message_stats") return {{"message_stats", json_of(view.statistics)}};
  return queue_row(view, parts);
}

// Of a list without statistics, with or without the counts.
void leave_out_statistics(json& row, bool totals) {
  static constexpr const char* kKept[] = {
      "name",   "vhost",   "type",      "durable", "auto_delete",     "exclusive",
      "node",   "state",   "arguments", "policy",  "operator_policy", "effective_policy_definition",
      "leader", "members", "online",    "paused"};
  static constexpr const char* kTotals[] = {"messages", "messages_ready",
                                            "messages_unacknowledged"};
  json kept = json::object();
  for (const char* name : kKept)
    if (row.contains(name)) kept[name] = std::move(row[name]);
  if (totals)
    for (const char* name : kTotals)
      kept[name] = row[name];
  row = std::move(kept);
}

struct Detail {
  QueueParts parts;
  bool statistics = true;
  bool totals = true;
};

Detail detail_of(const Call& call) {
  Detail detail;
  const bool off = call.ports().options.management.disable_stats || call.is_set("disable_stats");
  detail.statistics = !off;
  detail.totals = !off || call.is_set("enable_queue_totals");
  const Columns columns(call.query("columns"));
  detail.parts.arguments = columns.wants("arguments");
  detail.parts.policies = columns.wants("policy") || columns.wants("operator_policy") ||
                          columns.wants("effective_policy_definition");
  detail.parts.statistics = detail.statistics && (columns.all() || columns.wants("message_stats"));
  return detail;
}

QueueParts parts_for_sorting(const ListQuery& query) {
  QueueParts parts;
  const std::string_view member = query.sort_member();
  parts.statistics = member == "message_stats";
  parts.policies = member == "policy" || member == "operator_policy";
  parts.arguments = member == "arguments";
  return parts;
}

http::Response list(const Call& call, const Inspection::Where& where) {
  const Inspection& inspection = call.node().inspection();
  ListAnswer answer{ListQuery(call)};
  auto names = std::make_shared<std::vector<Inspection::QueueName>>();
  const QueueParts sorting = parts_for_sorting(answer.query());
  const std::string_view member = answer.query().sort_member();
  each_host(call, where, [&](const std::string& host) {
    inspection.queues(host, sorting, [&](std::vector<QueueView>& batch) {
      for (QueueView& view : batch)
        if (answer.add(view.name, [&] { return sorting_row(view, sorting, member); }))
          names->push_back({std::move(view.virtual_host), std::move(view.name)});
      return true;
    });
  });
  return answer.finish(
      [&inspection, names, detail = detail_of(call)](std::span<const std::size_t> entries) {
        std::vector<Inspection::QueueName> wanted;
        for (const std::size_t entry : entries)
          wanted.push_back((*names)[entry]);
        std::vector<json> rows;
        for (const QueueView& view : inspection.queues_named(wanted, detail.parts)) {
          rows.push_back(queue_row(view, detail.parts));
          if (!detail.statistics) leave_out_statistics(rows.back(), detail.totals);
        }
        return rows;
      });
}

http::Response list_queues(const Call& call) { return list(call, {}); }
http::Response list_queues_of_host(const Call& call) { return list(call, call.parameter(0)); }

// KEDA writes a space as a plus: that form counts if nothing has the literal name.
std::string existing_name(const Call& call) {
  const std::string& name = call.parameter(1);
  const Inspection& inspection = call.node().inspection();
  if (name.find('+') == std::string::npos ||
      inspection.queue(call.parameter(0), name, {}).has_value())
    return name;
  std::string spaced = name;
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return inspection.queue(call.parameter(0), spaced, {}).has_value() ? spaced : name;
}

http::Response get_queue(const Call& call) {
  const Inspection& inspection = call.node().inspection();
  const std::string name = existing_name(call);
  const auto view = inspection.queue(call.parameter(0), name, QueueParts::all());
  if (!view) throw not_found();
  json row = queue_row(*view, QueueParts::all());
  row["incoming"] = json::array();
  row["deliveries"] = json::array();
  row["consumer_details"] = json::array();
  inspection.consumers_of(call.parameter(0), name, [&](std::vector<server::ConsumerView>& batch) {
    for (const server::ConsumerView& consumer : batch)
      row["consumer_details"].push_back(json_of(consumer));
    return true;
  });
  if (call.ports().options.management.disable_stats || call.is_set("disable_stats"))
    leave_out_statistics(row, call.is_set("enable_queue_totals"));
  return object_answer(call, std::move(row));
}

http::Response put_queue(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  broker::QueueDeclaration declaration;
  declaration.name = call.parameter(1);
  declaration.durable = fields.flag("durable", false);
  declaration.auto_delete = fields.flag("auto_delete", false);
  declaration.arguments = fields.table("arguments");
  return done_answer(
      value_of(call.node().commands().declare_queue(call.actor(), call.parameter(0), declaration)));
}

http::Response delete_queue(const Call& call) {
  (void)value_of(call.node().commands().delete_queue(call.actor(), call.parameter(0),
                                                     call.parameter(1), call.is_set("if-unused"),
                                                     call.is_set("if-empty")));
  return done_answer();
}

http::Response purge_queue(const Call& call) {
  (void)value_of(
      call.node().commands().purge_queue(call.actor(), call.parameter(0), call.parameter(1)));
  return done_answer();
}

http::Response list_bindings_of_queue(const Call& call) {
  const Inspection& inspection = call.node().inspection();
  if (!inspection.queue(call.parameter(0), call.parameter(1), {})) throw not_found();
  return list_bindings(call, [&](const Inspection::Take<server::BindingView>& take) {
    inspection.bindings_to(call.parameter(0), broker::RoutingTarget::Kind::kQueue,
                           call.parameter(1), take);
  });
}

http::Response set_paused(const Call& call, bool paused) {
  check(call.node().commands().set_paused(call.actor(), call.parameter(0), call.parameter(1),
                                          paused));
  return done_answer();
}
http::Response pause_queue(const Call& call) { return set_paused(call, true); }
http::Response resume_queue(const Call& call) { return set_paused(call, false); }

// Mirrors are what RabbitMQ would synchronise.
http::Response act_on_queue(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"action"});
  if (!call.node().inspection().queue(call.parameter(0), call.parameter(1), {})) throw not_found();
  const std::string action = fields.text("action");
  if (action == "sync" || action == "cancel_sync") return done_answer();
  throw bad_request("unknown action '" + action + "'");
}

http::Response rebalance(const Call&) { return done_answer(); }

}  // namespace

void add_queues_routes(Routes& routes) {
  constexpr Need kHost = Need::kHost;
  routes.insert(routes.end(),
                {{"GET", "/api/queues", Need::kUser, list_queues, "Queues of all virtual hosts.",
                  "", "Queue[]"},
                 {"GET", "/api/queues/{vhost}", kHost, list_queues_of_host,
                  "Queues of a virtual host.", "", "Queue[]"},
                 {"GET", "/api/queues/{vhost}/{queue}", kHost, get_queue,
                  "One queue, with its consumers.", "", "Queue"},
                 {"PUT", "/api/queues/{vhost}/{queue}", kHost, put_queue,
                  "Declares a queue; one that is there must be alike.", "QueuePut", ""},
                 {"DELETE", "/api/queues/{vhost}/{queue}", kHost, delete_queue,
                  "Deletes it; with if-empty=true or if-unused=true only then.", "", ""},
                 {"DELETE", "/api/queues/{vhost}/{queue}/contents", kHost, purge_queue,
                  "Deletes the messages that wait in it.", "", ""},
                 {"GET", "/api/queues/{vhost}/{queue}/bindings", kHost, list_bindings_of_queue,
                  "Bindings that lead to it.", "", "Binding[]"},
                 {"POST", "/api/queues/{vhost}/{queue}/actions", kHost, act_on_queue,
                  "sync and cancel_sync do nothing: there are no mirrors.", "QueueAction", ""},
                 {"PUT", "/api/queues/{vhost}/{queue}/pause", kHost, pause_queue,
                  "From now on it takes messages and gives none.", "", ""},
                 {"PUT", "/api/queues/{vhost}/{queue}/resume", kHost, resume_queue,
                  "It gives them again.", "", ""},
                 {"POST", "/api/rebalance/queues", Need::kAdministrator, rebalance,
                  "Does nothing: there is one node.", "", ""}});
}

}  // namespace harrier::management
