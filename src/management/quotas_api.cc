// What virtual hosts and users may take of the node, and what they have taken.
#include "management/permissions_json.h"
#include "management/route.h"
#include "server/inspection.h"

namespace harrier::management {
namespace {

using nlohmann::json;

json hosts(const Call& call) {
  std::map<std::string, server::VirtualHostStatistics> statistics;
  for (server::VirtualHostStatistics& host : call.node().inspection().virtual_hosts())
    statistics[host.name] = std::move(host);
  json list = json::array();
  const server::VirtualHostViews views = call.node().virtual_hosts();
  for (const server::VirtualHostView& view : views.hosts) {
    const std::string name(view.name);
    const server::VirtualHostStatistics& used = statistics[name];
    list.push_back({{"vhost", name},
                    {"limits", json_of(view.tenant->limits())},
                    {"publishers_held", view.tenant->held()},
                    {"used",
                     {{"connections", used.connections},
                      {"channels", used.channels},
                      {"consumers", used.consumers},
                      {"queues", used.queues},
                      {"exchanges", used.exchanges}}}});
  }
  return list;
}

json users(const Call& call) {
  json list = json::array();
  for (const server::UserUsage& user : call.node().users())
    list.push_back({{"user", user.name},
                    {"limits", json_of(user.limits)},
                    {"used",
                     {{"connections", user.connections},
                      {"channels", user.channels},
                      {"consumers", user.consumers}}}});
  return list;
}

http::Response quotas(const Call& call) {
  return object_answer(call, {{"vhosts", hosts(call)}, {"users", users(call)}});
}

}  // namespace

void add_quotas_routes(Routes& routes) {
  routes.push_back({"GET", "/api/quotas", Need::kMonitor, quotas,
                    "Limits in effect, the configuration's included, and what is used of them.", "",
                    "Quotas"});
}

}  // namespace harrier::management
