#include "broker/access_control.h"

namespace harrier::broker {
namespace {

bool granted(const Grant& grant, Permission permission) {
  switch (permission) {
    case Permission::kConfigure: return grant.configure;
    case Permission::kWrite: return grant.write;
    case Permission::kRead: return grant.read;
  }
  return false;
}

std::string_view name_of(Permission permission) {
  switch (permission) {
    case Permission::kConfigure: return "configure";
    case Permission::kWrite: return "write";
    case Permission::kRead: break;
  }
  return "read";
}

}  // namespace

const Grant* AccessControl::find(const Actor& actor, std::string_view virtual_host) const {
  for (const Grant& grant : grants_)
    if (grant.user == actor.user && grant.virtual_host == virtual_host) return &grant;
  return nullptr;
}

amqp::CheckedStatus AccessControl::check(const Actor& actor, Permission permission,
                                         std::string_view kind, std::string_view name,
                                         std::string_view virtual_host) const {
  const Grant* grant = find(actor, virtual_host);
  if (grant != nullptr && granted(*grant, permission)) return base::Done{};
  std::string detail(name_of(permission));
  detail.append(" access to ").append(kind).append(" '").append(name).append("' in vhost '");
  detail.append(virtual_host).append("' refused for user '").append(actor.user).append("'");
  return amqp::refuse(amqp::ReplyCode::kAccessRefused, std::move(detail));
}

}  // namespace harrier::broker
