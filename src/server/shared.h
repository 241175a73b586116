// What all loops of a node share: immutable after start, or synchronized.
//
// Role:   made by Node, handed to every loop by reference.
// Thread: see each member.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/field_table.h"
#include "auth/authenticator.h"
#include "broker/access_control.h"
#include "broker/limits.h"
#include "harrier/options.h"
#include "server/admission.h"
#include "server/audit_reporter.h"
#include "server/password_workers.h"
#include "server/publisher_gate.h"
#include "session/connection_session.h"
#include "session/session_limits.h"

namespace harrier::server {

class HostedVirtualHost;

// On which loop a virtual host lives. Only that loop follows `host`.
struct VirtualHostPlace {
  std::size_t loop = 0;
  HostedVirtualHost* host = nullptr;
};

struct Shared {
  // immutable
  FlowLimitOptions flow_limits;
  session::ConnectionLimits connection_limits;
  session::SessionLimits session_limits;
  amqp::FieldTable server_properties;
  // What the virtual hosts begin with; set before the first of them is made.
  broker::AccessControlRef access_control;
  // Filled before `ready` is set, and read only by who has seen it.
  std::map<std::string, VirtualHostPlace, std::less<>> virtual_hosts;
  std::unique_ptr<auth::Authenticator> authenticator;
  broker::VirtualHostLimits virtual_host_limits;
  // nullptr: there is no audit log. Made before the loops run, and there as long as they do.
  std::unique_ptr<AuditReporter> audit{};
  // synchronized
  Admission admission;
  PublisherGate gate{};
  // The virtual hosts are there: what was written before the release store is what a loop sees
  // after an acquire load. While false, connection.open is 320. Never unset.
  std::atomic<bool> ready{false};
  // Stopped before the loops are.
  std::unique_ptr<PasswordWorkers> password_workers{};

  const VirtualHostPlace* find(std::string_view name) const {
    const auto entry = virtual_hosts.find(name);
    return entry == virtual_hosts.end() ? nullptr : &entry->second;
  }
};

}  // namespace harrier::server
