// Virtual hosts and their limits.
#include "ctl/families.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

// Only what was given: the rest of a virtual host that is there stays as it is.
Json metadata(const Arguments& given) {
  Json body = Json::object();
  if (given.has("description")) body["description"] = given.text("description");
  if (given.has("tags")) body["tags"] = given.text("tags");
  if (given.has("default-queue-type"))
    body["default_queue_type"] = given.text("default-queue-type");
  return body;
}

void add_vhost(Session& session) { session.send(metadata(session.arguments())); }

void update_vhost_metadata(Session& session) {
  if (!session.ask("GET", "/api/vhosts/{VHOST}").ok())
    throw Trouble(kExitNoSuchObject, session.text("Virtual host '{VHOST}' does not exist"));
  session.send(metadata(session.arguments()));
}

void list_vhost_limits(Session& session) {
  const bool all = session.arguments().has("global");
  session.announce(all ? "Listing limits for all vhosts ..."
                       : "Listing limits for vhost \"{vhost}\" ...");
  if (!all) session.require_names();
  const Json list = session.get(all ? "/api/vhost-limits" : "/api/vhost-limits/{vhost}");
  if (!list.is_array()) throw Trouble(kExitSoftware, "the broker's answer is no list");
  if (all) {
    Table table{.columns = {"vhost", "limits"}};
    for (const Json& entry : list)
      table.rows.push_back({entry.value("vhost", ""), entry.value("value", Json()).dump()});
    session.print_table(table);
    return;
  }
  if (!list.empty())
    session.print_json(list[0].value("value", Json::object()));
  else
    session.print(session.wants_json() ? "[]" : "");
}

void set_vhost_limits(Session& session) { session.send_limits("{\"max-queues\":10}"); }

void clear_vhost_limits(Session& session) {
  session.require_names();
  for (const char* pattern :
       {"/api/vhost-limits/{vhost}/max-connections", "/api/vhost-limits/{vhost}/max-queues"}) {
    const Answer answer = session.ask("DELETE", pattern);
    if (answer.status != 404) session.require(answer);
  }
}

const std::vector<Flag> kMetadata = {
    {"--description", "TEXT", "what the virtual host is for"},
    {"--tags", "TAG,...", "tags, with commas between"},
    {"--default-queue-type", "TYPE", "classic, quorum or stream"},
};

}  // namespace

std::vector<Command> virtual_host_commands() {
  std::vector<Command> rows = {
      {.name = "list_vhosts",
       .arguments = "[ITEM]...",
       .summary = "Lists virtual hosts",
       .call = "GET /api/vhosts",
       .banner = "Listing vhosts ...",
       .items =
           "name | tracing description tags default_queue_type cluster_state metadata messages "
           "messages_ready messages_unacknowledged",
       .run = list_items},
      {.name = "add_vhost",
       .arguments = "VHOST",
       .summary = "Creates a virtual host",
       .call = "PUT /api/vhosts/{VHOST}",
       .banner = "Adding vhost \"{VHOST}\" ...",
       .run = add_vhost,
       .flags = kMetadata},
      {.name = "update_vhost_metadata",
       .arguments = "VHOST",
       .summary = "Changes description, tags or default queue type of a virtual host",
       .call = "PUT /api/vhosts/{VHOST}",
       .banner = "Updating metadata of vhost \"{VHOST}\" ...",
       .run = update_vhost_metadata,
       .flags = kMetadata},
      {.name = "delete_vhost",
       .arguments = "VHOST",
       .summary = "Deletes a virtual host with everything in it",
       .call = "DELETE /api/vhosts/{VHOST}",
       .banner = "Deleting vhost \"{VHOST}\" ...",
       .run = send_call,
       .missing = "Virtual host '{VHOST}' does not exist",
       .missing_exit = kExitNoSuchObject},
      {.name = "list_vhost_limits",
       .summary = "Lists the limits of a virtual host, or of all",
       .call = "GET /api/vhost-limits/{vhost}",
       .run = list_vhost_limits,
       .flags = {{"--global", "", "of all virtual hosts"}}},
      {.name = "set_vhost_limits",
       .arguments = "DEFINITION",
       .summary = "Sets limits: {\"max-connections\":N,\"max-queues\":N}",
       .call = "PUT /api/vhost-limits/{vhost}/{LIMIT}",
       .banner = "Setting vhost limits to \"{DEFINITION}\" for vhost \"{vhost}\" ...",
       .run = set_vhost_limits},
      {.name = "clear_vhost_limits",
       .summary = "Removes the limits of a virtual host",
       .call = "DELETE /api/vhost-limits/{vhost}/{LIMIT}",
       .banner = "Clearing vhost \"{vhost}\" limits ...",
       .run = clear_vhost_limits},
  };
  for (Command& row : rows)
    row.family = Family::kVirtualHosts;
  return rows;
}

}  // namespace harrier::ctl
