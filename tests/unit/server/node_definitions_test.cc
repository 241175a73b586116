#include "server/node_definitions.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class NodeDefinitionsTest : public testing::Test {
 protected:
  NodeDefinitionsTest() {
    definitions_.add_configured(key_of_virtual_host("/"), encode(VirtualHostDescription{"/"}),
                                kept_);
    definitions_.add_configured(key_of_user("guest"), encode(guest()), kept_);
  }
  static UserDefinition guest() { return {"guest", {}, true, {"administrator"}, true}; }
  void must(const AdministrativeChange& change) {
    const auto status = definitions_.apply(change, effects_);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  AdministrationError refused(const AdministrativeChange& change) {
    const auto status = definitions_.apply(change, effects_);
    if (!status.ok()) return status.error();
    ADD_FAILURE() << "was not refused";
    return {};
  }
  // What a journal would have after the changes so far.
  NodeDefinitions reloaded() {
    for (auto& difference : definitions_.take_differences()) {
      std::erase_if(stored_, [&](const store::NodeDefinition& other) {
        return other.kind == difference.key.kind && other.key == difference.key.parts;
      });
      if (difference.value)
        stored_.push_back({difference.key.kind, difference.key.parts, *difference.value});
    }
    NodeDefinitions loaded({});
    loaded.load(stored_);
    return loaded;
  }

  NodeDefinitions definitions_{
      {.users_max = 3, .virtual_hosts_max = 2, .rules_max = 2, .policies_max = 1}};
  ChangeEffects effects_;
  std::vector<DefinitionKey> kept_;
  std::vector<store::NodeDefinition> stored_;
};

TEST_F(NodeDefinitionsTest, EveryKindComesBackFromTheJournal) {
  must(SetPermission{{"guest", "/", "c", "w", "r"}});
  must(SetTopicPermission{{"guest", "/", "topic", "tw", "tr"}});
  SetPolicy policy{
      "/", broker::PolicyKind::kOperator, {"p", "^q", broker::ApplyTo::kQueues, -7, {}}};
  policy.policy.definition.add_long("max-length", 5);
  must(policy);
  must(SetParameter{"shovel", "/", "s", R"({"a":1})"});
  must(SetGlobalParameter{"cluster_name", R"("x")"});
  const broker::TenantLimits limits{.connections_max = 1,
                                    .channels_max = 2,
                                    .consumers_max = 3,
                                    .queues_max = 4,
                                    .exchanges_max = 5,
                                    .bindings_max = 6,
                                    .message_size_max = 7,
                                    .stored_bytes_max = 8,
                                    .quota_action = broker::QuotaAction::kReject,
                                    .publish_rate = {9, 10}};
  must(SetVirtualHostLimits{"/", limits});
  const broker::UserLimits of_guest{
      .connections_max = 0, .message_size_max = 4, .publish_rate = {std::nullopt, 3}};
  must(SetUserLimits{"guest", of_guest});
  const NodeDefinitions loaded = reloaded();
  EXPECT_EQ(loaded.limits_of_virtual_host("/"), limits);
  EXPECT_EQ(loaded.limits_of_user("guest"), of_guest);
  EXPECT_EQ(loaded.limits_of_user("ali"), std::nullopt);
  ASSERT_THAT(loaded.users(), SizeIs(1));
  EXPECT_EQ(loaded.users()[0].name, "guest");
  EXPECT_TRUE(loaded.users()[0].configured_password);
  EXPECT_TRUE(loaded.users()[0].loopback_only);
  EXPECT_EQ(loaded.users()[0].tags, std::vector<std::string>{"administrator"});
  ASSERT_THAT(loaded.permissions(), SizeIs(1));
  EXPECT_EQ(loaded.permissions()[0].write, "w");
  ASSERT_THAT(loaded.topic_permissions(), SizeIs(1));
  EXPECT_EQ(loaded.topic_permissions()[0].exchange, "topic");
  EXPECT_EQ(loaded.topic_permissions()[0].read, "tr");
  ASSERT_THAT(loaded.policies(), SizeIs(1));
  EXPECT_EQ(loaded.policies()[0].kind, broker::PolicyKind::kOperator);
  EXPECT_EQ(loaded.policies()[0].policy, policy.policy);
  ASSERT_THAT(loaded.parameters(), SizeIs(1));
  EXPECT_EQ(loaded.parameters()[0].json, R"({"a":1})");
  ASSERT_THAT(loaded.global_parameters(), SizeIs(1));
}

TEST_F(NodeDefinitionsTest, WhatIsSetAsItWasIsNoDifference) {
  must(SetPermission{{"guest", "/", "c", "w", "r"}});
  (void)definitions_.take_differences();
  must(SetPermission{{"guest", "/", "c", "w", "r"}});
  EXPECT_THAT(definitions_.take_differences(), IsEmpty());
}

