// What a reload changes of a node that runs; the table of keys marks the same ones.
//
// Role:   called by Node. Each value is given to whoever uses it: what the loops own is changed on
//         the loop, in a task of its own, the rest is synchronized by its owner.
// Model:  new values count for what comes. Connections keep what was negotiated and the limits
//         that they began with; a virtual host keeps what it has above a new limit.
// Thread: the one that reloads; does not wait for the loops.
#pragma once

#include <memory>
#include <vector>

#include "auth/internal_authenticator.h"
#include "harrier/options.h"
#include "server/node_loop.h"
#include "server/resource_monitor.h"
#include "server/shared.h"

namespace harrier::server {

// Of a node; they outlive the loops' tasks.
struct LiveParts {
  Shared& shared;
  const std::vector<std::unique_ptr<NodeLoop>>& loops;
  auth::InternalAuthenticator& authenticator;
  ResourceMonitor& monitor;
};

// `started`: what holds of keys that wait for a restart. Asks the file system for its size.
void apply_live_options(const LiveParts& parts, const Options& started, const Options& next);

// Of the process, as there may be several nodes in a test.
void apply_pattern_limits(const PatternLimitOptions& options);

}  // namespace harrier::server
