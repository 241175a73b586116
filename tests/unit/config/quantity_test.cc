#include "config/quantity.h"

#include <gtest/gtest.h>

namespace harrier::config {
namespace {

using std::chrono::milliseconds;

TEST(ParseInteger, TakesDigitsOnly) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-7"), -7);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  for (const char* text : {"", "-", "+1", " 1", "1 ", "0x10", "1e3", "9223372036854775808"})
    EXPECT_FALSE(parse_integer(text)) << text;
}

TEST(ParseSize, TakesBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("1"), 1);
  EXPECT_EQ(parse_size("1B"), 1);
  EXPECT_EQ(parse_size("2KiB"), 2048);
  EXPECT_EQ(parse_size("2KB"), 2000);
  EXPECT_EQ(parse_size("3GiB"), 3LL << 30);
  EXPECT_EQ(parse_size("16TiB"), 16LL << 40);
  EXPECT_EQ(parse_size("2TB"), 2'000'000'000'000);
  for (const char* text : {"", "KiB", "1 KiB", "1kib", "1.5MiB", "-", "9223372036854775807GiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(ParseDecimal, TakesDigitsAndAPoint) {
  EXPECT_EQ(parse_decimal("0.6"), 0.6);
  EXPECT_EQ(parse_decimal("5"), 5.0);
  EXPECT_EQ(parse_decimal(".5"), 0.5);
  for (const char* text : {"", ".", "-1", "+1", "1e3", "0x1", "1.2.3", "nan", "inf", " 1"})
    EXPECT_FALSE(parse_decimal(text)) << text;
}

TEST(ParseDuration, NeedsAUnitUnlessZero) {
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("30min"), milliseconds(1'800'000));
  EXPECT_EQ(parse_duration("1d"), milliseconds(86'400'000));
  for (const char* text : {"", "1", "s", "1m", "1sec", "9223372036854775807d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(QuantityText, IsTheShortestExactForm) {
  EXPECT_EQ(size_text(4096), "4KiB");
  EXPECT_EQ(size_text(512 << 20), "512MiB");
  EXPECT_EQ(size_text(4095), "4095");
  EXPECT_EQ(size_text(16LL << 40), "16TiB");
  EXPECT_EQ(size_text(2'000'000), "2000000");
  EXPECT_EQ(duration_text(milliseconds(1'800'000)), "30min");
  EXPECT_EQ(duration_text(milliseconds(1'500)), "1500ms");
  EXPECT_EQ(duration_text(milliseconds(0)), "0");
  EXPECT_EQ(duration_text(milliseconds(60'000)), "1min");
}

TEST(SpanText, OfASingleUnitIsInTheSmallerOne) {
  EXPECT_EQ(span_text(milliseconds(60'000)), "60s");
  EXPECT_EQ(span_text(milliseconds(3'600'000)), "60min");
  EXPECT_EQ(span_text(milliseconds(86'400'000)), "24h");
  EXPECT_EQ(span_text(milliseconds(1'000)), "1s");
  EXPECT_EQ(span_text(milliseconds(1)), "1ms");
  EXPECT_EQ(span_text(milliseconds(1'800'000)), "30min");
  EXPECT_EQ(span_text(milliseconds(0)), "0");
}

}  // namespace
}  // namespace harrier::config
