// Virtual hosts and their limits.
#include <algorithm>
#include <map>

#include "management/body_fields.h"
#include "management/list_answer.h"
#include "management/node_facts.h"
#include "management/permissions_json.h"
#include "management/route.h"
#include "management/statistics_json.h"
#include "server/inspection.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::NodeDefinitions;
using server::VirtualHostDescription;

json host_json(const VirtualHostDescription& host) {
  return {
      {"name", host.name},
      {"description", host.description},
      {"tags", host.tags},
      {"default_queue_type", "classic"},
      {"protected_from_deletion", false},
      {"tracing", false},
      {"metadata",
       {{"description", host.description}, {"tags", host.tags}, {"default_queue_type", "classic"}}},
      {"cluster_state", {{node_name(), "running"}}}};
}

std::vector<VirtualHostDescription> hosts_to_see(const Call& call) {
  std::vector<VirtualHostDescription> hosts;
  call.look_at_definitions(
      [&](const NodeDefinitions& definitions) { hosts = definitions.virtual_hosts(); });
  std::erase_if(hosts, [&](const VirtualHostDescription& host) {
    return host.deleting || !call.may_see(host.name);
  });
  return hosts;
}

std::optional<VirtualHostDescription> find_host(const Call& call, const std::string& name) {
  std::optional<VirtualHostDescription> found;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    for (const VirtualHostDescription& host : definitions.virtual_hosts())
      if (host.name == name && !host.deleting) found = host;
  });
  return found;
}

void put_statistics(json& row, const server::VirtualHostStatistics& of) {
  put_totals(row, of.ready, of.unacked);
  put(row, "recv_oct", of.received_octets);
  put(row, "send_oct", of.sent_octets);
  row["message_stats"] = json_of(of.statistics);
}

json row_of(const Call& call, const VirtualHostDescription& host) {
  json row = host_json(host);
  server::VirtualHostStatistics statistics;
  for (server::VirtualHostStatistics& of : call.node().inspection().virtual_hosts())
    if (of.name == host.name) statistics = std::move(of);
  put_statistics(row, statistics);
  return row;
}

http::Response list_hosts(const Call& call) {
  std::map<std::string, server::VirtualHostStatistics> statistics;
  for (server::VirtualHostStatistics& of : call.node().inspection().virtual_hosts())
    statistics[of.name] = std::move(of);
  std::vector<json> rows;
  for (const VirtualHostDescription& host : hosts_to_see(call)) {
    rows.push_back(host_json(host));
    put_statistics(rows.back(), statistics[host.name]);
  }
  return list_answer(call, std::move(rows));
}

http::Response get_host(const Call& call) {
  const auto host = find_host(call, call.parameter(0));
  if (!host) throw not_found();
  return object_answer(call, row_of(call, *host));
}

http::Response put_host(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  const std::string& name = call.parameter(0);
  const auto before = find_host(call, name);
  server::AddVirtualHost host;
  host.name = name;
  host.description = before ? before->description : "";
  host.tags = before ? before->tags : std::vector<std::string>();
  const auto take = [&host](const BodyFields& from) {
    if (from.has("description")) host.description = from.text("description");
    if (from.has("tags")) host.tags = from.words("tags");
    const std::string type = from.text("default_queue_type", "classic");
    if (type != "classic" && type != "undefined")
      throw bad_request("default_queue_type: only classic is there");
  };
  if (const json* metadata = fields.find("metadata"); metadata && metadata->is_object())
    take(BodyFields(*metadata));
  take(fields);
  if (fields.flag("tracing", false)) throw bad_request("tracing is not there");
  std::vector<server::AdministrativeChange> changes;
  changes.emplace_back(std::move(host));
  // As RabbitMQ: whoever makes it may use it.
  bool known = false;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    known = definitions.contains(server::key_of_user(call.actor().user));
  });
  if (!before && known && call.actor().grant == nullptr)
    changes.emplace_back(server::SetPermission{
        {call.actor().user, name, broker::kAnyName, broker::kAnyName, broker::kAnyName}});
  call.apply(std::move(changes));
  return done_answer(!before);
}

http::Response delete_host(const Call& call) {
  call.apply_one(server::DeleteVirtualHost{call.parameter(0)});
  return done_answer();
}

// Restarting one is what RabbitMQ does with a failed one; ours cannot fail alone.
http::Response start_host(const Call& call) {
  call.check_virtual_host(call.parameter(0));
  if (call.parameter(1) != node_name()) throw not_found();
  return done_answer();
}

http::Response aliveness(const Call&) { return json_answer({{"status", "ok"}}); }

http::Response refuse_protection(const Call& call) {
  call.check_virtual_host(call.parameter(0));
  throw bad_request("deletion protection is not there");
}

// ---- limits

