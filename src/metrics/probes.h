// What Kubernetes and its like ask: is it alive, is it ready.
//
// Model:  livez: the loops turn; alarms, disks and peers count for nothing. readyz: recovered and
//         serving. 200 or 503, and a line for people.
// Thread: any; no loop is waited for.
#pragma once

#include "http/message.h"
#include "server/node.h"

namespace harrier::metrics {

http::Response livez(const server::Node& node);
http::Response readyz(const server::Node& node);

}  // namespace harrier::metrics
