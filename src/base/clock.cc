#include "base/clock.h"

namespace harrier::base {

Now SystemClock::now() const {
  return {std::chrono::time_point_cast<Milliseconds>(std::chrono::steady_clock::now()),
          std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now())};
}

}  // namespace harrier::base
