// Concern: queues: declare and its equivalence, names, exclusive and auto-delete life times,
// counts. Plan:    each rule of the queue class by itself; arguments with behaviour have their own
// files.
#include <set>

#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::StartsWith;

class QueueDeclare : public BrokerTest {
 protected:
  void expect_refused(FrameClient& client, const std::string& queue, const QueueFlags& flags,
                      const std::string& text) {
    client.open_channel(7);
    client.send(7, queue_declare(queue, flags));
    client.expect_channel_close(7, 406, "PRECONDITION_FAILED - " + text, kQueueDeclare);
  }
};

TEST_F(QueueDeclare, EmptyNamesBecomeUniqueOnes) {
  FrameClient client = this->client();
  const std::string one = client.declare_queue(1, "", {.exclusive = true}).queue;
  const std::string two = client.declare_queue(1, "", {.exclusive = true}).queue;
  EXPECT_THAT(one, StartsWith("amq.gen-"));
  EXPECT_THAT(two, StartsWith("amq.gen-"));
  EXPECT_NE(one, two);
}

TEST_F(QueueDeclare, FlagsAreCompared) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  expect_refused(client, q, {.durable = true, .auto_delete = true},
                 "inequivalent arg 'durable' for queue '" + q +
                     "' in vhost '/': received 'true' but current is 'false'");
  expect_refused(client, q, {},
                 "inequivalent arg 'auto_delete' for queue '" + q +
                     "' in vhost '/': received 'false' but current is 'true'");
  client.delete_queue(1, q);
}

TEST_F(QueueDeclare, ExclusiveIsComparedFirstAndIs405) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.open_channel(2);
  client.send(2, queue_declare(q, {.durable = true}));
  client.expect_channel_close(
      2, 405,
      "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + q + "' in vhost '/'",
      kQueueDeclare);
}

TEST_F(QueueDeclare, KnownArgumentsAreComparedUnknownOnesNot) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-message-ttl", i32(60000)}, {"nonsense", i32(1)}});
  client.declare_queue(
      1, q, {.exclusive = true, .arguments = {{"x-message-ttl", i32(60000)}, {"other", i32(2)}}});
  expect_refused(client, q, {.exclusive = true, .arguments = {{"x-message-ttl", i32(59999)}}},
                 "inequivalent arg 'x-message-ttl' for queue '" + q +
                     "' in vhost '/': received '59999' but current is '60000'");
  expect_refused(client, q, {.exclusive = true},
                 "inequivalent arg 'x-message-ttl' for queue '" + q +
                     "' in vhost '/': received none but current is the value '60000' of type "
                     "'signedint'");
}

TEST_F(QueueDeclare, AnArgumentTheQueueLacksIsRefused) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  expect_refused(client, q, {.exclusive = true, .arguments = {{"x-max-length", i32(5)}}},
                 "inequivalent arg 'x-max-length' for queue '" + q +
                     "' in vhost '/': received the value '5' of type 'signedint' but current is "
                     "none");
}

TEST_F(QueueDeclare, WidthOfIntegersDoesNotMatter) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-message-ttl", i32(100)}, {"x-expires", i64(60000)}});
  for (const char tag : {'b', 's', 'I', 'l'}) {
    client.declare_queue(
        1, q,
        {.exclusive = true,
         .arguments = {{"x-message-ttl", num(tag, 100)}, {"x-expires", i32(60000)}}});
  }
}

TEST_F(QueueDeclare, AbsentQueueTypeIsClassic) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.declare_queue(1, q, {.exclusive = true, .arguments = {{"x-queue-type", str("classic")}}});
}

TEST_F(QueueDeclare, AGeneratedNameMayBeDeclaredAgain) {
  REQUIRES_HARRIER("3.10 refuses the prefix before it looks for the queue");
  FrameClient client = this->client();
  const std::string generated = client.declare_queue(1, "", {.exclusive = true}).queue;
  client.declare_queue(1, generated, {.exclusive = true});
}

TEST_F(QueueDeclare, ReservedPrefixIsRefusedWhenCreating) {
  FrameClient client = this->client();
  client.send(1, queue_declare("amq.mine", {}));
  client.expect_channel_close(1, 403,
                              "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix "
                              "'amq.*'",
                              kQueueDeclare);
}

