#include "ctl/broker_address.h"

#include <gtest/gtest.h>

#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

TEST(ParseBrokerUri, HasTheUsualPorts) {
  EXPECT_EQ(parse_broker_uri("http://h").port, 15672);
  EXPECT_EQ(parse_broker_uri("https://h").port, 15671);
  EXPECT_EQ(parse_broker_uri("https://h").kind, BrokerAddress::Kind::kTls);
  EXPECT_FALSE(parse_broker_uri("http://h").login);
}

TEST(ParseBrokerUri, TakesLoginPortAndPrefix) {
  const BrokerAddress address = parse_broker_uri("http://us%40er:p%2Fw%3A@h:81/mq/");
  EXPECT_EQ(address.login->user, "us@er");
  EXPECT_EQ(address.login->password, "p/w:");
  EXPECT_EQ(address.host, "h");
  EXPECT_EQ(address.port, 81);
  EXPECT_EQ(address.path_prefix, "/mq");
}

TEST(ParseBrokerUri, TakesIpv6) {
  const BrokerAddress address = parse_broker_uri("http://[::1]:81");
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 81);
  EXPECT_EQ(address.display(), "http://[::1]:81");
  EXPECT_EQ(parse_broker_uri("http://[::1]").port, 15672);
}

TEST(ParseBrokerUri, RefusesWhatIsNone) {
  for (const char* uri :
       {"", "h:1", "ftp://h", "http://", "http://:80", "http://h:", "http://h:0", "http://h:65536",
        "http://h:8x", "http://u%2@h", "http://h/?a", "http://[::1", "http://[::1]x", "http://a b",
        "http://h/\r\nX: y", "http://[]"}) {
    EXPECT_THROW(parse_broker_uri(uri), Trouble) << uri;
  }
}

TEST(ParseBrokerUri, DoesNotRepeatThePassword) {
  try {
    parse_broker_uri("http://u:secret@h:99999");
    FAIL();
  } catch (const Trouble& trouble) {
    EXPECT_EQ(std::string(trouble.what()).find("secret"), std::string::npos);
    EXPECT_EQ(trouble.code(), kExitConfig);
  }
  EXPECT_EQ(parse_broker_uri("http://u:secret@h").display(), "http://h:15672");
}

}  // namespace
}  // namespace harrier::ctl
