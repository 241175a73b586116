#include <string>

#include <gtest/gtest.h>

#include "amqp/methods.h"

namespace harrier::amqp {
namespace {

TEST(Describe, NamesMethodAndFieldsInWireOrder) {
  FieldTable arguments;
  arguments.add_long("x-max-length", 5).add_string("x-queue-type", "quorum");
  QueueDeclare declare;
  declare.queue = "orders";
  declare.durable = true;
  declare.arguments = arguments;
  EXPECT_EQ(describe(declare),
            "queue.declare queue='orders' passive=false durable=true exclusive=false "
            "auto_delete=false no_wait=false arguments={x-max-length=5, x-queue-type='quorum'}");
}

TEST(Describe, LeavesOutWhatMeansNothing) {
  EXPECT_EQ(describe(ChannelOpen{}), "channel.open");
  EXPECT_EQ(describe(BasicPublish{}),
            "basic.publish exchange='' routing_key='' mandatory=false immediate=false");
}

TEST(Describe, ShowsNumbersAsNumbers) {
  BasicAck ack;
  ack.delivery_tag = DeliveryTag(12);
  EXPECT_EQ(describe(ack), "basic.ack delivery_tag=12 multiple=false");
  ConnectionStart start;
  EXPECT_TRUE(describe(start).starts_with("connection.start version_major=0 version_minor=9 "));
}

TEST(Describe, CutsLongValuesBetweenCharacters) {
  const std::string fits(64, 'x');
  const std::string cut = fits + "y";
  EXPECT_EQ(describe(ConnectionBlocked{fits}), "connection.blocked reason='" + fits + "'");
  EXPECT_EQ(describe(ConnectionBlocked{cut}), "connection.blocked reason='" + fits + "'...");
  const std::string euro = std::string(62, 'x') + "€";
  EXPECT_EQ(describe(ConnectionBlocked{euro}),
            "connection.blocked reason='" + std::string(62, 'x') + "'...");
}

TEST(Describe, NeverShowsSecrets) {
  const std::string secret("hush\0hush", 9);
  FieldTable properties;
  properties.add_string("password", "hush");
  ConnectionStartOk start_ok;
  start_ok.client_properties = properties;
  start_ok.response = {secret};
  ConnectionSecure secure;
  secure.challenge = {secret};
  ConnectionSecureOk secure_ok;
  secure_ok.response = {secret};
  ConnectionUpdateSecret update;
  update.new_secret = {secret};
  update.reason = "rotated";
  for (const Method& method :
       {Method(start_ok), Method(secure), Method(secure_ok), Method(update)}) {
    const std::string text = describe(method);
    EXPECT_EQ(text.find("hush"), std::string::npos) << text;
    EXPECT_NE(text.find("(hidden)"), std::string::npos) << text;
  }
  EXPECT_EQ(describe(update), "connection.update-secret new_secret=(hidden) reason='rotated'");
}

}  // namespace
}  // namespace harrier::amqp
