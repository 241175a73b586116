// One thing that a client did or saw, or that became of the node: what the checker is fed with.
//
// Model:  what a client does is noted when it is sent, what it sees when it is read.
// Thread: value.
#pragma once

#include <cstdint>
#include <string>

namespace harrier::test {

struct Event {
  enum class Kind {
    kPublish,      // queue, body, priority, confirms, durable, gated, transaction
    kConfirm,      // tag, multiple, nack
    kConsume,      // consumer, queue, prefetch, no_ack
    kConsumeOk,    // consumer
    kCancelOk,     // consumer
    kDeliver,      // consumer, tag, queue, body, redelivered
    kGet,          // queue, no_ack
    kGetOk,        // tag, queue, body, redelivered, no_ack
    kSettle,       // tag, transaction: acknowledged or rejected for good
    kRequeue,      // tag
    kBarrier,      // the broker has handled all that the channel sent before
    kChannelGone,  // closed in order: unacked messages go back; a kBarrier says that it is done
    kDropped,      // the connection is lost: what came behind the last barrier may or may not count
    kForced,       // the same, but all that the broker had said was read
    kFinished,     // closed in order with nothing outstanding
    kRemoved,      // queue: its messages may vanish from now on (limits)
    kMayVanish,    // queue: what is there now and with nobody may be gone
    kDrained,      // queue, body, redelivered: found there at the end
    // What the disk must know.
    kAsk,        // something whose answer promises that it, and so all before it, is on disk
    kProof,      // the answer to the oldest of these
    kCommit,     // transaction; behind what it publishes and settles
    kCommitted,  // the answer
    kDeclare,    // queue, durable
    kDeclared,   // queue
    kPurge,      // queue
    kPurged,     // queue
    kDelete,     // queue
    kDeleted,    // queue
    // The node; every channel is kDropped or kForced before.
    kStopped,  // it has ended in order
    kCrashed,  // it is gone
    kFound,    // queue: there when the next one starts, before anybody asks
    kMissing,  // queue: not so
  };
  Kind kind = Kind::kBarrier;
  int channel = 0;  // unique over all connections
  std::string queue;
  std::string body;
  std::string consumer;
  std::uint64_t tag = 0;
  std::uint16_t prefetch = 0;
  int priority = 0;
  bool multiple = false;
  bool nack = false;
  bool no_ack = false;
  bool redelivered = false;
  bool confirms = false;
  bool durable = false;  // survives the node
  bool gated = false;    // nobody sees it before it is on disk: quorum queues
  int transaction = 0;   // unique; 0: none
};

}  // namespace harrier::test
