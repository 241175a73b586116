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
#include "base/result.h"
#include "harrier/options.h"
#include "http/server.h"
#include "management/counters.h"
#include "server/node.h"

namespace harrier::management {

// What concerns the process and not the broker in it; whoever embeds one may have none.
class ProcessPort {
 public:
  struct Change {
    std::string key;
    std::string before;
    std::string after;
  };
  struct Reload {
    std::vector<Change> in_effect;
    std::vector<Change> waiting;  // for a restart
  };

  virtual ~ProcessPort() = default;
  // Begins to end the process as SIGTERM does.
  virtual void stop() = 0;
  // The error: why everything stays as it was.
  virtual base::Result<Reload> reload() = 0;
  // As YAML, secrets masked.
  virtual std::string effective_configuration() = 0;
};

struct Ports {
  server::Node& node;
  const Options& options;
  const base::Clock& clock;
  const base::Now started;
  Counters& counters;
  // nullptr: nobody can do such things.
  ProcessPort* process = nullptr;
  // Where the API listens now; filled before the first request.
  struct Place {
    std::string protocol;  // "http", "https"
    std::string address;
    std::uint16_t port = 0;
  };
  std::vector<Place> places{};
};

}  // namespace harrier::management
