// Concern: permissions: which of configure, write and read each operation needs on what, in which
// order they are asked, and that nothing is said about what one may not see. Plan: one table of
// operations, run for users that hold every subset of the three, on one connection each; topic
// permissions and names by themselves. RabbitMQ 3.10 leaves out the permission's name.
#include <array>
#include <map>
#include <optional>

#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

constexpr const char* kDefaultRefused =
    "ACCESS_REFUSED - operation not permitted on the default exchange";

// A permission that an operation asks for, in the order in which it does.
struct Asked {
  char permission;   // 'c', 'w', 'r', or '*': any of them
  std::string what;  // "queue 'q'"
};
struct Operation {
  std::string name;
  Method method;
  MethodId reply;  // {}: basic.publish, which has none
  std::vector<Asked> asked;
  // What is said when all is allowed; empty: the reply.
  unsigned code = 0;
  std::string text = {};
  bool first = false;  // said before any permission is asked
};

std::vector<Operation> exchange_operations() {
  const ExchangeFlags with_alternate{.auto_delete = true,
                                     .arguments = {{"alternate-exchange", str("fan")}}};
  const ExchangeFlags with_default{.auto_delete = true,
                                   .arguments = {{"alternate-exchange", str("")}}};
  return {
      {"declare a new exchange",
       exchange_declare("new", "direct", {.auto_delete = true}),
       kExchangeDeclareOk,
       {{'c', "exchange 'new'"}}},
      {"declare an exchange again",
       exchange_declare("dir", "direct"),
       kExchangeDeclareOk,
       {{'c', "exchange 'dir'"}}},
      {"declare an exchange otherwise",
       exchange_declare("dir", "topic"),
       {},
       {{'c', "exchange 'dir'"}},
       406,
       "inequivalent arg 'type' for exchange 'dir' in vhost '/'"},
      {"declare with an alternate exchange",
       exchange_declare("new2", "direct", with_alternate),
       kExchangeDeclareOk,
       {{'c', "exchange 'new2'"}, {'r', "exchange 'new2'"}, {'w', "exchange 'fan'"}}},
      {"declare with the default exchange as alternate",
       exchange_declare("new3", "direct", with_default),
       kExchangeDeclareOk,
       {{'c', "exchange 'new3'"}, {'r', "exchange 'new3'"}, {'w', "exchange 'amq.default'"}}},
      {"declare an exchange with an alternate again",
       exchange_declare("alt", "direct", {.arguments = {{"alternate-exchange", str("fan")}}}),
       kExchangeDeclareOk,
       {{'c', "exchange 'alt'"}}},
      {"declare the default exchange",
       exchange_declare("", "direct"),
       {},
       {},
       403,
       kDefaultRefused,
       true},
      {"declare a reserved exchange",
       exchange_declare("amq.zz", "direct"),
       {},
       {{'c', "exchange 'amq.zz'"}},
       403,
       "exchange name 'amq.zz' contains reserved prefix"},
      {"declare a predeclared exchange",
       exchange_declare("amq.direct", "direct", {.durable = true}),
       kExchangeDeclareOk,
       {{'c', "exchange 'amq.direct'"}}},
      {"passive exchange",
       exchange_declare("dir", "direct", {.passive = true}),
       kExchangeDeclareOk,
       {{'*', "exchange 'dir'"}}},
      {"passive missing exchange",
       exchange_declare("nope", "direct", {.passive = true}),
       {},
       {{'*', "exchange 'nope'"}},
       404,
       "no exchange 'nope' in vhost '/'"},
      {"delete a missing exchange",
       exchange_delete("nope"),
       kExchangeDeleteOk,
       {{'c', "exchange 'nope'"}}},
      {"delete the default exchange", exchange_delete(""), {}, {}, 403, kDefaultRefused, true},
      {"delete a predeclared exchange",
       exchange_delete("amq.direct"),
       {},
       {},
       403,
       "deletion of system exchange 'amq.direct' in vhost '/' not allowed",
       true},
      {"bind exchanges",
       exchange_bind("fan", "dir", "k"),
       kExchangeBindOk,
       {{'w', "exchange 'fan'"}, {'r', "exchange 'dir'"}}},
      {"bind to an internal exchange",
       exchange_bind("int", "dir", "k"),
       kExchangeBindOk,
       {{'w', "exchange 'int'"}, {'r', "exchange 'dir'"}}},
      {"bind missing exchanges",
       exchange_bind("nope", "nope2", "k"),
       {},
       {{'w', "exchange 'nope'"}, {'r', "exchange 'nope2'"}},
       404,
       "no exchange 'nope2'"},
      {"bind from the default exchange",
       exchange_bind("fan", "", "k"),
       {},
       {{'w', "exchange 'fan'"}},
       403,
       kDefaultRefused},
      {"bind to the default exchange",
       exchange_bind("", "dir", "k"),
       {},
       {{'w', "exchange 'amq.default'"}},
       403,
       kDefaultRefused},
      {"unbind exchanges",
       exchange_unbind("fan", "dir", "other"),
       kExchangeUnbindOk,
       {{'w', "exchange 'fan'"}, {'r', "exchange 'dir'"}}},
      {"unbind missing exchanges",
       exchange_unbind("nope", "nope2", "k"),
       kExchangeUnbindOk,
       {{'w', "exchange 'nope'"}, {'r', "exchange 'nope2'"}}},
      {"unbind from the default exchange",
       exchange_unbind("fan", "", "k"),
       {},
       {{'w', "exchange 'fan'"}},
       403,
       kDefaultRefused},
      {"publish", basic_publish("dir", "k"), {}, {{'w', "exchange 'dir'"}}},
      {"publish to the default exchange",
       basic_publish("", "q"),
       {},
       {{'w', "exchange 'amq.default'"}}},
      {"publish to a missing exchange",
       basic_publish("nope", "k"),
       {},
       {{'w', "exchange 'nope'"}},
       404,
       "no exchange 'nope' in vhost '/'"},
      {"publish to an internal exchange",
       basic_publish("int", "k"),
       {},
       {{'w', "exchange 'int'"}},
       403,
       "cannot publish to internal exchange 'int' in vhost '/'"},
  };
}

