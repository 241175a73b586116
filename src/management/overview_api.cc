// The node at a glance, and what it can.
#include "harrier/version.h"
#include "management/body_fields.h"
#include "management/list_answer.h"
#include "management/node_facts.h"
#include "management/route.h"
#include "management/statistics_json.h"
#include "server/inspection.h"

namespace harrier::management {
namespace {

using nlohmann::json;

json exchange_types() {
  json types = json::array();
  for (const char* name : {"direct", "fanout", "headers", "topic"})
    types.push_back({{"name", name},
                     {"description", std::string("AMQP ") + name + " exchange"},
                     {"enabled", true}});
  return types;
}

json listeners(const Call& call) {
  json list = json::array();
  for (const ListenerPlace& place : listener_places(call))
    list.push_back({{"node", node_name()},
                    {"protocol", place.protocol},
                    {"ip_address", place.address},
                    {"port", place.port},
                    {"tls", place.tls},
                    {"socket_opts", json::object()}});
  return list;
}

json contexts(const Call& call) {
  json list = json::array();
  for (const ListenerPlace& place : listener_places(call))
    if (place.protocol.starts_with("http"))
      list.push_back({{"node", node_name()},
                      {"description", place.protocol == "http/prometheus" ? "HarrierMQ Prometheus"
                                                                          : "HarrierMQ Management"},
                      {"path", call.ports().options.management.path_prefix + "/"},
                      {"ip", place.address},
                      {"port", place.port},
                      {"ssl_opts", json::array()}});
  return list;
}

json churn_rates(const server::Churn& churn) {
  json object = json::object();
  put(object, "connection_created", churn.connections_created);
  put(object, "connection_closed", churn.connections_closed);
  put(object, "channel_created", churn.channels_created);
  put(object, "channel_closed", churn.channels_closed);
  put(object, "queue_declared", churn.queues_declared);
  put(object, "queue_created", churn.queues_created);
  put(object, "queue_deleted", churn.queues_deleted);
  return object;
}

void put_statistics(const Call& call, json& object) {
  const server::NodeStatistics node = call.node().inspection().node();
  object["message_stats"] = json_of(node.statistics);
  object["churn_rates"] = churn_rates(node.churn);
  json& totals = object["queue_totals"] = json::object();
  put_totals(totals, node.ready, node.unacked);
  object["object_totals"] = {{"connections", node.connections},
                             {"channels", node.channels},
                             {"consumers", node.consumers},
                             {"queues", node.queues},
                             {"exchanges", node.exchanges}};
}

http::Response overview(const Call& call) {
  const Options& options = call.ports().options;
  const std::string level(kCompatibleVersion);
  json object = {{"management_version", level},
                 {"rabbitmq_version", level},
                 {"product_name", "HarrierMQ"},
                 {"product_version", std::string(kVersion)},
                 {"cluster_name", cluster_name(call)},
                 {"node", node_name()},
                 {"erlang_version", runtime_version()},
                 {"erlang_full_version", runtime_version()},
                 {"rates_mode", "basic"},
                 {"sample_retention_policies",
                  {{"global", {600, 3600}}, {"basic", {600}}, {"detailed", {600}}}},
                 {"disable_stats", options.management.disable_stats},
                 {"enable_queue_totals", false},
                 {"is_op_policy_updating_enabled", true},
                 {"default_queue_type", "classic"},
                 {"release_series_support_status", "supported"},
                 {"statistics_db_event_queue", 0},
                 {"exchange_types", exchange_types()}};
  put_statistics(call, object);
  if (call.visitor().is_monitor()) {
    object["listeners"] = listeners(call);
    object["contexts"] = contexts(call);
  }
  return object_answer(call, std::move(object));
}

http::Response version(const Call&) {
  http::Response response;
  response.set("content-type", "application/json");
  response.body = json(std::string(kCompatibleVersion)).dump();
  return response;
}

http::Response extensions(const Call&) { return json_answer(json::array()); }

http::Response get_cluster_name(const Call& call) {
  return object_answer(call, {{"name", cluster_name(call)}});
}

http::Response put_cluster_name(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"name"});
  call.apply_one(server::SetGlobalParameter{"cluster_name", text_of(fields.text("name"))});
  return done_answer();
}