http::Response list_limits(const Call& call, const std::string* only) {
  std::vector<json> rows;
  for (const VirtualHostDescription& host : hosts_to_see(call)) {
    if (only != nullptr && host.name != *only) continue;
    call.look_at_definitions([&](const NodeDefinitions& definitions) {
      if (const auto limits = definitions.limits_of_virtual_host(host.name))
        if (json value = json_of(*limits); !value.empty())
          rows.push_back({{"vhost", host.name}, {"value", std::move(value)}});
    });
  }
  return list_answer(call, std::move(rows), "vhost");
}

http::Response list_all_limits(const Call& call) { return list_limits(call, nullptr); }
http::Response get_limits(const Call& call) { return list_limits(call, &call.parameter(0)); }

std::optional<std::uint64_t>& limit_named(broker::TenantLimits& limits, const std::string& name) {
  if (name == "max-connections") return limits.connections_max;
  if (name == "max-queues") return limits.queues_max;
  if (name == "max-channels") return limits.channels_max;
  if (name == "max-consumers") return limits.consumers_max;
  if (name == "max-exchanges") return limits.exchanges_max;
  if (name == "max-bindings") return limits.bindings_max;
  if (name == "max-message-size") return limits.message_size_max;
  if (name == "max-stored-bytes") return limits.stored_bytes_max;
  if (name == "max-publish-rate") return limits.publish_rate.messages;
  if (name == "max-publish-byte-rate") return limits.publish_rate.bytes;
  throw bad_request("Unrecognised name: " + name);
}

broker::TenantLimits limits_of(const Call& call, const std::string& host) {
  broker::TenantLimits limits;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    if (const auto own = definitions.limits_of_virtual_host(host)) limits = *own;
  });
  return limits;
}

http::Response put_limit(const Call& call) {
  const std::string& host = call.parameter(0);
  call.check_virtual_host(host);
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"value"});
  const std::int64_t value = fields.number("value", -1);
  broker::TenantLimits limits = limits_of(call, host);
  auto& limit = limit_named(limits, call.parameter(1));
  // Below nothing is without a limit, as in RabbitMQ.
  limit = value < 0 ? std::nullopt : std::optional<std::uint64_t>(value);
  call.apply_one(server::SetVirtualHostLimits{host, limits});
  return done_answer();
}

http::Response delete_limit(const Call& call) {
  const std::string& host = call.parameter(0);
  call.check_virtual_host(host);
  broker::TenantLimits limits = limits_of(call, host);
  limit_named(limits, call.parameter(1)) = std::nullopt;
  if (limits == broker::TenantLimits()) {
    call.apply_one(server::ClearVirtualHostLimits{host});
  } else {
    call.apply_one(server::SetVirtualHostLimits{host, limits});
  }
  return done_answer();
}

}  // namespace

void add_virtual_hosts_routes(Routes& routes) {
  constexpr Need kAdmin = Need::kAdministrator;
  routes.insert(
      routes.end(),
      {{"GET", "/api/vhosts", Need::kUser, list_hosts, "Virtual hosts one may see.", "",
        "VirtualHost[]"},
       {"GET", "/api/vhosts/{vhost}", Need::kHost, get_host, "One virtual host.", "",
        "VirtualHost"},
       {"PUT", "/api/vhosts/{vhost}", kAdmin, put_host,
        "Makes a virtual host, which its maker may use; or changes its description and tags.",
        "VirtualHostPut", ""},
       {"DELETE", "/api/vhosts/{vhost}", kAdmin, delete_host,
        "Deletes it with all that is in it, and closes its connections.", "", ""},
       {"POST", "/api/vhosts/{vhost}/start/{node}", kAdmin, start_host,
        "Does nothing: a virtual host here cannot fail alone.", "", ""},
       {"POST", "/api/vhosts/{vhost}/deletion/protection", kAdmin, refuse_protection,
        "Always 400: not there.", "", ""},
       {"DELETE", "/api/vhosts/{vhost}/deletion/protection", kAdmin, refuse_protection,
        "Always 400: not there.", "", ""},
       {"GET", "/api/aliveness-test/{vhost}", Need::kHost, aliveness,
        "Whether the virtual host is served.", "", "Health"},
       {"GET", "/api/vhost-limits", Need::kUser, list_all_limits, "Limits of virtual hosts.", "",
        "VirtualHostLimits[]"},
       {"GET", "/api/vhost-limits/{vhost}", Need::kHost, get_limits, "Limits of one.", "",
        "VirtualHostLimits[]"},
       {"PUT", "/api/vhost-limits/{vhost}/{limit}", kAdmin, put_limit,
        "Sets max-connections, max-queues or another limit of docs/operations/limits.md.",
        "LimitValue", ""},
       {"DELETE", "/api/vhost-limits/{vhost}/{limit}", kAdmin, delete_limit, "Lifts one limit.", "",
        ""}});
}

}  // namespace harrier::management
