// Where a virtual host tells who did what, and who was not let: the port to the node's audit log.
//
// Role:      declared here, since the commands are decided here; server implements it. VirtualHost
//            tells what its commands changed and which of its limits were reached, session what it
//            refused a client.
// Lifetimes: views, valid during the call.
// Thread:    called on the loop of the virtual host; an implementation serves several.
// Spec:      docs/operations/audit.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/actor.h"

namespace harrier::broker {

enum class AuditOutcome : std::uint8_t { kDone, kRefused, kLimit };

struct AuditNote {
  // AMQP's name of the method: "queue.delete"; of the administration: "policy.set".
  std::string_view action;
  AuditOutcome outcome = AuditOutcome::kDone;
  // "queue", "exchange", "policy" …, and its name.
  std::string_view kind{};
  std::string_view name{};
  // Of a binding.
  std::string_view source{};
  std::string_view routing_key{};
  // Why not.
  std::string_view reason{};
  // Messages that went with it.
  std::optional<std::uint64_t> count{};
};

class AuditTrail {
 public:
  virtual void note(const Actor& actor, std::string_view virtual_host, const AuditNote& note) = 0;

 protected:
  ~AuditTrail() = default;
};

}  // namespace harrier::broker
