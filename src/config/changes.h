// What differs between two configurations, key by key.
//
// Thread: compatible.
#pragma once

#include <string>
#include <vector>

#include "config/key.h"
#include "harrier/options.h"

namespace harrier::config {

struct Change {
  // Dotted. A list of mappings is one key: users.
  std::string path;
  Applies applies = Applies::kAtStart;
  // As YAML; empty for secrets, and for lists of mappings that hold some. Of other lists the
  // mappings that the other side has not, with what they say beside their defaults.
  std::string before;
  std::string after;
};

// Each key that differs, once, in reading order.
std::vector<Change> changes_between(const Options& before, const Options& after);

}  // namespace harrier::config
