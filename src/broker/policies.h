// The policies of one virtual host, users' and operators', and which of them apply to a name.
//
// Model:  of each kind at most one policy applies: among those whose type, definition and pattern
//         fit, the one of the highest priority; among equals the first by name.
// Thread: confined(broker).
// Errors: set() answers what is wrong with a policy, in RabbitMQ's words; nothing changes then.
// Limits: limits.virtual_host.policies_max of each kind; one more is an error.
// Cost:   match() asks one pattern after the other.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/pattern.h"
#include "base/result.h"
#include "broker/applied_policies.h"
#include "broker/policy.h"

namespace harrier::broker {

class Policies {
 public:
  // `limit` outlives it.
  explicit Policies(const std::uint32_t& limit) : limit_(limit) {}

  // Replaces what has its name; the same again changes nothing.
  base::Status<> set(PolicyKind kind, Policy policy);
  // False: there is none of that name.
  bool clear(PolicyKind kind, std::string_view name);
  // Of both kinds.
  std::size_t count() const { return entries_[0].size() + entries_[1].size(); }
  // In the order in which they are asked.
  std::vector<Policy> list(PolicyKind kind) const;

  // Adds to `asked` how many patterns it took.
  AppliedPolicies match(PolicySubject subject, std::string_view name, std::uint32_t& asked) const;

 private:
  struct Entry {
    std::shared_ptr<const Policy> policy;
    base::Pattern pattern;
  };
  using Entries = std::vector<Entry>;

  static std::shared_ptr<const Policy> best(const Entries& entries, PolicySubject subject,
                                            std::string_view name, std::uint32_t& asked);
  static Entries::iterator find(Entries& entries, std::string_view name);
  Entries& entries(PolicyKind kind) { return entries_[static_cast<std::size_t>(kind)]; }

  const std::uint32_t& limit_;
  std::array<Entries, 2> entries_;  // by PolicyKind, each sorted: highest priority first, then name
};

}  // namespace harrier::broker
