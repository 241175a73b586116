// Connections and channels: what there is, and closing them.
#include <thread>

#include "ctl/families.h"
#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/target.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

void close_named(Session& session, const std::string& name, const std::string& reason) {
  const Answer answer =
      session.management().call("DELETE", "/api/connections/" + percent_encoded(name), std::nullopt,
                                {{"X-Reason", printable(reason)}});
  if (answer.status == 404) return;
  if (answer.status == 401) throw Trouble(kExitNoPermission, "access refused: " + answer.reason());
  session.require(answer);
}

void close_connection(Session& session) {
  const std::string& name = session.arguments().text("CONNECTION");
  if (session.ask("GET", "/api/connections/{CONNECTION}").status == 404)
    throw Trouble(kExitUnavailable, session.text("no connection \"{CONNECTION}\""));
  close_named(session, name, session.arguments().text("EXPLANATION"));
}

std::chrono::milliseconds delay(const Arguments& given) {
  const std::string& text = given.text("per-connection-delay");
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos)
    throw Trouble(kExitUsage, "--per-connection-delay: milliseconds are needed");
  return std::chrono::milliseconds(std::stol(text));
}

void close_all_connections(Session& session) {
  const Arguments& given = session.arguments();
  const bool global = given.has("global");
  const std::string limit_text = given.text("limit");
  if (limit_text.empty() || limit_text.size() > 9 ||
      limit_text.find_first_not_of("0123456789") != std::string::npos)
    throw Trouble(kExitUsage, "--limit: a number is needed");
  const auto limit = static_cast<std::size_t>(std::stoul(limit_text));
  const std::chrono::milliseconds pause = delay(given);
  session.announce(global ? "Closing all connections, reason: {EXPLANATION}..."
                          : "Closing all connections in vhost {vhost}, reason: {EXPLANATION}...");
  if (!global) session.require_names();
  const Json list =
      session.get(global ? "/api/connections" : "/api/vhosts/{vhost}/connections", "columns=name");
  if (!list.is_array()) throw Trouble(kExitSoftware, "the broker's answer is no list");
  std::size_t closed = 0;
  for (const Json& connection : list) {
    if (limit > 0 && closed == limit) break;
    const Json& name = member(connection, "name");
    if (!name.is_string()) continue;
    if (closed > 0 && pause.count() > 0) std::this_thread::sleep_for(pause);
    close_named(session, name.get<std::string>(), given.text("EXPLANATION"));
    ++closed;
  }
  session.print("Closed " + std::to_string(closed) + " connections");
}

}  // namespace

std::vector<Command> connection_commands() {
  std::vector<Command> rows = {
      {.name = "list_connections",
       .arguments = "[ITEM]...",
       .summary = "Lists connections",
       .call = "GET /api/connections",
       .banner = "Listing connections ...",
       .items =
           "user peer_host peer_port state | name host port ssl ssl_protocol ssl_cipher "
           "peer_cert_subject peer_cert_issuer peer_cert_validity protocol auth_mechanism vhost "
           "timeout frame_max channel_max client_properties user_provided_name connected_at "
           "recv_oct recv_cnt send_oct send_cnt send_pend channels node type pid=name",
       .run = list_items},
      {.name = "list_channels",
       .arguments = "[ITEM]...",
       .summary = "Lists channels",
       .call = "GET /api/channels",
       .banner = "Listing channels ...",
       .items = "pid=name user consumer_count messages_unacknowledged | name number vhost "
                "connection=connection_details.name transactional confirm messages_uncommitted "
                "acks_uncommitted messages_unconfirmed prefetch_count global_prefetch_count state "
                "node message_stats",
       .run = list_items},
      {.name = "close_connection",
       .arguments = "CONNECTION EXPLANATION",
       .summary = "Closes a connection, by its name; the client is told why",
       .call = "DELETE /api/connections/{CONNECTION}",
       .banner = "Closing connection {CONNECTION}, reason: {EXPLANATION}...",
       .run = close_connection},
      {.name = "close_all_connections",
       .arguments = "EXPLANATION",
       .summary = "Closes the connections to a virtual host, or all",
       .call = "DELETE /api/connections/{CONNECTION} ({vhost})",
       .run = close_all_connections,
       .flags = {{"--global", "", "to any virtual host"},
                 {"--limit", "NUMBER", "how many at most; 0: all", "0"},
                 {"--per-connection-delay", "MILLISECONDS", "between one and the next", "0"}}},
  };
  for (Command& row : rows)
    row.family = Family::kConnections;
  return rows;
}

}  // namespace harrier::ctl
