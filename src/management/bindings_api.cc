// Bindings.
#include "management/bindings_json.h"
#include "management/body_fields.h"
#include "management/route.h"
#include "management/walk.h"
#include "server/commands.h"
#include "server/definitions_values.h"
#include "server/properties_key.h"

namespace harrier::management {

using nlohmann::json;
using server::BindingView;
using server::Inspection;
using Kind = broker::RoutingTarget::Kind;

namespace {

std::string key_of(const BindingView& binding) {
  return server::properties_key(binding.routing_key, binding.arguments.view());
}

}  // namespace

json json_of(const BindingView& binding) {
  return {{"source", binding.source},
          {"vhost", binding.virtual_host},
          {"destination", binding.destination},
          {"destination_type", binding.destination_kind == Kind::kQueue ? "queue" : "exchange"},
          {"routing_key", binding.routing_key},
          {"arguments", server::json_of_table(binding.arguments.view())},
          {"properties_key", key_of(binding)}};
}

http::Response list_bindings(
    const Call& call, const std::function<void(const Inspection::Take<BindingView>&)>& walk) {
  return list_views<BindingView>(
      call, walk, [](const BindingView& view) { return std::string_view(view.source); },
      [](const BindingView& view) { return json_of(view); });
}

namespace {

constexpr std::uint64_t kBindingBodyMax = 5'000;

http::Response list(const Call& call, const Inspection::Where& where) {
  const Inspection& inspection = call.node().inspection();
  return list_bindings(call, [&](const Inspection::Take<BindingView>& take) {
    each_host(call, where, [&](const std::string& host) { inspection.bindings(host, take); });
  });
}
http::Response list_all(const Call& call) { return list(call, {}); }
http::Response list_of_host(const Call& call) { return list(call, call.parameter(0)); }

// Those between two, which must be there.
std::vector<BindingView> between(const Call& call, Kind kind) {
  const Inspection& inspection = call.node().inspection();
  const std::string& host = call.parameter(0);
  const std::string source = exchange_named(call.parameter(1));
  const std::string destination =
      kind == Kind::kQueue ? call.parameter(2) : exchange_named(call.parameter(2));
  const bool there = kind == Kind::kQueue ? inspection.queue(host, destination, {}).has_value()
                                          : inspection.exchange(host, destination).has_value();
  if (!there || !inspection.exchange(host, source)) throw not_found();
  std::vector<BindingView> found;
  inspection.bindings_to(host, kind, destination, [&](std::vector<BindingView>& batch) {
    for (BindingView& view : batch)
      if (view.source == source) found.push_back(std::move(view));
    return true;
  });
  return found;
}

template <Kind kind>
http::Response list_between(const Call& call) {
  std::vector<json> rows;
  for (const BindingView& view : between(call, kind))
    rows.push_back(json_of(view));
  return list_answer(call, std::move(rows), "source");
}

// Clients put the key into a path as it is, or encoded once more.
BindingView find_binding(const Call& call, Kind kind) {
  const std::string& wanted = call.parameter(3);
  for (BindingView& view : between(call, kind)) {
    const std::string key = key_of(view);
    if (key == wanted || http::percent_decoded(key) == wanted) return std::move(view);
  }
  throw not_found();
}

template <Kind kind>
http::Response get_binding(const Call& call) {
  return object_answer(call, json_of(find_binding(call, kind)));
}

server::BindingPlace place_of(const Call& call, Kind kind) {
  return {exchange_named(call.parameter(1)), kind,
          kind == Kind::kQueue ? call.parameter(2) : exchange_named(call.parameter(2))};
}

template <Kind kind>
http::Response post_binding(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  const std::string key =
      value_of(call.node().commands().bind(call.actor(), call.parameter(0), place_of(call, kind),
                                           fields.text("routing_key"), fields.table("arguments")));
  http::Response response = done_answer(true);
  response.set("location",
               http::percent_encoded(call.parameter(2)) + "/" + http::percent_encoded(key));
  return response;
}

template <Kind kind>
http::Response delete_binding(const Call& call) {
  const BindingView binding = find_binding(call, kind);
  check(call.node().commands().unbind(call.actor(), call.parameter(0), place_of(call, kind),
                                      key_of(binding)));
  return done_answer();
}

template <Kind kind>
void add(Routes& routes, const char* pair, const char* one, const char* what) {
  constexpr Need kHost = Need::kHost;
  routes.push_back({"GET", pair, kHost, list_between<kind>, what, "", "Binding[]"});
  routes.push_back({"POST", pair, kHost, post_binding<kind>,
                    "Binds them; Location names the binding.", "BindingPost", "", kBindingBodyMax});
  routes.push_back({"GET", one, kHost, get_binding<kind>, "One binding.", "", "Binding"});
  routes.push_back({"DELETE", one, kHost, delete_binding<kind>, "Deletes it.", "", ""});
}

}  // namespace

void add_bindings_routes(Routes& routes) {
  routes.push_back({"GET", "/api/bindings", Need::kUser, list_all, "Bindings of all virtual hosts.",
                    "", "Binding[]"});
  routes.push_back({"GET", "/api/bindings/{vhost}", Need::kHost, list_of_host,
                    "Bindings of a virtual host.", "", "Binding[]"});
  add<Kind::kQueue>(routes, "/api/bindings/{vhost}/e/{exchange}/q/{queue}",
                    "/api/bindings/{vhost}/e/{exchange}/q/{queue}/{properties_key}",
                    "Bindings from an exchange to a queue.");
  add<Kind::kExchange>(routes, "/api/bindings/{vhost}/e/{exchange}/e/{destination}",
                       "/api/bindings/{vhost}/e/{exchange}/e/{destination}/{properties_key}",
                       "Bindings from an exchange to another.");
}

}  // namespace harrier::management
