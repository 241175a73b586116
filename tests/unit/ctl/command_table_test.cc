#include "ctl/command_table.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "ctl/documents.h"
#include "ctl/items.h"
#include "ctl/target.h"

namespace harrier::ctl {
namespace {

TEST(CommandTable, EachNameIsThereOnce) {
  std::set<std::string_view> names;
  for (const Command& row : command_table())
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

// What ecosystem.md section 3 and RabbitMQ's tools have, and what we add.
TEST(CommandTable, HasWhatOperatorsCall) {
  for (const char* name : {"status",
                           "ping",
                           "version",
                           "await_startup",
                           "wait",
                           "list_queues",
                           "list_exchanges",
                           "list_bindings",
                           "list_connections",
                           "list_channels",
                           "list_consumers",
                           "list_users",
                           "list_vhosts",
                           "list_permissions",
                           "list_user_permissions",
                           "list_policies",
                           "list_operator_policies",
                           "list_parameters",
                           "list_global_parameters",
                           "list_vhost_limits",
                           "list_user_limits",
                           "list_topic_permissions",
                           "list_feature_flags",
                           "add_user",
                           "delete_user",
                           "change_password",
                           "authenticate_user",
                           "set_user_tags",
                           "set_permissions",
                           "clear_permissions",
                           "add_vhost",
                           "delete_vhost",
                           "set_policy",
                           "clear_policy",
                           "set_operator_policy",
                           "clear_operator_policy",
                           "set_parameter",
                           "clear_parameter",
                           "set_vhost_limits",
                           "clear_vhost_limits",
                           "set_user_limits",
                           "clear_user_limits",
                           "set_topic_permissions",
                           "clear_topic_permissions",
                           "purge_queue",
                           "delete_queue",
                           "close_connection",
                           "close_all_connections",
                           "export_definitions",
                           "import_definitions",
                           "set_log_level",
                           "rotate_logs",
                           "environment",
                           "hash_password",
                           "report",
                           "stop",
                           "cluster_status",
                           "set_cluster_name",
                           "enable_feature_flag",
                           "check_running",
                           "check_local_alarms",
                           "check_alarms",
                           "check_port_connectivity",
                           "check_port_listener",
                           "check_protocol_listener",
                           "check_virtual_hosts",
                           "check_certificate_expiration",
                           "listeners",
                           "alarms",
                           "memory_breakdown",
                           "server_version",
                           "log_tail",
                           "list_node_auth_attempt_stats",
                           "drain",
                           "revive",
                           "await_online_quorum_plus_one",
                           "check_if_node_is_quorum_critical",
                           "rebalance",
                           "quorum_status",
                           "browse_queue",
                           "delete_message",
                           "move_messages",
                           "redrive_queue",
                           "pause_queue",
                           "resume_queue",
                           "reload",
                           "audit_log",
                           "audit_verify",
                           "list_quotas"})
    EXPECT_NE(find_command(name, "harrierctl"), nullptr) << name;
  for (const char* name : {"list", "enable", "disable", "is_enabled", "set"})
    EXPECT_NE(find_command(name, "rabbitmq-plugins"), nullptr) << name;
}

// A name in braces that nothing fills would be an empty word in a path.
TEST(CommandTable, TextsNameOnlyWhatTheRowHas) {
  for (const Command& row : command_table()) {
    std::set<std::string> known = {"vhost", "node", "timeout", "milliseconds", "program"};
    for (const Parameter& parameter : parameters_of(row))
      known.insert(parameter.name);
    for (const Flag& flag : row.flags)
      known.insert(flag_key(flag));
    // Given by the command itself, one after another.
    if (row.name.find("limits") != std::string_view::npos) known.insert("LIMIT");
    if (row.name == "close_all_connections") known.insert("CONNECTION");
    for (const std::string_view text : {row.call, row.banner, row.missing}) {
      expand(text, [&](std::string_view name) {
        EXPECT_TRUE(known.contains(std::string(name))) << row.name << ": " << name;
        return std::string();
      });
    }
  }
}

TEST(CommandTable, CallsAreAMethodAndAPathOfTheApi) {
  for (const Command& row : command_table()) {
    if (row.call.empty()) continue;
    const std::string_view method = row.call.substr(0, row.call.find(' '));
    EXPECT_TRUE(method == "GET" || method == "PUT" || method == "POST" || method == "DELETE")
        << row.name;
    EXPECT_TRUE(row.call.substr(method.size()).starts_with(" /api/")) << row.name;
  }
}

TEST(CommandTable, OptionalArgumentsComeLast) {
  for (const Command& row : command_table()) {
    bool optional = false;
    for (const Parameter& parameter : parameters_of(row)) {
      EXPECT_FALSE(optional && !parameter.optional) << row.name;
      optional = optional || parameter.optional;
    }
  }
}

TEST(CommandTable, ItemsHaveUsualOnes) {
  for (const Command& row : command_table()) {
    if (!row.items.empty()) {
      EXPECT_FALSE(select_items(row.items, {}).empty()) << row.name;
    }
  }
}

TEST(Documents, NameEveryCommand) {
  const std::string reference = reference_page();
  const std::string manual = manual_page();
  const std::string completion = bash_completion();
  for (const Command& row : command_table()) {
    EXPECT_NE(reference.find("### " + std::string(row.name) + "\n"), std::string::npos);
    EXPECT_NE(manual.find(".B " + std::string(row.name)), std::string::npos) << row.name;
    EXPECT_NE(completion.find(row.name), std::string::npos);
    EXPECT_NE(help_overview("harrierctl").find(row.name), std::string::npos);
    EXPECT_NE(help_of(row, "harrierctl").find(row.summary), std::string::npos);
  }
}

}  // namespace
}  // namespace harrier::ctl
