#include "ctl/admin_table.h"

#include <algorithm>
#include <array>

namespace harrier::ctl {
namespace {

constexpr auto kActions = std::to_array<AdminAction>({
    {"declare", "exchange", "name type auto_delete=false durable=true internal=false arguments:={}",
     "PUT /api/exchanges/{vhost}/{name}", "exchange declared"},
    {"declare", "queue", "name auto_delete=false durable=true arguments:={} node? queue_type?",
     "PUT /api/queues/{vhost}/{name}", "queue declared"},
    {"declare", "binding", "source destination destination_type=queue routing_key= arguments:={}",
     "POST /api/bindings/{vhost}/e/{source}/{destination_char}/{destination}", "binding declared"},
    {"declare", "vhost", "name tracing? description? tags? default_queue_type?",
     "PUT /api/vhosts/{name}", "vhost declared"},
    {"declare", "user", "name password|password_hash tags hashing_algorithm?",
     "PUT /api/users/{name}", "user declared"},
    {"declare", "permission", "vhost user configure write read",
     "PUT /api/permissions/{vhost}/{user}", "permission declared"},
    {"declare", "parameter", "component name value:",
     "PUT /api/parameters/{component}/{vhost}/{name}", "parameter declared"},
    {"declare", "policy", "name pattern definition: priority:=0 apply-to?",
     "PUT /api/policies/{vhost}/{name}", "policy declared"},
    {"declare", "operator_policy", "name pattern definition: priority:=0 apply-to?",
     "PUT /api/operator-policies/{vhost}/{name}", "operator_policy declared"},
    {"declare", "vhost_limit", "vhost name value:", "PUT /api/vhost-limits/{vhost}/{name}",
     "vhost_limit declared"},
    {"delete", "exchange", "name", "DELETE /api/exchanges/{vhost}/{name}", "exchange deleted"},
    {"delete", "queue", "name", "DELETE /api/queues/{vhost}/{name}", "queue deleted"},
    {"delete", "binding", "source destination_type destination properties_key=~",
     "DELETE /api/bindings/{vhost}/e/{source}/{destination_char}/{destination}/{properties_key}",
     "binding deleted"},
    {"delete", "vhost", "name", "DELETE /api/vhosts/{name}", "vhost deleted"},
    {"delete", "user", "name", "DELETE /api/users/{name}", "user deleted"},
    {"delete", "permission", "vhost user", "DELETE /api/permissions/{vhost}/{user}",
     "permission deleted"},
    {"delete", "parameter", "component name", "DELETE /api/parameters/{component}/{vhost}/{name}",
     "parameter deleted"},
    {"delete", "policy", "name", "DELETE /api/policies/{vhost}/{name}", "policy deleted"},
    {"delete", "operator_policy", "name", "DELETE /api/operator-policies/{vhost}/{name}",
     "operator_policy deleted"},
    {"delete", "vhost_limit", "vhost name", "DELETE /api/vhost-limits/{vhost}/{name}",
     "vhost_limit deleted"},
    {"close", "connection", "name", "DELETE /api/connections/{name}", "connection closed"},
    {"purge", "queue", "name", "DELETE /api/queues/{vhost}/{name}/contents", "queue purged"},
    {"publish", "",
     "routing_key payload? properties:={} exchange=amq.default payload_encoding=string",
     "POST /api/exchanges/{vhost}/{exchange}/publish", ""},
    {"get", "", "queue count=1 ackmode=ack_requeue_true payload_file? encoding=auto",
     "POST /api/queues/{vhost}/{queue}/get", ""},
});

constexpr auto kLists = std::to_array<AdminList>({
    {"connections", "/api/connections", "name,user,channels"},
    {"channels", "/api/channels", "name,user"},
    {"consumers", "/api/consumers", "", true},
    {"exchanges", "/api/exchanges", "name,type", true},
    {"queues", "/api/queues", "name,messages", true},
    {"bindings", "/api/bindings", "source,destination,routing_key", true},
    {"users", "/api/users", ""},
    {"vhosts", "/api/vhosts", "name,messages"},
    {"permissions", "/api/permissions", ""},
    {"nodes", "/api/nodes", "name,type,mem_used"},
    {"parameters", "/api/parameters", "vhost,name,component,value"},
    {"policies", "/api/policies", "vhost,name,apply-to,definition,pattern,priority"},
    {"operator_policies", "/api/operator-policies",
     "vhost,name,apply-to,definition,pattern,priority"},
    {"vhost_limits", "/api/vhost-limits", "vhost,value"},
});

}  // namespace

std::span<const AdminAction> admin_actions() { return kActions; }
std::span<const AdminList> admin_lists() { return kLists; }

const AdminAction* find_admin_action(std::string_view verb, std::string_view kind) {
  const auto found = std::ranges::find_if(kActions, [&](const AdminAction& row) {
    return row.verb == verb && (row.kind.empty() || row.kind == kind);
  });
  return found == kActions.end() ? nullptr : &*found;
}

const AdminList* find_admin_list(std::string_view kind) {
  const auto found = std::ranges::find(kLists, kind, &AdminList::kind);
  return found == kLists.end() ? nullptr : &*found;
}

}  // namespace harrier::ctl
