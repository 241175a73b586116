// Concern: exchanges: declare and its equivalence, delete, the predeclared ones, bindings between
// them. Plan:    each rule of the exchange class by itself; routing by type is in routing_test.
#include <map>
#include <utility>

#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using Strings = std::vector<std::string>;

class ExchangeDeclare : public BrokerTest {
 protected:
  // A second declare that must be refused, and with which words.
  void expect_inequivalent(const std::string& exchange, std::string_view type,
                           const ExchangeFlags& flags, const std::string& detail) {
    FrameClient client = this->client();
    client.send(1, exchange_declare(exchange, type, flags));
    client.expect_channel_close(1, 406, "PRECONDITION_FAILED - inequivalent arg " + detail,
                                kExchangeDeclare);
  }
};

TEST_F(ExchangeDeclare, TheFourTypesExist) {
  FrameClient client = this->client();
  for (const char* type : {"direct", "fanout", "topic", "headers"})
    exchange(client, type);
}

TEST_F(ExchangeDeclare, DurableAndTransientBothExist) {
  FrameClient client = this->client();
  for (const bool durable : {true, false}) {
    const std::string exchange = name("x");
    client.declare_exchange(1, exchange, "direct", {.durable = durable});
    client.declare_exchange(1, exchange, "direct", {.durable = durable});
    client.delete_exchange(1, exchange);
  }
}

TEST_F(ExchangeDeclare, SixteenExchangesAreNotTooMany) {
  FrameClient client = this->client();
  for (int i = 0; i < 32; ++i)
    exchange(client, "direct");
}

TEST_F(ExchangeDeclare, AnotherTypeIsRefused) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  expect_inequivalent(x, "fanout", {.auto_delete = true},
                      "'type' for exchange '" + x +
                          "' in vhost '/': received 'fanout' but "
                          "current is 'direct'");
}

TEST_F(ExchangeDeclare, AnotherDurabilityIsRefused) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  expect_inequivalent(x, "direct", {.durable = true, .auto_delete = true},
                      "'durable' for exchange '" + x +
                          "' in vhost '/': received 'true' but "
                          "current is 'false'");
}

TEST_F(ExchangeDeclare, AnotherAutoDeleteIsRefused) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  expect_inequivalent(x, "direct", {},
                      "'auto_delete' for exchange '" + x +
                          "' in vhost '/': received 'false' but "
                          "current is 'true'");
}

TEST_F(ExchangeDeclare, AnotherInternalIsRefused) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  expect_inequivalent(x, "direct", {.auto_delete = true, .internal = true},
                      "'internal' for exchange '" + x +
                          "' in vhost '/': received 'true' but "
                          "current is 'false'");
}

TEST_F(ExchangeDeclare, UnknownArgumentsAreIgnored) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct", {{"nonsense", i32(1)}});
  client.declare_exchange(1, x, "direct",
                          {.auto_delete = true, .arguments = {{"other", str("y")}}});
}

TEST_F(ExchangeDeclare, UnknownTypeIsRefused) {
  FrameClient client = this->client();
  client.send(1, exchange_declare(name("x"), "no-such-type"));
  if (target_is_foreign()) {  // 406 since 3.11 or so, and in ours
    client.expect_connection_close(503, "COMMAND_INVALID - unknown exchange type 'no-such-type'",
                                   kExchangeDeclare);
    return;
  }
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - unknown exchange type 'no-such-type'",
                              kExchangeDeclare);
}

TEST_F(ExchangeDeclare, ReservedPrefixIsRefusedOnlyWhenCreating) {
  FrameClient client = this->client();
  client.declare_exchange(1, "amq.topic", "topic", {.durable = true});
  client.send(1, exchange_declare("amq.nothing-of-this-name", "direct"));
  client.expect_channel_close(1, 403,
                              "ACCESS_REFUSED - exchange name 'amq.nothing-of-this-name' "
                              "contains reserved prefix 'amq.*'",
                              kExchangeDeclare);
}

TEST_F(ExchangeDeclare, TheDefaultExchangeIsRefused) {
  FrameClient client = this->client();
  client.send(1, exchange_declare("", "direct", {.durable = true}));
  client.expect_channel_close(
      1, 403, "ACCESS_REFUSED - operation not permitted on the default exchange", kExchangeDeclare);
}

TEST_F(ExchangeDeclare, PassiveOfAMissingOneIs404) {
  FrameClient client = this->client();
  const std::string x = name("x");
  client.send(1, exchange_declare(x, "direct", {.passive = true}));
  client.expect_channel_close(1, 404, "NOT_FOUND - no exchange '" + x + "' in vhost '/'",
                              kExchangeDeclare);
}

TEST_F(ExchangeDeclare, PassiveIgnoresTypeAndFlags) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  client.declare_exchange(1, x, "fanout", {.passive = true, .durable = true});
}

TEST_F(ExchangeDeclare, ThePredeclaredOnesAreThere) {
  FrameClient client = this->client();
  const std::map<std::string, std::string> predeclared = {{"amq.direct", "direct"},
                                                          {"amq.fanout", "fanout"},
                                                          {"amq.topic", "topic"},
                                                          {"amq.headers", "headers"},
                                                          {"amq.match", "headers"}};
  for (const auto& [exchange, type] : predeclared) {
    client.declare_exchange(1, exchange, type, {.durable = true});
  }
}

