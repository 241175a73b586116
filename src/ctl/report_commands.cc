// What a broker says of itself: status, listeners, memory, logs, its configuration.
#include <algorithm>
#include <deque>
#include <fstream>

#include "ctl/command_table.h"
#include "ctl/families.h"
#include "ctl/items.h"
#include "ctl/node_report.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

constexpr std::size_t kLogBytesRead = 4u << 20;
constexpr std::size_t kLogLinesMax = 100'000;

void print_section(Session& session, const std::string& title,
                   const std::vector<std::string>& lines) {
  session.print(title + "\n");
  for (const std::string& line : lines)
    session.print(line);
  session.print("");
}

std::vector<std::string> bulleted(const Json& list) {
  std::vector<std::string> lines;
  for (const Json& entry : list)
    lines.push_back(" * " + table_text(entry));
  if (lines.empty()) lines.emplace_back("(none)");
  return lines;
}

std::string capital(std::string text) {
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::vector<std::string> alarm_lines(const Json& alarms) {
  std::vector<std::string> lines;
  for (const Json& alarm : alarms)
    lines.push_back(alarm_text(alarm));
  if (lines.empty()) lines.emplace_back("(none)");
  return lines;
}

std::vector<std::string> runtime_lines(const Json& status) {
  const auto text = [&](std::string_view path) { return table_text(member(status, path)); };
  return {"OS PID: " + text("pid"),
          "OS: " + text("os"),
          "Uptime (seconds): " + text("uptime"),
          "Is under maintenance?: " + text("is_under_maintenance"),
          "RabbitMQ version: " + text("rabbitmq_version"),
          "Product name: " + text("product_name"),
          "Product version: " + text("product_version"),
          "Node name: " + text("node"),
          "Runtime: " + text("erlang_version")};
}

std::vector<std::string> memory_section(const Json& status, const std::string& unit) {
  const auto bytes = [&](std::string_view path) {
    const Json& value = member(status, path);
    return in_unit(value.is_number() ? value.get<double>() : 0, unit) + " " + unit;
  };
  const Json& strategy = member(status, "memory.strategy");
  const std::string kind = strategy.is_string() ? strategy.get<std::string>() : "rss";
  std::vector<std::string> lines = {
      "Total memory used: " + bytes("memory.total." + kind),
      "Calculation strategy: " + printable(kind),
      "Memory high watermark: " + bytes("vm_memory_high_watermark_limit"), ""};
  for (std::string& line : memory_lines(member(status, "memory"), unit, " %"))
    lines.push_back(std::move(line));
  return lines;
}

void status(Session& session) {
  const std::string unit = session.arguments().text("unit");
  in_unit(0, unit);
  const Json status = NodeReport::read(session).status();
  if (session.wants_json()) {
    session.print_json(status);
    return;
  }
  const auto text = [&](std::string_view path) { return table_text(member(status, path)); };
  const auto bytes = [&](std::string_view path) {
    const Json& value = member(status, path);
    return in_unit(value.is_number() ? value.get<double>() : 0, unit) + " " + unit;
  };
  print_section(session, "Runtime", runtime_lines(status));
  print_section(session, "Plugins", bulleted(member(status, "active_plugins")));
  print_section(session, "Data directory", {"Node data directory: " + text("data_directory")});
  print_section(session, "Config files", bulleted(member(status, "config_files")));
  print_section(session, "Log file(s)", bulleted(member(status, "log_files")));
  print_section(session, "Alarms", alarm_lines(member(status, "alarms")));
  print_section(session, "Memory", memory_section(status, unit));
  print_section(session, "File Descriptors",
                {"Total: " + text("file_descriptors.total_used") +
                     ", limit: " + text("file_descriptors.total_limit"),
                 "Sockets: " + text("file_descriptors.sockets_used") +
                     ", limit: " + text("file_descriptors.sockets_limit")});
  print_section(session, "Free Disk Space",
                {"Low free disk space watermark: " + bytes("disk_free_limit"),
                 "Free disk space: " + bytes("disk_free")});
  print_section(session, "Totals",
                {"Connection count: " + text("totals.connection_count"),
                 "Queue count: " + text("totals.queue_count")});
  session.print("Listeners\n");
  for (const Json& listener : member(status, "listeners"))
    session.print(capital(listener_text(listener)));
}

Json cluster(Session& session, const NodeReport& report) {
  const std::string node = session.node();
  return {
      {"alarms", report.alarms()},
      {"cluster_name", member(report.overview(), "cluster_name")},
      {"disk_nodes", {node}},
      {"feature_flags", session.get("/api/feature-flags")},
      {"listeners", {{node, report.listeners()}}},
      {"maintenance_status",
       {{node, member(report.node(), "being_drained") == Json(true) ? "draining"
                                                                    : "not under maintenance"}}},
      {"partitions", Json::object()},
      {"ram_nodes", Json::array()},
      {"running_nodes", {node}},
      {"versions",
       {{node,
         {{"rabbitmq_name", member(report.overview(), "product_name")},
          {"rabbitmq_version", member(report.overview(), "rabbitmq_version")}}}}}};
}

void cluster_status(Session& session) {
  const NodeReport report = NodeReport::read(session);
  const Json status = cluster(session, report);
  if (session.wants_json()) {
    session.print_json(status);
    return;
  }
  const std::string node = printable(session.node());
  print_section(session, "Basics", {"Cluster name: " + table_text(status["cluster_name"])});
  print_section(session, "Disk Nodes", {node});
  print_section(session, "Running Nodes", {node});
  print_section(session, "Versions",
                {node + ": " + table_text(member(report.overview(), "product_name")) + " " +
                 table_text(member(report.overview(), "product_version")) + ", RabbitMQ " +
                 table_text(member(report.overview(), "rabbitmq_version"))});
  print_section(
      session, "Maintenance status",
      {"Node: " + node + ", status: " + table_text(status["maintenance_status"][session.node()])});
  print_section(session, "Alarms", alarm_lines(status["alarms"]));
  print_section(session, "Network Partitions", {"(none)"});
  std::vector<std::string> lines;
  for (const Json& listener : report.listeners())
    lines.push_back("Node: " + node + ", " + listener_text(listener));
  print_section(session, "Listeners", lines);
  session.print("Feature flags\n");
  for (const Json& flag : status["feature_flags"])
    session.print("Flag: " + table_text(member(flag, "name")) +
                  ", state: " + table_text(member(flag, "state")));
}

void listeners(Session& session) {
  const NodeReport report = NodeReport::read(session);
  if (session.wants_json()) {
    session.print_json(
        {{"listeners", report.listeners()}, {"node", session.node()}, {"result", "ok"}});
    return;
  }
  for (const Json& listener : report.listeners())
    session.print(capital(listener_text(listener)));
}

void memory_breakdown(Session& session) {
  const std::string& unit = session.arguments().text("unit");
  in_unit(0, unit);
  const Json answer = session.send();
  const Json& memory = member(answer, "memory");
  if (session.wants_json()) {
    session.print_json(memory);
    return;
  }
  for (const std::string& line : memory_lines(memory, unit, "%"))
    session.print(line);
}

void server_version(Session& session) {
  const Json overview = session.get("/api/overview", "columns=rabbitmq_version");
  session.print(table_text(member(overview, "rabbitmq_version")));
}

void list_node_auth_attempt_stats(Session& session) {
  const bool by_source = session.arguments().has("by-source");
  const Json list =
      session.get(by_source ? "/api/auth/attempts/{node}/source" : "/api/auth/attempts/{node}");
  if (list.is_array() && list.empty() && !session.wants_json()) {
    session.say("Node {node} reported no authentication attempt stats");
    return;
  }
  session.print_table(
      project(list, select_items(by_source ? "remote_address username protocol auth_attempts "
                                             "auth_attempts_failed auth_attempts_succeeded"
                                           : "protocol auth_attempts auth_attempts_failed "
                                             "auth_attempts_succeeded",
                                 {})));
}

std::vector<std::string> log_files(Session& session) {
  const Json node = session.get("/api/nodes/{node}", "columns=log_files");
  std::vector<std::string> files;
  const Json& list = member(node, "log_files");
  if (list.is_array()) {
    for (const Json& file : list) {
      if (file.is_string() && file.get_ref<const std::string&>().starts_with('/'))
        files.push_back(file.get<std::string>());
    }
  }
  if (files.empty())
    throw Trouble(kExitUnavailable,
                  "the broker writes its log to standard output: ask who keeps that, such as "
                  "journalctl -u harriermq, or the container's logs");
  return files;
}

void log_location(Session& session) {
  for (const std::string& file : log_files(session))
    session.print(printable(file));
}

void log_tail(Session& session) {
  const std::string& asked = session.arguments().text("number");
  if (asked.empty() || asked.size() > 6 ||
      asked.find_first_not_of("0123456789") != std::string::npos)
    throw Trouble(kExitUsage, "--number: a number is needed");
  const std::size_t count = std::min<std::size_t>(std::stoul(asked), kLogLinesMax);
  const std::string path = log_files(session).front();
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw Trouble(kExitUnavailable, "cannot read " + printable(path));
  const auto size = static_cast<std::size_t>(file.tellg());
  file.seekg(static_cast<std::streamoff>(size > kLogBytesRead ? size - kLogBytesRead : 0));
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > count) lines.pop_front();
  }
  for (const std::string& line : lines)
    session.print(printable(line));
}