constexpr const char* kLocked =
    "cannot obtain exclusive access to locked queue 'locked' in vhost '/'";

std::vector<Operation> queue_operations() {
  const QueueFlags with_dead_letters{.auto_delete = true,
                                     .arguments = {{"x-dead-letter-exchange", str("fan")}}};
  const QueueFlags with_default{.auto_delete = true,
                                .arguments = {{"x-dead-letter-exchange", str("")}}};
  const QueueFlags with_bad_ttl{
      .arguments = {{"x-message-ttl", i32(-1)}, {"x-dead-letter-exchange", str("fan")}}};
  return {
      {"declare a new queue",
       queue_declare("new", {.auto_delete = true}),
       kQueueDeclareOk,
       {{'c', "queue 'new'"}}},
      {"declare a queue again", queue_declare("q"), kQueueDeclareOk, {{'c', "queue 'q'"}}},
      {"declare a queue otherwise",
       queue_declare("q", {.durable = true}),
       {},
       {{'c', "queue 'q'"}},
       406,
       "inequivalent arg 'durable' for queue 'q' in vhost '/'"},
      {"declare with a dead-letter exchange",
       queue_declare("new2", with_dead_letters),
       kQueueDeclareOk,
       {{'c', "queue 'new2'"}, {'r', "queue 'new2'"}, {'w', "exchange 'fan'"}}},
      {"declare with the default exchange for dead letters",
       queue_declare("new3", with_default),
       kQueueDeclareOk,
       {{'c', "queue 'new3'"}, {'r', "queue 'new3'"}, {'w', "exchange 'amq.default'"}}},
      {"declare a queue with dead letters again",
       queue_declare("dead", {.arguments = {{"x-dead-letter-exchange", str("fan")}}}),
       kQueueDeclareOk,
       {{'c', "queue 'dead'"}}},
      {"declare with another wrong argument",
       queue_declare("new4", with_bad_ttl),
       {},
       {{'c', "queue 'new4'"}, {'r', "queue 'new4'"}, {'w', "exchange 'fan'"}},
       406,
       "invalid arg 'x-message-ttl' for queue 'new4' in vhost '/'"},
      {"declare a reserved queue",
       queue_declare("amq.zz"),
       {},
       {{'c', "queue 'amq.zz'"}},
       403,
       "queue name 'amq.zz' contains reserved prefix 'amq.*'"},
      {"declare another's queue",
       queue_declare("locked", {.exclusive = true}),
       {},
       {{'c', "queue 'locked'"}},
       405,
       kLocked},
      {"passive queue",
       queue_declare("q", {.passive = true}),
       kQueueDeclareOk,
       {{'*', "queue 'q'"}}},
      {"passive missing queue",
       queue_declare("nope", {.passive = true}),
       {},
       {{'*', "queue 'nope'"}},
       404,
       "no queue 'nope' in vhost '/'"},
      {"passive on another's queue",
       queue_declare("locked", {.passive = true}),
       {},
       {{'*', "queue 'locked'"}},
       405,
       kLocked},
      {"delete a missing queue", queue_delete("nope"), kQueueDeleteOk, {{'c', "queue 'nope'"}}},
      {"delete another's queue",
       queue_delete("locked"),
       {},
       {{'c', "queue 'locked'"}},
       405,
       kLocked},
      {"purge", queue_purge("q"), kQueuePurgeOk, {{'r', "queue 'q'"}}},
      {"purge a missing queue",
       queue_purge("nope"),
       {},
       {{'r', "queue 'nope'"}},
       404,
       "no queue 'nope' in vhost '/'"},
      {"purge another's queue", queue_purge("locked"), {}, {{'r', "queue 'locked'"}}, 405, kLocked},
      {"bind",
       queue_bind("q", "dir", "k"),
       kQueueBindOk,
       {{'w', "queue 'q'"}, {'r', "exchange 'dir'"}}},
      {"bind a missing queue",
       queue_bind("nope", "dir", "k"),
       {},
       {{'w', "queue 'nope'"}, {'r', "exchange 'dir'"}},
       404,
       "no queue 'nope' in vhost '/'"},
      {"bind to a missing exchange",
       queue_bind("q", "nope", "k"),
       {},
       {{'w', "queue 'q'"}, {'r', "exchange 'nope'"}},
       404,
       "no exchange 'nope' in vhost '/'"},
      {"bind to the default exchange",
       queue_bind("q", "", "k"),
       {},
       {{'w', "queue 'q'"}},
       403,
       kDefaultRefused},
      {"bind another's queue",
       queue_bind("locked", "dir", "k"),
       {},
       {{'w', "queue 'locked'"}, {'r', "exchange 'dir'"}},
       405,
       kLocked},
      {"unbind",
       queue_unbind("q", "dir", "other"),
       kQueueUnbindOk,
       {{'w', "queue 'q'"}, {'r', "exchange 'dir'"}}},
      {"unbind what is missing",
       queue_unbind("nope", "nope2", "k"),
       kQueueUnbindOk,
       {{'w', "queue 'nope'"}, {'r', "exchange 'nope2'"}}},
      {"unbind from the default exchange",
       queue_unbind("q", "", "k"),
       {},
       {{'w', "queue 'q'"}},
       403,
       kDefaultRefused},
      {"unbind another's queue",
       queue_unbind("locked", "fan", "bound"),
       {},
       {{'w', "queue 'locked'"}, {'r', "exchange 'fan'"}},
       405,
       kLocked},
      {"get", basic_get("q"), kBasicGetEmpty, {{'r', "queue 'q'"}}},
      {"get from a missing queue",
       basic_get("nope"),
       {},
       {{'r', "queue 'nope'"}},
       404,
       "no queue 'nope' in vhost '/'"},
      {"get from another's queue",
       basic_get("locked"),
       {},
       {{'r', "queue 'locked'"}},
       405,
       kLocked},
      {"consume", basic_consume("q"), kBasicConsumeOk, {{'r', "queue 'q'"}}},
      {"consume from a missing queue",
       basic_consume("nope"),
       {},
       {{'r', "queue 'nope'"}},
       404,
       "no queue 'nope' in vhost '/'"},
      {"consume from another's queue",
       basic_consume("locked"),
       {},
       {{'r', "queue 'locked'"}},
       405,
       kLocked},
      {"bind the reply queue",
       queue_bind("amq.rabbitmq.reply-to", "dir", "k"),
       {},
       {{'w', "queue 'amq.rabbitmq.reply-to'"}, {'r', "exchange 'dir'"}},
       404,
       "no queue 'amq.rabbitmq.reply-to' in vhost '/'"},
  };
}

