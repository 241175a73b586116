// What all loops of a node share: immutable after start, or synchronized.
//
// Role:   made by Node, handed to every loop by reference.
// Thread: see each member.
#pragma once

#include <atomic>
#include <memory>

#include "amqp/field_table.h"
#include "auth/authenticator.h"
#include "broker/limits.h"
#include "broker/message_tracer.h"
#include "harrier/options.h"
#include "server/admission.h"
#include "server/audit_reporter.h"
#include "server/current_value.h"
#include "server/login_sources.h"
#include "server/password_workers.h"
#include "server/publisher_gate.h"
#include "server/span_exporter.h"
#include "server/user_accounts.h"
#include "server/virtual_host_table.h"
#include "session/connection_session.h"
#include "session/session_limits.h"

namespace harrier::server {

struct Shared {
  // immutable
  FlowLimitOptions flow_limits;
  // What the loops begin with; IoLoop has those in effect.
  session::ConnectionLimits connection_limits;
  amqp::FieldTable server_properties;
  std::unique_ptr<auth::Authenticator> authenticator;
  // nullptr: there is no audit log. Made before the loops run, and there as long as they do.
  std::unique_ptr<AuditReporter> audit{};
  // nullptr: they are not counted. Likewise.
  std::unique_ptr<LoginSources> login_sources{};
  // nullptr: nothing is traced. Likewise.
  std::unique_ptr<SpanExporter> spans{};
  broker::TracerLimits tracer_limits{};
  // synchronized
  CurrentValue<session::SessionLimits> session_limits{};          // for connections that begin
  CurrentValue<broker::VirtualHostLimits> virtual_host_limits{};  // for those that are made
  VirtualHostTable virtual_hosts{};
  Admission admission;
  broker::CountedPlaces channels{};  // of all loops' connections
  PublisherGate gate{};
  // Users and virtual hosts are there: what was written before the release store is what a loop
  // sees after an acquire load. While false, logins are 320. Never unset.
  std::atomic<bool> ready{false};
  // Of each connection, each user and each virtual host: how long a rate may be exceeded at once.
  CurrentValue<broker::PublishRateLimits> connection_publish_rate{};
  base::Milliseconds publish_rate_burst{1'000};  // immutable
  UserAccounts users{};
  // Stopped before the loops are.
  std::unique_ptr<PasswordWorkers> password_workers{};
};

}  // namespace harrier::server