TEST_F(QueueDeclare, CarriageReturnAndLineFeedAreStripped) {
  FrameClient client = this->client();
  const std::string plain = name("q");
  EXPECT_EQ(client.declare_queue(1, plain + "\r\n", {.exclusive = true}).queue, plain);
  EXPECT_EQ(client.passive(1, "\n" + plain).queue, plain);
}

TEST_F(QueueDeclare, NamesMayFillAShortStringAndNeedNotBeAscii) {
  FrameClient client = this->client();
  std::string q = name("q \xc3\xa4\xe2\x82\xac/!");
  q.resize(255, 'n');
  EXPECT_EQ(client.declare_queue(1, q, {.exclusive = true}).queue, q);
  client.publish(1, "", q, "m");
  EXPECT_EQ(client.must_get(1, q).routing_key, q);
}

TEST_F(QueueDeclare, PassiveOfAMissingOneIs404) {
  FrameClient client = this->client();
  const std::string q = name("q");
  client.send(1, queue_declare(q, {.passive = true}));
  client.expect_channel_close(1, 404, "NOT_FOUND - no queue '" + q + "' in vhost '/'",
                              kQueueDeclare);
}

TEST_F(QueueDeclare, PassiveIgnoresFlagsAndArguments) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.declare_queue(1, q,
                       {.passive = true,
                        .durable = true,
                        .auto_delete = true,
                        .arguments = {{"x-max-length", i32(1)}}});
}

TEST_F(QueueDeclare, CountsAreReadyMessagesAndAllConsumers) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1", "2", "3"});
  client.must_get(1, q, false);
  client.qos(1, 1);
  client.consume(1, q, {.tag = "a"});
  client.deliver(1);
  client.open_channel(2);
  client.qos(2, 1);
  client.consume(2, q, {.tag = "b"});
  client.deliver(2);
  const DeclareOk counts = client.passive(1, q);
  EXPECT_EQ(counts.message_count, 0u);
  EXPECT_EQ(counts.consumer_count, 2u);
}

TEST_F(QueueDeclare, ManyQueuesPipelined) {
  FrameClient client = this->client();
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += method_frame(1, queue_declare("", {.exclusive = true}));
  client.send_raw(all);
  std::set<std::string> names;
  for (int i = 0; i < 256; ++i)
    names.insert(client.expect(1, kQueueDeclareOk).shortstr());
  EXPECT_EQ(names.size(), 256u);
}

TEST_F(QueueDeclare, NoWaitHasNoReply) {
  FrameClient client = this->client();
  const std::string q = name("q");
  client.send(1, queue_declare(q, {.exclusive = true, .no_wait = true}));
  client.expect_quiet(1);
  EXPECT_EQ(client.passive(1, q).queue, q);
}

TEST_F(QueueDeclare, UnknownQueueTypeIsRefused) {
  FrameClient client = this->client();
  expect_refused(client, name("q"), {.durable = true, .arguments = {{"x-queue-type", str("odd")}}},
                 "invalid arg 'x-queue-type' for queue '");
}

struct BadArgument {
  const char* name;
  Entry argument;
};
void PrintTo(const BadArgument& bad, std::ostream* out) { *out << bad.name; }

class QueueArgument : public BrokerTest, public ::testing::WithParamInterface<BadArgument> {};

TEST_P(QueueArgument, OfTheWrongKindIsRefused) {
  FrameClient client = this->client();
  const std::string q = name("q");
  client.send(1, queue_declare(q, {.exclusive = true, .arguments = {GetParam().argument}}));
  client.expect_channel_close(1, 406,
                              "PRECONDITION_FAILED - invalid arg '" + GetParam().argument.name +
                                  "' for queue '" + q + "' in vhost '/': ",
                              kQueueDeclare);
}