// What nobody needs a permission for.
std::vector<Operation> free_operations() {
  return {
      {"qos", basic_qos(1), kBasicQosOk, {}},
      {"recover", basic_recover(true), kBasicRecoverOk, {}},
      {"cancel", basic_cancel("no-such-tag"), kBasicCancelOk, {}},
      {"confirm.select", confirm_select(), kConfirmSelectOk, {}},
      {"tx.select", tx_select(), kTxSelectOk, {}},
      {"channel.flow", channel_flow(true), kChannelFlowOk, {}},
      {"the reply queue",
       queue_declare("amq.rabbitmq.reply-to", {.passive = true}),
       kQueueDeclareOk,
       {}},
      {"replies", basic_consume("amq.rabbitmq.reply-to", {.no_ack = true}), kBasicConsumeOk, {}},
  };
}

class PermissionMatrix : public BrokerTest {
 protected:
  static constexpr std::array<const char*, 8> kSubsets = {"-",  "c",  "w",  "r",
                                                          "cw", "cr", "wr", "cwr"};

  static std::string pattern(const std::string& held, char permission) {
    return held.find(permission) == std::string::npos ? "" : ".*";
  }
  static UserOptions user(std::string name, PermissionOptions permission) {
    UserOptions made;
    made.name = std::move(name);
    made.password = "pw";
    made.permissions = {std::move(permission)};
    return made;
  }
  // A user for each subset, named after what it holds.
  static Options options() {
    Options options = test_options();
    for (const char* held : kSubsets)
      options.users.push_back(
          user(held, {"/", pattern(held, 'c'), pattern(held, 'w'), pattern(held, 'r')}));
    return options;
  }
  static FrameClient connect(const Broker& broker, const std::string& user) {
    return FrameClient(broker.endpoint(), {.user = user, .password = "pw"});
  }

