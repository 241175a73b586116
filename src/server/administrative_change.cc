#include "server/administrative_change.h"

namespace harrier::server {
namespace {

// One overload for each change.
struct Describe {
  using Text = ChangeDescription;

  Text operator()(const SetUser& c) const { return {"user.set", "user", c.name, {}}; }
  Text operator()(const DeleteUser& c) const { return {"user.delete", "user", c.name, {}}; }
  Text operator()(const SetPermission& c) const {
    return {"permission.set", "user", c.rule.user, c.rule.virtual_host};
  }
  Text operator()(const ClearPermission& c) const {
    return {"permission.clear", "user", c.user, c.virtual_host};
  }
  Text operator()(const SetTopicPermission& c) const {
    return {"topic_permission.set", "user", c.rule.user, c.rule.virtual_host};
  }
  Text operator()(const ClearTopicPermission& c) const {
    return {"topic_permission.clear", "user", c.user, c.virtual_host};
  }
  Text operator()(const AddVirtualHost& c) const { return {"vhost.add", "vhost", c.name, c.name}; }
  Text operator()(const DeleteVirtualHost& c) const {
    return {"vhost.delete", "vhost", c.name, c.name};
  }
  Text operator()(const SetPolicy& c) const {
    return {"policy.set", "policy", c.policy.name, c.virtual_host};
  }
  Text operator()(const ClearPolicy& c) const {
    return {"policy.clear", "policy", c.name, c.virtual_host};
  }
  Text operator()(const SetVirtualHostLimits& c) const {
    return {"limits.set", "vhost", c.virtual_host, c.virtual_host};
  }
  Text operator()(const ClearVirtualHostLimits& c) const {
    return {"limits.clear", "vhost", c.virtual_host, c.virtual_host};
  }
  Text operator()(const SetUserLimits& c) const { return {"limits.set", "user", c.user, {}}; }
  Text operator()(const ClearUserLimits& c) const { return {"limits.clear", "user", c.user, {}}; }
  Text operator()(const SetParameter& c) const {
    return {"parameter.set", "parameter", c.name, c.virtual_host};
  }
  Text operator()(const ClearParameter& c) const {
    return {"parameter.clear", "parameter", c.name, c.virtual_host};
  }
  Text operator()(const SetGlobalParameter& c) const {
    return {"parameter.set", "global parameter", c.name, {}};
  }
  Text operator()(const ClearGlobalParameter& c) const {
    return {"parameter.clear", "global parameter", c.name, {}};
  }
};

}  // namespace

ChangeDescription describe(const AdministrativeChange& change) {
  return std::visit(Describe(), change);
}

}  // namespace harrier::server
