// Who a request is from: HTTP's credentials given to the node's authenticator.
//
// Role:   asked by Api for each request before its body is read.
// Model:  Basic is PLAIN, Bearer is OAUTHBEARER, so that throttling, the cache of passwords that
//         were right, guest's loopback rule and the audit log are the same as for AMQP. Root, the
//         broker's own user and the group of administrators need none on a Unix domain socket:
//         they are "local:<uid>" and may do everything everywhere, as RabbitMQ's own tools may.
// Thread: confined to the HTTP server's; slow hashes run on the node's workers.
// Errors: no credentials: 401 with a challenge. Wrong ones: 401 without, or browsers would ask
//         again and again. Credentials that cannot be read: 401.
// Spec:   RFC 7617, RFC 6750.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/site.h"
#include "management/visitor.h"
#include "server/node.h"

namespace harrier::management {

enum class LoginResult : std::uint8_t { kAccepted, kMissing, kRefused };

class Login {
 public:
  // `visitor` with kAccepted.
  using Done = std::function<void(LoginResult, std::shared_ptr<const Visitor> visitor)>;

  // REQUIRES that all outlive it and whatever was begun.
  Login(server::Node& node, const base::Clock& clock) : node_(node), clock_(clock) {}
  // Whose processes are administrators. The error: there is no such group.
  base::Status<> set_group(const std::string& name);

  // Before node.ready() nobody but those of the Unix domain socket can be told.
  void run(const http::Request& request, http::Waiter& waiter, Done done) const;

 private:
  struct Conversation;

  std::shared_ptr<const Visitor> local_visitor(const http::Peer& peer) const;
  // By where it came from, if the node counts that.
  void count(const auth::Peer& peer, const std::string& user, bool accepted) const;
  void take(const std::shared_ptr<Conversation>& conversation, auth::SaslOutcome outcome) const;

  server::Node& node_;
  const base::Clock& clock_;
  std::optional<gid_t> group_;
};

}  // namespace harrier::management
