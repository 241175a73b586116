#include "management/walk.h"

#include "management/call.h"

namespace harrier::management {

void each_host(const Call& call, const std::optional<std::string>& where,
               const std::function<void(const std::string&)>& each) {
  if (where) return each(*where);
  std::vector<std::string> names;
  call.look_at_definitions([&](const server::NodeDefinitions& definitions) {
    for (const server::VirtualHostDescription& host : definitions.virtual_hosts())
      if (!host.deleting) names.push_back(host.name);
  });
  for (const std::string& name : names)
    if (call.may_see(name)) each(name);
}

}  // namespace harrier::management
