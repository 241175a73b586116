// Concern: strings that run out of their frame, are no UTF-8 where names are, or overflow at
// encode. Plan:    a table of methods with damaged strings; then long names on the way out again.
#include "conformance/bad_input.h"

namespace harrier::test {
namespace {

using namespace std::string_literals;

class BadString : public BadInputTest {};
TEST_P(BadString, ClosesTheConnection) { run(); }

BadInput frame_error(std::string name, const Method& method, unsigned channel = 1) {
  return {std::move(name), Scope::kConnection, 501, "FRAME_ERROR - ",
          method_frame(channel, method)};
}

// Every method cut in the middle of what it carries, or longer than it is.
INSTANTIATE_TEST_SUITE_P(
    Length, BadString,
    ::testing::Values(frame_error("NoArgumentsAtAll", {kQueueDeclare, ""}),
                      frame_error("NameWithoutALength", {kQueueDeclare, "\0\0"s}),
                      frame_error("NamePastTheFrame", {kQueueDeclare,
                                                       "\0\0\xc8"
                                                       "abc"s}),
                      frame_error("NameOf255AndNothing", {kQueueDelete, "\0\0\xff"s}),
                      frame_error("FlagsMissing", {kQueuePurge, "\0\0\x01q"s}),
                      frame_error("PublishCutInItsKey", {kBasicPublish,
                                                         "\0\0\0\x05"
                                                         "ab"s}),
                      frame_error("PublishWithoutFlags", {kBasicPublish, "\0\0\0\0"s}),
                      frame_error("AckCutShort", {kBasicAck, std::string(8, '\0')}),
                      frame_error("AckTooLong", {kBasicAck, std::string(10, '\0')}),
                      frame_error("QosCutShort", {kBasicQos, std::string(6, '\0')}),
                      frame_error("ConsumeWithoutArguments", {kBasicConsume, "\0\0\x01q\0\0"s}),
                      frame_error("SelectWithArguments", {kTxSelect, "x"}),
                      frame_error("ChannelOpenWithoutItsString", {kChannelOpen, ""}, 9),
                      frame_error("ChannelCloseCutInItsText", {kChannelClose,
                                                               "\0\xc8\x09"
                                                               "abc"s}),
                      frame_error("DeclareWithOctetsBehind",
                                  {kQueueDeclare, queue_declare("q", {}).arguments + "x"})),
    name_of);

Method declare_queue_named(std::string_view name) {
  return queue_declare(name, {.exclusive = true});
}

INSTANTIATE_TEST_SUITE_P(
    Utf8, BadString,
    ::testing::Values(frame_error("QueueName", declare_queue_named("\xff\xfe")),
                      frame_error("QueueNameOverlong", declare_queue_named("\xc0\x80")),
                      frame_error("QueueNameCutSequence", declare_queue_named("a\xe2\x82")),
                      frame_error("QueueNameLoneContinuation", declare_queue_named("\x80")),
                      frame_error("QueueNameFiveOctets",
                                  declare_queue_named("\xf8\x88\x80\x80\x80")),
                      frame_error("ExchangeName", exchange_declare("\xff", "direct")),
                      frame_error("ExchangeType", exchange_declare("x", "\xff"))),
    name_of);

// Accepted by RabbitMQ, refused here by the ruling that names are UTF-8 without NUL.
INSTANTIATE_TEST_SUITE_P(
    Strict, BadString,
    ::testing::Values(BadInput{"QueueNameWithNul", Scope::kConnection, 502, "SYNTAX_ERROR - ",
                               method_frame(1, declare_queue_named("a\0b"s)), Rabbit::kDiffers},
                      BadInput{"ExchangeNameWithNul", Scope::kConnection, 502, "SYNTAX_ERROR - ",
                               method_frame(1, exchange_declare("a\0b"s, "direct")),
                               Rabbit::kDiffers},
                      BadInput{"QueueNameOfASurrogate", Scope::kConnection, 501, "FRAME_ERROR - ",
                               method_frame(1, declare_queue_named("\xed\xa0\x80")),
                               Rabbit::kDiffers}),
    name_of);

class LongString : public BrokerTest {};

// A name of 255 octets does not fit into a reply text of 255: the text is cut, the code stays.
TEST_F(LongString, AReplyTextIsCutToItsShortString) {
  FrameClient client = this->client();
  const std::string name(255, 'n');
  client.send(1, basic_get(name));
  const std::string text =
      client.expect_channel_close(1, 404, "NOT_FOUND - no queue 'nnn", kBasicGet);
  EXPECT_LE(text.size(), 255u);
  client.open_channel(1);
}

TEST_F(LongString, ACutReplyTextIsStillUtf8) {
  FrameClient client = this->client();
  std::string name;
  while (name.size() < 252)
    name += "\xe2\x82\xac";
  client.send(1, basic_get(name));
  const std::string text = client.expect_channel_close(1, 404, "NOT_FOUND - no queue '", kBasicGet);
  if (target_is_foreign()) return;  // RabbitMQ cuts anywhere
  std::size_t last = text.size();
  while (last > 0 && (static_cast<unsigned char>(text[last - 1]) & 0xC0) == 0x80)
    --last;
  if (last > 0 && static_cast<unsigned char>(text[last - 1]) == 0xE2) {
    EXPECT_EQ(text.size() - last, 2u) << "cut inside a character";
  }
}

TEST_F(LongString, TagsKeysAndExchangesOf255OctetsGoRound) {
  FrameClient client = this->client();
  std::string x = name("x");
  x.resize(255, 'x');
  client.declare_exchange(1, x, "direct", {.auto_delete = true});
  const std::string q = queue(client);
  const std::string key(255, 'k');
  const std::string tag(255, 't');
  client.bind_queue(1, q, x, key);
  client.consume(1, q, {.no_ack = true, .tag = tag});
  client.publish(1, x, key, "m");
  const Message message = client.deliver(1);
  EXPECT_EQ(message.consumer_tag, tag);
  EXPECT_EQ(message.exchange, x);
  EXPECT_EQ(message.routing_key, key);
}

TEST_F(LongString, AKeyThatIsNoUtf8IsOnlyBytes) {
  FrameClient client = this->client();
  client.publish(1, "", "\xff\xfe", "m", {}, {.mandatory = true});
  EXPECT_EQ(client.returned(1).routing_key, "\xff\xfe");
}

}  // namespace
}  // namespace harrier::test
