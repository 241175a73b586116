#include "server/admission.h"

#include "base/check.h"

namespace harrier::server {

// Empty: counted.
std::string_view Admission::count_for(const std::string& address) {
  if (address.empty()) return {};
  const auto known = by_address_.find(address);
  const Counts from_address = known == by_address_.end() ? Counts() : known->second;
  if (from_address.connections >= limits_.connections_per_address_max)
    return "limits.accept.connections_per_address_max is reached";
  if (from_address.unauthenticated >= limits_.unauthenticated_per_address_max)
    return "limits.accept.unauthenticated_per_address_max is reached";
  Counts& counts = by_address_[address];
  ++counts.connections;
  ++counts.unauthenticated;
  return {};
}

std::string_view Admission::admit(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (connections_ >= limits_.connections_max) return "limits.accept.connections_max is reached";
  if (unauthenticated_ >= limits_.unauthenticated_max)
    return "limits.accept.unauthenticated_max is reached";
  if (const std::string_view refusal = count_for(address); !refusal.empty()) return refusal;
  ++unauthenticated_;
  ++connections_;
  return {};
}

std::string_view Admission::assign(const std::string& address) {
  const std::lock_guard lock(mutex_);
  return count_for(address);
}

void Admission::authenticated(const std::string& address) {
  const std::lock_guard lock(mutex_);
  forget_unauthenticated(address);
}

void Admission::forget_unauthenticated(const std::string& address) {
  CHECK(unauthenticated_ != 0);
  --unauthenticated_;
  if (address.empty()) return;
  const auto entry = by_address_.find(address);
  CHECK(entry != by_address_.end() && entry->second.unauthenticated != 0);
  --entry->second.unauthenticated;
}

void Admission::gone(const std::string& address, bool was_authenticated) {
  const std::lock_guard lock(mutex_);
  CHECK(connections_ != 0);
  if (!was_authenticated) forget_unauthenticated(address);
  if (!address.empty()) {
    const auto entry = by_address_.find(address);
    CHECK(entry != by_address_.end() && entry->second.connections != 0);
    if (--entry->second.connections == 0) by_address_.erase(entry);
  }
  if (--connections_ == 0) none_.notify_all();
}

bool Admission::wait_until_none(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return none_.wait_until(lock, deadline, [this] { return connections_ == 0; });
}

void Admission::set_limits(const AcceptLimitOptions& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

std::uint32_t Admission::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

}  // namespace harrier::server
