// Definitions files: what is read of those of other brokers, what is refused, and that what is
// written is read as the same.
#include "server/definitions_document.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/stored_password.h"
#include "base/random.h"
#include "server/definitions_values.h"
#include "server/definitions_writer.h"

namespace harrier::server {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

DefinitionsDocument must(std::string_view text, const DefinitionsParsing& parsing = {}) {
  auto document = parse_definitions(text, parsing);
  EXPECT_TRUE(document.ok()) << document.error().message;
  return document.ok() ? std::move(document).value() : DefinitionsDocument();
}

std::string refusal(std::string_view text, const DefinitionsParsing& parsing = {}) {
  const auto document = parse_definitions(text, parsing);
  return document.ok() ? "nothing" : document.error().message;
}

std::string file_named(const std::string& name) {
  const char* root = std::getenv("HARRIER_SOURCE_DIR");
  const std::string path = std::string(root ? root : ".") + "/tests/tool/definitions/" + name;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " (HARRIER_SOURCE_DIR is the repository)";
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of a table, for comparing.
std::string text_of(amqp::TableView table) { return amqp::display(table); }

std::string sha512_hash() { return std::string(91, 'A') + "="; }

TEST(DefinitionsDocument, RabbitMq310) {
  const DefinitionsDocument document = must(file_named("rabbitmq-3.10.json"));
  EXPECT_THAT(document.warnings, IsEmpty());
  ASSERT_THAT(document.users, SizeIs(3));
  const auto user = [&](const std::string& name) {
    for (const UserDefinition& of : document.users)
      if (of.name == name) return of;
    return UserDefinition();
  };
  EXPECT_THAT(user("ali").tags, ElementsAre("administrator", "monitoring"));
  EXPECT_TRUE(auth::StoredPassword::parse(user("ali").password_hash)->matches("open sesame"));
  EXPECT_EQ(user("nobody").password_hash, "");
  ASSERT_THAT(document.user_limits, SizeIs(1));
  EXPECT_EQ(document.user_limits[0].limits.channels_max, 7u);
  // Once among parameters, once with the virtual host, as pairs there.
  ASSERT_THAT(document.limits, SizeIs(2));
  EXPECT_EQ(document.limits[0].limits, document.limits[1].limits);
  EXPECT_EQ(document.limits[0].limits.connections_max, 64u);
  EXPECT_EQ(document.limits[0].limits.queues_max, std::nullopt);
  ASSERT_THAT(document.virtual_hosts, SizeIs(2));
  const VirtualHostDescription& shop =
      document.virtual_hosts[document.virtual_hosts[0].name == "shop" ? 0 : 1];
  EXPECT_EQ(shop.description, "sells things");
  EXPECT_THAT(shop.tags, ElementsAre("a", "b"));
  ASSERT_THAT(document.topic_permissions, SizeIs(1));
  EXPECT_EQ(document.topic_permissions[0].read, "^{username}");
  ASSERT_THAT(document.policies, SizeIs(2));
  EXPECT_EQ(document.policies[0].policy.priority, 3);
  EXPECT_EQ(document.policies[1].kind, broker::PolicyKind::kOperator);
  EXPECT_EQ(text_of(document.policies[1].policy.definition), "{message-ttl=60000}");
  // RabbitMQ exports no internal ones.
  EXPECT_THAT(document.exchanges, SizeIs(2));
  EXPECT_THAT(document.bindings, SizeIs(3));
  EXPECT_GE(document.queues.size(), 2u);
}

// 3.8: no metadata, tags as one text, limits under the virtual host, rabbit_version alone.
TEST(DefinitionsDocument, RabbitMq38) {
  const DefinitionsDocument document = must(file_named("rabbitmq-3.8.json"));
  EXPECT_THAT(document.warnings, IsEmpty());
  ASSERT_THAT(document.users, SizeIs(1));
  EXPECT_THAT(document.users[0].tags, ElementsAre("administrator", "monitoring"));
  ASSERT_THAT(document.queues, SizeIs(1));
  EXPECT_EQ(text_of(document.queues[0].declaration.arguments), "{x-message-ttl=60000}");
}

TEST(DefinitionsDocument, RabbitMq4) {
  const DefinitionsDocument document = must(file_named("rabbitmq-4.json"));
  EXPECT_THAT(document.warnings,
              ElementsAre(HasSubstr("default_queue_type quorum"),
                          "exchanges[0] 'later' is left out: there is no exchange type "
                          "'x-delayed-message'",
                          "keys that mean nothing here: queues.colour, topic_colours"));
  ASSERT_THAT(document.queues, SizeIs(2));
  // The type stands beside the arguments.
  EXPECT_EQ(text_of(document.queues[0].declaration.arguments), "{x-queue-type='quorum'}");
  EXPECT_EQ(text_of(document.queues[1].declaration.arguments), "{}");
}

TEST(DefinitionsDocument, LavinMq) {
  const DefinitionsDocument document = must(file_named("lavinmq.json"));
  ASSERT_THAT(document.users, SizeIs(1));
  EXPECT_THAT(document.bindings, SizeIs(1));
  EXPECT_FALSE(document.exchanges[0].declaration.durable);
}

TEST(DefinitionsDocument, AFileOfOneVirtualHostBelongsWhereItCameFromOrWhereItIsSent) {
  const std::string text = file_named("one-virtual-host.json");
  const DefinitionsDocument there = must(text);
  ASSERT_THAT(there.virtual_hosts, SizeIs(1));
  EXPECT_EQ(there.virtual_hosts[0].name, "shop");
  EXPECT_EQ(there.virtual_hosts[0].description, "sells");
  EXPECT_EQ(there.queues[0].virtual_host, "shop");
  ASSERT_THAT(there.limits, SizeIs(1));
  EXPECT_EQ(must(text, {.virtual_host = "other"}).queues[0].virtual_host, "other");
  EXPECT_EQ(refusal(R"({"queues":[{"name":"q"}]})"),
            "queues[0] has no vhost, and the file does not say which one it is of");
}

TEST(DefinitionsDocument, AHashThatCannotBeReadIsRefusedByName) {
  EXPECT_THAT(refusal(R"({"users":[{"name":"ali","password_hash":"AAAA",)"
                      R"("hashing_algorithm":"rabbit_password_hashing_md5"}]})"),
              AllOf(HasSubstr("users[0] 'ali'"), HasSubstr("rabbit_password_hashing_md5")));
  const std::string text =
      refusal(R"({"users":[{"name":"ali","password_hash":"c2VjcmV0","hashing_algorithm":)"
              R"("rabbit_password_hashing_sha256"}]})");
  EXPECT_THAT(text, AllOf(HasSubstr("'ali'"), Not(HasSubstr("c2VjcmV0"))));
}

TEST(DefinitionsDocument, WhatMakesNoSenseIsRefusedWithItsPlace) {
  EXPECT_EQ(refusal("[]"), "the file is no object");
  EXPECT_EQ(refusal(""), "no JSON");
  EXPECT_EQ(refusal(R"({"users":{}})"), "the file has users that are no list");
  EXPECT_EQ(refusal(R"({"users":[{"tags":""}]})"), "users[0] has no name");
  EXPECT_EQ(refusal(R"({"users":[7]})"), "users[0] is no object");
  EXPECT_EQ(refusal(R"({"queues":[{"name":"q","vhost":"/","durable":7}]})"),
            "queues[0] has a durable that is neither true nor false");
  EXPECT_EQ(refusal(R"({"queues":[{"name":")" + std::string(256, 'q') + R"(","vhost":"/"}]})"),
            "queues[0] has a name of more than 255 octets");
  EXPECT_EQ(refusal(R"({"queues":[{"name":"q","vhost":"/","arguments":[1]}]})"),
            "queues[0] has arguments: no object");
  EXPECT_EQ(refusal(R"({"policies":[{"name":"p","vhost":"/","definition":{}}]})"),
            "policies[0] has no pattern");
  EXPECT_THAT(refusal(R"({"users":[],"users":[]})"), HasSubstr("same name twice"));
}

TEST(DefinitionsDocument, SizeAndDepthAreLimited) {
  EXPECT_THAT(refusal("{}", {.size_max = 1}), HasSubstr("limits.definitions.file_size_max"));
  EXPECT_EQ(refusal("{}", {.size_max = 2}), "nothing");
  const auto nested = [](int levels) {
    std::string open, close;
    for (int level = 0; level != levels; ++level) {
      open.append("[");
      close.append("]");
    }
    return R"({"parameters":[{"component":"c","vhost":"/","name":"n","value":)" + open + close +
           "}]}";
  };
  EXPECT_EQ(refusal(nested(20)), "nothing");
  EXPECT_THAT(refusal(nested(40)), HasSubstr("nested too deeply"));
}

TEST(DefinitionsDocument, AByteOrderMarkIsPassedOver) {
  EXPECT_EQ(refusal("\xEF\xBB\xBF{}"), "nothing");
}

DefinitionsDocument everything() {
  DefinitionsDocument document;
  base::SecureRandom random;
  const auth::HashCost cost{4096, 4096};
  document.users.push_back({"guest", {}, true, {"administrator"}, true});
  document.users.push_back(
      {"scram",
       auth::StoredPassword::of("x", auth::HashSalts::draw(random), cost).text(),
       false,
       {},
       false});
  document.users.push_back({"sha", sha512_hash(), false, {"a", "b"}, false});
  document.virtual_hosts.push_back({"/", "all", {"t"}, false});
  document.permissions = {{"guest", "/", "a", "b", "c"}, {"sha", "/", "", "", ".*"}};
  document.topic_permissions = {{"sha", "/", "events", "w", "r"}};
  broker::TenantLimits limits;
  limits.connections_max = 1;
  limits.channels_max = 2;
  limits.consumers_max = 3;
  limits.queues_max = 4;
  limits.exchanges_max = 5;
  limits.bindings_max = 6;
  limits.message_size_max = 7;
  limits.stored_bytes_max = 8;
  limits.quota_action = broker::QuotaAction::kReject;
  limits.publish_rate = {9, 10};
  document.limits.push_back({"/", limits});
  document.user_limits.push_back({"sha", {1, 2, 5, 6, {3, 4}}});
  document.parameters.push_back({"shovel", "/", "s", R"({"src":["a",1]})"});
  document.global_parameters.push_back({"cluster_name", R"("x")"});
  NodeDefinitions::HostedPolicy policy{"/", broker::PolicyKind::kUser, {"p", "^q", {}, -1, {}}};
  policy.policy.definition.add_long("max-length", 5);
  document.policies.push_back(policy);
  policy.kind = broker::PolicyKind::kOperator;
  document.policies.push_back(policy);
  document.exchanges.push_back({"/", {"e", broker::ExchangeType::kTopic, true, true, true, {}}});
  HostedQueue queue{"/", {"q", true, false, true, {}}};
  // JSON does not have these.
  queue.declaration.arguments.add_integer("x-max-length", 5)
      .add_timestamp("x-when", 7)
      .add_string("x-octets", "\xFF");
  document.queues.push_back(queue);
  document.bindings.push_back(
      {"/", broker::RoutingTarget::Kind::kQueue, "q", "e", "a.*", queue.declaration.arguments});
  return document;
}

TEST(DefinitionsDocument, OurOwnFormLosesNothing) {
  const DefinitionsDocument before = everything();
  const WrittenDefinitions written = write_definitions(before, DefinitionsForm::kOwn);
  EXPECT_THAT(written.left_out, IsEmpty());
  const DefinitionsDocument after = must(written.json);
  EXPECT_THAT(after.warnings, IsEmpty());
  // What is read is written as it was; and what tells octets from texts is looked at besides.
  EXPECT_EQ(write_definitions(after, DefinitionsForm::kOwn).json, written.json);
  ASSERT_THAT(after.queues, SizeIs(1));
  EXPECT_EQ(after.queues[0].declaration.arguments.view().bytes(),
            before.queues[0].declaration.arguments.view().bytes());
  EXPECT_EQ(after.bindings[0].arguments.view().bytes(),
            before.bindings[0].arguments.view().bytes());
  EXPECT_EQ(after.limits[0].limits, before.limits[0].limits);
  EXPECT_EQ(after.user_limits[0].limits, before.user_limits[0].limits);
  ASSERT_THAT(after.users, SizeIs(3));
  EXPECT_TRUE(after.users[0].configured_password && after.users[0].loopback_only);
  EXPECT_EQ(after.users[1].password_hash, before.users[1].password_hash);
  EXPECT_EQ(after.policies[0].policy, before.policies[0].policy);
  EXPECT_EQ(after.policies[1].kind, broker::PolicyKind::kOperator);
  EXPECT_EQ(after.parameters[0].json, before.parameters[0].json);
  EXPECT_TRUE(after.exchanges[0].declaration.internal);
}

TEST(DefinitionsDocument, RabbitMqsFormNamesWhatItCannotSay) {
  const WrittenDefinitions written = write_definitions(everything(), DefinitionsForm::kRabbitMq);
  EXPECT_THAT(written.left_out,
              ElementsAre(HasSubstr("user 'guest' and the permissions: the password stands in"),
                          HasSubstr("user 'scram' and the permissions: the password is kept as"),
                          "user 'sha': limits that RabbitMQ does not have",
                          "vhost '/': limits that RabbitMQ does not have",
                          HasSubstr("queue 'q': octets of arguments"),
                          HasSubstr("binding 'e' to 'q': octets of arguments")));
  const DefinitionsDocument after = must(written.json);
  ASSERT_THAT(after.users, SizeIs(1));
  EXPECT_EQ(after.users[0].name, "sha");
  EXPECT_THAT(written.json, HasSubstr("rabbit_password_hashing_sha512"));
  // Permissions of a user who is not there would fail the whole import.
  ASSERT_THAT(after.permissions, SizeIs(1));
  EXPECT_THAT(written.json, Not(HasSubstr("_hex")));
  EXPECT_THAT(written.json, Not(HasSubstr("loopback_only")));
}

TEST(DefinitionsDocument, ANameThatIsNoTextIsLeftOut) {
  DefinitionsDocument document;
  document.queues.push_back({"/", {"q\xFF", true, false, false, {}}});
  const WrittenDefinitions written = write_definitions(document, DefinitionsForm::kOwn);
  EXPECT_THAT(written.left_out, ElementsAre(HasSubstr("a name is not UTF-8")));
  EXPECT_THAT(must(written.json).queues, IsEmpty());
}

TEST(DefinitionsValues, EveryJsonValueIsATablesAndComesBack) {
  const auto json = nlohmann::json::parse(
      R"({"a":-1,"b":true,"c":"x","d":0.5,"e":null,"f":{"g":[1,"y",[false]]}})");
  const auto table = table_of_json(json);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(json_of_table(*table), json);
  EXPECT_TRUE(is_exact(json, *table));
  EXPECT_EQ(table_of_hex(hex_of_table(*table))->view().bytes(), table->view().bytes());
  EXPECT_FALSE(table_of_hex("0").ok());
  EXPECT_FALSE(table_of_hex("zz").ok());
  EXPECT_FALSE(table_of_hex("01").ok());
  EXPECT_FALSE(table_of_json(nlohmann::json::parse(R"({"a":18446744073709551615})")).ok());
}

}  // namespace
}  // namespace harrier::server
