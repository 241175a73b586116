// Who may do what in which virtual host.
//
// Role:   an immutable snapshot, asked by VirtualHost for every command. The grants come from the
//         YAML for now: whole permissions, no patterns.
// Thread: immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "amqp/protocol_error.h"
#include "broker/actor.h"

namespace harrier::broker {

enum class Permission : std::uint8_t { kConfigure, kWrite, kRead };

struct Grant {
  std::string user;
  std::string virtual_host;
  bool configure = false;
  bool write = false;
  bool read = false;
};

class AccessControl {
 public:
  AccessControl() = default;
  explicit AccessControl(std::vector<Grant> grants) : grants_(std::move(grants)) {}

  // Whether the user has any grant in the virtual host: what connection.open asks.
  bool may_enter(const Actor& actor, std::string_view virtual_host) const {
    return find(actor, virtual_host) != nullptr;
  }
  // 403 with RabbitMQ's words: "configure access to queue 'q' in vhost '/' refused for user 'u'".
  // `kind` is "queue" or "exchange".
  amqp::CheckedStatus check(const Actor& actor, Permission permission, std::string_view kind,
                            std::string_view name, std::string_view virtual_host) const;

 private:
  const Grant* find(const Actor& actor, std::string_view virtual_host) const;

  std::vector<Grant> grants_;
};

}  // namespace harrier::broker
