#include "ctl/node_report.h"

#include <algorithm>
#include <cstdio>

#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

std::string rounded(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  std::string out = text;
  while (out.ends_with('0') && !out.ends_with(".0"))
    out.pop_back();
  return out;
}

std::string_view purpose(const std::string& protocol) {
  if (protocol == "amqp") return "AMQP 0-9-1";
  if (protocol == "amqp/ssl") return "AMQP 0-9-1 over TLS";
  if (protocol == "http") return "HTTP API";
  if (protocol == "https") return "HTTP API over TLS (HTTPS)";
  if (protocol == "http/prometheus") return "Prometheus exporter API over HTTP";
  if (protocol == "https/prometheus") return "Prometheus exporter API over TLS (HTTPS)";
  if (protocol == "clustering") return "inter-node and CLI tool communication";
  return protocol;
}

double number(const Json& value) { return value.is_number() ? value.get<double>() : 0.0; }

// A process id comes as text.
Json as_number(const Json& value) {
  if (!value.is_string()) return value;
  const std::string& text = value.get_ref<const std::string&>();
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return value;
  return std::stoll(text);
}

Json names(const Json& list) { return list.is_array() ? list : Json::array(); }

}  // namespace

NodeReport NodeReport::read(Session& session) {
  NodeReport report;
  report.name_ = session.node();
  report.overview_ = session.get("/api/overview");
  report.node_ = session.get("/api/nodes/{node}");
  const Answer memory = session.ask("GET", "/api/nodes/{node}/memory");
  if (memory.ok()) report.memory_ = member(memory.body, "memory");
  if (!report.overview_.is_object() || !report.node_.is_object())
    throw Trouble(kExitSoftware, "the broker's answer is no overview");
  return report;
}

Json NodeReport::listeners() const {
  Json list = Json::array();
  for (const Json& listener : names(member(overview_, "listeners"))) {
    const std::string address = member(listener, "ip_address").is_string()
                                    ? member(listener, "ip_address").get<std::string>()
                                    : "";
    const std::string protocol = table_text(member(listener, "protocol"));
    list.push_back(
        {{"node", name_},
         {"interface", address.find(':') == std::string::npos ? address : "[" + address + "]"},
         {"port", member(listener, "port")},
         {"protocol", protocol},
         {"purpose", purpose(protocol)}});
  }
  return list;
}

Json NodeReport::alarms() const {
  Json list = Json::array();
  if (member(node_, "mem_alarm") == Json(true))
    list.push_back({{"resource", "memory"}, {"node", name_}});
  if (member(node_, "disk_free_alarm") == Json(true))
    list.push_back({{"resource", "disk"}, {"node", name_}});
  return list;
}

Json NodeReport::status() const {
  Json plugins = names(member(node_, "enabled_plugins"));
  return {
      {"active_plugins", std::move(plugins)},
      {"alarms", alarms()},
      {"config_files", names(member(node_, "config_files"))},
      {"data_directory", member(node_, "db_dir")},
      {"disk_free", member(node_, "disk_free")},
      {"disk_free_limit", member(node_, "disk_free_limit")},
      {"erlang_version", member(overview_, "erlang_full_version")},
      {"file_descriptors",
       {{"total_limit", member(node_, "fd_total")},
        {"total_used", member(node_, "fd_used")},
        {"sockets_limit", member(node_, "sockets_total")},
        {"sockets_used", member(node_, "sockets_used")}}},
      {"is_under_maintenance", member(node_, "being_drained") == Json(true)},
      {"listeners", listeners()},
      {"log_files", names(member(node_, "log_files"))},
      {"memory", memory_},
      {"node", name_},
      {"os", "Linux"},
      {"pid", as_number(member(node_, "os_pid"))},
      {"processes", {{"limit", member(node_, "proc_total")}, {"used", member(node_, "proc_used")}}},
      {"product_name", member(overview_, "product_name")},
      {"product_version", member(overview_, "product_version")},
      {"rabbitmq_version", member(overview_, "rabbitmq_version")},
      {"run_queue", member(node_, "run_queue")},
      {"totals",
       {{"connection_count", member(overview_, "object_totals.connections")},
        {"queue_count", member(overview_, "object_totals.queues")}}},
      {"uptime", static_cast<std::int64_t>(number(member(node_, "uptime")) / 1000)},
      {"vm_memory_high_watermark_limit", member(node_, "mem_limit")},
  };
}

std::string alarm_text(const Json& alarm) {
  return (member(alarm, "resource") == Json("disk") ? "Free disk space" : "Memory") +
         std::string(" alarm on node ") + table_text(member(alarm, "node"));
}

std::string listener_text(const Json& listener) {
  return "interface: " + table_text(member(listener, "interface")) +
         ", port: " + table_text(member(listener, "port")) +
         ", protocol: " + table_text(member(listener, "protocol")) +
         ", purpose: " + table_text(member(listener, "purpose"));
}

std::string in_unit(double value, std::string_view unit) {
  double divisor = 0;
  if (unit == "bytes") divisor = 1;
  if (unit == "kb") divisor = 1e3;
  if (unit == "mb") divisor = 1e6;
  if (unit == "gb") divisor = 1e9;
  if (divisor == 0)
    throw Trouble(kExitUsage, "unit '" + printable(unit) +
                                  "' is not supported. Please use one of: bytes, kb, mb, gb");
  return rounded(value / divisor, 4);
}

std::vector<std::string> memory_lines(const Json& memory, std::string_view unit,
                                      std::string_view percent_sign) {
  if (!memory.is_object()) return {};
  const Json& strategy = member(memory, "strategy");
  const double total = number(
      member(memory, "total." + (strategy.is_string() ? strategy.get<std::string>() : "rss")));
  std::vector<std::pair<double, std::string>> parts;
  for (const auto& [name, bytes] : memory.items()) {
    if (bytes.is_number()) parts.emplace_back(bytes.get<double>(), name);
  }
  std::ranges::stable_sort(parts, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> lines;
  for (const auto& [bytes, name] : parts) {
    lines.push_back(printable(name) + ": " + in_unit(bytes, unit) + " " + std::string(unit) + " (" +
                    rounded(total > 0 ? 100 * bytes / total : 0, 2) + std::string(percent_sign) +
                    ")");
  }
  return lines;
}

}  // namespace harrier::ctl
