#include "server/translate.h"

#include <gmock/gmock.h>

#include "harrier/version.h"

namespace harrier::server {
namespace {

// The public defaults and those of the layers below must not drift apart.
TEST(Translate, DefaultConnectionLimitsAreSessionsOwn) {
  const session::ConnectionLimits ours = connection_limits({});
  const session::ConnectionLimits theirs;
  EXPECT_EQ(ours.frame_max, theirs.frame_max);
  EXPECT_EQ(ours.initial_frame_max, theirs.initial_frame_max);
  EXPECT_EQ(ours.channel_max, theirs.channel_max);
  EXPECT_EQ(ours.heartbeat_s, theirs.heartbeat_s);
  EXPECT_EQ(ours.max_message_size, theirs.max_message_size);
  EXPECT_EQ(ours.assembly_bytes_max, theirs.assembly_bytes_max);
  EXPECT_EQ(ours.reply_bytes_max, theirs.reply_bytes_max);
  EXPECT_EQ(ours.handshake_timeout, theirs.handshake_timeout);
  EXPECT_EQ(ours.close_timeout, theirs.close_timeout);
  EXPECT_EQ(ours.refusal_delay, theirs.refusal_delay);
  EXPECT_EQ(ours.write_stall_timeout, theirs.write_stall_timeout);
  EXPECT_EQ(ours.partial_frame_timeout, theirs.partial_frame_timeout);
  EXPECT_EQ(ours.table_limits.depth, theirs.table_limits.depth);
  EXPECT_EQ(ours.table_limits.elements, theirs.table_limits.elements);
}

TEST(Translate, DefaultSessionLimitsAreSessionsOwn) {
  const session::SessionLimits ours = session_limits({});
  const session::SessionLimits theirs;
  EXPECT_EQ(ours.output_credit_bytes, theirs.output_credit_bytes);
  EXPECT_EQ(ours.direct_reply_bytes_max, theirs.direct_reply_bytes_max);
  EXPECT_EQ(ours.consumers_per_channel_max, theirs.consumers_per_channel_max);
  EXPECT_EQ(ours.consumers_per_connection_max, theirs.consumers_per_connection_max);
  EXPECT_EQ(ours.unacked_per_channel_max, theirs.unacked_per_channel_max);
  EXPECT_EQ(ours.transaction_entries_max, theirs.transaction_entries_max);
  EXPECT_EQ(ours.transaction_bytes_max, theirs.transaction_bytes_max);
}

TEST(Translate, DefaultVirtualHostLimitsAreBrokersOwn) {
  const broker::VirtualHostLimits ours = virtual_host_limits({});
  const broker::VirtualHostLimits theirs;
  EXPECT_EQ(ours.queues_max, theirs.queues_max);
  EXPECT_EQ(ours.exchanges_max, theirs.exchanges_max);
  EXPECT_EQ(ours.bindings_max, theirs.bindings_max);
  EXPECT_EQ(ours.policies_max, theirs.policies_max);
  EXPECT_EQ(ours.consumer_timeout, theirs.consumer_timeout);
  EXPECT_EQ(ours.default_delivery_limit, theirs.default_delivery_limit);
  EXPECT_EQ(ours.slice_entries, theirs.slice_entries);
  EXPECT_EQ(ours.pending_dead_letters_max, theirs.pending_dead_letters_max);
}

PolicyOptions policy_option(std::string name, std::string key, PolicyOptions::Value value) {
  PolicyOptions policy;
  policy.name = std::move(name);
  policy.pattern = "^q";
  policy.definition = {{std::move(key), std::move(value)}};
  policy.origin = "harriermq.yaml:7";
  return policy;
}

TEST(Translate, PoliciesKeepTheirKindAndTheTypesOfTheirValues) {
  Options options;
  options.policies = {policy_option("a", "max-length", std::int64_t{5}),
                      policy_option("b", "overflow", std::string("drop-head"))};
  options.operator_policies = {policy_option("a", "expires", std::int64_t{9})};
  const auto configured = configured_policies(options);
  ASSERT_TRUE(configured.ok());
  ASSERT_EQ(configured->size(), 3u);
  EXPECT_EQ((*configured)[0].policy.definition.view().find("max-length")->integer(), 5);
  EXPECT_EQ((*configured)[1].policy.definition.view().find("overflow")->bytes, "drop-head");
  EXPECT_EQ((*configured)[2].kind, broker::PolicyKind::kOperator);
  EXPECT_EQ((*configured)[2].virtual_host, "/");
}

TEST(Translate, ABadPolicyIsNamedWithWhereItStands) {
  const auto error_of = [](Options options) {
    const auto configured = configured_policies(options);
    return configured.ok() ? "ok" : configured.error().message;
  };
  Options options;
  options.policies = {policy_option("p", "max-length", true)};
  EXPECT_EQ(error_of(options),
            "harriermq.yaml:7: the policy 'p': true is not a valid maximum length");
  options.policies = {policy_option("p", "max-length", std::int64_t{1})};
  options.policies[0].apply_to = "topics";
  EXPECT_EQ(error_of(options).substr(0, 60),
            "harriermq.yaml:7: the policy 'p': apply-to 'topics' unrecogn");
  options.policies.clear();
  options.operator_policies = {policy_option("o", "dead-letter-exchange", std::string("x"))};
  EXPECT_EQ(error_of(options),
            "harriermq.yaml:7: the operator policy 'o': [{<<\"dead-letter-exchange\">>,<<\"x\">>}] "
            "are not recognised policy settings");
  options.operator_policies.clear();
  options.virtual_host.policies_max = 1;
  options.policies = {policy_option("a", "expires", std::int64_t{1}),
                      policy_option("b", "expires", std::int64_t{1})};
  EXPECT_EQ(error_of(options), "harriermq.yaml:7: the policy 'b': policy limit of 1 is reached");
  options.policies[1].virtual_host = "other";
  EXPECT_EQ(error_of(options), "ok");
}

TEST(Translate, ServerPropertiesTellWhatClientsAskFor) {
  ServerPropertyOptions options;
  options.extra = {{"site", "north"}, {"platform", "ours"}, {"capabilities", "no"}};
  const amqp::FieldTable table = server_properties(options);
  const amqp::TableView properties = table;
  EXPECT_EQ(properties.find("product")->bytes, "HarrierMQ");
  EXPECT_EQ(properties.find("version")->bytes, kCompatibleVersion);
  EXPECT_EQ(properties.find("harriermq_version")->bytes, kVersion);
  EXPECT_EQ(properties.find("site")->bytes, "north");
  EXPECT_EQ(properties.find("platform")->bytes, "ours");
  const amqp::TableView capabilities = properties.find("capabilities")->table();
  EXPECT_EQ(capabilities.count(), 9u);
  for (const amqp::Field& field : capabilities)
    EXPECT_TRUE(field.value.boolean()) << field.name;
  std::size_t platforms = 0;
  for (const amqp::Field& field : properties)
    platforms += field.name == "platform";
  EXPECT_EQ(platforms, 1u);
}

TEST(Translate, LoopsFollowTheProcessorsUnlessSet) {
  EXPECT_EQ(loop_count(0, 0), 1u);
  EXPECT_EQ(loop_count(0, 2), 1u);
  EXPECT_EQ(loop_count(0, 3), 2u);
  EXPECT_EQ(loop_count(0, 64), 4u);
  EXPECT_EQ(loop_count(7, 2), 7u);
}

TEST(Translate, LoginsFollowTheOptions) {
  AuthOptions options;
  EXPECT_EQ(login_policy(options).cost.sha256_iterations, 600'000u);
  EXPECT_TRUE(login_policy(options).plain_without_tls);
  options = {.plain_without_tls = false,
             .external_name_from = ExternalNameOption::kSanEmail,
             .hash_iterations_sha256 = 5'001,
             .hash_iterations_sha512 = 5'002,
             .hash_threads = 1,
             .hash_queue_max = 1,
             .cache_lifetime = std::chrono::milliseconds(5'003),
             .cache_entries_max = 5'004,
             .throttle_delay_max = std::chrono::milliseconds(5'005),
             .throttle_entries_max = 5'006};
  const auth::LoginPolicy policy = login_policy(options);
  EXPECT_EQ(policy.cost.iterations(auth::DigestKind::kSha256), 5'001u);
  EXPECT_EQ(policy.cost.iterations(auth::DigestKind::kSha512), 5'002u);
  EXPECT_EQ(policy.cache.lifetime, base::Milliseconds(5'003));
  EXPECT_EQ(policy.cache.entries_max, 5'004u);
  EXPECT_EQ(policy.throttle.delay_max, base::Milliseconds(5'005));
  EXPECT_EQ(policy.throttle.entries_max, 5'006u);
  EXPECT_FALSE(policy.plain_without_tls);
  EXPECT_EQ(policy.external_name, auth::ExternalName::kSanEmail);
}

TEST(Translate, AVirtualHostsOwnLimitsComeBeforeTheFirstDefaultThatFits) {
  Options options;
  options.tenants = {{"team-a", {.channels_max = 7, .queues_max = -1}},
                     {"solo", {.queues_max = 1}}};
  options.tenant_defaults = {{"^team-", {.connections_max = 3, .queues_max = 4}},
                             {"a", {.connections_max = 9, .consumers_max = 9}}};
  const broker::TenantLimits a = tenant_limits(options, "team-a").value();
  EXPECT_EQ(a.channels_max, 7u);
  EXPECT_EQ(a.queues_max, std::nullopt);
  EXPECT_EQ(a.connections_max, 3u);
  EXPECT_EQ(a.consumers_max, std::nullopt);
  EXPECT_EQ(tenant_limits(options, "team-b").value().queues_max, 4u);
  EXPECT_EQ(tenant_limits(options, "area").value().consumers_max, 9u);
  EXPECT_EQ(tenant_limits(options, "solo").value(), broker::TenantLimits{.queues_max = 1});
  EXPECT_EQ(tenant_limits(options, "/").value(), broker::TenantLimits{});
}

TEST(Translate, EveryLimitOfATenantArrives) {
  Options options;
  TenantLimitOptions all;
  all.connections_max = 1;
  all.channels_max = 2;
  all.consumers_max = 3;
  all.queues_max = 4;
  all.exchanges_max = 5;
  all.bindings_max = 6;
  all.message_size_max = 7;
  all.publish_rate_max = 8;
  all.publish_byte_rate_max = 9;
  all.stored_bytes_max = 10;
  all.quota_action = QuotaActionOption::kReject;
  options.tenants = {{"v", all}};
  const broker::TenantLimits expected{.connections_max = 1,
                                      .channels_max = 2,
                                      .consumers_max = 3,
                                      .queues_max = 4,
                                      .exchanges_max = 5,
                                      .bindings_max = 6,
                                      .message_size_max = 7,
                                      .stored_bytes_max = 10,
                                      .quota_action = broker::QuotaAction::kReject,
                                      .publish_rate = {8, 9}};
  EXPECT_EQ(tenant_limits(options, "v").value(), expected);
  EXPECT_EQ(user_limits({1, 2, 5, 6, 3, 4}), (broker::UserLimits{1, 2, 5, 6, {3, 4}}));
  EXPECT_EQ(user_limits({-1, -1, -1, -1, -1, -1}), broker::UserLimits{});
  ConnectionLimitOptions connection;
  EXPECT_EQ(connection_publish_rate(connection), broker::PublishRateLimits{});
  connection.publish_rate_max = 5;
  connection.publish_byte_rate_max = 6;
  EXPECT_EQ(connection_publish_rate(connection), (broker::PublishRateLimits{5, 6}));
}

TEST(Translate, GrantsOnlyWhatIsListed) {
  UserOptions user;
  user.name = "ada";
  user.permissions = {{"v", "", "^q$", ""}};
  user.topic_permissions = {{"v", "t", "^{username}\\.", ""}};
  const broker::AccessControlRef access = access_control({user}).value();
  const broker::Actor ada{.user = "ada"};
  EXPECT_TRUE(access->may_enter(ada, "v"));
  EXPECT_FALSE(access->may_enter(ada, "/"));
  EXPECT_TRUE(access->check(ada, broker::Permission::kWrite, "queue", "q", "v"));
  EXPECT_FALSE(access->check(ada, broker::Permission::kWrite, "queue", "q2", "v"));
  EXPECT_FALSE(access->check(ada, broker::Permission::kRead, "queue", "q", "v"));
  EXPECT_TRUE(access->check_topic(ada, broker::Permission::kWrite, "t", "ada.x", "v"));
  EXPECT_FALSE(access->check_topic(ada, broker::Permission::kRead, "t", "ada.x", "v"));
}

TEST(Translate, AWrongPatternNamesItsUser) {
  UserOptions user;
  user.name = "ada";
  user.permissions = {{"v", ".*", "(", ".*"}};
  const auto access = access_control({user});
  ASSERT_FALSE(access);
  EXPECT_THAT(access.error().message,
              ::testing::StartsWith("write permission of user 'ada' in vhost 'v': the pattern is "
                                    "wrong at byte 1: missing closing parenthesis"));
}

TEST(Translate, AuditLogLiesInTheDataDirectoryUnlessItIsToldElsewhere) {
  Options options;
  options.data_dir = "/var/lib/d";
  const auto by_itself = audit_settings(options);
  ASSERT_TRUE(by_itself.ok() && *by_itself);
  EXPECT_EQ((**by_itself).file.path, "/var/lib/d/audit.jsonl");
  options.audit.file = "/elsewhere";
  EXPECT_EQ((**audit_settings(options)).file.path, "/elsewhere");
  options.audit.file = "";
  EXPECT_FALSE(*audit_settings(options));
  options.audit.file = "auto";
  options.data_dir = "";
  EXPECT_FALSE(*audit_settings(options)) << "nothing is kept on disk";
}

TEST(Translate, DefaultAuditSettingsAreTheLogsOwn) {
  Options options;
  options.audit.file = "/elsewhere";
  const audit::AuditLog::Settings ours = **audit_settings(options);
  const audit::AuditLog::Settings theirs;
  EXPECT_EQ(ours.file.size_max, theirs.file.size_max);
  EXPECT_EQ(ours.file.files_max, theirs.file.files_max);
  EXPECT_EQ(ours.queue_max, theirs.queue_max);
  EXPECT_EQ(ours.sync_interval, theirs.sync_interval);
  EXPECT_EQ(ours.repeats.window, theirs.repeats.window);
  EXPECT_EQ(ours.repeats.entries_max, theirs.repeats.entries_max);
  EXPECT_EQ(ours.repeats.per_source_max, theirs.repeats.per_source_max);
  EXPECT_EQ(ours.groups, theirs.groups);
}

TEST(Translate, AuditLogWithoutItsKeyIsAnError) {
  Options options;
  options.audit.key_file = "/absent";
  ASSERT_FALSE(audit_settings(options));
  EXPECT_THAT(audit_settings(options).error().message, ::testing::HasSubstr("audit.key_file"));
}

}  // namespace
}  // namespace harrier::server