TEST_F(ExchangeDeclare, CarriageReturnAndLineFeedAreStripped) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  client.declare_exchange(1, x.substr(0, 4) + "\r\n" + x.substr(4) + "\n", "direct",
                          {.auto_delete = true});
}

TEST_F(ExchangeDeclare, NamesMayFillAShortString) {
  FrameClient client = this->client();
  std::string x = name("x");
  x.resize(255, 'n');
  client.declare_exchange(1, x, "fanout", {.auto_delete = true});
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "");
  client.publish(1, x, "", "long");
  EXPECT_EQ(client.must_get(1, q).exchange, x);
}

TEST_F(ExchangeDeclare, NoWaitHasNoReplyButItsErrorsClose) {
  FrameClient client = this->client();
  const std::string x = name("x");
  client.send(1, exchange_declare(x, "direct", {.auto_delete = true, .no_wait = true}));
  client.expect_quiet(1);
  client.send(1, exchange_declare(x, "fanout", {.auto_delete = true, .no_wait = true}));
  client.expect_channel_close(1, 406, "inequivalent arg 'type'", kExchangeDeclare);
}

class ExchangeDelete : public BrokerTest {};

TEST_F(ExchangeDelete, OfAMissingOneSucceeds) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  client.delete_exchange(1, x);
  client.delete_exchange(1, x);
}

TEST_F(ExchangeDelete, IfUnusedIsRefusedWhileThereAreBindings) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "k");
  client.open_channel(2);
  client.send(2, exchange_delete(x, true));
  client.expect_channel_close(
      2, 406, "PRECONDITION_FAILED - exchange '" + x + "' in vhost '/' in use", kExchangeDelete);
  client.unbind_queue(1, q, x, "k");
  client.delete_exchange(1, x, true);
}

TEST_F(ExchangeDelete, RemovesItsBindings) {
  FrameClient client = this->client();
  const std::string x = name("x");
  const std::string q = queue(client);
  client.declare_exchange(1, x, "fanout");
  client.bind_queue(1, q, x, "");
  client.delete_exchange(1, x);
  client.declare_exchange(1, x, "fanout");
  client.publish(1, x, "", "nowhere");
  client.expect_quiet(1, q);
  EXPECT_EQ(client.passive(1, q).message_count, 0u);
  client.delete_exchange(1, x);
}

TEST_F(ExchangeDelete, PredeclaredOnesStay) {
  for (const char* exchange : {"amq.direct", "amq.fanout", "amq.topic", "amq.headers"}) {
    FrameClient client = this->client();
    client.send(1, exchange_delete(exchange));
    client.expect_channel_close(1, 403,
                                "ACCESS_REFUSED - deletion of system exchange '" +
                                    std::string(exchange) + "' in vhost '/' not allowed",
                                kExchangeDelete);
  }
}

TEST_F(ExchangeDelete, TheDefaultExchangeIsRefused) {
  FrameClient client = this->client();
  client.send(1, exchange_delete(""));
  client.expect_channel_close(
      1, 403, "ACCESS_REFUSED - operation not permitted on the default exchange", kExchangeDelete);
}

TEST_F(ExchangeDelete, NoWaitHasNoReply) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  client.send(1, exchange_delete(x, false, true));
  client.expect_quiet(1);
  client.send(1, exchange_declare(x, "direct", {.passive = true}));
  client.expect_channel_close(1, 404, "NOT_FOUND", kExchangeDeclare);
}

class ExchangeAutoDelete : public BrokerTest {
 protected:
  bool exists(FrameClient& client, const std::string& exchange) {
    client.open_channel(9);
    client.send(9, exchange_declare(exchange, "direct", {.passive = true}));
    const Frame reply = client.frame(9);
    if (reply.is(kExchangeDeclareOk)) {
      client.close_channel(9);
      return true;
    }
    client.send(9, channel_close_ok());
    return false;
  }
};

TEST_F(ExchangeAutoDelete, NotBeforeTheFirstBinding) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  EXPECT_TRUE(exists(client, x));
}

TEST_F(ExchangeAutoDelete, AfterTheLastUnbind) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "a");
  client.bind_queue(1, q, x, "b");
  client.unbind_queue(1, q, x, "a");
  EXPECT_TRUE(exists(client, x));
  client.unbind_queue(1, q, x, "b");
  EXPECT_FALSE(exists(client, x));
}

TEST_F(ExchangeAutoDelete, WhenItsLastQueueIsDeleted) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "a");
  client.delete_queue(1, q);
  EXPECT_FALSE(exists(client, x));
}

TEST_F(ExchangeAutoDelete, GoesThroughAChainOfExchanges) {
  FrameClient client = this->client();
  const std::string first = exchange(client, "fanout");
  const std::string second = exchange(client, "fanout");
  const std::string q = queue(client);
  client.bind_exchange(1, second, first, "");
  client.bind_queue(1, q, second, "");
  client.delete_queue(1, q);
  EXPECT_FALSE(exists(client, second));
  EXPECT_FALSE(exists(client, first));
}

