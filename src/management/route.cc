#include "management/route.h"

#include <algorithm>

namespace harrier::management {

std::string_view name_of(Need need) {
  switch (need) {
    case Need::kNothing: return "none";
    case Need::kUser:
    case Need::kHost: return "management";
    case Need::kPolicies: return "policymaker";
    case Need::kMonitor: return "monitoring";
    case Need::kAdministrator: break;
  }
  return "administrator";
}

const Routes& all_routes() {
  static const Routes kRoutes = [] {
    Routes routes;
    add_overview_routes(routes);
    add_auth_routes(routes);
    add_node_routes(routes);
    add_health_routes(routes);
    add_virtual_hosts_routes(routes);
    add_users_routes(routes);
    add_permissions_routes(routes);
    add_policies_routes(routes);
    add_parameters_routes(routes);
    add_queues_routes(routes);
    add_exchanges_routes(routes);
    add_bindings_routes(routes);
    add_messages_routes(routes);
    add_connections_routes(routes);
    add_channels_routes(routes);
    add_definitions_routes(routes);
    add_quotas_routes(routes);
    add_audit_routes(routes);
    add_operations_routes(routes);
    add_reference_routes(routes);
    return routes;
  }();
  return kRoutes;
}

Router::Router(const Routes& routes) {
  for (const Route& route : routes) {
    Compiled compiled{&route, {}, -1};
    int parameters = 0;
    std::string_view rest(route.path);
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::string_view word = rest.substr(0, rest.find('/'));
      rest.remove_prefix(word.size());
      if (word == "{vhost}") compiled.virtual_host = parameters;
      const bool is_name = word.starts_with('{');
      if (is_name) ++parameters;
      compiled.words.push_back(is_name ? std::string_view() : word);
    }
    const std::size_t length = compiled.words.size();
    if (by_length_.size() <= length) by_length_.resize(length + 1);
    by_length_[length].push_back(std::move(compiled));
  }
}

Router::Match Router::find(std::string_view method,
                           const std::vector<std::string>& segments) const {
  Match match;
  if (segments.size() >= by_length_.size()) return match;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const std::vector<std::string_view>* path = nullptr;
  for (const Compiled& compiled : by_length_[segments.size()]) {
    const bool fits = std::equal(segments.begin(), segments.end(), compiled.words.begin(),
                                 [](const std::string& segment, std::string_view word) {
                                   return word.empty() ? !segment.empty() : segment == word;
                                 });
    if (!fits) continue;
    // Of two paths that fit the first counts, with all its methods.
    if (path == nullptr) path = &compiled.words;
    if (*path != compiled.words) continue;
    match.methods.push_back(compiled.route->method);
    if (compiled.route->method != wanted) continue;
    match.route = compiled.route;
    match.virtual_host = compiled.virtual_host;
    for (std::size_t at = 0; at != segments.size(); ++at)
      if (compiled.words[at].empty()) match.parameters.push_back(segments[at]);
  }
  return match;
}

}  // namespace harrier::management
