// What a message becomes when its queue dead-letters it: history in its headers, new keys, no
// expiration.
//
// Role:   pure functions over headers; VirtualHost does the routing and publishing.
// Model:  x-death is an array of tables, newest first, one per (queue, reason) with a count (S26).
// Thread: pure functions.
// Spec:   conformance.md S25–S27.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/field_table.h"
#include "base/time.h"
#include "broker/changes.h"
#include "broker/message.h"

namespace harrier::broker {

// "rejected", "expired", "maxlen", "delivery_limit"; REQUIRES one of those reasons.
std::string_view death_reason(SettleReason reason);

struct Death {
  std::string_view queue;
  SettleReason reason = SettleReason::kRejected;
  base::WallTime time{};
  // Of the queue's settings; replaces the message's keys.
  std::optional<std::string_view> routing_key;
};

// The message to publish to the dead-letter exchange `exchange`.
MessageRef dead_letter_message(const Message& message, const Death& death,
                               std::string_view exchange);

// The keys to route a dead letter by: its own and those of its CC header.
std::vector<Bytes> dead_letter_keys(const Message& dead_letter);

// Whether putting a message with these headers into `queue` would close a circle without a
// rejection in it: then it is dropped. `trusted`: the broker wrote all of the history
// (Message::dead_lettered before this death), not only the newest entry. REQUIRES headers of a dead
// letter.
bool is_dead_letter_cycle(amqp::TableView headers, std::string_view queue, bool trusted = true);

}  // namespace harrier::broker