// What tools look for before they use it; all of it is there.
http::Response feature_flags(const Call& call) {
  std::vector<json> rows;
  for (const char* name :
       {"classic_mirrored_queue_version", "direct_exchange_routing_v2", "drop_unroutable_metric",
        "empty_basic_get_metric", "feature_flags_v2", "implicit_default_bindings",
        "listener_records_in_ets", "maintenance_mode_status", "quorum_queue", "restart_streams",
        "stream_queue", "stream_single_active_consumer", "tracking_records_in_ets", "user_limits",
        "virtual_host_metadata"})
    rows.push_back({{"name", name},
                    {"state", "enabled"},
                    {"stability", "required"},
                    {"desc", ""},
                    {"doc_url", ""},
                    {"provided_by", "rabbit"}});
  return list_answer(call, std::move(rows));
}

http::Response enable_feature_flag(const Call&) { return done_answer(); }

http::Response no_list(const Call& call) { return list_answer(call, {}); }

// In RabbitMQ this empties what management remembers of statistics over time, and no counter falls.
http::Response reset(const Call&) { return done_answer(); }
http::Response reset_node(const Call& call) {
  check_node(call);
  return done_answer();
}

}  // namespace

void add_overview_routes(Routes& routes) {
  routes.insert(
      routes.end(),
      {{"GET", "/api/overview", Need::kUser, overview, "The node at a glance.", "", "Overview"},
       {"GET", "/api/version", Need::kUser, version, "The level of RabbitMQ it is compatible with.",
        "", "Text"},
       {"GET", "/api/extensions", Need::kUser, extensions, "Always empty.", "", "Any[]"},
       {"GET", "/api/cluster-name", Need::kUser, get_cluster_name, "The cluster's name.", "",
        "ClusterName"},
       {"PUT", "/api/cluster-name", Need::kAdministrator, put_cluster_name, "Changes it.",
        "ClusterName", ""},
       {"GET", "/api/feature-flags", Need::kUser, feature_flags, "All are enabled.", "",
        "FeatureFlag[]"},
       {"PUT", "/api/feature-flags/{name}/enable", Need::kAdministrator, enable_feature_flag,
        "Does nothing: all are enabled.", "", ""},
       {"GET", "/api/deprecated-features", Need::kUser, no_list, "Always empty.", "", "Any[]"},
       {"GET", "/api/deprecated-features/used", Need::kUser, no_list, "Always empty.", "", "Any[]"},
       {"GET", "/api/shovels", Need::kMonitor, no_list, "Always empty: there are none.", "",
        "Any[]"},
       {"GET", "/api/shovels/{vhost}", Need::kMonitor, no_list, "Always empty.", "", "Any[]"},
       {"GET", "/api/federation-links", Need::kMonitor, no_list, "Always empty.", "", "Any[]"},
       {"GET", "/api/federation-links/{vhost}", Need::kMonitor, no_list, "Always empty.", "",
        "Any[]"},
       {"GET", "/api/stream/connections", Need::kUser, no_list,
        "Always empty: nobody speaks the stream protocol here.", "", "Any[]"},
       {"GET", "/api/stream/connections/{vhost}", Need::kHost, no_list, "Always empty.", "",
        "Any[]"},
       {"GET", "/api/stream/publishers", Need::kUser, no_list, "Always empty.", "", "Any[]"},
       {"GET", "/api/stream/publishers/{vhost}", Need::kHost, no_list, "Always empty.", "",
        "Any[]"},
       {"GET", "/api/stream/publishers/{vhost}/{queue}", Need::kHost, no_list, "Always empty.", "",
        "Any[]"},
       {"GET", "/api/stream/consumers", Need::kUser, no_list, "Always empty.", "", "Any[]"},
       {"GET", "/api/stream/consumers/{vhost}", Need::kHost, no_list, "Always empty.", "", "Any[]"},
       {"DELETE", "/api/reset", Need::kAdministrator, reset,
        "Does nothing: there is no history of statistics that could be emptied."},
       {"DELETE", "/api/reset/{node}", Need::kAdministrator, reset_node, "The same."}});
}

}  // namespace harrier::management