INSTANTIATE_TEST_SUITE_P(
    Table, QueueArgument,
    ::testing::Values(
        BadArgument{"TtlNegative", {"x-message-ttl", i32(-1)}},
        BadArgument{"TtlString", {"x-message-ttl", str("60000")}},
        BadArgument{"TtlBool", {"x-message-ttl", boolean(true)}},
        BadArgument{"TtlAboveTenYears", {"x-message-ttl", i64(315360000001)}},
        BadArgument{"ExpiresZero", {"x-expires", i32(0)}},
        BadArgument{"ExpiresNegative", {"x-expires", i32(-5)}},
        BadArgument{"ExpiresString", {"x-expires", str("1000")}},
        BadArgument{"MaxLengthNegative", {"x-max-length", i32(-1)}},
        BadArgument{"MaxLengthString", {"x-max-length", str("1")}},
        BadArgument{"MaxLengthBytesNegative", {"x-max-length-bytes", i32(-1)}},
        BadArgument{"MaxPriorityString", {"x-max-priority", str("5")}},
        BadArgument{"MaxPriorityNegative", {"x-max-priority", i32(-1)}},
        BadArgument{"MaxPriorityAbove255", {"x-max-priority", i32(256)}},
        BadArgument{"OverflowUnknown", {"x-overflow", str("explode")}},
        BadArgument{"OverflowNotAString", {"x-overflow", i32(1)}},
        BadArgument{"DeadLetterKeyWithoutExchange", {"x-dead-letter-routing-key", str("k")}},
        BadArgument{"SingleActiveConsumerNotABool", {"x-single-active-consumer", str("true")}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(QueueDeclare, DeadLetterExchangeMustBeAString) {
  FrameClient client = this->client();
  const std::string q = name("q");
  expect_refused(client, q, {.arguments = {{"x-dead-letter-exchange", i32(1)}}},
                 "invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue '" + q +
                     "' in vhost '/'");
}

class QueueExclusive : public BrokerTest {};

TEST_F(QueueExclusive, EveryUseByAnotherConnectionIs405) {
  FrameClient owner = client();
  const std::string q = queue(owner);
  owner.bind_queue(1, q, "amq.direct", "k");
  FrameClient other = client();
  for (const Method& method : {queue_declare(q, {.passive = true}), queue_declare(q, {}),
                               queue_declare(q, {.exclusive = true}),
                               queue_bind(q, "amq.direct", "k"), queue_unbind(q, "amq.direct", "k"),
                               queue_purge(q), queue_delete(q), basic_get(q), basic_consume(q)}) {
    other.open_channel(2);
    other.send(2, method);
    other.expect_channel_close(2, 405,
                               "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue "
                               "'" +
                                   q + "' in vhost '/'",
                               method.id);
  }
  other.publish(1, "", q, "publishing is allowed");
  other.close();
  EXPECT_EQ(owner.must_get(1, q).body, "publishing is allowed");
}

TEST_F(QueueExclusive, EveryChannelOfTheOwnerMayUseIt) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.close_channel(1);
  client.open_channel(2);
  EXPECT_EQ(client.passive(2, q).queue, q);
}

TEST_F(QueueExclusive, IsGoneBeforeCloseOk) {
  const std::string q = name("q");
  for (int round = 0; round < 5; ++round) {
    FrameClient client = this->client();
    client.declare_queue(1, q, {.exclusive = true});
    fill(client, q, {"left"});
    client.close();
    FrameClient next = this->client();
    EXPECT_EQ(next.declare_queue(1, q, {.exclusive = true}).message_count, 0u);
    next.close();
  }
}

TEST_F(QueueExclusive, DurableIsAcceptedToo) {
  FrameClient client = this->client();
  const std::string q = name("q");
  client.declare_queue(1, q, {.durable = true, .exclusive = true});
  client.close();
  FrameClient next = this->client();
  next.send(1, queue_declare(q, {.passive = true}));
  next.expect_channel_close(1, 404, "NOT_FOUND", kQueueDeclare);
}

class QueueAutoDelete : public BrokerTest {
 protected:
  void expect_gone(FrameClient& client, const std::string& queue) {
    client.open_channel(9);
    client.send(9, queue_declare(queue, {.passive = true}));
    client.expect_channel_close(9, 404, "NOT_FOUND - no queue '" + queue + "' in vhost '/'",
                                kQueueDeclare);
  }
};

TEST_F(QueueAutoDelete, NotBeforeAConsumerAndGetDoesNotCount) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  fill(client, q, {"m"});
  client.must_get(1, q);
  client.open_channel(2);
  EXPECT_EQ(client.passive(2, q).queue, q);
  client.delete_queue(2, q);
}

TEST_F(QueueAutoDelete, AfterTheLastCancel) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  client.consume(1, q, {.tag = "a"});
  client.consume(1, q, {.tag = "b"});
  client.cancel(1, "a");
  client.passive(1, q);
  client.cancel(1, "b");
  expect_gone(client, q);
}

