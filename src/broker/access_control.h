// Who may do what in which virtual host: RabbitMQ's permissions and topic permissions.
//
// Role:   a snapshot of all rules, asked by VirtualHost for every command. Whoever changes a rule
//         makes a new one and gives it to every virtual host (VirtualHost::set_access).
// Model:  a user without a permission for a virtual host may not enter it. Each of configure, write
//         and read is a pattern searched for in the name of the queue or exchange. A topic
//         permission is asked besides, about routing keys, for its exchange only; without one for
//         the exchange every key is allowed.
//         An Actor with a TokenGrant is judged by that alone.
// Thread: immutable.
// Errors: create() names the rule whose pattern is wrong. A question that cannot be answered, by
//         the limits of base/pattern.h, is answered no.
// Spec:   docs/operations/permissions.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/protocol_error.h"
#include "base/pattern.h"
#include "base/result.h"
#include "broker/actor.h"
#include "broker/permission.h"

namespace harrier::broker {

// The pattern that matches every name. Its opposite, the empty pattern, matches none.
inline constexpr const char* kAnyName = ".*";

struct PermissionRule {
  std::string user;
  std::string virtual_host;
  // Patterns over the names of queues and exchanges.
  std::string configure;
  std::string write;
  std::string read;
};

struct TopicPermissionRule {
  std::string user;
  std::string virtual_host;
  std::string exchange;
  // Patterns over routing keys; {username} and {vhost} stand for the rule's own.
  std::string write;
  std::string read;
};

class AccessControl {
 public:
  // Of two rules for the same user and virtual host (and exchange) the later one counts.
  static base::Result<std::shared_ptr<const AccessControl>> create(
      const std::vector<PermissionRule>& rules,
      const std::vector<TopicPermissionRule>& topic_rules = {});

  // Whether the user has any permission in the virtual host: what connection.open asks.
  bool may_enter(const Actor& actor, std::string_view virtual_host) const;
  // 403 with RabbitMQ's words: "configure access to queue 'q' in vhost '/' refused for user 'u'".
  // `kind` is "queue" or "exchange"; the exchange "" goes by the name amq.default.
  amqp::CheckedStatus check(const Actor& actor, Permission permission, std::string_view kind,
                            std::string_view name, std::string_view virtual_host) const;
  // Whether one of the three permissions covers the name; 403 as if configure had been asked.
  amqp::CheckedStatus check_any(const Actor& actor, std::string_view kind, std::string_view name,
                                std::string_view virtual_host) const;
  // Of a topic exchange. `permission` is kWrite for the key of a message, kRead for that of a
  // binding.
  amqp::CheckedStatus check_topic(const Actor& actor, Permission permission,
                                  std::string_view exchange, std::string_view routing_key,
                                  std::string_view virtual_host) const;

 private:
  template <class Value>
  using ByName = std::map<std::string, Value, std::less<>>;
  struct Grant {
    bool matches(Permission permission, std::string_view name) const;

    base::Pattern configure;
    base::Pattern write;
    base::Pattern read;
  };
  struct TopicGrant {
    base::Pattern write;
    base::Pattern read;
  };

  bool allows(const Actor& actor, Permission permission, std::string_view name,
              std::string_view virtual_host) const;
  bool allows_topic(const Actor& actor, Permission permission, std::string_view exchange,
                    std::string_view routing_key, std::string_view virtual_host) const;
  const Grant* find(const Actor& actor, std::string_view virtual_host) const;

  // By user and virtual host, topics_ by exchange below these.
  ByName<ByName<Grant>> grants_;
  ByName<ByName<ByName<TopicGrant>>> topics_;
};

using AccessControlRef = std::shared_ptr<const AccessControl>;

}  // namespace harrier::broker
