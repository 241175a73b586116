// Where a direct reply goes.
//
// Role:   a channel, as VirtualHost knows it while it has a reply-to.
// Thread: confined(broker).
// Spec:   S38 of docs/protocol/conformance.md.
#pragma once

#include "broker/message.h"

namespace harrier::broker {

class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void deliver_reply(const MessageRef& message) = 0;
};

}  // namespace harrier::broker
