#include "conformance/bad_input.h"

namespace harrier::test {

void PrintTo(const BadInput& bad, std::ostream* out) { *out << bad.name; }
std::string name_of(const ::testing::TestParamInfo<BadInput>& test) { return test.param.name; }

void BadInputTest::run() {
  if (GetParam().rabbit == Rabbit::kDiffers) {
    REQUIRES_HARRIER("see the comment of the case");
  }
  FrameClient bystander = client();
  FrameClient client = this->client();
  client.open_channel(2);
  client.send_raw(GetParam().bytes);
  if (GetParam().scope == Scope::kChannel) {
    expect_channel_closed(client);
  } else {
    expect_connection_closed(client);
  }
  bystander.expect_quiet(1);
  expect_broker_serves();
}

void BadInputTest::check_close(Reader close) const {
  const unsigned code = close.u16();
  const std::string text = close.shortstr();
  const std::uint16_t class_id = close.u16();
  const MethodId cause{class_id, close.u16()};
  EXPECT_EQ(code, GetParam().code) << text;
  EXPECT_THAT(text, ::testing::HasSubstr(GetParam().text));
  if (GetParam().cause) {
    EXPECT_EQ(to_string(cause), to_string(*GetParam().cause));
  }
}

void BadInputTest::expect_channel_closed(FrameClient& client) {
  check_close(client.expect(1, kChannelClose));
  client.send(1, channel_close_ok());
  client.expect_quiet(2);
  client.open_channel(1);
  client.expect_quiet(1);
}

void BadInputTest::expect_connection_closed(FrameClient& client) {
  check_close(client.expect(0, kConnectionClose));
  client.send(0, connection_close_ok());
  // RabbitMQ leaves it to the client to end the socket.
  if (!target_is_foreign()) client.expect_end();
}

std::string publish_method(unsigned channel) {
  return method_frame(channel, basic_publish("", "no-such-queue"));
}

std::string publish_and_header(std::uint64_t body_size, unsigned channel) {
  return publish_method(channel) + header_frame(channel, body_size, {});
}

std::string declare_with_table(std::string_view table_with_length) {
  return method_frame(1, {kQueueDeclare, Writer()
                                             .u16(0)
                                             .shortstr("bad-table")
                                             .bits({false, false, true, false, false})
                                             .raw(table_with_length)});
}

std::string table_of(std::string_view letter_and_value) {
  const std::string inner = Writer().shortstr("k").raw(letter_and_value);
  return Writer().longstr(inner);
}

}  // namespace harrier::test