void environment(Session& session) {
  const Json configuration = session.send();
  if (session.wants_json())
    session.print_json(configuration);
  else if (configuration.is_string())
    session.streams().out << configuration.get_ref<const std::string&>();
  else
    session.print(configuration.dump(2, ' ', false, Json::error_handler_t::replace));
}

// Everything a report of a problem is asked for, one command after another.
void report(Session& session) {
  for (const char* name : {"status", "cluster_status", "environment", "list_users", "list_vhosts",
                           "list_connections", "list_channels", "list_permissions", "list_policies",
                           "list_queues", "list_exchanges", "list_bindings", "list_consumers"}) {
    const Command& command = *find_command(name, "harrierctl");
    Arguments none;
    for (const Flag& flag : command.flags) {
      if (!flag.preset.empty()) none.add(flag_key(flag), std::string(flag.preset));
    }
    Session part(command, none, session.settings(), session.management(), session.streams());
    session.print("\n== " + std::string(name));
    part.announce(command.banner);
    try {
      command.run(part);
    } catch (const Trouble& trouble) {
      session.print(printable(trouble.what()));
    }
  }
}

std::vector<Command> of_the_whole() {
  const Flag unit{"--unit", "UNIT", "bytes, kb, mb or gb", "gb"};
  return {
      {.name = "status",
       .summary = "Shows versions, alarms, memory, files, listeners and totals",
       .call = "GET /api/overview, /api/nodes/{node}, /api/nodes/{node}/memory",
       .banner = "Status of node {node} ...",
       .run = status,
       .flags = {unit}},
      {.name = "cluster_status",
       .summary = "Shows the cluster, which is this node",
       .call = "GET /api/overview, /api/nodes/{node}, /api/feature-flags",
       .banner = "Cluster status of node {node} ...",
       .run = cluster_status},
      {.name = "report",
       .summary = "Prints all of the above and the lists, for a report of a problem",
       .banner = "Reporting server status of node {node} ...",
       .run = report},
      {.name = "server_version",
       .summary = "Prints the RabbitMQ release whose behaviour clients may expect",
       .call = "GET /api/overview",
       .banner = "Asking node {node} for its RabbitMQ version...",
       .run = server_version},
      {.name = "environment",
       .summary = "Prints the configuration in effect, without secrets",
       .call = "GET /api/config/effective",
       .banner = "Application environment of node {node} ...",
       .run = environment},
  };
}

