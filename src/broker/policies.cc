#include "broker/policies.h"

#include <algorithm>

namespace harrier::broker {

Policies::Entries::iterator Policies::find(Entries& entries, std::string_view name) {
  return std::find_if(entries.begin(), entries.end(),
                      [&](const Entry& entry) { return entry.policy->name == name; });
}

base::Status<> Policies::set(PolicyKind kind, Policy policy) {
  if (auto status = check_policy(kind, policy); !status.ok()) return status;
  Entries& all = entries(kind);
  const auto existing = find(all, policy.name);
  if (existing != all.end()) {
    if (*existing->policy == policy) return base::Done{};
  } else if (all.size() >= limit_) {
    return base::fail("policy limit of " + std::to_string(limit_) + " is reached");
  }
  // RabbitMQ finds an empty pattern in every name.
  auto pattern = base::Pattern::compile(policy.pattern.empty() ? ".*" : policy.pattern);
  if (!pattern.ok()) return base::fail(pattern.error());
  if (existing != all.end()) all.erase(existing);
  const auto before = [](const Entry& entry, const Policy& other) {
    if (entry.policy->priority != other.priority) return entry.policy->priority > other.priority;
    return entry.policy->name < other.name;
  };
  const auto place = std::lower_bound(all.begin(), all.end(), policy, before);
  all.insert(place,
             {std::make_shared<const Policy>(std::move(policy)), std::move(pattern).value()});
  return base::Done{};
}

bool Policies::clear(PolicyKind kind, std::string_view name) {
  Entries& all = entries(kind);
  const auto found = find(all, name);
  if (found == all.end()) return false;
  all.erase(found);
  return true;
}

std::vector<Policy> Policies::list(PolicyKind kind) const {
  std::vector<Policy> policies;
  for (const Entry& entry : entries_[static_cast<std::size_t>(kind)])
    policies.push_back(*entry.policy);
  return policies;
}

std::shared_ptr<const Policy> Policies::best(const Entries& entries, PolicySubject subject,
                                             std::string_view name, std::uint32_t& asked) {
  for (const Entry& entry : entries) {
    ++asked;
    if (entry.policy->may_apply_to(subject) && entry.pattern.matches(name)) return entry.policy;
  }
  return nullptr;
}

AppliedPolicies Policies::match(PolicySubject subject, std::string_view name,
                                std::uint32_t& asked) const {
  return {best(entries_[0], subject, name, asked), best(entries_[1], subject, name, asked)};
}

}  // namespace harrier::broker
