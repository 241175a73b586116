// What a new token changes on the channels of its connection.
#include "broker/token_grant.h"
#include "channel_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ChannelRenewal : public ChannelFixture {
 protected:
  ChannelRenewal() {
    client = connect();
    client->declare("a").declare("b").quiet();
  }
  void renew(std::vector<std::string> scopes) {
    broker::Actor actor;
    actor.user = "guest";
    actor.grant = std::make_shared<broker::TokenGrant>(std::move(scopes));
    client->call([&] { client->session().renew(actor); });
  }

  std::unique_ptr<TestSession> client;
};

constexpr const char* kOk = "method 0 connection.update-secret-ok";

TEST_F(ChannelRenewal, WhatComesAfterwardsIsJudgedByTheNewToken) {
  renew({"read:%2F/a", "write:%2F/amq.default"});
  EXPECT_THAT(client->take(), ElementsAre(kOk));
  client->publish(1, "a", "x").get("a", true);
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("basic.get-ok")));
  client->get("b");
  EXPECT_EQ(client->close_text(),
            "403 ACCESS_REFUSED - read access to queue 'b' in vhost '/' refused for user 'guest'");
}

TEST_F(ChannelRenewal, ARememberedRouteIsAskedForAgain) {
  client->publish(1, "a", "x").publish(1, "a", "x").quiet();
  renew({"read:%2F/a"});
  client->publish(1, "a", "x");
  EXPECT_THAT(client->close_text(), HasSubstr("403 ACCESS_REFUSED - write access to exchange "
                                              "'amq.default'"));
}

TEST_F(ChannelRenewal, ConsumersThatMayNotReadAnyMoreAreCancelled) {
  client->consume("a", "keeps").consume("b", "loses").consume("b", "loses too").quiet();
  renew({"read:%2F/a", "write:%2F/*"});
  EXPECT_THAT(client->take(), ElementsAre(kOk, HasSubstr("basic.cancel consumer_tag='loses'"),
                                          HasSubstr("basic.cancel consumer_tag='loses too'")));
  client->publish(1, "a", "x").publish(1, "b", "y");
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("deliver 1 1|keeps")));
}

TEST_F(ChannelRenewal, WhatACancelledConsumerHasMayStillBeAcknowledged) {
  client->consume("b", "loses").publish(1, "b", "y").quiet();
  renew({"read:%2F/a"});
  client->quiet().ack(1, 1);
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelRenewal, ATokenWithoutTheVirtualHostEndsTheConnection) {
  renew({"read:other/*"});
  EXPECT_EQ(client->close_text(), "530 NOT_ALLOWED - access to vhost '/' refused for user 'guest'");
}

TEST_F(ChannelRenewal, AnEndedConnectionTakesNoToken) {
  client->close().quiet();
  renew({"read:*/*"});
  EXPECT_THAT(client->take(), IsEmpty());
}

}  // namespace
}  // namespace harrier::test
