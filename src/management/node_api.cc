// Nodes: there is one, and it says how it is.
#include <array>
#include <filesystem>

#include <sys/resource.h>
#include <unistd.h>

#include "harrier/version.h"
#include "management/list_answer.h"
#include "management/node_facts.h"
#include "management/route.h"
#include "server/maintenance.h"

namespace harrier::management {
namespace {

using nlohmann::json;

std::uint64_t open_descriptors() {
  std::uint64_t count = 0;
  std::error_code failed;
  for ([[maybe_unused]] const auto& one :
       std::filesystem::directory_iterator("/proc/self/fd", failed))
    ++count;
  return count;
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::int64_t uptime_ms(const Call& call) {
  const Ports& ports = call.ports();
  return (ports.clock.now().monotonic - ports.started.monotonic).count();
}

json plugins() { return {"rabbitmq_management", "rabbitmq_prometheus"}; }

json applications() {
  return {{{"name", "rabbit"},
           {"description", "HarrierMQ"},
           {"version", std::string(kCompatibleVersion)}}};
}

void put_resources(const Call& call, json& node) {
  const server::Node& source = call.node();
  const server::ResourceLimits& limits = source.resource_limits();
  const server::ResourceGauges& gauges = source.resource_gauges();
  const server::PublisherGate& gate = source.gate();
  node["mem_used"] = gauges.memory_resident.load(std::memory_order_relaxed);
  node["mem_limit"] = limits.memory_high_watermark;
  node["mem_alarm"] = gate.is_set(server::HoldReason::kMemoryAlarm);
  node["mem_calculation_strategy"] = "rss";
  node["disk_free"] = gauges.disk_free.load(std::memory_order_relaxed);
  node["disk_free_limit"] = limits.disk_free;
  node["disk_free_alarm"] = gate.is_set(server::HoldReason::kDiskAlarm);
  node["fd_used"] = open_descriptors();
  node["fd_total"] = descriptor_limit();
  node["sockets_used"] = source.connections();
  node["sockets_total"] = call.ports().options.accept.connections_max;
  node["proc_used"] = source.loops().size();
  node["proc_total"] = 1'048'576;
  node["run_queue"] = 0;
  for (const char* name : {"mem_used", "disk_free", "fd_used", "sockets_used", "proc_used"})
    node[std::string(name) + "_details"] = {{"rate", 0.0}};
}

json node_json(const Call& call) {
  const Options& options = call.ports().options;
  json node = {{"name", node_name()},
               {"type", "disc"},
               {"running", true},
               {"being_drained", call.node().maintenance().being_drained()},
               {"uptime", uptime_ms(call)},
               {"os_pid", std::to_string(::getpid())},
               {"processors", ::sysconf(_SC_NPROCESSORS_ONLN)},
               {"rates_mode", "basic"},
               {"partitions", json::array()},
               {"config_files", json::array()},
               {"log_files", {"<stdout>"}},
               {"db_dir", options.data_dir},
               {"net_ticktime", 60},
               {"enabled_plugins", plugins()},
               {"applications", applications()},
               {"auth_mechanisms", json::array()},
               {"exchange_types", json::array()},
               {"contexts", json::array()},
               {"cluster_links", json::array()},
               {"ra_open_file_metrics", json::object()},
               {"product_name", "HarrierMQ"},
               {"product_version", std::string(kVersion)}};
  for (const char* mechanism : {"PLAIN", "AMQPLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"})
    node["auth_mechanisms"].push_back(
        {{"name", mechanism}, {"description", "SASL"}, {"enabled", true}});
  for (const char* type : {"direct", "fanout", "headers", "topic"})
    node["exchange_types"].push_back({{"name", type}, {"description", ""}, {"enabled", true}});
  put_resources(call, node);
  return node;
}

http::Response list_nodes(const Call& call) { return list_answer(call, {node_json(call)}); }

http::Response get_node(const Call& call) {
  check_node(call);
  return object_answer(call, node_json(call));
}

// In RabbitMQ's classes; what has none here is in the ones that come nearest.
http::Response get_memory(const Call& call) {
  check_node(call);
  const auto store = call.node().store();
  const std::uint64_t messages = store ? store->resident_bytes : 0;
  const std::uint64_t resident =
      call.node().resource_gauges().memory_resident.load(std::memory_order_relaxed);
  const std::uint64_t rest = resident > messages ? resident - messages : 0;
  return object_answer(
      call, {{"memory",
              {{"msg_index", 0},
               {"binary", messages},
               {"other_system", rest},
               {"strategy", "rss"},
               {"total", {{"rss", resident}, {"allocated", resident}, {"erlang", resident}}}}}});
}

}  // namespace

void add_node_routes(Routes& routes) {
  routes.insert(
      routes.end(),
      {{"GET", "/api/nodes", Need::kMonitor, list_nodes, "The node, as a list.", "", "Node[]"},
       {"GET", "/api/nodes/{node}", Need::kMonitor, get_node, "One node.", "", "Node"},
       {"GET", "/api/nodes/{node}/memory", Need::kMonitor, get_memory, "What takes its memory.", "",
        "NodeMemory"}});
}

}  // namespace harrier::management
