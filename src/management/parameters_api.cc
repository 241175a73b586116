// Parameters, which belong to plugins of RabbitMQ's and are kept, and global parameters.
#include "management/body_fields.h"
#include "management/list_answer.h"
#include "management/route.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::NodeDefinitions;
using server::SetGlobalParameter;
using server::SetParameter;

json value_of_text(const std::string& text) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? json() : value;
}

json parameter_row(const SetParameter& parameter) {
  return {{"component", parameter.component},
          {"vhost", parameter.virtual_host},
          {"name", parameter.name},
          {"value", value_of_text(parameter.json)}};
}

// Of the path's component, virtual host and name, as many as it has.
bool is_wanted(const Call& call, const SetParameter& parameter, std::size_t parts) {
  return (parts < 1 || parameter.component == call.parameter(0)) &&
         (parts < 2 || parameter.virtual_host == call.parameter(1)) &&
         (parts < 3 || parameter.name == call.parameter(2));
}

std::vector<json> rows_of(const Call& call, std::size_t parts) {
  std::vector<json> rows;
  std::vector<SetParameter> parameters;
  call.look_at_definitions(
      [&](const NodeDefinitions& definitions) { parameters = definitions.parameters(); });
  for (const SetParameter& parameter : parameters)
    if (is_wanted(call, parameter, parts) && call.may_see(parameter.virtual_host))
      rows.push_back(parameter_row(parameter));
  return rows;
}

http::Response list_parameters(const Call& call) { return list_answer(call, rows_of(call, 0)); }
http::Response list_parameters_of_component(const Call& call) {
  return list_answer(call, rows_of(call, 1));
}
http::Response list_parameters_of_host(const Call& call) {
  return list_answer(call, rows_of(call, 2));
}

http::Response get_parameter(const Call& call) {
  std::vector<json> rows = rows_of(call, 3);
  if (rows.empty()) throw not_found();
  return object_answer(call, std::move(rows.front()));
}

// As RabbitMQ without the plugin: an upstream that nobody follows would be a false success.
http::Response put_parameter(const Call& call) {
  const json body = call.object();
  BodyFields(body).need({"value"});
  throw bad_request("Validation failed\n\ncomponent " + call.parameter(0) + " not found\n");
}

http::Response delete_parameter(const Call& call) {
  if (rows_of(call, 3).empty()) throw not_found();
  call.apply_one(server::ClearParameter{call.parameter(0), call.parameter(1), call.parameter(2)});
  return done_answer();
}

// ---- global

std::vector<json> global_rows(const Call& call, bool all) {
  std::vector<json> rows;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    for (const SetGlobalParameter& parameter : definitions.global_parameters())
      if (all || parameter.name == call.parameter(0))
        rows.push_back({{"name", parameter.name}, {"value", value_of_text(parameter.json)}});
  });
  return rows;
}

http::Response list_global_parameters(const Call& call) {
  return list_answer(call, global_rows(call, true));
}

http::Response get_global_parameter(const Call& call) {
  std::vector<json> rows = global_rows(call, false);
  if (rows.empty()) throw not_found();
  return object_answer(call, std::move(rows.front()));
}

http::Response put_global_parameter(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"value"});
  const bool there = !global_rows(call, false).empty();
  call.apply_one(SetGlobalParameter{call.parameter(0), text_of(body["value"])});
  return done_answer(!there);
}

http::Response delete_global_parameter(const Call& call) {
  if (global_rows(call, false).empty()) throw not_found();
  call.apply_one(server::ClearGlobalParameter{call.parameter(0)});
  return done_answer();
}

}  // namespace

void add_parameters_routes(Routes& routes) {
  constexpr Need kPolicies = Need::kPolicies;
  constexpr Need kAdmin = Need::kAdministrator;
  routes.insert(
      routes.end(),
      {{"GET", "/api/parameters", kPolicies, list_parameters,
        "Parameters that definitions brought for plugins of RabbitMQ.", "", "Parameter[]"},
       {"GET", "/api/parameters/{component}", kPolicies, list_parameters_of_component,
        "Those of a component.", "", "Parameter[]"},
       {"GET", "/api/parameters/{component}/{vhost}", kPolicies, list_parameters_of_host,
        "Those in a virtual host.", "", "Parameter[]"},
       {"GET", "/api/parameters/{component}/{vhost}/{name}", kPolicies, get_parameter,
        "One parameter.", "", "Parameter"},
       {"PUT", "/api/parameters/{component}/{vhost}/{name}", kPolicies, put_parameter,
        "Always 400: nothing here has such parameters.", "ParameterPut", ""},
       {"DELETE", "/api/parameters/{component}/{vhost}/{name}", kPolicies, delete_parameter,
        "Deletes one.", "", ""},
       {"GET", "/api/global-parameters", kPolicies, list_global_parameters,
        "Global parameters, which mean nothing to the node but cluster_name.", "",
        "GlobalParameter[]"},
       {"GET", "/api/global-parameters/{name}", kPolicies, get_global_parameter, "One of them.", "",
        "GlobalParameter"},
       {"PUT", "/api/global-parameters/{name}", kAdmin, put_global_parameter, "Sets one.",
        "ParameterPut", ""},
       {"DELETE", "/api/global-parameters/{name}", kAdmin, delete_global_parameter, "Deletes one.",
        "", ""}});
}

}  // namespace harrier::management
