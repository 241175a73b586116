#include "management/node_facts.h"

#include <array>

#include <unistd.h>

namespace harrier::management {

using nlohmann::json;

const std::string& node_name() {
  static const std::string kName = [] {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) return std::string("harriermq@localhost");
    const std::string text(host.data());
    return "harriermq@" + text.substr(0, text.find('.'));
  }();
  return kName;
}

void check_node(const Call& call) {
  if (call.parameter(0) != node_name()) throw not_found();
}

std::string cluster_name(const Call& call) {
  std::string name = "harriermq";
  call.look_at_definitions([&](const server::NodeDefinitions& definitions) {
    for (const server::SetGlobalParameter& parameter : definitions.global_parameters()) {
      if (parameter.name != "cluster_name") continue;
      const json value = json::parse(parameter.json, nullptr, /*allow_exceptions=*/false);
      if (value.is_string()) name = value.get<std::string>();
    }
  });
  return name;
}

std::string runtime_version() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

std::vector<ListenerPlace> listener_places(const Call& call) {
  const Ports& ports = call.ports();
  const Options& options = ports.options;
  std::vector<ListenerPlace> places;
  if (const auto port = ports.node.port(); port != 0)
    places.push_back({"amqp", options.amqp.bind, port, false});
  if (const auto port = ports.node.tls_port(); port != 0)
    places.push_back({"amqp/ssl", options.amqps.bind, port, true});
  for (const Ports::Place& place : ports.places)
    places.push_back({place.protocol, place.address, place.port, place.protocol == "https"});
  return places;
}

}  // namespace harrier::management
