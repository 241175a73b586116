// Policies and operator policies.
#include <charconv>

#include "ctl/families.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

void set_policy(Session& session) {
  const Arguments& given = session.arguments();
  const std::string& text = given.text("priority");
  std::int64_t priority = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), priority);
  if (error != std::errc() || end != text.data() + text.size())
    throw Trouble(kExitUsage, "--priority: a whole number is needed");
  session.send(Json{{"pattern", given.text("PATTERN")},
                    {"definition", parse_typed(given.text("DEFINITION"))},
                    {"priority", priority},
                    {"apply-to", given.text("apply-to")}});
}

const std::vector<Flag> kPolicyFlags = {
    {"--priority", "NUMBER", "the highest of those that match holds", "0"},
    {"--apply-to", "KIND", "all, queues, classic_queues, quorum_queues, streams or exchanges",
     "all"},
};

constexpr std::string_view kColumns = "vhost name pattern apply-to definition! priority";

}  // namespace

std::vector<Command> policy_commands() {
  std::vector<Command> rows = {
      {.name = "list_policies",
       .arguments = "[ITEM]...",
       .summary = "Lists the policies of a virtual host",
       .call = "GET /api/policies/{vhost}",
       .banner = "Listing policies for vhost \"{vhost}\" ...",
       .items = kColumns,
       .run = list_items},
      {.name = "set_policy",
       .arguments = "NAME PATTERN DEFINITION",
       .summary = "Sets or replaces a policy: a JSON object for names that match a pattern",
       .call = "PUT /api/policies/{vhost}/{NAME}",
       .banner = "Setting policy \"{NAME}\" for pattern \"{PATTERN}\" to \"{DEFINITION}\" with "
                 "priority \"{priority}\" for vhost \"{vhost}\" ...",
       .run = set_policy,
       .flags = kPolicyFlags},
      {.name = "clear_policy",
       .arguments = "NAME",
       .summary = "Removes a policy",
       .call = "DELETE /api/policies/{vhost}/{NAME}",
       .banner = "Clearing policy \"{NAME}\" on vhost \"{vhost}\" ...",
       .run = send_call,
       .missing = "Parameter does not exist"},
      {.name = "list_operator_policies",
       .arguments = "[ITEM]...",
       .summary = "Lists the operator policies of a virtual host",
       .call = "GET /api/operator-policies/{vhost}",
       .banner = "Listing operator policy overrides for vhost \"{vhost}\" ...",
       .items = kColumns,
       .run = list_items},
      {.name = "set_operator_policy",
       .arguments = "NAME PATTERN DEFINITION",
       .summary = "Sets or replaces an operator policy, which bounds what policies may say",
       .call = "PUT /api/operator-policies/{vhost}/{NAME}",
       .banner = "Setting operator policy override \"{NAME}\" for pattern \"{PATTERN}\" to "
                 "\"{DEFINITION}\" with priority \"{priority}\" for vhost \"{vhost}\" ...",
       .run = set_policy,
       .flags = kPolicyFlags},
      {.name = "clear_operator_policy",
       .arguments = "NAME",
       .summary = "Removes an operator policy",
       .call = "DELETE /api/operator-policies/{vhost}/{NAME}",
       .banner = "Clearing operator policy \"{NAME}\" on vhost \"{vhost}\" ...",
       .run = send_call,
       .missing = "Parameter does not exist"},
  };
  for (Command& row : rows)
    row.family = Family::kPolicies;
  return rows;
}

}  // namespace harrier::ctl
