// Checks for probes and alarms: what a broker is asked every few seconds, exit code 69 if it fails.
#include <algorithm>

#include "ctl/families.h"
#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

void ping(Session& session) {
  session.get("/api/whoami");
  session.print("Ping succeeded");
}

void check_running(Session& session) {
  if (!is_running(session))
    throw Trouble(kExitUnavailable,
                  session.text("RabbitMQ on node {node} is not running or has not fully booted yet"
                               " (check with is_booting)"));
  session.say("RabbitMQ on node {node} is fully booted and running");
}

void is_booting(Session& session) {
  session.say(is_running(session)
                  ? "RabbitMQ on node {node} is fully booted (check with is_running), stopped or "
                    "has not started booting yet"
                  : "RabbitMQ on node {node} is booting");
}

// The health check at the command's own path: whether it passes, and else the broker's words.
Answer check(Session& session) {
  Answer answer = session.ask("GET", session.command().call.substr(4));
  if (answer.status != 503) session.require(answer);
  return answer;
}

std::vector<std::string> alarms_of(const Json& node) {
  std::vector<std::string> alarms;
  if (member(node, "mem_alarm") == Json(true)) alarms.emplace_back("Memory");
  if (member(node, "disk_free_alarm") == Json(true)) alarms.emplace_back("Free disk space");
  return alarms;
}

void check_alarms(Session& session) {
  const bool local = session.command().name == "check_local_alarms";
  const Answer answer = check(session);
  if (!answer.ok()) {
    std::string text = session.text(local ? "Node {node} reported local alarms:\n"
                                          : "Node {node} reported alarms:\n");
    const Json node = session.get("/api/nodes/{node}", "columns=mem_alarm,disk_free_alarm");
    for (const std::string& alarm : alarms_of(node))
      text += "\n" + alarm + session.text(" alarm on node {node}");
    throw Trouble(kExitUnavailable, text);
  }
  session.say(local ? "Node {node} reported no local alarms"
                    : "Node {node} reported no alarms, local or clusterwide");
}

void alarms(Session& session) {
  const Json node = session.get("/api/nodes/{node}", "columns=mem_alarm,disk_free_alarm");
  const std::vector<std::string> found = alarms_of(node);
  if (session.wants_json()) {
    Json list = Json::array();
    for (const std::string& alarm : found)
      list.push_back(
          {{"resource", alarm == "Memory" ? "memory" : "disk"}, {"node", session.node()}});
    session.print_json({{"alarms", list}, {"node", session.node()}, {"result", "ok"}});
    return;
  }
  if (found.empty()) {
    session.say("Node {node} reported no alarms, local or clusterwide");
    return;
  }
  session.say("Node {node} reported alarms:\n");
  for (const std::string& alarm : found)
    session.print(alarm + session.text(" alarm on node {node}"));
}

std::string joined(const Json& values) {
  std::vector<Json> sorted;
  if (values.is_array()) sorted.assign(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (const Json& value : sorted)
    out += (out.empty() ? "" : ", ") + table_text(value);
  return out;
}

void check_port_listener(Session& session) {
  const std::string& port = session.arguments().text("PORT");
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos)
    throw Trouble(kExitUsage, "PORT: a number is needed");
  const Answer answer = check(session);
  if (!answer.ok())
    throw Trouble(kExitUnavailable,
                  session.text("No listener for port {PORT} is active on node {node}. Found "
                               "listeners that use the following ports: ") +
                      joined(member(answer.body, "ports")));
  session.say("A listener for port {PORT} is running on node {node}.");
}

void check_protocol_listener(Session& session) {
  const Answer answer = check(session);
  if (!answer.ok())
    throw Trouble(
        kExitUnavailable,
        session.text("No listener for protocol {PROTOCOL} is active on node {node}. Found "
                     "listeners for the following protocols: ") +
            joined(member(answer.body, "protocols")));
  session.say("A listener for protocol {PROTOCOL} is running on node {node}.");
}