  // The refusal of the first permission asked for that is not held.
  static std::optional<std::string> refusal(const Operation& operation, const std::string& held) {
    static const std::map<char, std::string> names = {
        {'c', "configure"}, {'w', "write"}, {'r', "read"}, {'*', "configure"}};
    for (const Asked& asked : operation.asked) {
      const bool any = asked.permission == '*' && held != "-";
      if (any || held.find(asked.permission) != std::string::npos) continue;
      return "ACCESS_REFUSED - " + names.at(asked.permission) + " access to " + asked.what +
             " in vhost '/' refused for user '" + held + "'";
    }
    return std::nullopt;
  }

  static void run(FrameClient& client, const Operation& operation, const std::string& held) {
    SCOPED_TRACE(operation.name + " with " + held);
    client.open_channel(1);
    client.send(1, operation.method);
    const bool publish = operation.method.id == kBasicPublish;
    if (publish) client.send_content(1, {}, "m");
    const auto refused = operation.first ? std::nullopt : refusal(operation, held);
    if (refused) {
      EXPECT_EQ(client.expect_channel_close(1, 403, *refused, operation.method.id), *refused);
    } else if (operation.code != 0) {
      client.expect_channel_close(1, operation.code, operation.text, operation.method.id);
    } else {
      if (!publish) client.expect(1, operation.reply);
      // Nothing else was on its way: asked by what needs no permission.
      client.call(1, basic_qos(0), kBasicQosOk);
      client.close_channel(1);
    }
  }

  static void run_all(const std::vector<Operation>& operations) {
    Broker broker(options());
    FrameClient owner(broker.endpoint(), ConnectOptions{});
    owner.open_channel(1);
    owner.declare_exchange(1, "dir", "direct");
    owner.declare_exchange(1, "fan", "fanout");
    owner.declare_exchange(1, "int", "direct", {.internal = true});
    owner.declare_exchange(1, "alt", "direct", {.arguments = {{"alternate-exchange", str("fan")}}});
    owner.declare_queue(1, "q");
    owner.declare_queue(1, "dead", {.arguments = {{"x-dead-letter-exchange", str("fan")}}});
    owner.declare_queue(1, "locked", {.exclusive = true});
    owner.bind_queue(1, "locked", "fan", "bound");
    for (const char* held : kSubsets) {
      FrameClient client = connect(broker, held);
      for (const Operation& operation : operations) {
        run(client, operation, held);
        for (const char* name : {"new", "new2", "new3"}) {
          owner.delete_queue(1, name);
          owner.delete_exchange(1, name);
        }
        owner.purge(1, "q");
      }
    }
  }
};

TEST_F(PermissionMatrix, ExchangesAndPublishing) {
  REQUIRES_OWN_BROKER();
  run_all(exchange_operations());
}

