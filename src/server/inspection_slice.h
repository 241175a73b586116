// How much of its loop one slice of Inspection's walks takes.
//
// Role:   made at a slice's beginning; asked after each object.
// Limits: Inspection::kSlice of time, kSliceObjects.
#pragma once

#include <chrono>

#include "server/inspection.h"

namespace harrier::server {

class InspectionSlice {
 public:
  bool goes_on() {
    return ++objects_ != Inspection::kSliceObjects && std::chrono::steady_clock::now() < end_;
  }

 private:
  const std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + Inspection::kSlice;
  std::size_t objects_ = 0;
};

}  // namespace harrier::server
