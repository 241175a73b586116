// Exchanges.
#include "management/bindings_json.h"
#include "management/body_fields.h"
#include "management/route.h"
#include "management/statistics_json.h"
#include "management/walk.h"
#include "server/commands.h"
#include "server/definitions_values.h"
#include "server/inspection.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::BindingView;
using server::ExchangeView;
using server::Inspection;
using Kind = broker::RoutingTarget::Kind;

json exchange_row(const ExchangeView& view, bool statistics) {
  json row = {{"name", view.name},
              {"vhost", view.virtual_host},
              {"type", std::string(broker::name_of(view.type))},
              {"durable", view.durable},
              {"auto_delete", view.auto_delete},
              {"internal", view.internal},
              {"arguments", server::json_of_table(view.arguments.view())},
              {"policy", view.policy.empty() ? json() : json(view.policy)},
              {"user_who_performed_action", ""}};
  if (statistics) row["message_stats"] = json_of(view.statistics);
  return row;
}

bool with_statistics(const Call& call) {
  return !call.ports().options.management.disable_stats && !call.is_set("disable_stats");
}

http::Response list(const Call& call, const Inspection::Where& where) {
  const Inspection& inspection = call.node().inspection();
  const bool statistics = with_statistics(call);
  return list_views<ExchangeView>(
      call,
      [&](const Inspection::Take<ExchangeView>& take) {
        each_host(call, where, [&](const std::string& host) { inspection.exchanges(host, take); });
      },
      [](const ExchangeView& view) { return std::string_view(view.name); },
      [statistics](const ExchangeView& view) { return exchange_row(view, statistics); });
}
http::Response list_all(const Call& call) { return list(call, {}); }
http::Response list_of_host(const Call& call) { return list(call, call.parameter(0)); }

ExchangeView find_exchange(const Call& call) {
  auto view =
      call.node().inspection().exchange(call.parameter(0), exchange_named(call.parameter(1)));
  if (!view) throw not_found();
  return *std::move(view);
}

http::Response get_exchange(const Call& call) {
  json row = exchange_row(find_exchange(call), with_statistics(call));
  row["incoming"] = json::array();
  row["outgoing"] = json::array();
  return object_answer(call, std::move(row));
}

http::Response put_exchange(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  broker::ExchangeDeclaration declaration;
  declaration.name = exchange_named(call.parameter(1));
  const std::string type = fields.text("type", "direct");
  const auto known = broker::exchange_type_named(type);
  if (!known) throw bad_request("unknown exchange type '" + type + "'");
  declaration.type = *known;
  declaration.durable = fields.flag("durable", false);
  declaration.auto_delete = fields.flag("auto_delete", false);
  declaration.internal = fields.flag("internal", false);
  declaration.arguments = fields.table("arguments");
  return done_answer(value_of(
      call.node().commands().declare_exchange(call.actor(), call.parameter(0), declaration)));
}

http::Response delete_exchange(const Call& call) {
  check(call.node().commands().delete_exchange(call.actor(), call.parameter(0),
                                               exchange_named(call.parameter(1)),
                                               call.is_set("if-unused")));
  return done_answer();
}

http::Response list_from(const Call& call) {
  const ExchangeView exchange = find_exchange(call);
  return list_bindings(call, [&](const Inspection::Take<BindingView>& take) {
    call.node().inspection().bindings_from(call.parameter(0), exchange.name, take);
  });
}

http::Response list_to(const Call& call) {
  const ExchangeView exchange = find_exchange(call);
  return list_bindings(call, [&](const Inspection::Take<BindingView>& take) {
    call.node().inspection().bindings_to(call.parameter(0), Kind::kExchange, exchange.name, take);
  });
}

}  // namespace

void add_exchanges_routes(Routes& routes) {
  constexpr Need kHost = Need::kHost;
  routes.insert(routes.end(),
                {{"GET", "/api/exchanges", Need::kUser, list_all, "Exchanges of all virtual hosts.",
                  "", "Exchange[]"},
                 {"GET", "/api/exchanges/{vhost}", kHost, list_of_host,
                  "Exchanges of a virtual host.", "", "Exchange[]"},
                 {"GET", "/api/exchanges/{vhost}/{exchange}", kHost, get_exchange,
                  "One exchange; amq.default is the default exchange.", "", "Exchange"},
                 {"PUT", "/api/exchanges/{vhost}/{exchange}", kHost, put_exchange,
                  "Declares an exchange; one that is there must be alike.", "ExchangePut", ""},
                 {"DELETE", "/api/exchanges/{vhost}/{exchange}", kHost, delete_exchange,
                  "Deletes it; with if-unused=true only if nothing is bound to it.", "", ""},
                 {"GET", "/api/exchanges/{vhost}/{exchange}/bindings/source", kHost, list_from,
                  "Bindings that come from it.", "", "Binding[]"},
                 {"GET", "/api/exchanges/{vhost}/{exchange}/bindings/destination", kHost, list_to,
                  "Bindings that lead to it.", "", "Binding[]"}});
}

}  // namespace harrier::management
