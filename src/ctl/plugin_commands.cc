// RabbitMQ's plugins: which of them are built in here, and which there is nothing for.
//
// Images and playbooks enable plugins when they are made, without a broker, so none is asked.
#include <algorithm>
#include <array>

#include "base/pattern.h"
#include "ctl/families.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"
#include "harrier/version.h"

namespace harrier::ctl {
namespace {

struct Plugin {
  std::string_view name;
  bool built_in;
};

constexpr auto kPlugins = std::to_array<Plugin>({
    {"rabbitmq_amqp1_0", false},
    {"rabbitmq_auth_backend_cache", false},
    {"rabbitmq_auth_backend_http", false},
    {"rabbitmq_auth_backend_ldap", false},
    {"rabbitmq_auth_backend_oauth2", true},
    {"rabbitmq_auth_mechanism_ssl", true},
    {"rabbitmq_consistent_hash_exchange", false},
    {"rabbitmq_delayed_message_exchange", false},
    {"rabbitmq_event_exchange", false},
    {"rabbitmq_federation", false},
    {"rabbitmq_federation_management", false},
    {"rabbitmq_federation_prometheus", false},
    {"rabbitmq_jms_topic_exchange", false},
    {"rabbitmq_management", true},
    {"rabbitmq_management_agent", true},
    {"rabbitmq_message_deduplication", false},
    {"rabbitmq_mqtt", false},
    {"rabbitmq_peer_discovery_aws", false},
    {"rabbitmq_peer_discovery_common", false},
    {"rabbitmq_peer_discovery_consul", false},
    {"rabbitmq_peer_discovery_etcd", false},
    {"rabbitmq_peer_discovery_k8s", false},
    {"rabbitmq_prometheus", true},
    {"rabbitmq_random_exchange", false},
    {"rabbitmq_recent_history_exchange", false},
    {"rabbitmq_sharding", false},
    {"rabbitmq_shovel", false},
    {"rabbitmq_shovel_management", false},
    {"rabbitmq_shovel_prometheus", false},
    {"rabbitmq_stomp", false},
    {"rabbitmq_stream", false},
    {"rabbitmq_stream_management", false},
    {"rabbitmq_top", false},
    {"rabbitmq_tracing", false},
    {"rabbitmq_trust_store", false},
    {"rabbitmq_web_dispatch", true},
    {"rabbitmq_web_mqtt", false},
    {"rabbitmq_web_mqtt_examples", false},
    {"rabbitmq_web_stomp", false},
    {"rabbitmq_web_stomp_examples", false},
});

const Plugin* find_plugin(std::string_view name) {
  const auto found = std::ranges::find(kPlugins, name, &Plugin::name);
  return found == kPlugins.end() ? nullptr : &*found;
}

std::string built_in_names() {
  std::string names;
  for (const Plugin& plugin : kPlugins) {
    if (plugin.built_in) names += (names.empty() ? "" : ", ") + std::string(plugin.name);
  }
  return names;
}

void notice(Session& session, const std::string& text) {
  if (!session.settings().silent) session.print(text);
}

// Those we lack are told before those we have: a script must not go on as if all were well.
void enable_plugins(Session& session) {
  if (session.arguments().has("all"))
    throw Trouble(kExitUnavailable,
                  "not all plugins of RabbitMQ are built in; built in are: " + built_in_names());
  const std::vector<std::string>& names = session.arguments().all("PLUGIN");
  if (names.empty()) throw Trouble(kExitUsage, "not enough arguments.");
  std::string unknown;
  std::string lacking;
  for (const std::string& name : names) {
    const Plugin* plugin = find_plugin(name);
    if (plugin == nullptr) unknown += (unknown.empty() ? "" : ", ") + printable(name);
    if (plugin != nullptr && !plugin->built_in)
      lacking += (lacking.empty() ? "" : ", ") + printable(name);
  }
  if (!unknown.empty()) throw Trouble(kExitSoftware, "plugins not found: " + unknown);
  if (!lacking.empty())
    throw Trouble(kExitUnavailable,
                  "HarrierMQ has nothing like " + lacking +
                      ", so it was not enabled; built in are: " + built_in_names());
  for (const std::string& name : names)
    notice(session, name + " is built in: there is nothing to enable");
}

void disable_plugins(Session& session) {
  const std::vector<std::string>& names = session.arguments().all("PLUGIN");
  if (names.empty() && !session.arguments().has("all"))
    throw Trouble(kExitUsage, "not enough arguments.");
  for (const std::string& name : names) {
    const Plugin* plugin = find_plugin(name);
    if (plugin == nullptr) throw Trouble(kExitSoftware, "plugins not found: " + printable(name));
    notice(session, name + (plugin->built_in ? " is built in and stays: its listener is turned off "
                                               "in the configuration"
                                             : " is not there, so it is not enabled"));
  }
}

void plugin_is_enabled(Session& session) {
  for (const std::string& name : session.arguments().all("PLUGIN")) {
    const Plugin* plugin = find_plugin(name);
    if (plugin == nullptr || !plugin->built_in)
      throw Trouble(kExitUnavailable,
                    "Plugin " + printable(name) +
                        " is not enabled. Enabled plugins and dependencies: " + built_in_names());
    session.print("Plugin " + name + " is enabled");
  }
}

void list_plugins(Session& session) {
  const Arguments& given = session.arguments();
  const auto pattern = base::Pattern::compile(given.text_or("PATTERN", ".*"));
  if (!pattern) throw Trouble(kExitUsage, "the pattern: " + pattern.error().message);
  const bool enabled_only = given.has("enabled") || given.has("implicitly-enabled");
  std::vector<const Plugin*> chosen;
  std::size_t width = 0;
  for (const Plugin& plugin : kPlugins) {
    if ((enabled_only && !plugin.built_in) || !pattern->matches(plugin.name)) continue;
    chosen.push_back(&plugin);
    width = std::max(width, plugin.name.size());
  }
  if (session.wants_json()) {
    Json list = Json::array();
    for (const Plugin* plugin : chosen)
      list.push_back({{"name", plugin->name},
                      {"enabled", plugin->built_in ? "enabled" : "not_enabled"},
                      {"running", plugin->built_in},
                      {"version", kVersion}});
    session.print_json({{"format", "normal"}, {"plugins", list}});
    return;
  }
  const bool minimal = given.has("minimal");
  if (!minimal && !session.settings().quiet && !session.settings().silent)
    session.print(
        " Configured: E = explicitly enabled; e = implicitly enabled\n"
        " | Status: * = running\n |/");
  for (const Plugin* plugin : chosen) {
    std::string name(plugin->name);
    session.print(minimal ? name
                          : (plugin->built_in ? "[E*] " : "[  ] ") + name +
                                std::string(width - name.size() + 1, ' ') + std::string(kVersion));
  }
}

}  // namespace

std::vector<Command> plugin_commands() {
  const std::vector<Flag> where = {{"--online", "", "accepted; no broker is asked"},
                                   {"--offline", "", "accepted; no broker is asked"},
                                   {"--all", "", "all there are"}};
  std::vector<Command> rows = {
      {.name = "list_plugins",
       .arguments = "[PATTERN]",
       .summary = "Lists RabbitMQ's plugins and which of them are built in; asks no broker",
       .banner = "Listing plugins with pattern \".*\" ...",
       .run = list_plugins,
       .flags = {{"-e,--implicitly-enabled", "", "only those that are there"},
                 {"-E,--enabled", "", "only those that are there"},
                 {"-m,--minimal", "", "only names"},
                 {"-v,--verbose", "", "accepted"}},
       .plugins_name = "list"},
      {.name = "enable_plugin",
       .arguments = "[PLUGIN]...",
       .summary =
           "Passes for what is built in, fails for what there is nothing for; asks no broker",
       .banner = "Enabling plugins:\n{PLUGIN}",
       .run = enable_plugins,
       .flags = where,
       .plugins_name = "enable"},
      {.name = "disable_plugin",
       .arguments = "[PLUGIN]...",
       .summary = "Says what becomes of it: what is built in stays; asks no broker",
       .banner = "Disabling plugins:\n{PLUGIN}",
       .run = disable_plugins,
       .flags = where,
       .plugins_name = "disable"},
      {.name = "set_plugins",
       .arguments = "[PLUGIN]...",
       .summary = "The same as enable_plugin: what is built in cannot be left out; asks no broker",
       .banner = "Enabling plugins:\n{PLUGIN}",
       .run = enable_plugins,
       .flags = where,
       .plugins_name = "set"},
      {.name = "plugin_is_enabled",
       .arguments = "PLUGIN...",
       .summary = "Passes if it is built in; asks no broker",
       .banner = "Asking if plugin {PLUGIN} is enabled...",
       .run = plugin_is_enabled,
       .plugins_name = "is_enabled"},
  };
  for (Command& row : rows)
    row.family = Family::kPlugins;
  return rows;
}

}  // namespace harrier::ctl