std::vector<Command> of_parts() {
  return {
      {.name = "listeners",
       .summary = "Lists where the broker listens",
       .call = "GET /api/overview",
       .banner = "Asking node {node} to report its protocol listeners ...",
       .run = listeners},
      {.name = "memory_breakdown",
       .summary = "Shows what memory is used for",
       .call = "GET /api/nodes/{node}/memory",
       .banner = "Reporting memory breakdown on node {node}...",
       .run = memory_breakdown,
       .flags = {{"--unit", "UNIT", "bytes, kb, mb or gb", "gb"}}},
      {.name = "list_node_auth_attempt_stats",
       .summary = "Counts logins, by protocol or by where they came from",
       .call = "GET /api/auth/attempts/{node}",
       .banner = "Listing authentication\n attempts for node \"{node}\" ...",
       .run = list_node_auth_attempt_stats,
       .flags = {{"--by-source", "", "by address and user"}}},
      {.name = "log_location",
       .summary = "Prints the paths of the log files",
       .call = "GET /api/nodes/{node}",
       .banner = "Log file location(s) on node {node} ...",
       .run = log_location,
       .flags = {{"-a,--all", "", "accepted; all are printed"}}},
      {.name = "log_tail",
       .summary = "Prints the end of the log file, on the broker's own machine",
       .call = "GET /api/nodes/{node}",
       .banner = "Last {number} log lines on node {node} ...",
       .run = log_tail,
       .flags = {{"-N,--number", "NUMBER", "how many lines", "50"}}},
  };
}

}  // namespace

std::vector<Command> report_commands() {
  std::vector<Command> rows = of_the_whole();
  for (Command& row : of_parts())
    rows.push_back(std::move(row));
  for (Command& row : rows)
    row.family = Family::kDiagnostics;
  return rows;
}

}  // namespace harrier::ctl
