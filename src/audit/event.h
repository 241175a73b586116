// One thing that somebody did, or was not let do, as the audit log tells it.
//
// Role:   made by whoever decided; AuditLog numbers it, gives it its time and writes it.
// Thread: plain value.
// Limits: kFieldMax bytes of each text; what is longer is cut.
// Spec:   docs/formats/audit.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace harrier::audit {

// What may be left out by audit.events. What is kAlways cannot.
enum class Group : std::uint8_t { kAlways, kLogins, kRefusals, kDefinitions, kLimits };

enum class Outcome : std::uint8_t { kDone, kRefused, kLimit, kFailed };

struct Event {
  static constexpr std::size_t kFieldMax = 512;

  Group group = Group::kAlways;
  // AMQP's name of the method, or "login", "node.start" and the like.
  std::string action;
  Outcome outcome = Outcome::kDone;
  std::string user;
  // "127.0.0.1:4711".
  std::string peer;
  std::string virtual_host;
  // What it was done to: "queue" and its name.
  std::string kind;
  std::string name;
  // Of a binding.
  std::string source;
  std::string routing_key;
  // Of a login.
  std::string mechanism;
  std::string reason;
  // Messages that a purge removed, records that were lost …
  std::optional<std::uint64_t> count;
  // When it happened; AuditLog fills it in.
  base::WallTime time{};

  // Whether many of a kind are told as one: whoever causes them may cause any number.
  bool may_be_summed_up() const {
    return outcome == Outcome::kRefused || outcome == Outcome::kLimit || group == Group::kLogins;
  }
  void cut_to_limits();
};

std::string_view word_of(Outcome outcome);
// "127.0.0.1" of "127.0.0.1:4711", "[::1]" of "[::1]:4711".
std::string_view address_of(std::string_view peer);

}  // namespace harrier::audit
