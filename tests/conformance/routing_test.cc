// Concern: which binding takes which message, for each exchange type.
// Plan:    tables: pattern against key for topic, arguments against headers for headers.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class DirectExchange : public BrokerTest {};

TEST_F(DirectExchange, TakesEqualKeysOnly) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "direct");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "a.b");
  client.bind_queue(1, q, x, "");
  client.bind_queue(1, q, x, "*");
  for (const char* key : {"a.b", "", "*", "a", "a.B", "a.b ", "#"})
    client.publish(1, x, key, key);
  EXPECT_THAT(drain(client, q), ::testing::ElementsAre("a.b", "", "*"));
}

class FanoutExchange : public BrokerTest {};

TEST_F(FanoutExchange, IgnoresKeysAndCopiesToEachQueueOnce) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "fanout");
  const std::string one = queue(client);
  const std::string two = queue(client);
  for (const std::string& q : {one, one, two})
    client.bind_queue(1, q, x, "ignored" + q);
  client.bind_queue(1, one, x, "second key");
  client.publish(1, x, "any", "m");
  EXPECT_EQ(drain(client, one).size(), 1u);
  EXPECT_EQ(drain(client, two).size(), 1u);
}

struct TopicCase {
  const char* pattern;
  std::vector<const char*> takes;
  std::vector<const char*> leaves;
};
class TopicExchange : public BrokerTest, public ::testing::WithParamInterface<TopicCase> {};
void PrintTo(const TopicCase& topic, std::ostream* out) { *out << topic.pattern; }

TEST_P(TopicExchange, Takes) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "topic");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, GetParam().pattern);
  std::vector<std::string> expected;
  for (const char* key : GetParam().takes) {
    client.publish(1, x, key, key);
    expected.emplace_back(key);
  }
  for (const char* key : GetParam().leaves)
    client.publish(1, x, key, key);
  EXPECT_EQ(drain(client, q), expected) << GetParam().pattern;
}

// An empty key has no word at all, an empty part between dots is a word.
INSTANTIATE_TEST_SUITE_P(
    Table, TopicExchange,
    ::testing::Values(
        TopicCase{"a.b.c", {"a.b.c"}, {"a.b", "a.b.c.d", "a.b.C", "", "a.b."}},
        TopicCase{"*", {"a"}, {"a.b", ".", ""}}, TopicCase{"#", {"", "a", "a.b", ".", "a..b"}, {}},
        TopicCase{"a.*", {"a.b", "a."}, {"a", "a.b.c", "b.a"}},
        TopicCase{"*.b", {"a.b", ".b"}, {"b", "a.b.b"}},
        TopicCase{"a.#", {"a", "a.b", "a.b.c", "a."}, {"b", "", "ab"}},
        TopicCase{"#.a", {"a", "b.a", "c.b.a", ".a"}, {"", "a.b", "ba"}},
        TopicCase{"a.#.b", {"a.b", "a.x.b", "a.x.y.b", "a.b.b"}, {"a", "b", "a.x", "a.b.x"}},
        TopicCase{"#.a.#", {"a", "a.b", "b.a", "b.a.c"}, {"", "b"}},
        TopicCase{"*.#", {"a", "a.b", "a.b.c"}, {""}},
        TopicCase{"#.*", {"a", "a.b", "a.b.c"}, {""}}, TopicCase{"#.#", {"", "a", "a.b"}, {}},
        TopicCase{"*.*.*", {"a.b.c", ".."}, {"a.b", "a", "a.b.c.d"}},
        TopicCase{"a.*.#.c", {"a.b.c", "a.b.x.c"}, {"a.c", "a.b"}},
        TopicCase{"a*.b", {"a*.b"}, {"ax.b"}}, TopicCase{"#a", {"#a"}, {"a", "xa"}},
        TopicCase{"a..b", {"a..b"}, {"a.b", "a.x.b"}}, TopicCase{"", {""}, {"a", "."}}));

class TopicBindings : public BrokerTest {};

TEST_F(TopicBindings, UnbindRemovesOneOfManyThatOverlap) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "topic");
  const std::string q = queue(client);
  for (const char* key : {"a.*", "a.b", "#"})
    client.bind_queue(1, q, x, key);
  client.unbind_queue(1, q, x, "#");
  client.unbind_queue(1, q, x, "a.b");
  client.publish(1, x, "a.b", "still by a.*");
  client.publish(1, x, "z", "no more");
  EXPECT_THAT(drain(client, q), ::testing::ElementsAre("still by a.*"));
}

// Naive matchers need exponential time for this pattern.
TEST_F(TopicBindings, ManyHashesDoNotBlowUp) {
  REQUIRES_HARRIER("RabbitMQ needs minutes for this key");
  FrameClient client = this->client();
  const std::string x = exchange(client, "topic");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "#.a.#.a.#.a.#.a.#.a.#.a.#.a.#.a.#.b");
  std::string key = "a";
  for (int i = 0; i < 40; ++i)
    key += ".a";
  client.publish(1, x, key, "no");
  client.publish(1, x, key + ".b", "yes");
  EXPECT_THAT(drain(client, q), ::testing::ElementsAre("yes"));
}

struct HeadersCase {
  const char* name;
  Table binding;
  Table message;
  bool matches;
};
class HeadersExchange : public BrokerTest, public ::testing::WithParamInterface<HeadersCase> {};
void PrintTo(const HeadersCase& headers, std::ostream* out) { *out << headers.name; }

