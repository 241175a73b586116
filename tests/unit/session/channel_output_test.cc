// What a channel says while its client does not read: nothing that was not said yet.

#include "unit/session/channel_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ChannelWithFullOutput : public ChannelFixture {
 protected:
  // One reply with a body fills the output; all that was said so far counts as read.
  std::unique_ptr<TestSession> connect_with_small_output() {
    session::SessionLimits limits;
    limits.output_credit_bytes = 200;
    auto client = connect(1, limits);
    client->declare("q");
    const std::string body(300, 'x');
    for (int i = 0; i < 4; ++i)
      client->publish(1, "q", body);
    read_all(*client);
    client->quiet();
    return client;
  }
  static void read_all(TestSession& client) {
    client.call([&] { client.session().written(1'000'000); });
  }
};

TEST_F(ChannelWithFullOutput, pipelined_gets_wait_until_the_client_has_read) {
  auto client = connect_with_small_output();
  for (int i = 0; i < 3; ++i)
    client->get("q");
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("basic.get-ok")));
  read_all(*client);
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("basic.get-ok")));
  read_all(*client);
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("basic.get-ok")));
  read_all(*client);
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelWithFullOutput, replies_behind_a_waiting_get_keep_their_order) {
  auto client = connect_with_small_output();
  client->get("q").get("q").declare("other").close();
  EXPECT_THAT(client->take(),
              ElementsAre(HasSubstr("basic.get-ok"), HasSubstr("connection.close-ok"), "released"));
}

TEST_F(ChannelWithFullOutput, a_channel_that_closes_says_what_waits_first) {
  auto client = connect_with_small_output();
  client->get("q").get("q").send(1, amqp::ChannelClose{});
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("basic.get-ok")));
  read_all(*client);
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("basic.get-ok")));
  read_all(*client);
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 channel.close-ok")));
}

}  // namespace
}  // namespace harrier::test
