#include "server/admission.h"

#include "base/check.h"

namespace harrier::server {

std::string_view Admission::admit(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (connections_ >= limits_.connections_max) return "limits.accept.connections_max is reached";
  const auto known = by_address_.find(address);
  const Counts from_address = known == by_address_.end() ? Counts() : known->second;
  if (from_address.connections >= limits_.connections_per_address_max)
    return "limits.accept.connections_per_address_max is reached";
  if (unauthenticated_ >= limits_.unauthenticated_max)
    return "limits.accept.unauthenticated_max is reached";
  if (from_address.unauthenticated >= limits_.unauthenticated_per_address_max)
    return "limits.accept.unauthenticated_per_address_max is reached";
  Counts& counts = by_address_[address];
  ++counts.connections;
  ++counts.unauthenticated;
  ++unauthenticated_;
  ++connections_;
  return {};
}

void Admission::authenticated(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto entry = by_address_.find(address);
  CHECK(entry != by_address_.end() && entry->second.unauthenticated != 0 && unauthenticated_ != 0);
  --entry->second.unauthenticated;
  --unauthenticated_;
}

void Admission::gone(const std::string& address, bool was_authenticated) {
  const std::lock_guard lock(mutex_);
  const auto entry = by_address_.find(address);
  CHECK(connections_ != 0 && entry != by_address_.end() && entry->second.connections != 0);
  Counts& counts = entry->second;
  if (!was_authenticated) {
    CHECK(counts.unauthenticated != 0 && unauthenticated_ != 0);
    --counts.unauthenticated;
    --unauthenticated_;
  }
  if (--counts.connections == 0) by_address_.erase(entry);
  if (--connections_ == 0) none_.notify_all();
}

bool Admission::wait_until_none(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return none_.wait_until(lock, deadline, [this] { return connections_ == 0; });
}

std::uint32_t Admission::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

}  // namespace harrier::server
