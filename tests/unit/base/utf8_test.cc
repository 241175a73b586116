#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, CharactersOfEveryLengthAreText) {
  EXPECT_EQ(utf8_character_size("a"), 1u);
  EXPECT_EQ(utf8_character_size("\0"sv), 1u);
  EXPECT_EQ(utf8_character_size("é"), 2u);
  EXPECT_EQ(utf8_character_size("€"), 3u);
  EXPECT_EQ(utf8_character_size("\xF0\x9F\x90\x87"), 4u);
  EXPECT_TRUE(is_utf8("aé€\xF0\x9F\x90\x87"));
  EXPECT_TRUE(is_utf8(""));
}

TEST(Utf8, EdgesOfTheRangesAreText) {
  EXPECT_TRUE(is_utf8("\xC2\x80"));
  EXPECT_TRUE(is_utf8("\xE0\xA0\x80"));
  EXPECT_TRUE(is_utf8("\xED\x9F\xBF"));
  EXPECT_TRUE(is_utf8("\xEE\x80\x80"));
  EXPECT_TRUE(is_utf8("\xF0\x90\x80\x80"));
  EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
}

TEST(Utf8, MalformedOctetsAreNoText) {
  EXPECT_EQ(utf8_character_size(""), 0u);
  EXPECT_FALSE(is_utf8("\x80"));              // continuation first
  EXPECT_FALSE(is_utf8("\xC3"));              // truncated
  EXPECT_FALSE(is_utf8("\xE2\x82"));          // truncated
  EXPECT_FALSE(is_utf8("\xC3\x28"));          // no continuation
  EXPECT_FALSE(is_utf8("\xC0\x80"));          // overlong NUL
  EXPECT_FALSE(is_utf8("\xC1\xBF"));          // overlong
  EXPECT_FALSE(is_utf8("\xE0\x9F\xBF"));      // overlong
  EXPECT_FALSE(is_utf8("\xF0\x8F\xBF\xBF"));  // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_utf8("\xF5\x80\x80\x80"));
  EXPECT_FALSE(is_utf8("\xFF"));
}

TEST(CutText, ShortTextStaysWhole) {
  EXPECT_EQ(cut_text("abc", 3), "abc");
  EXPECT_EQ(cut_text("", 0), "");
}

TEST(CutText, LongTextEndsBetweenCharacters) {
  EXPECT_EQ(cut_text("abcd", 3), "abc");
  EXPECT_EQ(cut_text("ab€", 4), "ab");
  EXPECT_EQ(cut_text("ab€", 3), "ab");
  EXPECT_EQ(cut_text("ab€c", 5), "ab€");
  EXPECT_EQ(cut_text("\xF0\x9F\x90\x87", 3), "");
  EXPECT_EQ(cut_text("é", 0), "");
}

TEST(CutText, BytesThatAreNoTextAreCutAtTheLimit) {
  const std::string continuations(20, '\x80');
  EXPECT_EQ(cut_text(continuations, 10).size(), 10u);
}

}  // namespace
}  // namespace harrier::base
