// limits.virtual_hosts, limits.defaults and users[].limits: what a tenant may take of the node.
#include <optional>

#include "config/options_table.h"
#include "config/pattern_row.h"
#include "config/row.h"

namespace harrier::config {
namespace {

using Limit = std::optional<std::int64_t>;

// What stands for a key without a value. A word, as `auto` is, and not YAML's null: it can be given
// in the environment, too, and an empty value stays an error.
constexpr const char* kUnset = "unset";
constexpr const char* kUnlimited = "-1";
constexpr const char* kLimitForm = "unset, -1, or ";

// Beyond any disk: the form does not tell it.
constexpr std::int64_t kBytesMax = 1024 * kTiB;

constexpr const char* kOneTenant = "A broker of one's own needs none.";

std::string limit_text(const Limit& limit, std::string (*text)(std::int64_t)) {
  if (!limit) return kUnset;
  return *limit < 0 ? kUnlimited : text(*limit);
}

// A number of things, -1 for any number, or unset.
template <class Owner>
Key limit(const char* name, Limit Owner::*member, std::int64_t min, About about) {
  return leaf<Owner>(
      name, kLimitForm + integer_form(min, kU32Max),
      [=](Section& section, Owner& owner) {
        if (word_of(section, name) == kUnset) {
          owner.*member = std::nullopt;
        } else {
          section.integer(name, owner.*member, -1, kU32Max);
        }
      },
      [=](const Owner& owner) {
        return limit_text(owner.*member,
                          [](std::int64_t number) { return std::to_string(number); });
      },
      std::move(about));
}

// The same in bytes.
template <class Owner>
Key size_limit(const char* name, Limit Owner::*member, std::int64_t min, About about) {
  return leaf<Owner>(
      name,
      std::string(kLimitForm) + (min == 0 ? "size" : "size, from " + std::to_string(min) + "B"),
      [=](Section& section, Owner& owner) {
        const std::string word = word_of(section, name);
        if (word == kUnset) {
          owner.*member = std::nullopt;
        } else if (word == kUnlimited) {
          owner.*member = -1;
        } else {
          section.size(name, owner.*member, min, kBytesMax);
        }
      },
      [=](const Owner& owner) { return limit_text(owner.*member, size_text); }, std::move(about));
}

Key quota_action_row() {
  using O = TenantLimitOptions;
  constexpr const char* kName = "quota_action";
  return leaf<O>(
      kName, "unset, hold, reject",
      [](Section& section, O& limits) {
        if (word_of(section, kName) == kUnset) {
          limits.quota_action = std::nullopt;
        } else {
          section.choice<std::optional<QuotaActionOption>>(
              kName, limits.quota_action,
              {{"hold", QuotaActionOption::kHold}, {"reject", QuotaActionOption::kReject}});
        }
      },
      [](const O& limits) -> std::string {
        if (!limits.quota_action) return kUnset;
        return *limits.quota_action == QuotaActionOption::kHold ? "hold" : "reject";
      },
      {"At stored_bytes_max. hold: the virtual host's publishers are held; reject: their messages "
       "are nacked, or dropped without confirms.",
       "Unset everywhere means hold: nothing is lost."});
}

template <class Owner>
void check_rate(Section& section, const Owner& limits) {
  if (limits.publish_rate_max == 0) section.error("publish_rate_max", "0: nobody could publish");
}

std::vector<Key> tenant_counts() {
  using O = TenantLimitOptions;
  return {
      limit("connections_max", &O::connections_max, 0,
            {"Its connections; one more is refused (530).", kOneTenant}),
      limit("channels_max", &O::channels_max, 0,
            {"Channels of all its connections; one more is refused (530).", kOneTenant}),
      limit("consumers_max", &O::consumers_max, 0,
            {"Consumers of all its queues; one more is refused (530).", kOneTenant}),
      limit("queues_max", &O::queues_max, 0,
            {"Queues; one more is refused (406).", "limits.virtual_host counts besides."}),
      limit("exchanges_max", &O::exchanges_max, 0,
            {"Exchanges, those that are always there included; one more is refused (406).",
             "limits.virtual_host counts besides."}),
      limit("bindings_max", &O::bindings_max, 0,
            {"Bindings; one more is refused (406).", "limits.virtual_host counts besides."}),
  };
}

std::vector<Key> tenant_bytes() {
  using O = TenantLimitOptions;
  return {
      size_limit("message_size_max", &O::message_size_max, 0,
                 {"The largest body; a larger one closes its channel (406).",
                  "limits.connection.max_message_size counts besides."}),
      limit("publish_rate_max", &O::publish_rate_max, 1,
            {"Messages a second from all its connections; faster publishers are read more slowly.",
             kOneTenant}),
      size_limit("publish_byte_rate_max", &O::publish_byte_rate_max, 1,
                 {"The same for bytes of bodies a second.", kOneTenant}),
      size_limit("stored_bytes_max", &O::stored_bytes_max, 1,
                 {"Bodies of ready and unacked messages, for each queue that has them; then "
                  "quota_action decides.",
                  "The alarms of disk and memory count besides."}),
      quota_action_row(),
  };
}

// What a list's elements hold beside the key that says for whom.
template <class Owner>
std::vector<Key> with_tenant_limits(Key whom) {
  std::vector<Key> keys;
  keys.push_back(std::move(whom));
  for (Key& key : rows_of(&Owner::limits, tenant_counts()))
    keys.push_back(std::move(key));
  for (Key& key : rows_of(&Owner::limits, tenant_bytes()))
    keys.push_back(std::move(key));
  return keys;
}

Table tenant_table() {
  using O = NamedTenantLimitOptions;
  return table<O>(with_tenant_limits<O>(
                      text("name", &O::name,
                           {"The virtual host; it must stand in virtual_hosts, and here once.",
                            "Who is not named has the limits of limits.defaults."})
                          .is_needed()),
                  [](Section& section, const O& tenant) { check_rate(section, tenant.limits); });
}

Table tenant_default_table() {
  using O = TenantDefaultOptions;
  return table<O>(
      with_tenant_limits<O>(
          pattern("vhost_pattern", &O::vhost_pattern,
                  {"Which virtual hosts: a pattern that is searched for in the name; true: all.",
                   "A default that is for all should say so."})
              .is_needed()),
      [](Section& section, const O& fallback) {
        if (!section.has("vhost_pattern")) section.error(nullptr, "a vhost_pattern is needed");
        check_pattern(section, "vhost_pattern", fallback.vhost_pattern, {});
        check_rate(section, fallback.limits);
      });
}

}  // namespace

Key tenant_list() {
  return list<Options, NamedTenantLimitOptions>(
      "virtual_hosts", &Options::tenants, tenant_table(),
      {"What one virtual host may take of the node; see docs/operations/limits.md. unset: as the "
       "first of limits.defaults that fits says; -1: not limited.",
       kOneTenant});
}

Key tenant_default_list() {
  return list<Options, TenantDefaultOptions>(
      "defaults", &Options::tenant_defaults, tenant_default_table(),
      {"What virtual hosts may take whose own entry does not say so: the first whose pattern is "
       "found in the name counts.",
       kOneTenant});
}

Table user_limits_table() {
  using O = UserLimitOptions;
  return table<O>(
      {
          limit("connections_max", &O::connections_max, 0,
                {"The user's connections; one more is refused (530).", kOneTenant}),
          limit("channels_max", &O::channels_max, 0,
                {"Channels of all of them; one more is refused (530).", kOneTenant}),
          limit("consumers_max", &O::consumers_max, 0,
                {"Consumers of all its channels; one more is refused (530).", kOneTenant}),
          size_limit("message_size_max", &O::message_size_max, 0,
                     {"A body; a larger one is refused (406).",
                      "limits.connection.max_message_size counts besides."}),
          limit(
              "publish_rate_max", &O::publish_rate_max, 1,
              {"Messages a second; a faster user's connections are read more slowly.", kOneTenant}),
          size_limit("publish_byte_rate_max", &O::publish_byte_rate_max, 1,
                     {"The same for bytes of bodies a second.", kOneTenant}),
      },
      [](Section& section, const O& limits) { check_rate(section, limits); });
}

}  // namespace harrier::config
