#include "base/crc32c.h"

#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace harrier::base {
namespace {

std::uint32_t bit_by_bit(Bytes bytes, std::uint32_t so_far = 0) {
  std::uint32_t state = ~so_far;
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      state = (state >> 1) ^ ((state & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~state;
}

TEST(Crc32c, KnownVectors) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("a"), 0xC1D04330u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
}

TEST(Crc32c, EveryLengthAndAlignmentAgreesWithTheNaiveOne) {
  SeededRandom random(1);
  std::string text;
  for (int i = 0; i < 1100; ++i)
    text.push_back(static_cast<char>(random.next()));
  for (std::size_t start = 0; start < 17; ++start) {
    for (std::size_t size = 0; size < 1000; size += size < 100 ? 1 : 37) {
      const Bytes piece = Bytes(text).substr(start, size);
      ASSERT_EQ(crc32c(piece), bit_by_bit(piece)) << start << " " << size;
    }
  }
}

TEST(Crc32c, PiecesGiveTheSameAsTheWhole) {
  SeededRandom random(2);
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text.push_back(static_cast<char>(random.next()));
  const Bytes whole = text;
  for (std::size_t cut = 0; cut <= whole.size(); cut += 97)
    ASSERT_EQ(crc32c(whole.substr(cut), crc32c(whole.substr(0, cut))), crc32c(whole));
}

TEST(Crc32c, ADifferentStartNeverGivesTheSameSum) {
  EXPECT_NE(crc32c("the same bytes", 1), crc32c("the same bytes", 2));
}

}  // namespace
}  // namespace harrier::base
