// Connections.
#include "management/consumers_json.h"
#include "management/node_facts.h"
#include "management/route.h"
#include "management/statistics_json.h"
#include "management/walk.h"
#include "server/commands.h"
#include "server/definitions_values.h"
#include "server/inspection.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::ConnectionView;
using server::Inspection;

json connection_row(const ConnectionView& view) {
  json row = {{"name", view.name},
              {"node", node_name()},
              {"type", "network"},
              {"state", std::string(server::name_of(view.state))},
              {"user", view.user},
              {"user_who_performed_action", view.user},
              {"vhost", view.virtual_host},
              {"protocol", view.protocol},
              {"auth_mechanism", view.auth_mechanism},
              {"user_provided_name", view.user_provided_name},
              {"client_properties", server::json_of_table(view.client_properties.view())},
              {"host", view.ends.host},
              {"port", view.ends.port},
              {"peer_host", view.ends.peer_host},
              {"peer_port", view.ends.peer_port},
              {"connected_at", view.connected_at.time_since_epoch().count()},
              {"frame_max", view.frame_max},
              {"channel_max", view.channel_max},
              {"timeout", view.timeout_s},
              {"channels", view.channels},
              {"ssl", view.tls},
              {"ssl_protocol", view.tls_protocol},
              {"ssl_cipher", view.tls_cipher},
              {"peer_cert_subject", view.peer_certificate_subject},
              {"recv_cnt", view.reads},
              {"send_cnt", view.writes},
              {"send_pend", view.send_pending},
              {"reductions", 0},
              {"garbage_collection", json::object()},
              {"message_stats", json_of(view.statistics)}};
  put(row, "recv_oct", view.received_octets);
  put(row, "send_oct", view.sent_octets);
  return row;
}

// Others than monitors see their own.
bool may_see(const Call& call, const ConnectionView& view) {
  return call.visitor().is_monitor() || view.user == call.actor().user;
}

using Keep = std::function<bool(const ConnectionView&)>;

http::Response list(const Call& call, const Inspection::Where& where, const Keep& keep) {
  return list_views<ConnectionView>(
      call,
      [&](const Inspection::Take<ConnectionView>& take) {
        call.node().inspection().connections(where, [&](std::vector<ConnectionView>& batch) {
          std::erase_if(batch, [&](const ConnectionView& view) {
            return !may_see(call, view) || !keep(view);
          });
          return take(batch);
        });
      },
      [](const ConnectionView& view) { return std::string_view(view.name); }, connection_row);
}

bool all(const ConnectionView&) { return true; }

http::Response list_connections(const Call& call) { return list(call, {}, all); }
http::Response list_connections_of_host(const Call& call) {
  return list(call, call.parameter(0), all);
}
http::Response list_connections_of_user(const Call& call) {
  return list(call, {}, [&](const ConnectionView& view) { return view.user == call.parameter(0); });
}

ConnectionView find_connection(const Call& call) {
  const Inspection& inspection = call.node().inspection();
  for (const server::ConnectionKey& key : inspection.connections_named(call.parameter(0)))
    if (auto view = inspection.connection(key)) {
      if (!may_see(call, *view)) throw not_authorised();
      return *std::move(view);
    }
  throw not_found();
}

http::Response get_connection(const Call& call) {
  return object_answer(call, connection_row(find_connection(call)));
}

std::string reason_of(const Call& call) {
  constexpr std::size_t kReasonMax = 200;
  const std::string* const reason = call.request().find("x-reason");
  return reason == nullptr ? "Closed via management plugin" : reason->substr(0, kReasonMax);
}

// All of a name: two over a Unix domain socket may share it.
http::Response close_connection(const Call& call) {
  if (!may_see(call, find_connection(call))) throw not_authorised();
  for (const server::ConnectionKey& key :
       call.node().inspection().connections_named(call.parameter(0)))
    call.node().commands().close_connection(call.actor(), key.loop, key.id, reason_of(call));
  return done_answer();
}

http::Response close_connections_of_user(const Call& call) {
  const std::string& user = call.parameter(0);
  if (!call.visitor().is_administrator() && user != call.actor().user) throw not_authorised();
  call.node().commands().close_user_connections(call.actor(), user, reason_of(call));
  return done_answer();
}

http::Response close_connections_of_host(const Call& call) {
  call.check_virtual_host(call.parameter(0));
  call.node().commands().close_virtual_host_connections(call.actor(), call.parameter(0),
                                                        reason_of(call));
  return done_answer();
}

}  // namespace

void add_connections_routes(Routes& routes) {
  routes.insert(routes.end(),
                {{"GET", "/api/connections", Need::kUser, list_connections,
                  "Connections; of others for monitors only.", "", "Connection[]"},
                 {"GET", "/api/connections/username/{user}", Need::kUser, list_connections_of_user,
                  "Those of a user.", "", "Connection[]"},
                 {"DELETE", "/api/connections/username/{user}", Need::kUser,
                  close_connections_of_user, "Closes them.", "", ""},
                 {"GET", "/api/connections/{connection}", Need::kUser, get_connection,
                  "One connection.", "", "Connection"},
                 {"DELETE", "/api/connections/{connection}", Need::kUser, close_connection,
                  "Closes it; X-Reason is what its client is told.", "", ""},
                 {"GET", "/api/vhosts/{vhost}/connections", Need::kHost, list_connections_of_host,
                  "Those in a virtual host.", "", "Connection[]"},
                 {"DELETE", "/api/vhosts/{vhost}/connections", Need::kAdministrator,
                  close_connections_of_host, "Closes them.", "", ""}});
}

}  // namespace harrier::management
