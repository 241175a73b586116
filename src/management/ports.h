// What the API stands on.
//
// Role:   made by app, for as long as the HTTP server runs.
// Thread: each says for itself; handlers run on several workers at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "harrier/options.h"
#include "harrier/process.h"
#include "http/server.h"
#include "management/counters.h"
#include "server/node.h"

namespace harrier::management {

struct Ports {
  server::Node& node;
  const Options& options;
  const base::Clock& clock;
  const base::Now started;
  Counters& counters;
  // nullptr: nobody can do such things.
  Process* process = nullptr;
  // Where the API listens now; filled before the first request.
  struct Place {
    std::string protocol;  // "http", "https"
    std::string address;
    std::uint16_t port = 0;
  };
  std::vector<Place> places{};
};

}  // namespace harrier::management