TEST_F(QueueAutoDelete, WhenTheConsumersChannelCloses) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  client.open_channel(2);
  client.consume(2, q);
  client.close_channel(2);
  expect_gone(client, q);
}

TEST_F(QueueAutoDelete, WhenTheConsumersConnectionCloses) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  FrameClient consumer = this->client();
  consumer.consume(1, q);
  consumer.close();
  expect_gone(client, q);
}

class CurrentQueue : public BrokerTest {};

TEST_F(CurrentQueue, IsTheLastDeclaredOfTheChannel) {
  FrameClient client = this->client();
  const std::string first = queue(client);
  const std::string last = queue(client);
  const std::string x = exchange(client, "direct");
  client.bind_queue(1, "", x, "");  // the key is then the queue's name
  client.publish(1, x, last, "m");
  EXPECT_EQ(client.must_get(1, "").body, "m");
  client.publish(1, "", last, "n");
  EXPECT_EQ(client.purge(1, ""), 1u);
  client.consume(1, "", {.tag = "t"});
  client.unbind_queue(1, "", x, last);
  EXPECT_EQ(client.passive(1, first).consumer_count, 0u);
}

TEST_F(CurrentQueue, NoneDeclaredIs404) {
  FrameClient client = this->client();
  queue(client);  // another channel's does not count
  for (const Method& method :
       {queue_bind("", "amq.direct", "k"), queue_unbind("", "amq.direct", "k"), queue_purge(""),
        queue_delete(""), basic_get(""), basic_consume("")}) {
    client.open_channel(2);
    client.send(2, method);
    client.expect_channel_close(2, 404, "NOT_FOUND - no previously declared queue", method.id);
  }
}

class QueueBind : public BrokerTest {};

TEST_F(QueueBind, DuplicatesAndManyMatchesGiveOneCopy) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "topic");
  const std::string q = queue(client);
  for (const char* key : {"a.b", "a.b", "a.*", "#"})
    client.bind_queue(1, q, x, key);
  client.publish(1, x, "a.b", "once");
  EXPECT_EQ(drain(client, q).size(), 1u);
}

TEST_F(QueueBind, ToTheFourPredeclaredExchanges) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (const char* x : {"amq.direct", "amq.fanout", "amq.topic", "amq.headers"}) {
    client.bind_queue(1, q, x, "k" + q);
  }
}

TEST_F(QueueBind, ADurableQueueToATransientExchange) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  const std::string q = shared_queue(client, {.durable = true});
  client.bind_queue(1, q, x, "k");
  client.publish(1, x, "k", "m");
  EXPECT_EQ(client.must_get(1, q).body, "m");
  client.delete_queue(1, q);
}

TEST_F(QueueBind, MissingQueueOrExchangeIs404) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.open_channel(2);
  client.send(2, queue_bind("no-such-q", "amq.direct", "k"));
  client.expect_channel_close(2, 404, "NOT_FOUND - no queue 'no-such-q' in vhost '/'", kQueueBind);
  client.open_channel(2);
  client.send(2, queue_bind(q, "no-such-x", "k"));
  client.expect_channel_close(2, 404, "NOT_FOUND - no exchange 'no-such-x' in vhost '/'",
                              kQueueBind);
}

TEST_F(QueueBind, TheDefaultExchangeIsRefused) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (const Method& method : {queue_bind(q, "", "k"), queue_unbind(q, "", q)}) {
    client.open_channel(2);
    client.send(2, method);
    client.expect_channel_close(
        2, 403, "ACCESS_REFUSED - operation not permitted on the default exchange", method.id);
  }
}

