#include "server/audit_reporter.h"

#include <utility>

namespace harrier::server {
namespace {

using broker::AuditOutcome;

audit::Outcome outcome_of(AuditOutcome outcome) {
  switch (outcome) {
    case AuditOutcome::kDone: return audit::Outcome::kDone;
    case AuditOutcome::kRefused: return audit::Outcome::kRefused;
    case AuditOutcome::kLimit: break;
  }
  return audit::Outcome::kLimit;
}

// What takes something away is always told.
audit::Group group_of(const broker::AuditNote& note) {
  if (note.outcome == AuditOutcome::kRefused) return audit::Group::kRefusals;
  if (note.outcome == AuditOutcome::kLimit) return audit::Group::kLimits;
  if (note.action == "connection.open") return audit::Group::kLogins;
  const bool amqp = note.action.starts_with("queue.") || note.action.starts_with("exchange.");
  const bool takes = note.action.ends_with(".delete") || note.action.ends_with(".purge") ||
                     note.action == "queue.move" || note.action == "queue.redrive";
  return amqp && !takes ? audit::Group::kDefinitions : audit::Group::kAlways;
}

}  // namespace

void AuditReporter::note(const broker::Actor& actor, std::string_view virtual_host,
                         const broker::AuditNote& note) {
  audit::Event event;
  event.group = group_of(note);
  event.action = note.action;
  event.outcome = outcome_of(note.outcome);
  event.user = actor.user;
  event.peer = actor.peer;
  event.virtual_host = virtual_host;
  event.kind = note.kind;
  event.name = note.name;
  event.source = note.source;
  event.routing_key = note.routing_key;
  event.reason = note.reason;
  event.count = note.count;
  log_.submit(std::move(event));
}

void AuditReporter::note_login(const auth::Peer& peer, std::string_view mechanism,
                               const std::string& user, std::string_view reason) {
  audit::Event event;
  event.group = audit::Group::kLogins;
  event.action = "login";
  event.outcome = reason.empty() ? audit::Outcome::kDone : audit::Outcome::kRefused;
  event.user = user;
  event.peer = peer.display();
  event.mechanism = mechanism;
  event.reason = reason;
  log_.submit(std::move(event));
}

void AuditReporter::note_not_admitted(const auth::Peer& peer, std::string_view why) {
  audit::Event event;
  event.group = audit::Group::kLimits;
  event.action = "connection.accept";
  event.outcome = audit::Outcome::kLimit;
  event.peer = peer.display();
  event.reason = why;
  log_.submit(std::move(event));
}

void AuditReporter::note_node(std::string_view action, std::string_view reason) {
  audit::Event event;
  event.action = action;
  event.outcome = reason.empty() ? audit::Outcome::kDone : audit::Outcome::kFailed;
  event.reason = reason;
  log_.submit(std::move(event));
}

}  // namespace harrier::server