TEST_F(NodeDefinitionsTest, ARemovalOfWhatIsConfiguredIsRemembered) {
  must(DeleteUser{"guest"});
  NodeDefinitions loaded = reloaded();
  EXPECT_FALSE(loaded.user("guest").has_value());
  std::vector<DefinitionKey> kept;
  loaded.add_configured(key_of_user("guest"), encode(guest()), kept);
  EXPECT_FALSE(loaded.user("guest").has_value());
  EXPECT_THAT(kept, SizeIs(1)) << "the log names it";
}

TEST_F(NodeDefinitionsTest, ARemovalIsForgottenWithItsConfiguration) {
  must(DeleteUser{"guest"});
  NodeDefinitions loaded = reloaded();
  loaded.forget_removals();
  EXPECT_FALSE(loaded.take_differences()[0].value.has_value());
  std::vector<DefinitionKey> kept;
  loaded.add_configured(key_of_user("guest"), encode(guest()), kept);
  EXPECT_TRUE(loaded.user("guest").has_value());
}

TEST_F(NodeDefinitionsTest, AnotherFormOfAHashIsNoDifference) {
  SetUser user;
  user.name = "ali";
  user.password_kind = SetUser::Password::kNone;
  must(user);
  definitions_.set_password_hash("ali", "$another$form");
  kept_.clear();
  definitions_.add_configured(key_of_user("ali"),
                              encode(UserDefinition{"ali", "hash", false, {}, false}), kept_);
  EXPECT_THAT(kept_, IsEmpty());
  EXPECT_EQ(definitions_.user("ali")->password_hash, "$another$form");
}

TEST_F(NodeDefinitionsTest, AConfiguredPasswordIsNotReplacedByAHash) {
  definitions_.set_password_hash("guest", "$form");
  EXPECT_TRUE(definitions_.user("guest")->configured_password);
}

TEST_F(NodeDefinitionsTest, AUserKeepsItsPasswordUnlessAnotherIsGiven) {
  SetUser user;
  user.name = "guest";
  must(user);
  EXPECT_TRUE(definitions_.user("guest")->configured_password);
  user.password_kind = SetUser::Password::kNone;
  must(user);
  EXPECT_FALSE(definitions_.user("guest")->configured_password);
}

TEST_F(NodeDefinitionsTest, DeletingAUserTakesItsPermissions) {
  must(SetPermission{{"guest", "/", "c", "w", "r"}});
  must(SetTopicPermission{{"guest", "/", "topic", "tw", "tr"}});
  must(DeleteUser{"guest"});
  EXPECT_THAT(definitions_.permissions(), IsEmpty());
  EXPECT_THAT(definitions_.topic_permissions(), IsEmpty());
  EXPECT_TRUE(effects_.access);
}

TEST_F(NodeDefinitionsTest, DeletingAVirtualHostTakesItsOwnAndLeavesTheOthers) {
  must(AddVirtualHost{"shop", "", {}});
  must(SetPermission{{"guest", "/", "c", "w", "r"}});
  must(SetPermission{{"guest", "shop", "c", "w", "r"}});
  must(SetParameter{"shovel", "shop", "s", "{}"});
  must(DeleteVirtualHost{"shop"});
  ASSERT_THAT(definitions_.permissions(), SizeIs(1));
  EXPECT_EQ(definitions_.permissions()[0].virtual_host, "/");
  EXPECT_THAT(definitions_.parameters(), IsEmpty());
  EXPECT_EQ(refused(SetPermission{{"guest", "shop", "", "", ""}}).kind,
            AdministrationFailure::kNotFound);
  EXPECT_THAT(refused(AddVirtualHost{"shop", "", {}}).message, HasSubstr("still being deleted"));
  definitions_.virtual_host_deleted("shop");
  must(AddVirtualHost{"shop", "", {}});
}

TEST_F(NodeDefinitionsTest, LimitsAreOfNewOnesOnly) {
  must(AddVirtualHost{"shop", "", {}});
  EXPECT_THAT(refused(AddVirtualHost{"third", "", {}}).message, HasSubstr("2"));
  must(AddVirtualHost{"shop", "other words", {}});
  SetPolicy policy{"/", broker::PolicyKind::kUser, {"p", "^q", {}, 0, {}}};
  policy.policy.definition.add_long("max-length", 5);
  must(policy);
  must(policy);
  policy.policy.name = "second";
  EXPECT_THAT(refused(policy).message, HasSubstr("as many policies as it may have: 1"));
}

TEST_F(NodeDefinitionsTest, NamesHaveOneTo255Octets) {
  SetUser user;
  EXPECT_EQ(refused(user).kind, AdministrationFailure::kInvalid);
  user.name = std::string(256, 'x');
  EXPECT_EQ(refused(user).kind, AdministrationFailure::kInvalid);
  user.name = std::string(255, 'x');
  must(user);
  EXPECT_EQ(refused(AddVirtualHost{"", "", {}}).kind, AdministrationFailure::kInvalid);
}

TEST_F(NodeDefinitionsTest, AHashThatIsNoneIsRefused) {
  SetUser user;
  user.name = "ali";
  user.password_kind = SetUser::Password::kHash;
  user.password = "not base64";
  EXPECT_EQ(refused(user).kind, AdministrationFailure::kInvalid);
}

}  // namespace
}  // namespace harrier::server
