#include "base/ip_prefix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::base {
namespace {

using ::testing::HasSubstr;

bool contains(std::string_view prefix, std::string_view address) {
  return IpPrefix::parse(prefix).value().contains(parse_ip(address).value());
}

TEST(IpPrefix, AnAddressIsItselfOnly) {
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(contains("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"));
  EXPECT_FALSE(contains("2001:db8::1", "2001:db8::2"));
}

TEST(IpPrefix, BorderOfEveryLength) {
  for (unsigned bits = 0; bits <= 32; ++bits) {
    // 85.85.85.85: its bits alternate.
    const std::uint32_t address = 0x55555555;
    const auto text = [](std::uint32_t value) {
      return std::to_string(value >> 24) + "." + std::to_string(value >> 16 & 255) + "." +
             std::to_string(value >> 8 & 255) + "." + std::to_string(value & 255);
    };
    const std::uint32_t network = bits == 0 ? 0 : address & (0xFFFFFFFFU << (32 - bits));
    const std::string prefix = text(network) + "/" + std::to_string(bits);
    EXPECT_TRUE(contains(prefix, text(address))) << prefix;
    const std::uint32_t within = bits == 32 ? address : address ^ (0x80000000U >> bits);
    EXPECT_TRUE(contains(prefix, text(within))) << prefix;
    const bool beyond = bits != 0 && contains(prefix, text(address ^ (1U << (32 - bits))));
    EXPECT_FALSE(beyond) << prefix;
  }
}

TEST(IpPrefix, KindsOfAddressesMeetWhereIPv4IsMapped) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_TRUE(contains("::/0", "10.1.2.3"));
  EXPECT_TRUE(contains("0.0.0.0/0", "10.1.2.3"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_FALSE(contains("::1", "127.0.0.1"));
  EXPECT_FALSE(contains("127.0.0.0/8", "::1"));
}

TEST(IpPrefix, WhatIsNoneIsRefusedWithTheReason) {
  const auto error_of = [](std::string_view text) {
    const auto prefix = IpPrefix::parse(text);
    return prefix.ok() ? "accepted" : prefix.error().message;
  };
  for (const char* text : {"", "localhost", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1:5672",
                           "[::1]", "fe80::1%eth0", " 10.0.0.1", "10.0.0.1 ", "/8",
                           "::1::", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"})
    EXPECT_THAT(error_of(text), HasSubstr("is no IP address")) << text;
  EXPECT_THAT(error_of(std::string_view("10.0.0.1\0x", 10)), HasSubstr("is no IP address"));
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ",
                           "10.0.0.0/255.0.0.0", "10.0.0.0/4294967304"})
    EXPECT_THAT(error_of(text), HasSubstr("not from 0 to 32")) << text;
  EXPECT_THAT(error_of("::/129"), HasSubstr("not from 0 to 128"));
  EXPECT_EQ(error_of("10.1.0.0/8"), "'10.1.0.0/8' has bits set beyond its prefix");
  EXPECT_THAT(error_of("2001:db8::1/64"), HasSubstr("bits set beyond"));
}

}  // namespace
}  // namespace harrier::base
