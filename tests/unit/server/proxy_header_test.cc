#include "server/proxy_header.h"

#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/proxy_header_reader.h"

namespace harrier::server {
namespace {

using Origin = ProxyHeader::Origin;
using Progress = ProxyHeaderReader::Progress;
using namespace std::string_literals;

const auth::Peer kNearProxy{"127.0.0.1", 4711, true};
const auth::Peer kFarProxy{"10.0.0.9", 4711, false};

std::string v2(char version_and_command, char family, const std::string& block) {
  std::string header = "\r\n\r\n\0\r\nQUIT\n"s;
  header += version_and_command;
  header += family;
  header += static_cast<char>(block.size() >> 8);
  header += static_cast<char>(block.size());
  return header + block;
}

std::string extension(char type, const std::string& value) {
  return std::string{type, static_cast<char>(value.size() >> 8), static_cast<char>(value.size())} +
         value;
}

// 203.0.113.7:50000 to 192.0.2.1:5672.
const std::string kAddresses4 = "\xCB\x00\x71\x07\xC0\x00\x02\x01\xC3\x50\x16\x28"s;
// [2001:db8::7]:50000 to [2001:db8::1]:5672.
const std::string kAddresses6 = "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x07" +
                                "\x20\x01\x0D\xB8" + std::string(11, '\0') + "\x01" +
                                "\xC3\x50\x16\x28";

struct Good {
  std::string header;
  Origin origin;
  std::string address;  // as seen behind kFarProxy
};

const std::vector<Good>& good_headers() {
  static const std::vector<Good> kGood = {
      {"PROXY TCP4 203.0.113.7 192.0.2.1 50000 5672\r\n", Origin::kClient, "203.0.113.7:50000"},
      {"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", Origin::kClient, "0.0.0.0:0"},
      {"PROXY TCP6 2001:db8::7 2001:db8::1 50000 5672\r\n", Origin::kClient, "[2001:db8::7]:50000"},
      {"PROXY TCP6 ::ffff:203.0.113.7 ::1 50000 5672\r\n", Origin::kClient, "203.0.113.7:50000"},
      {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
       "65535 65535\r\n",
       Origin::kClient, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
      {"PROXY UNKNOWN\r\n", Origin::kUnknown, "10.0.0.9:4711"},
      {"PROXY UNKNOWN \x01 \r who knows\r\n", Origin::kUnknown, "10.0.0.9:4711"},
      {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
       Origin::kUnknown, "10.0.0.9:4711"},
      {v2(0x21, 0x11, kAddresses4), Origin::kClient, "203.0.113.7:50000"},
      {v2(0x21, 0x21, kAddresses6), Origin::kClient, "[2001:db8::7]:50000"},
      {v2(0x21, 0x11, kAddresses4 + extension(4, "") + extension(1, "amqp")), Origin::kClient,
       "203.0.113.7:50000"},
      {v2(0x21, 0x21, kAddresses6 + extension(5, std::string(4096 - 36 - 3, 'x'))), Origin::kClient,
       "[2001:db8::7]:50000"},
      {v2(0x20, 0x00, ""), Origin::kProxy, "10.0.0.9:4711"},
      {v2(0x20, 0x11, kAddresses4), Origin::kProxy, "10.0.0.9:4711"},
      {v2(0x20, '\xFF', "what it likes"), Origin::kProxy, "10.0.0.9:4711"},
      {v2(0x21, 0x00, ""), Origin::kUnknown, "10.0.0.9:4711"},
      {v2(0x21, 0x00, "what it likes"), Origin::kUnknown, "10.0.0.9:4711"},
      {v2(0x21, 0x12, kAddresses4), Origin::kUnknown, "10.0.0.9:4711"},
      {v2(0x21, 0x22, kAddresses6), Origin::kUnknown, "10.0.0.9:4711"},
      {v2(0x21, 0x31, std::string(216, 'u')), Origin::kUnknown, "10.0.0.9:4711"},
      {v2(0x21, 0x32, std::string(216, 'u')), Origin::kUnknown, "10.0.0.9:4711"}};
  return kGood;
}

TEST(ProxyHeader, WholeOnesAreUnderstoodWhateverFollows) {
  for (const Good& good : good_headers())
    for (const std::string& behind : {""s, "AMQP\0\0\x09\x01"s, "\r\n"s, std::string(9000, '\n')}) {
      const auto parsed = ProxyHeader::parse(good.header + behind);
      ASSERT_TRUE(parsed.ok() && parsed->has_value()) << good.header;
      EXPECT_EQ((*parsed)->size, good.header.size()) << good.header;
      EXPECT_EQ((*parsed)->origin, good.origin) << good.header;
      EXPECT_EQ((*parsed)->peer(kFarProxy).display(), good.address) << good.header;
    }
}

TEST(ProxyHeader, EveryBeginningAsksForMore) {
  for (const Good& good : good_headers())
    for (std::size_t size = 0; size != good.header.size(); ++size) {
      const auto parsed = ProxyHeader::parse(base::Bytes(good.header).substr(0, size));
      ASSERT_TRUE(parsed.ok()) << good.header << size << parsed.error().reason;
      EXPECT_FALSE(parsed->has_value()) << good.header << size;
    }
}

TEST(ProxyHeader, WhatIsNoneIsRefusedWithTheReason) {
  const std::string line_of_107 = "PROXY UNKNOWN " + std::string(107 - 14, 'x');
  const std::pair<std::string, const char*> cases[] = {
      {"AMQP\0\0\x09\x01"s, "there is none"},
      {"\x16\x03\x01\x02"s, "there is none"},
      {"X", "there is none"},
      {"proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n", "there is none"},
      {"PROXY\tTCP4", "there is none"},
      {"\r\n\r\n\0\r\nQUIT\r"s, "there is none"},
      {"PROXY \r\n", "the line names no protocol known"},
      {"PROXY UNKNOWNX\r\n", "the line names no protocol known"},
      {"PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n", "the line names no protocol known"},
      {"PROXY TCP4\r\n", "the line names no protocol known"},
      {"PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n", "the line names no protocol known"},
      {"PROXY UNKNOWN\n", "the line does not end in CR LF"},
      {"PROXY \n", "the line does not end in CR LF"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n", "the line does not end in CR LF"},
      {line_of_107, "the line is too long"},
      {line_of_107 + "\r\n", "the line is too long"},
      {line_of_107.substr(0, 106) + "\r\n", "the line is too long"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "the line has not two addresses and two ports"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n", "the line has not two addresses and two ports"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n", "the line has not two addresses and two ports"},
      {"PROXY TCP4 1.2.3.4  1.2.3.4 1\r\n", "an address is none of its kind"},
      {"PROXY TCP4 1.2.3.4 1.2.3.256 1 1\r\n", "an address is none of its kind"},
      {"PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n", "an address is none of its kind"},
      {"PROXY TCP4 ::1 1.2.3.4 1 1\r\n", "an address is none of its kind"},
      {"PROXY TCP6 1.2.3.4 ::1 1 1\r\n", "an address is none of its kind"},
      {"PROXY TCP6 ::1 ::1%lo 1 1\r\n", "an address is none of its kind"},
      {"PROXY TCP4 1.2.3.4\0 1.2.3.4 1 1\r\n"s, "an address is none of its kind"},
      {"PROXY TCP4 localhost 1.2.3.4 1 1\r\n", "an address is none of its kind"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n", "a port is none"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 -1\r\n", "a port is none"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n", "a port is none"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 0x1\r\n", "a port is none"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\r\n", "a port is none"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n", "a port is none"},
      {v2(0x11, 0x11, kAddresses4), "its version is not 2"},
      {v2(0x31, 0x11, kAddresses4), "its version is not 2"},
      {v2(0x22, 0x11, kAddresses4), "its command is not assigned"},
      {v2(0x2F, 0x11, kAddresses4), "its command is not assigned"},
      {v2(0x21, 0x10, kAddresses4), "its family and protocol are not assigned"},
      {v2(0x21, 0x01, ""), "its family and protocol are not assigned"},
      {v2(0x21, 0x13, kAddresses4), "its family and protocol are not assigned"},
      {v2(0x21, 0x41, kAddresses6), "its family and protocol are not assigned"},
      {v2(0x21, 0x11, kAddresses4.substr(1)), "it is too short for its addresses"},
      {v2(0x21, 0x11, ""), "it is too short for its addresses"},
      {v2(0x21, 0x21, kAddresses6.substr(1)), "it is too short for its addresses"},
      {v2(0x21, 0x21, kAddresses4), "it is too short for its addresses"},
      {v2(0x21, 0x31, std::string(215, 'u')), "it is too short for its addresses"},
      {v2(0x21, 0x11, kAddresses4 + "\x04"), "its extensions do not fit into it"},
      {v2(0x21, 0x11, kAddresses4 + "\x04\0"s), "its extensions do not fit into it"},
      {v2(0x21, 0x11, kAddresses4 + "\x04\0\1"s), "its extensions do not fit into it"},
      {v2(0x21, 0x11, kAddresses4 + extension(4, "abc") + "\x01\xFF\xFFx"s),
       "its extensions do not fit into it"}};
  for (const auto& [bytes, reason] : cases) {
    const auto parsed = ProxyHeader::parse(bytes);
    ASSERT_FALSE(parsed.ok()) << bytes;
    EXPECT_EQ(parsed.error().reason, reason) << bytes;
  }
}

TEST(ProxyHeader, LongestLineOfVersion1) {
  const std::string line = "PROXY UNKNOWN " + std::string(107 - 16, 'x') + "\r\n";
  ASSERT_EQ(line.size(), 107u);
  EXPECT_EQ((*ProxyHeader::parse(line))->size, 107u);
}

// A length that is too large is refused before what it announces has come.
TEST(ProxyHeader, LongestOfVersion2) {
  EXPECT_EQ((*ProxyHeader::parse(v2(0x20, 0, std::string(4096, 'x'))))->size, 4112u);
  const std::string longer = v2(0x20, 0, std::string(4097, 'x'));
  EXPECT_EQ(ProxyHeader::parse(base::Bytes(longer).substr(0, 16)).error().reason, "it is too long");
  EXPECT_TRUE(ProxyHeader::parse(base::Bytes(longer).substr(0, 15)).ok());
  EXPECT_EQ(ProxyHeader::parse(v2(0x21, 0x11, std::string(65535, 'x'))).error().reason,
            "it is too long");
}

bool loopback(const std::string& header, const auth::Peer& proxy) {
  return (*ProxyHeader::parse(header))->peer(proxy).loopback;
}

// Concern: guest, and passwords in clear, are for this machine only.
TEST(ProxyHeader, ThisMachineIsWhereProxyAndClientAre) {
  const std::string near = "PROXY TCP4 127.0.0.1 127.0.0.1 50000 5672\r\n";
  const std::string near6 = "PROXY TCP6 ::1 ::1 50000 5672\r\n";
  const std::string far = "PROXY TCP4 203.0.113.7 127.0.0.1 50000 5672\r\n";
  EXPECT_TRUE(loopback(near, kNearProxy));
  EXPECT_TRUE(loopback(near6, kNearProxy));
  EXPECT_FALSE(loopback(near, kFarProxy));
  EXPECT_FALSE(loopback(near6, kFarProxy));
  EXPECT_FALSE(loopback(far, kNearProxy));
  EXPECT_FALSE(loopback("PROXY UNKNOWN\r\n", kNearProxy));
  EXPECT_FALSE(loopback(v2(0x21, 0, ""), kNearProxy));
  EXPECT_TRUE(loopback(v2(0x20, 0, ""), kNearProxy));
  EXPECT_FALSE(loopback(v2(0x20, 0, ""), kFarProxy));
}

TEST(ProxyHeader, WhatTlsKnowsOfTheSocketStays) {
  auth::Peer proxy = kFarProxy;
  proxy.encrypted = true;
  EXPECT_TRUE((*ProxyHeader::parse("PROXY UNKNOWN\r\n"))->peer(proxy).encrypted);
  EXPECT_TRUE((*ProxyHeader::parse(v2(0x21, 0x11, kAddresses4)))->peer(proxy).encrypted);
}

class ProxyHeaderReaderTest : public ::testing::Test {
 protected:
  ProxyHeaderReaderTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_), 0);
  }
  ~ProxyHeaderReaderTest() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  void send(base::Bytes bytes) const {
    ASSERT_EQ(::send(ends_[0], bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  // What the reader left.
  std::string rest() const {
    char buffer[9000];
    const ssize_t count = ::recv(ends_[1], buffer, sizeof buffer, 0);
    return count < 0 ? "" : std::string(buffer, static_cast<std::size_t>(count));
  }

  int ends_[2] = {};
};

TEST_F(ProxyHeaderReaderTest, LeavesWhatFollowsWhereverTheHeaderIsCut) {
  for (const Good& good : good_headers()) {
    if (good.header.size() > 300) continue;
    for (std::size_t cut = 1; cut <= good.header.size(); ++cut) {
      ProxyHeaderReader reader(ends_[1]);
      send(base::Bytes(good.header).substr(0, cut));
      if (cut != good.header.size()) {
        ASSERT_EQ(reader.read(), Progress::kWaits) << good.header << cut;
        // The socket is empty: it is not readable because of what is known already.
        ASSERT_EQ(rest(), "");
        ASSERT_EQ(reader.read(), Progress::kWaits) << good.header << cut;
      }
      send(good.header.substr(cut) + "AMQP");
      ASSERT_EQ(reader.read(), Progress::kDone) << good.header << cut;
      EXPECT_EQ(reader.header().origin, good.origin);
      ASSERT_EQ(rest(), "AMQP");
    }
  }
}

TEST_F(ProxyHeaderReaderTest, SingleOctets) {
  const Good& good = good_headers()[11];
  ASSERT_EQ(good.header.size(), ProxyHeader::kV2BytesMax);
  ProxyHeaderReader reader(ends_[1]);
  for (std::size_t i = 0; i + 1 != good.header.size(); ++i) {
    send(base::Bytes(good.header).substr(i, 1));
    ASSERT_EQ(reader.read(), Progress::kWaits) << i;
  }
  send(base::Bytes(good.header).substr(good.header.size() - 1));
  EXPECT_EQ(reader.read(), Progress::kDone);
  EXPECT_EQ(reader.header().peer(kFarProxy).display(), good.address);
}

TEST_F(ProxyHeaderReaderTest, GarbageAndTheEndAreFailures) {
  ProxyHeaderReader silent(ends_[1]);
  EXPECT_EQ(silent.read(), Progress::kWaits);
  EXPECT_FALSE(silent.heard());
  ProxyHeaderReader garbage(ends_[1]);
  send("AMQP");
  EXPECT_EQ(garbage.read(), Progress::kFailed);
  EXPECT_TRUE(garbage.heard());
  EXPECT_EQ(garbage.failure(), "there is none");
  EXPECT_EQ(rest(), "AMQP");
  send("PRO");
  ::shutdown(ends_[0], SHUT_WR);
  ProxyHeaderReader cut(ends_[1]);
  EXPECT_EQ(cut.read(), Progress::kWaits);
  EXPECT_EQ(cut.read(), Progress::kFailed);
  EXPECT_EQ(cut.failure(), "the connection was closed before its end");
}

}  // namespace
}  // namespace harrier::server
