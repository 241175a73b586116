// What the parts of a node tell the audit log, in its words.
//
// Role:   made by Node if there is an audit log; virtual hosts reach it as their AuditTrail, logins
//         through CountedAuthenticator, listeners through their settings.
// Thread: synchronized (AuditLog): any loop may call anything; start() and stop(): Node's.
// Spec:   docs/operations/audit.md.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "audit/audit_log.h"
#include "auth/authenticator.h"
#include "broker/audit_trail.h"

namespace harrier::server {

class AuditReporter final : public broker::AuditTrail {
 public:
  AuditReporter(audit::AuditLog::Settings settings, const base::Clock& clock,
                std::function<void()> on_failure)
      : log_(std::move(settings), clock, std::move(on_failure)) {}

  // What was told before is written then.
  base::Status<> start(const std::string& node) { return log_.start(node); }
  void stop() { log_.stop(); }

  void note(const broker::Actor& actor, std::string_view virtual_host,
            const broker::AuditNote& note) override;
  // How a login ended. `reason` is empty if it was accepted.
  void note_login(const auth::Peer& peer, std::string_view mechanism, const std::string& user,
                  std::string_view reason);
  void note_not_admitted(const auth::Peer& peer, std::string_view why);
  // "node.start" and the like; an empty reason is success.
  void note_node(std::string_view action, std::string_view reason = {});

  const audit::AuditCounters& counters() const { return log_.counters(); }

 private:
  audit::AuditLog log_;
};

}  // namespace harrier::server
