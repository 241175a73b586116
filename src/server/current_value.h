// A value that a reload replaces while loops read it.
//
// Role:   of Shared: for what is asked once in the life of a connection or a virtual host.
// Thread: synchronized by mutex_.
#pragma once

#include <mutex>
#include <utility>

namespace harrier::server {

template <class Value>
class CurrentValue {
 public:
  CurrentValue(Value value = {}) : value_(std::move(value)) {}  // NOLINT: as if it were the value

  Value get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(Value value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }

 private:
  mutable std::mutex mutex_;
  Value value_;
};

}  // namespace harrier::server