void check_virtual_hosts(Session& session) {
  const Answer answer = check(session);
  if (!answer.ok())
    throw Trouble(kExitUnavailable, session.text("Some virtual hosts on node {node} are down: ") +
                                        joined(member(answer.body, "virtual-hosts")));
  session.say("Node {node} reported all vhosts as running");
}

void check_certificate_expiration(Session& session) {
  static constexpr std::string_view kUnits[] = {"days", "weeks", "months", "years"};
  const std::string& unit = session.arguments().text("unit");
  const std::string& within = session.arguments().text("within");
  if (std::ranges::find(kUnits, unit) == std::end(kUnits))
    throw Trouble(kExitUsage, "unit '" + printable(unit) +
                                  "' is not supported. Please use one of: days, weeks, months, "
                                  "years");
  if (within.empty() || within.size() > 6 ||
      within.find_first_not_of("0123456789") != std::string::npos)
    throw Trouble(kExitUsage, "--within: a number is needed");
  const Answer answer = check(session);
  if (!answer.ok()) {
    std::string text = answer.reason();
    for (const Json& listener : member(answer.body, "expired"))
      text += "\n" + table_text(listener);
    throw Trouble(kExitUnavailable, text);
  }
  const std::string period =
      within == "1" ? "1 " + unit.substr(0, unit.size() - 1) : within + " " + unit;
  session.print("No certificates are expiring within " + period + ".");
}

void check_quorum_critical(Session& session) {
  const Answer answer = check(session);
  if (!answer.ok()) throw Trouble(kExitUnavailable, answer.reason());
  session.say(
      "Node {node} seems to be the only one in a single node cluster, the check does not "
      "apply");
}

// Where a listener of this broker is reached from here.
std::string reachable_host(const Session& session, const std::string& bound) {
  const BrokerAddress& address = session.settings().address;
  if (address.kind != BrokerAddress::Kind::kUnix) return address.host;
  if (bound == "0.0.0.0" || bound.empty()) return "127.0.0.1";
  return bound == "::" ? "::1" : bound;
}

