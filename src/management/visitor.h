// Who has sent a request, and what they may do of the API.
//
// Role:   made by Login, one per request; handlers ask it.
// Model:  RabbitMQ's tags: management (its own virtual hosts), policymaker (and their policies),
//         monitoring (and what all have, to look at), administrator (everything). What a visitor
//         may do to a queue is for the broker's permissions, whatever the tags.
// Thread: immutable.
// Spec:   docs/reference/http-api.md, "Rights".
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "broker/actor.h"
#include "http/message.h"

namespace harrier::management {

class Visitor final : public http::Principal {
 public:
  explicit Visitor(broker::Actor actor) : actor_(std::move(actor)) {}

  const broker::Actor& actor() const { return actor_; }
  bool is_administrator() const { return actor_.has_tag("administrator"); }
  bool is_monitor() const { return is_administrator() || actor_.has_tag("monitoring"); }
  bool is_policymaker() const { return is_administrator() || actor_.has_tag("policymaker"); }
  bool is_user() const { return is_monitor() || is_policymaker() || actor_.has_tag("management"); }

 private:
  const broker::Actor actor_;
};

}  // namespace harrier::management
