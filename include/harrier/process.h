// What operators ask, over the management API, of the program that runs a Server.
//
// Role:   implemented by a program that reads a configuration file; see Server::serve_process().
// Thread: any of the server's, several at a time.
#pragma once

#include <string>
#include <vector>

#include "harrier/result.h"

namespace harrier {

class Process {
 public:
  // A key whose value differs; texts as in the file, empty for secrets.
  struct Change {
    std::string key;
    std::string before;
    std::string after;
  };
  struct Reloaded {
    // A failure: everything stays as it was.
    Outcome outcome;
    std::vector<Change> in_effect;
    std::vector<Change> waiting;  // for a restart
  };

  virtual ~Process() = default;
  // Reads the configuration again.
  virtual Reloaded reload() = 0;
  // As a file that could be read again, secrets masked.
  virtual std::string effective_configuration() = 0;
};

}  // namespace harrier