TEST_F(PermissionMatrix, QueuesAndConsuming) {
  REQUIRES_OWN_BROKER();
  run_all(queue_operations());
}

TEST_F(PermissionMatrix, WhatNeedsNone) {
  REQUIRES_OWN_BROKER();
  run_all(free_operations());
}

TEST_F(PermissionMatrix, ServerNamedQueuesNeedConfigureForTheirName) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.users.push_back(user("gen", {"/", "^amq\\.gen", "", ""}));
  options.users.push_back(user("own", {"/", "^own", "", ""}));
  Broker broker(options);
  FrameClient gen = connect(broker, "gen");
  gen.open_channel(1);
  const std::string name = gen.declare_queue(1, "", {.auto_delete = true}).queue;
  gen.declare_queue(1, name, {.auto_delete = true});
  FrameClient own = connect(broker, "own");
  own.open_channel(1);
  own.send(1, queue_declare("", {.exclusive = true}));
  own.expect_channel_close(1, 403, "ACCESS_REFUSED - configure access to queue 'amq.gen-",
                           kQueueDeclare);
}

TEST_F(PermissionMatrix, PatternsDecideByName) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.users.push_back(user("tenant", {"/", "^tenant\\.", "^(tenant\\.|amq\\.default$)", "a"}));
  Broker broker(options);
  FrameClient client = connect(broker, "tenant");
  client.open_channel(1);
  client.declare_queue(1, "tenant.a", {.auto_delete = true});
  client.publish(1, "", "tenant.a", "m");
  EXPECT_EQ(client.must_get(1, "tenant.a").body, "m");  // "a" is anywhere in it
  for (const char* name : {"other", "xtenant.a", "Tenant.a", "tenant"}) {
    client.send(1, queue_declare(name));
    client.expect_channel_close(1, 403,
                                std::string("configure access to queue '") + name +
                                    "' in vhost '/' refused for user 'tenant'",
                                kQueueDeclare);
    client.open_channel(1);
  }
}

class TopicPermissions : public PermissionMatrix {
 protected:
  static UserOptions topic_user(std::string name) {
    UserOptions made = user(std::move(name), {});
    made.topic_permissions = {{"/", "amq.topic", "^{username}\\.", "^({username}|public)\\."}};
    return made;
  }
};

TEST_F(TopicPermissions, TheUsersNameIsNoPattern) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.users.push_back(topic_user("a|.*"));
  options.users.push_back(topic_user("b.c"));
  Broker broker(options);
  for (const char* name : {"a|.*", "b.c"}) {
    FrameClient client = connect(broker, name);
    const std::string own = std::string(name) + ".x";
    client.open_channel(1);
    client.declare_queue(1, "q", {.exclusive = true});
    client.bind_queue(1, "q", "amq.topic", own);
    client.bind_queue(1, "q", "amq.topic", "public.#");
    client.publish(1, "amq.topic", own, "m");
    EXPECT_EQ(client.must_get(1, "q").body, "m");
    for (const char* key : {"a.x", "public.x", "bxc.x", "x.x"}) {
      client.publish(1, "amq.topic", key, "m");
      client.expect_channel_close(1, 403,
                                  std::string("write access to topic '") + key +
                                      "' in exchange 'amq.topic' in vhost '/' refused for user '" +
                                      name + "'",
                                  kBasicPublish);
      client.open_channel(1);
      client.publish(1, "amq.topic", own, "copied", {.headers = Table{{"CC", strings({key})}}});
      client.expect_channel_close(1, 403, std::string("write access to topic '") + key,
                                  kBasicPublish);
      client.open_channel(1);
    }
    client.send(1, queue_bind("q", "amq.topic", "#"));
    client.expect_channel_close(1, 403, "read access to topic '#' in exchange 'amq.topic'",
                                kQueueBind);
  }
}

// In RabbitMQ's order: topic before user-id.
TEST_F(TopicPermissions, AreAskedBeforePropertiesAreRead) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.users.push_back(topic_user("ali"));
  Broker broker(options);
  FrameClient client = connect(broker, "ali");
  client.open_channel(1);
  client.publish(1, "amq.topic", "k", "m", {.user_id = "eve"});
  client.expect_channel_close(1, 403, "write access to topic 'k'", kBasicPublish);
}

}  // namespace
}  // namespace harrier::test
