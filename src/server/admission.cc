#include "server/admission.h"

#include "base/check.h"

namespace harrier::server {
namespace {

constexpr std::string_view kTooManyFromAddress =
    "limits.accept.unauthenticated_per_address_max is reached";

}  // namespace

// False at the limit.
bool Admission::count_for(const std::string& address) {
  if (address.empty()) return true;
  std::uint32_t& from_address = unauthenticated_by_address_[address];
  if (from_address >= limits_.unauthenticated_per_address_max) return false;
  ++from_address;
  return true;
}

std::string_view Admission::admit(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (connections_ >= limits_.connections_max) return "limits.accept.connections_max is reached";
  if (unauthenticated_ >= limits_.unauthenticated_max)
    return "limits.accept.unauthenticated_max is reached";
  if (!count_for(address)) return kTooManyFromAddress;
  ++unauthenticated_;
  ++connections_;
  return {};
}

std::string_view Admission::assign(const std::string& address) {
  const std::lock_guard lock(mutex_);
  return count_for(address) ? std::string_view() : kTooManyFromAddress;
}

void Admission::forget_unauthenticated(const std::string& address) {
  CHECK(unauthenticated_ != 0);
  --unauthenticated_;
  if (address.empty()) return;
  const auto entry = unauthenticated_by_address_.find(address);
  CHECK(entry != unauthenticated_by_address_.end());
  if (--entry->second == 0) unauthenticated_by_address_.erase(entry);
}

void Admission::authenticated(const std::string& address) {
  const std::lock_guard lock(mutex_);
  forget_unauthenticated(address);
}

void Admission::gone(const std::string& address, bool was_authenticated) {
  const std::lock_guard lock(mutex_);
  CHECK(connections_ != 0);
  if (!was_authenticated) forget_unauthenticated(address);
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
