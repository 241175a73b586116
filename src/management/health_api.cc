// Health checks: 200 {"status": "ok"}, or 503 and why.
#include "management/node_facts.h"
#include "management/route.h"

namespace harrier::management {
namespace {

using nlohmann::json;

http::Response good(json more = json::object()) {
  more["status"] = "ok";
  return json_answer(more);
}

http::Response bad(const std::string& reason, json more = json::object()) {
  more["status"] = "failed";
  more["reason"] = reason;
  return json_answer(more, 503);
}

std::int64_t number_of(const std::string& text) {
  const auto number = whole_number(text);
  if (!number || *number > INT64_MAX) throw bad_request("'" + text + "' is not a whole number");
  return static_cast<std::int64_t>(*number);
}

http::Response alarms(const Call& call) {
  json list = json::array();
  const auto look = [&](server::HoldReason reason, const char* resource) {
    if (call.node().gate().is_set(reason))
      list.push_back({{"node", node_name()}, {"resource", resource}});
  };
  look(server::HoldReason::kMemoryAlarm, "memory");
  look(server::HoldReason::kDiskAlarm, "disk");
  if (list.empty()) return good();
  return bad("There are alarms in effect in the cluster", {{"alarms", std::move(list)}});
}

http::Response port_listener(const Call& call) {
  const std::int64_t wanted = number_of(call.parameter(0));
  json ports = json::array();
  for (const ListenerPlace& place : listener_places(call)) {
    if (place.port == wanted) return good({{"port", wanted}});
    ports.push_back(place.port);
  }
  return bad("No active listener", {{"missing", wanted}, {"ports", std::move(ports)}});
}

// "amqp091", "amqps": what RabbitMQ's command line takes, too.
std::string protocol_named(std::string name) {
  if (name == "amqp091" || name == "amqp0.9.1" || name == "amqp10" || name == "amqp1.0")
    return "amqp";
  if (name == "amqps") return "amqp/ssl";
  if (name == "prometheus") return "http/prometheus";
  return name;
}

http::Response protocol_listener(const Call& call) {
  const std::string& wanted = call.parameter(0);
  json protocols = json::array();
  for (const ListenerPlace& place : listener_places(call))
    protocols.push_back(place.protocol);
  json missing = json::array();
  std::string_view rest = wanted;
  while (!rest.empty()) {
    const std::string name(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    bool there = false;
    for (const json& protocol : protocols)
      there = there || protocol == protocol_named(name);
    if (!there) missing.push_back(name);
  }
  if (missing.empty()) return good({{"protocol", wanted}});
  json more = {{"protocols", std::move(protocols)}};
  more["missing"] = missing.size() == 1 ? missing.front() : missing;
  return bad("No active listener", std::move(more));
}

http::Response virtual_hosts(const Call&) { return good(); }

http::Response certificate_expiration(const Call& call) {
  const std::int64_t within = number_of(call.parameter(0));
  const std::string& unit = call.parameter(1);
  std::int64_t days = 0;
  if (unit == "days") days = 1;
  if (unit == "weeks") days = 7;
  if (unit == "months") days = 30;
  if (unit == "years") days = 365;
  if (days == 0)
    throw bad_request("Time unit not recognised. Supported units: days, weeks, months, years.");
  if (within > 10'000) throw bad_request("that is too far away");
  const auto end = call.node().certificates_expire();
  const auto now = std::chrono::system_clock::time_point(call.ports().clock.now().wall);
  if (!end || *end > now + std::chrono::hours(24 * days * within)) return good();
  return bad("Certificates expiring",
             {{"expired", json::array({{{"node", node_name()}, {"protocol", "amqp/ssl"}}})}});
}

http::Response single_node(const Call&) { return good({{"reason", "single node cluster"}}); }

http::Response in_service(const Call& call) {
  if (call.node().serving()) return good();
  return bad("the node is not in service");
}

http::Response below_connection_limit(const Call& call) {
  const std::uint64_t limit = call.ports().options.accept.connections_max;
  const std::uint64_t current = call.node().connections();
  if (current < limit) return good({{"limit", limit}, {"connections", current}});
  return bad("node connection limit is reached", {{"limit", limit}, {"connections", current}});
}

http::Response node_health(const Call&) { return good(); }
http::Response named_node_health(const Call& call) {
  if (call.parameter(0) != node_name()) throw not_found();
  return good();
}

}  // namespace

void add_health_routes(Routes& routes) {
  constexpr Need kUser = Need::kUser;
  constexpr Need kOpen = Need::kNothing;
  const auto add = [&](const char* path, Need need, Handler handler, const char* summary) {
    routes.push_back({"GET", path, need, handler, summary, "", "Health"});
  };
  add("/api/health/checks/alarms", kUser, alarms, "503 while memory or disk is short.");
  add("/api/health/checks/local-alarms", kUser, alarms, "The same: there is one node.");
  add("/api/health/checks/port-listener/{port}", kUser, port_listener,
      "Whether something listens on a port.");
  add("/api/health/checks/protocol-listener/{protocols}", kUser, protocol_listener,
      "Whether protocols, with commas, are served.");
  add("/api/health/checks/virtual-hosts", kUser, virtual_hosts, "Whether all are served.");
  add("/api/health/checks/certificate-expiration/{within}/{unit}", kUser, certificate_expiration,
      "503 if a certificate ends within so many days, weeks, months or years.");
  add("/api/health/checks/node-is-quorum-critical", kUser, single_node, "There is one node.");
  add("/api/health/checks/node-is-mirror-sync-critical", kUser, single_node, "There is one node.");
  add("/api/health/checks/is-in-service", kOpen, in_service, "Whether clients are served.");
  add("/api/health/checks/ready-to-serve-clients", kOpen, in_service,
      "Whether clients are served.");
  add("/api/health/checks/below-node-connection-limit", kOpen, below_connection_limit,
      "Whether there is room for another connection.");
  add("/api/healthchecks/node", kUser, node_health, "RabbitMQ's older name of a check.");
  add("/api/healthchecks/node/{node}", kUser, named_node_health, "The same for a named node.");
}

}  // namespace harrier::management
