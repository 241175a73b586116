// The two kinds of time that the layers below server are handed, never asked for.
//
// Model: MonotonicTime counts milliseconds from an arbitrary start and only grows: deadlines use
//        it. WallTime is milliseconds since 1970 UTC and may jump: only what a client sees uses it.
//        Now is one reading of both, taken once per turn by the loop.
#pragma once

#include <chrono>

namespace harrier::base {

using Milliseconds = std::chrono::milliseconds;
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Milliseconds>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;

struct Now {
  MonotonicTime monotonic;
  WallTime wall;
};

// A deadline that never comes.
inline constexpr MonotonicTime kNever = MonotonicTime::max();

}  // namespace harrier::base