TEST_F(QueueBind, UnbindOfAMissingBindingSucceeds) {
  FrameClient client = this->client();
  client.unbind_queue(1, queue(client), "amq.direct", "never-bound");
}

// RabbitMQ takes what cannot be bound for already unbound, where the specification wants 404.
TEST_F(QueueBind, UnbindOfAMissingQueueOrExchangeSucceedsToo) {
  FrameClient client = this->client();
  client.unbind_queue(1, "no-such-q", "amq.direct", "k");
  client.unbind_queue(1, queue(client), "no-such-x", "k");
}

TEST_F(QueueBind, ArgumentsArePartOfTheBinding) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "k", {{"a", i32(1)}});
  client.bind_queue(1, q, x, "k", {{"a", i32(2)}});
  client.unbind_queue(1, q, x, "k", {{"a", i32(1)}});
  client.publish(1, x, "k", "m");
  EXPECT_EQ(drain(client, q).size(), 1u);
}

TEST_F(QueueBind, NoWaitHasNoReply) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  const std::string x = exchange(client, "fanout");
  client.send(1, queue_bind(q, x, "", {}, true));
  client.publish(1, x, "", "m");
  client.expect_quiet(1);
  EXPECT_EQ(client.must_get(1, q).body, "m");
}

class QueuePurge : public BrokerTest {};

TEST_F(QueuePurge, RemovesReadyMessagesOnlyAndCountsThem) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"unacked", "2", "3"});
  const Message held = client.must_get(1, q, false);
  EXPECT_EQ(client.purge(1, q), 2u);
  client.reject(1, held.delivery_tag, true);
  EXPECT_EQ(drain(client, q), std::vector<std::string>{"unacked"});
}

TEST_F(QueuePurge, OfAMissingQueueIs404) {
  FrameClient client = this->client();
  client.send(1, queue_purge("no-such-q"));
  client.expect_channel_close(1, 404, "NOT_FOUND - no queue 'no-such-q' in vhost '/'", kQueuePurge);
}

TEST_F(QueuePurge, NoWaitHasNoReply) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1"});
  client.send(1, queue_purge(q, true));
  client.expect_quiet(1);
  EXPECT_EQ(client.passive(1, q).message_count, 0u);
}

class QueueDelete : public BrokerTest {};

TEST_F(QueueDelete, ReturnsTheReadyCountAndAMissingOneIsZero) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1", "2", "3"});
  client.must_get(1, q, false);
  EXPECT_EQ(client.delete_queue(1, q), 2u);
  EXPECT_EQ(client.delete_queue(1, q), 0u);
}

TEST_F(QueueDelete, IfUnusedAndIfEmptyAreKept) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1"});
  client.open_channel(2);
  client.send(2, queue_delete(q, false, true));
  client.expect_channel_close(
      2, 406, "PRECONDITION_FAILED - queue '" + q + "' in vhost '/' not empty", kQueueDelete);
  client.consume(1, q, {.no_ack = true});
  client.deliver(1);
  client.open_channel(2);
  client.send(2, queue_delete(q, true, false));
  client.expect_channel_close(2, 406, "PRECONDITION_FAILED - queue '" + q + "' in vhost '/' in use",
                              kQueueDelete);
  client.passive(1, q);
}

TEST_F(QueueDelete, RemovesItsBindings) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  const std::string keeps_x = queue(client);
  client.bind_queue(1, keeps_x, x, "other");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "k");
  client.delete_queue(1, q);
  client.declare_queue(1, q, {.exclusive = true});
  client.publish(1, x, "k", "m", {}, {.mandatory = true});
  EXPECT_EQ(client.returned(1).reply_code, 312);
}

TEST_F(QueueDelete, NoWaitHasNoReply) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.send(1, queue_delete(q, false, false, true));
  client.expect_quiet(1);
  client.send(1, queue_declare(q, {.passive = true}));
  client.expect_channel_close(1, 404, "NOT_FOUND", kQueueDeclare);
}

}  // namespace
}  // namespace harrier::test