class ExchangeInternal : public BrokerTest {};

TEST_F(ExchangeInternal, RefusesPublishesButRoutesFromOthers) {
  FrameClient client = this->client();
  const std::string inner = name("inner");
  client.declare_exchange(1, inner, "fanout", {.auto_delete = true, .internal = true});
  const std::string outer = exchange(client, "fanout");
  const std::string q = queue(client);
  client.bind_exchange(1, inner, outer, "");
  client.bind_queue(1, q, inner, "");
  client.publish(1, outer, "", "through");
  EXPECT_EQ(client.must_get(1, q).body, "through");
  client.publish(1, inner, "", "direct");
  client.expect_channel_close(
      1, 403, "ACCESS_REFUSED - cannot publish to internal exchange '" + inner + "' in vhost '/'",
      kBasicPublish);
}

class ExchangeBind : public BrokerTest {};

TEST_F(ExchangeBind, AChainKeepsExchangeAndKeyOfThePublish) {
  FrameClient client = this->client();
  const std::string first = exchange(client, "topic");
  const std::string second = exchange(client, "direct");
  const std::string q = queue(client);
  client.bind_exchange(1, second, first, "a.*");
  client.bind_queue(1, q, second, "a.b");
  client.publish(1, first, "a.b", "m");
  const Message message = client.must_get(1, q);
  EXPECT_EQ(message.exchange, first);
  EXPECT_EQ(message.routing_key, "a.b");
  client.publish(1, first, "a.c", "other");
  EXPECT_FALSE(client.get(1, q));
}

TEST_F(ExchangeBind, CyclesAndManyPathsGiveOneCopy) {
  FrameClient client = this->client();
  const std::string a = exchange(client, "fanout");
  const std::string b = exchange(client, "fanout");
  const std::string c = exchange(client, "fanout");
  const std::string q = queue(client);
  for (const auto& [to, from] : {std::pair{b, a}, {c, a}, {c, b}, {a, c}, {a, a}}) {
    client.bind_exchange(1, to, from, "");
  }
  for (const std::string& each : {a, b, c})
    client.bind_queue(1, q, each, "");
  client.publish(1, b, "", "once");
  EXPECT_EQ(drain(client, q), Strings{"once"});
  for (const std::string& each : {a, b, c})
    client.unbind_queue(1, q, each, "");
}

TEST_F(ExchangeBind, DuplicatesAreOneAndOneUnbindRemovesThem) {
  FrameClient client = this->client();
  const std::string from = name("from");
  client.declare_exchange(1, from, "direct");
  const std::string to = exchange(client, "fanout");
  const std::string q = queue(client);
  client.bind_queue(1, q, to, "");
  client.bind_exchange(1, to, from, "k");
  client.bind_exchange(1, to, from, "k");
  client.publish(1, from, "k", "one");
  EXPECT_EQ(drain(client, q), Strings{"one"});
  client.unbind_exchange(1, to, from, "k");
  client.publish(1, from, "k", "none");
  EXPECT_TRUE(drain(client, q).empty());
  client.delete_exchange(1, from);
}

TEST_F(ExchangeBind, UnbindOfAMissingBindingSucceeds) {
  FrameClient client = this->client();
  client.unbind_exchange(1, exchange(client, "fanout"), exchange(client, "fanout"), "never");
}

TEST_F(ExchangeBind, MissingExchangesAre404) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "fanout");
  client.send(1, exchange_bind(x, "no-such-x", ""));
  client.expect_channel_close(1, 404, "NOT_FOUND - no exchange 'no-such-x' in vhost '/'",
                              kExchangeBind);
  client.open_channel(1);
  client.send(1, exchange_bind("no-such-x", x, ""));
  client.expect_channel_close(1, 404, "NOT_FOUND - no exchange 'no-such-x' in vhost '/'",
                              kExchangeBind);
}

TEST_F(ExchangeBind, TheDefaultExchangeIsRefusedOnBothSides) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "fanout");
  for (const Method& method : {exchange_bind("", x, ""), exchange_bind(x, "", ""),
                               exchange_unbind("", x, ""), exchange_unbind(x, "", "")}) {
    client.open_channel(2);
    client.send(2, method);
    client.expect_channel_close(
        2, 403, "ACCESS_REFUSED - operation not permitted on the default exchange", method.id);
  }
}

TEST_F(ExchangeBind, NoWaitHasNoReply) {
  FrameClient client = this->client();
  const std::string from = exchange(client, "fanout");
  const std::string to = exchange(client, "fanout");
  const std::string q = queue(client);
  client.bind_queue(1, q, to, "");
  client.send(1, exchange_bind(to, from, "", {}, true));
  client.publish(1, from, "", "m");
  client.expect_quiet(1);
  EXPECT_EQ(client.must_get(1, q).body, "m");
  client.send(1, exchange_unbind(to, from, "", {}, true));
  client.expect_quiet(1);
}

}  // namespace
}  // namespace harrier::test
