// The configuration a broker runs with, while the file it came from changes.
//
// Role:   what a reload may apply, and what it has to report.
// Model:  keys that a reload applies are compared with what was applied last, the others with the
//         start: those are reported again until the broker is restarted or they are as they were.
// Thread: confined to the application's.
#pragma once

#include <utility>
#include <vector>

#include "config/changes.h"
#include "harrier/options.h"

namespace harrier::app {

class RunningConfiguration {
 public:
  explicit RunningConfiguration(Options started)
      : started_(std::move(started)), applied_(started_) {}

  // Each key that differs is in one of them.
  struct Report {
    std::vector<config::Change> in_effect;
    std::vector<config::Change> pending;
  };
  Report compare(const Options& next) const;
  const Options& applied() const { return applied_; }
  // `next` was given to Server::reload(), which took it.
  void adopt(Options next) { applied_ = std::move(next); }

 private:
  bool applies_now(const config::Change& change) const;

  const Options started_;
  Options applied_;
};

}  // namespace harrier::app
