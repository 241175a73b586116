// What a virtual host tells of its commands.

#include "broker/virtual_host.h"

namespace harrier::broker {

using amqp::ReplyCode;

void VirtualHost::note(const Actor& actor, const AuditNote& note) {
  if (note.outcome == AuditOutcome::kRefused) ++turn_.counters.access_refused;
  if (note.outcome == AuditOutcome::kLimit) ++turn_.counters.limits_reached;
  if (audit_ != nullptr) audit_->note(actor, name_, note);
}

void VirtualHost::note_error(const Actor& actor, std::string_view action,
                             const amqp::ProtocolError& error) {
  AuditNote told{.action = action, .reason = error.detail};
  if (error.code == ReplyCode::kAccessRefused) {
    told.outcome = AuditOutcome::kRefused;
  } else if (error.code == ReplyCode::kResourceError) {
    told.outcome = AuditOutcome::kLimit;
  } else {
    return;
  }
  note(actor, told);
}

amqp::CheckedStatus VirtualHost::note_limit(const Actor& actor, std::string_view action,
                                            amqp::CheckedStatus status) {
  if (!status.ok())
    note(actor,
         {.action = action, .outcome = AuditOutcome::kLimit, .reason = status.error().detail});
  return status;
}

void VirtualHost::note_binding(const Actor& actor, std::string_view action,
                               const BindingRequest& request) {
  const bool to_queue = request.destination_kind == RoutingTarget::Kind::kQueue;
  note(actor, {.action = action,
               .kind = to_queue ? "queue" : "exchange",
               .name = request.destination,
               .source = request.source,
               .routing_key = request.routing_key});
}

}  // namespace harrier::broker
