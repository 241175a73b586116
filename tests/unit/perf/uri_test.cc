#include "perf/uri.h"

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

TEST(Uri, WhatIsLeftOutHasADefault) {
  const auto endpoint = parse_uri("amqp://");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->host, "localhost");
  EXPECT_EQ(endpoint->port, 5672);
  EXPECT_EQ(endpoint->user, "guest");
  EXPECT_EQ(endpoint->password, "guest");
  EXPECT_EQ(endpoint->virtual_host, "/");
  EXPECT_FALSE(endpoint->tls);
}

TEST(Uri, EverythingIsRead) {
  const auto endpoint = parse_uri("amqps://some%40one:p%3Aw@broker.example:1234/a%2Fb");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->host, "broker.example");
  EXPECT_EQ(endpoint->port, 1234);
  EXPECT_EQ(endpoint->user, "some@one");
  EXPECT_EQ(endpoint->password, "p:w");
  EXPECT_EQ(endpoint->virtual_host, "a/b");
  EXPECT_TRUE(endpoint->tls);
}

TEST(Uri, TlsHasAPortOfItsOwn) { EXPECT_EQ(parse_uri("amqps://h")->port, 5671); }

TEST(Uri, AnEmptyVirtualHostIsNamedByTheSlash) {
  EXPECT_EQ(parse_uri("amqp://h/")->virtual_host, "");
}

TEST(Uri, AddressesOfSixteenOctets) {
  const auto endpoint = parse_uri("amqp://[::1]:5673/v");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->host, "::1");
  EXPECT_EQ(endpoint->port, 5673);
}

TEST(Uri, MalformedOnesAreRefused) {
  for (const char* uri : {"", "localhost", "http://h", "amqp://h:", "amqp://h:0", "amqp://h:x",
                          "amqp://h:70000", "amqp://[::1", "amqp://h/%2", "amqp://%zz@h"})
    EXPECT_FALSE(parse_uri(uri).ok()) << uri;
}

}  // namespace
}  // namespace harrier::perf
