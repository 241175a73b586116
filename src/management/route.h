// The routes of the API: what each is called, who may take it, and what it does.
//
// Role:   a table that each noun fills (<noun>_api.cc); Api looks requests up in it, and
//         openapi.h writes the reference of it.
// Model:  in a path {name} is one segment, whatever is in it. The first route that fits counts, so
//         words stand before names.
// Thread: immutable once made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "management/call.h"

namespace harrier::management {

// What a visitor needs. 401 without.
enum class Need : std::uint8_t {
  kNothing,        // not even a login
  kUser,           // any of the tags
  kHost,           // and to see the path's {vhost}, which is 404 if there is none
  kPolicies,       // policymaker, and as kHost
  kMonitor,        // monitoring
  kAdministrator,  // administrator
};
std::string_view name_of(Need need);

using Handler = http::Response (*)(const Call& call);

struct Route {
  const char* method;
  const char* path;  // "/api/users/{user}"
  Need need;
  Handler handler;
  // A sentence for the reference.
  const char* summary;
  // Names of schemas (schemas.h), "[]" behind one for a list of it; empty: no body.
  const char* takes = "";
  const char* gives = "";
  std::uint64_t body_max = UINT64_MAX;
};

using Routes = std::vector<Route>;

// Of all nouns.
const Routes& all_routes();

void add_audit_routes(Routes& routes);
void add_auth_routes(Routes& routes);
void add_bindings_routes(Routes& routes);
void add_channels_routes(Routes& routes);
void add_connections_routes(Routes& routes);
void add_definitions_routes(Routes& routes);
void add_exchanges_routes(Routes& routes);
void add_health_routes(Routes& routes);
void add_messages_routes(Routes& routes);
void add_node_routes(Routes& routes);
void add_operations_routes(Routes& routes);
void add_overview_routes(Routes& routes);
void add_parameters_routes(Routes& routes);
void add_permissions_routes(Routes& routes);
void add_policies_routes(Routes& routes);
void add_queues_routes(Routes& routes);
void add_quotas_routes(Routes& routes);
void add_reference_routes(Routes& routes);
void add_users_routes(Routes& routes);
void add_virtual_hosts_routes(Routes& routes);

// Looks requests up.
class Router {
 public:
  explicit Router(const Routes& routes);

  struct Match {
    const Route* route = nullptr;  // nullptr: none of this method
    std::vector<std::string> parameters;
    // Index of the parameter {vhost}; none: -1.
    int virtual_host = -1;
    // Methods of this path; empty: there is no such path.
    std::vector<std::string_view> methods;
  };
  // HEAD finds what GET does.
  Match find(std::string_view method, const std::vector<std::string>& segments) const;

 private:
  struct Compiled {
    const Route* route;
    // Empty: a parameter.
    std::vector<std::string_view> words;
    int virtual_host = -1;
  };

  std::vector<std::vector<Compiled>> by_length_;
};

}  // namespace harrier::management
