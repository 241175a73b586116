// What the node is, and what its process takes.
#include <array>

#include <unistd.h>

#include "harrier/version.h"
#include "metrics/family.h"

namespace harrier::metrics {
namespace {

std::string node_name() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return "harriermq@" + std::string(name);
}

void collect_identity(const NodeReading& node, Samples& samples) {
  const std::string name = node_name();
  samples.add(1, {{"rabbitmq_node", name},
                  {"rabbitmq_cluster", name},
                  {"rabbitmq_cluster_permanent_id", name},
                  {"rabbitmq_endpoint", std::string(name_of(node.endpoint()))}});
}

void collect_build(const NodeReading&, Samples& samples) {
  samples.add(1, {{"rabbitmq_version", std::string(kCompatibleVersion)},
                  {"product_name", "HarrierMQ"},
                  {"product_version", std::string(kVersion)},
                  {"prometheus_plugin_version", std::string(kVersion)},
                  {"prometheus_client_version", "1.0.1"},
                  {"erlang_version", "C++20"}});
}

void collect_cpu(const NodeReading& node, Samples& samples) {
  samples.add(node.process().user_seconds + node.process().system_seconds);
}

double value(std::uint64_t number) { return static_cast<double>(number); }

constexpr Family kIdentity[] = {
    {"rabbitmq_identity_info", MetricType::Gauge,
     "1; which node this is, and which page was asked. Dashboards join everything with it.",
     collect_identity,
     "rabbitmq_node, rabbitmq_cluster, rabbitmq_cluster_permanent_id, rabbitmq_endpoint"},
    {"rabbitmq_build_info", MetricType::Gauge,
     "1; the versions: that of RabbitMQ that this node behaves like, and its own.", collect_build,
     "rabbitmq_version, product_name, product_version, prometheus_plugin_version, "
     "prometheus_client_version, erlang_version"}};

constexpr Family kFamilies[] = {
    {"rabbitmq_erlang_uptime_seconds", MetricType::Gauge,
     "Time since the process started; RabbitMQ's name for it.",
     [](const NodeReading& n, Samples& s) { s.add(n.uptime_seconds()); }, "", "node_metrics"},
    {"process_start_time_seconds", MetricType::Gauge,
     "When the process started, in seconds since 1970.",
     [](const NodeReading& n, Samples& s) { s.add(n.started_seconds()); }},
    {"process_cpu_seconds_total", MetricType::Counter,
     "Processor time of all threads, in user and system mode.", collect_cpu},
    {"process_resident_memory_bytes", MetricType::Gauge, "Resident memory.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().resident_bytes); }},
    {"process_virtual_memory_bytes", MetricType::Gauge, "Mapped memory.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().virtual_bytes); }},
    {"process_open_fds", MetricType::Gauge, "Open file descriptors.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().open_descriptors); }},
    {"process_max_fds", MetricType::Gauge, "How many may be open.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().descriptors_max); }},
    {"rabbitmq_process_open_fds", MetricType::Gauge, "Open file descriptors.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().open_descriptors); }, "",
     "node_coarse_metrics"},
    {"rabbitmq_process_max_fds", MetricType::Gauge, "How many may be open.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().descriptors_max); }, "",
     "node_metrics"},
    {"rabbitmq_process_resident_memory_bytes", MetricType::Gauge, "Resident memory.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().resident_bytes); }, "",
     "node_coarse_metrics"},
    {"rabbitmq_resident_memory_limit_bytes", MetricType::Gauge,
     "From it on the memory alarm is raised: memory.high_watermark.",
     [](const NodeReading& n, Samples& s) {
       s.add(value(n.node().resource_limits().memory_high_watermark));
     },
     "", "node_metrics"},
    {"rabbitmq_disk_space_available_bytes", MetricType::Gauge,
     "Free disk space where data lies, when it was last read.",
     [](const NodeReading& n, Samples& s) {
       s.add(value(n.node().resource_gauges().disk_free.load()));
     },
     "", "node_coarse_metrics"},
    {"rabbitmq_disk_space_available_limit_bytes", MetricType::Gauge,
     "Below it the disk alarm is raised: disk.free_limit. 0: never.",
     [](const NodeReading& n, Samples& s) { s.add(value(n.node().resource_limits().disk_free)); },
     "", "node_metrics"},
    {"harriermq_process_threads", MetricType::Gauge, "Threads of the process.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().threads); }},
    {"harriermq_process_major_faults_total", MetricType::Counter,
     "Page faults that had to wait for the disk. Any number of them means that memory is short.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().major_faults); }},
    {"harriermq_process_context_switches_total", MetricType::Counter,
     "Times a thread left its processor: `voluntary`, since it had nothing to do, or "
     "`involuntary`, since others wanted it.",
     [](const NodeReading& n, Samples& s) {
       s.add(n.process().voluntary_switches, {{"kind", "voluntary"}});
       s.add(n.process().involuntary_switches, {{"kind", "involuntary"}});
     },
     "kind"}};

}  // namespace

FamilyGroup identity_families() { return {"Identity", "On every page, each once.", kIdentity}; }
FamilyGroup node_families() { return {"Node and process", "", kFamilies}; }

}  // namespace harrier::metrics