void check_port_connectivity(Session& session) {
  const Json overview = session.get("/api/overview", "columns=node,listeners");
  const Json& listeners = member(overview, "listeners");
  if (!listeners.is_array()) throw Trouble(kExitSoftware, "the broker tells no listeners");
  std::vector<std::uint16_t> ports;
  std::string failed;
  for (const Json& listener : listeners) {
    const Json& port = member(listener, "port");
    const Json& bound = member(listener, "ip_address");
    if (!port.is_number_unsigned() || port.get<std::uint64_t>() > 65535 || port == Json(0))
      continue;
    const auto number = port.get<std::uint16_t>();
    if (std::ranges::find(ports, number) != ports.end()) continue;
    ports.push_back(number);
    const std::string host =
        reachable_host(session, bound.is_string() ? bound.get<std::string>() : "");
    const auto timeout =
        std::min(session.settings().limits.timeout, std::chrono::milliseconds(10'000));
    if (!accepts_connections(host, number, timeout))
      failed += (failed.empty() ? "" : ", ") + std::to_string(number);
  }
  if (!failed.empty())
    throw Trouble(kExitUnavailable,
                  session.text("Connection to ports of the following listeners on node {node} "
                               "failed: ") +
                      failed);
  std::ranges::sort(ports);
  std::string list;
  for (const std::uint16_t port : ports)
    list += (list.empty() ? "" : ", ") + std::to_string(port);
  session.print("Successfully connected to ports " + list + session.text(" on node {node}."));
}

std::vector<Command> checks_of_the_node() {
  return {
      {.name = "ping",
       .summary = "Whether the broker answers",
       .call = "GET /api/whoami",
       .banner = "Will ping {node}. This only checks if the broker answers. Timeout: "
                 "{milliseconds} ms.",
       .run = ping},
      {.name = "check_running",
       .summary = "Whether the broker has started and serves clients",
       .call = "GET /api/nodes/{node}",
       .banner = "Checking if RabbitMQ is running on node {node} ...",
       .run = check_running},
      {.name = "is_running",
       .summary = "The same as check_running",
       .call = "GET /api/nodes/{node}",
       .banner = "Asking node {node} for its status ...",
       .run = check_running},
      {.name = "is_booting",
       .summary = "Says whether the broker is still starting",
       .call = "GET /api/nodes/{node}",
       .banner = "Asking node {node} for its boot status ...",
       .run = is_booting},
      {.name = "alarms",
       .summary = "Lists alarms: memory, disk space",
       .call = "GET /api/nodes/{node}",
       .banner = "Asking node {node} to report any known resource alarms ...",
       .run = alarms},
      {.name = "check_alarms",
       .summary = "Fails if an alarm is on anywhere",
       .call = "GET /api/health/checks/alarms",
       .banner = "Asking node {node} to report any local resource alarms ...",
       .run = check_alarms},
      {.name = "check_local_alarms",
       .summary = "Fails if an alarm is on at this node",
       .call = "GET /api/health/checks/local-alarms",
       .banner = "Asking node {node} to report any local resource alarms ...",
       .run = check_alarms},
      {.name = "check_virtual_hosts",
       .summary = "Fails if a virtual host is down",
       .call = "GET /api/health/checks/virtual-hosts",
       .banner = "Checking if all vhosts are running on node {node} ...",
       .run = check_virtual_hosts},
      {.name = "check_if_node_is_quorum_critical",
       .summary = "Fails if stopping this node would leave a quorum queue without its majority",
       .call = "GET /api/health/checks/node-is-quorum-critical",
       .banner = "Checking if node {node} is critical for quorum of any quorum queues ...",
       .run = check_quorum_critical},
      {.name = "check_if_node_is_mirror_sync_critical",
       .summary = "Passes: there are no mirrored queues",
       .call = "GET /api/health/checks/node-is-mirror-sync-critical",
       .banner = "Checking if node {node} is critical for data safety of any classic mirrored "
                 "queues ...",
       .run = check_quorum_critical},
  };
}

std::vector<Command> checks_of_listeners() {
  return {
      {.name = "check_port_connectivity",
       .summary = "Connects to every port the broker listens on",
       .call = "GET /api/overview",
       .banner = "Testing TCP connections to all active listeners on node {node} ...",
       .run = check_port_connectivity,
       .flags = {{"-a,--address", "ADDRESS", "accepted and ignored"}}},
      {.name = "check_port_listener",
       .arguments = "PORT",
       .summary = "Fails if the broker does not listen on a port",
       .call = "GET /api/health/checks/port-listener/{PORT}",
       .banner = "Asking node {node} if there's an active listener on port {PORT} ...",
       .run = check_port_listener},
      {.name = "check_protocol_listener",
       .arguments = "PROTOCOL",
       .summary = "Fails if the broker does not listen for a protocol: amqp, amqp/ssl, http …",
       .call = "GET /api/health/checks/protocol-listener/{PROTOCOL}",
       .banner = "Asking node {node} if there's an active listener for protocol {PROTOCOL} ...",
       .run = check_protocol_listener},
      {.name = "check_certificate_expiration",
       .summary = "Fails if a certificate runs out soon",
       .call = "GET /api/health/checks/certificate-expiration/{within}/{unit}",
       .banner = "Checking certificate expiration on node {node} ...",
       .run = check_certificate_expiration,
       .flags = {{"--within", "NUMBER", "how soon", "4"},
                 {"--unit", "UNIT", "days, weeks, months or years", "weeks"}}},
  };
}

}  // namespace

std::vector<Command> health_commands() {
  std::vector<Command> rows = checks_of_the_node();
  for (Command& row : checks_of_listeners())
    rows.push_back(std::move(row));
  for (Command& row : rows)
    row.family = Family::kDiagnostics;
  return rows;
}

}  // namespace harrier::ctl
