// Concern: tables come from peers before they are authenticated. Plan: every limit on both of its
// sides, every sample cut at every octet, each in memory of exactly its size.
#include <string>

#include <gtest/gtest.h>

#include "amqp/field_table.h"
#include "unit/amqp/exact_bytes.h"
#include "unit/amqp/random_values.h"

namespace harrier::amqp {
namespace {

Checked<TableView> check(const std::string& contents, const TableLimits& limits = {}) {
  return validate_table(ExactBytes(contents), limits);
}

void expect_refused(const std::string& contents, std::string_view detail) {
  const auto table = check(contents);
  ASSERT_FALSE(table.ok()) << testing::PrintToString(contents);
  EXPECT_EQ(table.error().code, ReplyCode::kSyntaxError);
  EXPECT_NE(table.error().detail.find(detail), std::string::npos) << table.error().detail;
}

std::string with_length(const std::string& contents) {
  char length[4];
  base::store_big_endian(length, static_cast<std::uint32_t>(contents.size()));
  return std::string(length, 4) + contents;
}

// Tables inside one another, `depth` in all.
std::string nested_tables(int depth) {
  std::string contents;
  for (int level = 1; level < depth; ++level)
    contents = from_hex("00 'F'") + with_length(contents);
  return contents;
}

// A table with arrays inside one another, `depth` of both in all.
std::string nested_arrays(int depth) {
  if (depth < 2) return "";
  std::string contents;
  for (int level = 2; level < depth; ++level)
    contents = "A" + with_length(contents);
  return from_hex("00 'A'") + with_length(contents);
}

std::string repeated(std::string_view unit, std::size_t count) {
  std::string text;
  for (; count != 0; --count)
    text.append(unit);
  return text;
}

TEST(TableLimits, DepthOf16IsAcceptedAnd17Refused) {
  // An empty innermost table is a table all the same.
  EXPECT_TRUE(check(nested_tables(16) + from_hex("00 'V'")).ok());
  EXPECT_TRUE(check(nested_tables(16)).ok());
  expect_refused(nested_tables(17), "nested deeper than 16");
  EXPECT_TRUE(check(nested_arrays(16)).ok());
  expect_refused(nested_arrays(17), "nested deeper than 16");
}

TEST(TableLimits, HopelessDepthIsRefusedWithoutRecursion) {
  expect_refused(nested_tables(5000), "nested deeper than 16");
  expect_refused(nested_arrays(5000), "nested deeper than 16");
}

TEST(TableLimits, FieldsOfZeroWidthCount) {
  const std::string field = from_hex("00 'V'");
  EXPECT_TRUE(check(repeated(field, 4096)).ok());
  expect_refused(repeated(field, 4097), "more than 4096");
}

TEST(TableLimits, ArrayItemsOfZeroWidthCount) {
  EXPECT_TRUE(check(from_hex("00 'A'") + with_length(std::string(4096, 'V'))).ok());
  expect_refused(from_hex("00 'A'") + with_length(std::string(4097, 'V')), "more than 4096");
}

TEST(TableLimits, ElementsCountPerTable) {
  const std::string array = from_hex("00 'A'") + with_length(std::string(3000, 'V'));
  EXPECT_TRUE(check(array + array).ok());
}

TEST(TableLimits, LimitsAreTheCallers) {
  const TableLimits strict{.depth = 1, .elements = 2};
  EXPECT_TRUE(check(from_hex("00'V' 00'V'"), strict).ok());
  EXPECT_FALSE(check(from_hex("00'V' 00'V' 00'V'"), strict).ok());
  EXPECT_FALSE(check(nested_tables(2), strict).ok());
}

TEST(TableValidation, UnknownTypesAreRefused) {
  for (int octet = 0; octet < 256; ++octet) {
    const char type = static_cast<char>(octet);
    if (type != '\0' && std::string_view("tbBsuIilLfdDSAFTxV").find(type) != std::string_view::npos)
      continue;
    expect_refused(from_hex("00") + type + std::string(8, '\0'),
                   "value type " + std::to_string(octet));
  }
}

TEST(TableValidation, LengthsAreCheckedAgainstWhatHoldsThem) {
  expect_refused(from_hex("05 'abc'"), "name");
  expect_refused(from_hex("01 'a'"), "no type");
  expect_refused(from_hex("01'a' 'S' 00000004 'abc'"), "runs past");
  expect_refused(from_hex("01'a' 'S' FFFFFFFF 'abc'"), "runs past");
  expect_refused(from_hex("01'a' 'S' 0000"), "runs past");
  expect_refused(from_hex("01'a' 'l' 00000000000000"), "runs past");
  // The inner value would fit the outer table, but not the table that holds it.
  expect_refused(from_hex("01'a' 'F' 00000005 00 'I' 000000 00000000"), "runs past");
  expect_refused(from_hex("01'a' 'A' 00000003 'I' 0000 00000000"), "runs past");
}

TEST(TableValidation, EveryTruncationIsRefusedUnlessItEndsBetweenFields) {
  const std::string fields[] = {
      from_hex("01'a' 't' 01"),
      from_hex("03'abc' 'l' FFFFFFFFFFFFFFFC"),
      from_hex("01'a' 'D' 02 0000007B"),
      from_hex("01'a' 'S' 00000003 'xyz'"),
      from_hex("01'a' 'A' 0000000D 't' 00 'I' 00000005 'x' 00000000 'V'"),
      from_hex("01'a' 'F' 0000000D 01'b' 'F' 00000004 01'c' 't' 01 01'd'"),
      from_hex("01'a' 'F' 0000000B 01'b' 'F' 00000004 01'c' 't' 01"),
      from_hex("00 'V'"),
  };
  for (const std::string& field : fields) {
    for (std::size_t size = 1; size < field.size(); ++size) {
      EXPECT_FALSE(check(field.substr(0, size)).ok())
          << testing::PrintToString(field) << " cut at " << size;
    }
  }
}

TEST(TableValidation, RandomBytesAreNeverReadPastTheirEnd) {
  std::size_t accepted = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    RandomValues values(seed);
    std::string contents(values.table(4).bytes());
    for (std::uint64_t left = values.random().below(4); left != 0 && !contents.empty(); --left)
      contents[values.random().below(contents.size())] = static_cast<char>(values.random().next());
    const ExactBytes exact(contents);
    const auto table = validate_table(exact);
    if (!table.ok()) continue;
    ++accepted;
    FieldTable copy;
    for (const Field& field : *table)
      copy.add(field.name, field.value);
    ASSERT_EQ(copy.view().bytes(), contents) << "seed " << seed;
    (void)display(*table);
  }
  EXPECT_GT(accepted, 100u);
}

}  // namespace
}  // namespace harrier::amqp
