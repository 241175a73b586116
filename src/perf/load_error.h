// Why a run cannot go on: the broker's reply text, a timeout, a file that cannot be read.
//
// Role:   thrown anywhere in this layer and caught by main() or, on a loop's thread, carried to it;
//         nothing above this layer sees it.
// Thread: immutable value.
#pragma once

#include <stdexcept>

namespace harrier::perf {

struct LoadError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace harrier::perf
