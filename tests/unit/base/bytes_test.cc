#include "base/bytes.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

using namespace std::string_view_literals;

TEST(BigEndian, HighestOctetComesFirst) {
  char bytes[8];
  EXPECT_EQ(store_big_endian(bytes, std::uint32_t{0x01020304}), bytes + 4);
  EXPECT_EQ(Bytes(bytes, 4), "\x01\x02\x03\x04"sv);
  store_big_endian(bytes, std::uint8_t{0xAB});
  EXPECT_EQ(bytes[0], '\xAB');
}

template <class Number>
void expect_round_trip(Number number) {
  char bytes[sizeof number];
  store_big_endian(bytes, number);
  EXPECT_EQ(load_big_endian<Number>(bytes), number);
}

TEST(BigEndian, ExtremesRoundTrip) {
  expect_round_trip(std::numeric_limits<std::int16_t>::min());
  expect_round_trip(std::numeric_limits<std::int32_t>::min());
  expect_round_trip(std::numeric_limits<std::int64_t>::min());
  expect_round_trip(std::numeric_limits<std::uint16_t>::max());
  expect_round_trip(std::numeric_limits<std::uint32_t>::max());
  expect_round_trip(std::numeric_limits<std::uint64_t>::max());
}

TEST(ByteReader, ReadsFieldsInOrder) {
  ByteReader reader("\x01\x02\x03\x00\x00\x00\x04\x02xy\x00\x00\x00\x01z"sv);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 4u);
  EXPECT_EQ(reader.short_string(), "xy");
  EXPECT_EQ(reader.long_string(), "z");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(ByteReader, ReadPastTheEndGivesZeroAndIsRemembered) {
  ByteReader reader("\x01\x02\x03"sv);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_FALSE(reader.ok());
  // Nothing is read afterwards, not even what would have fitted.
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(reader.take(1), "");
}

TEST(ByteReader, StringLongerThanTheBytesIsEmpty) {
  ByteReader short_reader(
      "\x05"
      "abcd"sv);
  EXPECT_EQ(short_reader.short_string(), "");
  EXPECT_FALSE(short_reader.ok());
  ByteReader long_reader(
      "\xFF\xFF\xFF\xFF"
      "abcd"sv);
  EXPECT_EQ(long_reader.long_string(), "");
  EXPECT_FALSE(long_reader.ok());
}

TEST(ByteReader, EmptyBytesHoldNothing) {
  ByteReader reader(Bytes{});
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(reader.take(0), "");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.ok());
}

// Whatever way its size takes: all of it arrives, and nothing beside it is touched.
TEST(PutBytes, CopiesAsManyAsThereAre) {
  for (std::size_t size = 0; size <= 70; ++size) {
    std::string from;
    for (std::size_t at = 0; at < size; ++at)
      from.push_back(static_cast<char>('0' + at));
    std::string to(size + 2, '.');
    char* const end = put_bytes(to.data() + 1, from);
    EXPECT_EQ(end, to.data() + 1 + size);
    EXPECT_EQ(to, "." + from + ".") << size;
  }
}

}  // namespace
}  // namespace harrier::base
