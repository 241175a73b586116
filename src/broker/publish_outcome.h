// What became of a message that was published to queues.
//
// Thread: plain value.
#pragma once

#include "broker/ids.h"

namespace harrier::broker {

struct PublishOutcome {
  bool refused = false;  // a queue with reject-publish was full
  Lsn lsn;               // the record's; zero when nothing was recorded
};

}  // namespace harrier::broker
