// Runtime parameters, feature flags and the name of the cluster.
#include "ctl/families.h"
#include "ctl/items.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

void set_parameter(Session& session) {
  session.send(Json{{"value", parse_typed(session.arguments().text("VALUE"))}});
}

void list_parameters(Session& session) {
  session.require_names();
  const std::vector<Item> items =
      select_items(session.command().items, session.arguments().all("ITEM"));
  const Json all = session.get("/api/parameters");
  if (!all.is_array()) throw Trouble(kExitSoftware, "the broker's answer is no list");
  Json here = Json::array();
  for (const Json& parameter : all) {
    if (member(parameter, "vhost") == Json(session.settings().virtual_host))
      here.push_back(parameter);
  }
  session.print_table(project(here, items));
}

void set_cluster_name(Session& session) {
  session.send(Json{{"name", session.arguments().text("NAME")}});
}

void enable_feature_flag(Session& session) {
  const std::string& name = session.arguments().text("FLAG");
  session.announce(name == "all" ? "Enabling all feature flags ..."
                                 : "Enabling feature flag \"{FLAG}\" ...");
  const Json flags = session.get("/api/feature-flags");
  if (!flags.is_array()) throw Trouble(kExitSoftware, "the broker's answer is no list");
  bool known = name == "all";
  for (const Json& flag : flags) {
    const bool meant = member(flag, "name") == Json(name);
    known = known || meant;
    if (!meant && name != "all") continue;
    if (member(flag, "state") == Json("enabled")) continue;
    Arguments one;
    one.add("FLAG", member(flag, "name").get<std::string>());
    Session each(session.command(), one, session.settings(), session.management(),
                 session.streams());
    each.send(Json::object());
  }
  if (!known)
    throw Trouble(kExitUsage, session.text("This feature flag is not supported by node {node}"));
}

}  // namespace

std::vector<Command> parameter_commands() {
  std::vector<Command> rows = {
      {.name = "list_parameters",
       .arguments = "[ITEM]...",
       .summary = "Lists the runtime parameters of a virtual host",
       .call = "GET /api/parameters ({vhost})",
       .banner = "Listing runtime parameters for vhost \"{vhost}\" ...",
       .items = "component name value!",
       .run = list_parameters},
      {.name = "set_parameter",
       .arguments = "COMPONENT NAME VALUE",
       .summary = "Sets a runtime parameter to a JSON value",
       .call = "PUT /api/parameters/{COMPONENT}/{vhost}/{NAME}",
       .banner = "Setting runtime parameter \"{NAME}\" for component \"{COMPONENT}\" to "
                 "\"{VALUE}\" in vhost \"{vhost}\" ...",
       .run = set_parameter},
      {.name = "clear_parameter",
       .arguments = "COMPONENT NAME",
       .summary = "Removes a runtime parameter",
       .call = "DELETE /api/parameters/{COMPONENT}/{vhost}/{NAME}",
       .banner = "Clearing runtime parameter \"{NAME}\" for component \"{COMPONENT}\" on vhost "
                 "\"{vhost}\" ...",
       .run = send_call,
       .missing = "Parameter does not exist"},
      {.name = "list_global_parameters",
       .arguments = "[ITEM]...",
       .summary = "Lists the global runtime parameters",
       .call = "GET /api/global-parameters",
       .banner = "Listing global runtime parameters ...",
       .items = "name value!",
       .run = list_items},
      {.name = "set_global_parameter",
       .arguments = "NAME VALUE",
       .summary = "Sets a global runtime parameter to a JSON value",
       .call = "PUT /api/global-parameters/{NAME}",
       .banner = "Setting global runtime parameter \"{NAME}\" to \"{VALUE}\" ...",
       .run = set_parameter},
      {.name = "clear_global_parameter",
       .arguments = "NAME",
       .summary = "Removes a global runtime parameter",
       .call = "DELETE /api/global-parameters/{NAME}",
       .banner = "Clearing global runtime parameter \"{NAME}\" ...",
       .run = send_call,
       .missing = "Parameter does not exist"},
      {.name = "set_cluster_name",
       .arguments = "NAME",
       .summary = "Sets the name clients and monitoring see",
       .call = "PUT /api/cluster-name",
       .banner = "Setting cluster name to {NAME} ...",
       .run = set_cluster_name},
      {.name = "list_feature_flags",
       .arguments = "[ITEM]...",
       .summary = "Lists feature flags",
       .call = "GET /api/feature-flags",
       .banner = "Listing feature flags ...",
       .items = "name state | stability provided_by desc doc_url",
       .run = list_items},
      {.name = "enable_feature_flag",
       .arguments = "FLAG",
       .summary = "Enables a feature flag, or `all`; those that are enabled stay so",
       .call = "PUT /api/feature-flags/{FLAG}/enable",
       .run = enable_feature_flag},
  };
  for (Command& row : rows)
    row.family = Family::kParameters;
  return rows;
}

}  // namespace harrier::ctl
