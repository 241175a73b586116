#include "broker/policy.h"

#include <array>

#include "base/pattern.h"

namespace harrier::broker {
namespace {

constexpr std::array<std::string_view, 6> kApplyToNames = {
    "all", "queues", "exchanges", "classic_queues", "quorum_queues", "streams"};

}  // namespace

base::Result<ApplyTo> parse_apply_to(std::string_view word) {
  for (std::size_t i = 0; i != kApplyToNames.size(); ++i)
    if (kApplyToNames[i] == word) return static_cast<ApplyTo>(i);
  return base::fail("apply-to '" + std::string(word) +
                    "' unrecognised; should be one of: 'queues', 'classic_queues', "
                    "'quorum_queues', 'streams', 'exchanges', or 'all'");
}

std::string_view name_of(ApplyTo apply_to) {
  return kApplyToNames[static_cast<std::size_t>(apply_to)];
}

bool Policy::operator==(const Policy& other) const {
  return name == other.name && pattern == other.pattern && apply_to == other.apply_to &&
         priority == other.priority && definition.view().bytes() == other.definition.view().bytes();
}

bool Policy::may_apply_to(PolicySubject subject) const {
  bool typed = false;
  switch (apply_to) {
    case ApplyTo::kAll: typed = true; break;
    case ApplyTo::kQueues: typed = subject != PolicySubject::kExchange; break;
    case ApplyTo::kExchanges: typed = subject == PolicySubject::kExchange; break;
    case ApplyTo::kClassicQueues: typed = subject == PolicySubject::kClassicQueue; break;
    case ApplyTo::kQuorumQueues: typed = subject == PolicySubject::kQuorumQueue; break;
    case ApplyTo::kStreams: break;
  }
  return typed && may_apply(definition, subject);
}

base::Status<> check_policy(PolicyKind kind, const Policy& policy) {
  std::string complaints = check_definition(kind, policy.definition);
  const auto add = [&](const std::string& complaint) {
    complaints.append(complaints.empty() ? "" : "\n").append(complaint);
  };
  if (const auto pattern = base::Pattern::compile(policy.pattern); !pattern.ok())
    add("pattern should be regular expression but is invalid: " + pattern.error().message);
  if (policy.name.empty() || policy.name.size() > 255)
    add("a policy needs a name of at most 255 octets");
  if (complaints.empty()) return base::Done{};
  return base::fail(std::move(complaints));
}

}  // namespace harrier::broker