TEST_P(HeadersExchange, Matches) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "headers");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "ignored", GetParam().binding);
  client.publish(1, x, "any", "m", headers(GetParam().message));
  EXPECT_EQ(drain(client, q).size(), GetParam().matches ? 1u : 0u) << GetParam().name;
}

const Entry kAll{"x-match", str("all")};
const Entry kAny{"x-match", str("any")};
const Entry kAllWithX{"x-match", str("all-with-x")};
const Entry kAnyWithX{"x-match", str("any-with-x")};

INSTANTIATE_TEST_SUITE_P(
    Table, HeadersExchange,
    ::testing::Values(
        HeadersCase{"AllEqual",
                    {kAll, {"a", i32(1)}, {"b", str("2")}},
                    {{"a", i32(1)}, {"b", str("2")}, {"c", nil()}},
                    true},
        HeadersCase{
            "AllOneMissing", {kAll, {"a", i32(1)}, {"b", str("2")}}, {{"a", i32(1)}}, false},
        HeadersCase{"AllOneDifferent",
                    {kAll, {"a", i32(1)}, {"b", str("2")}},
                    {{"a", i32(1)}, {"b", str("3")}},
                    false},
        HeadersCase{"AllIsTheDefault", {{"a", i32(1)}, {"b", i32(2)}}, {{"a", i32(1)}}, false},
        HeadersCase{"AllWithNothingTakesEverything", {kAll}, {{"a", i32(1)}}, true},
        HeadersCase{"NoArgumentsTakeEverything", {}, {}, true},
        HeadersCase{"AnyOneEqual", {kAny, {"a", i32(1)}, {"b", str("2")}}, {{"b", str("2")}}, true},
        HeadersCase{"AnyNoneEqual", {kAny, {"a", i32(1)}}, {{"a", i32(2)}}, false},
        HeadersCase{"AnyWithNothingTakesNothing", {kAny}, {{"a", i32(1)}}, false},
        HeadersCase{"VoidMeansPresent", {kAll, {"a", nil()}}, {{"a", str("whatever")}}, true},
        HeadersCase{"VoidButAbsent", {kAll, {"a", nil()}}, {{"b", i32(1)}}, false},
        HeadersCase{"StringIsNotANumber", {kAll, {"a", str("1")}}, {{"a", i32(1)}}, false},
        HeadersCase{
            "BooleansCompare", {kAll, {"a", boolean(true)}}, {{"a", boolean(false)}}, false},
        HeadersCase{
            "XKeysAreIgnoredByAll", {kAll, {"x-a", i32(1)}, {"b", i32(2)}}, {{"b", i32(2)}}, true},
        HeadersCase{"XKeysAreIgnoredByAny", {kAny, {"x-a", i32(1)}}, {{"x-a", i32(1)}}, false},
        HeadersCase{"AllWithXNeedsThem", {kAllWithX, {"x-a", i32(1)}}, {{"b", i32(2)}}, false},
        HeadersCase{"AllWithXTakesThem", {kAllWithX, {"x-a", i32(1)}}, {{"x-a", i32(1)}}, true},
        HeadersCase{"AnyWithXTakesThem",
                    {kAnyWithX, {"x-a", i32(1)}, {"b", i32(2)}},
                    {{"x-a", i32(1)}},
                    true},
        HeadersCase{"AnyWithXNoneEqual", {kAnyWithX, {"x-a", i32(1)}}, {{"x-a", i32(2)}}, false}));

class HeadersBinding : public BrokerTest {};

TEST_F(HeadersBinding, UnknownMatchModesAreRefused) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "headers");
  const std::string q = queue(client);
  client.open_channel(2);
  client.send(2, queue_bind(q, x, "", {{"x-match", str("some")}}));
  client.expect_channel_close(2, 406,
                              "PRECONDITION_FAILED - Invalid x-match field value <<\"some\">>; "
                              "expected all, any, all-with-x, or any-with-x",
                              kQueueBind);
  client.open_channel(2);
  client.send(2, queue_bind(q, x, "", {{"x-match", i32(1)}}));
  client.expect_channel_close(2, 406,
                              "PRECONDITION_FAILED - Invalid x-match field type signedint "
                              "(value 1); expected longstr",
                              kQueueBind);
}

TEST_F(HeadersBinding, AMessageWithoutHeadersMatchesNothingButTheEmptyAll) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "headers");
  const std::string q = queue(client);
  client.bind_queue(1, q, x, "", {{"a", i32(1)}});
  client.publish(1, x, "", "none");
  EXPECT_TRUE(drain(client, q).empty());
  client.bind_queue(1, q, x, "", {});
  client.publish(1, x, "", "empty");
  EXPECT_EQ(drain(client, q).size(), 1u);
}

class Unroutable : public BrokerTest {};

TEST_F(Unroutable, IsReturnedByEveryTypeOfExchange) {
  FrameClient client = this->client();
  for (const char* x : {"amq.direct", "amq.topic", "amq.headers", "amq.match"}) {
    client.publish(1, x, name("no-route"), "m", {}, {.mandatory = true});
    EXPECT_EQ(client.returned(1).exchange, x);
  }
}

}  // namespace
}  // namespace harrier::test
