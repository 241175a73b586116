#include "amqp/field_table.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/amqp/exact_bytes.h"
#include "unit/amqp/random_values.h"

namespace harrier::amqp {
namespace {

// One field of each type, as the published table of type letters lays them out.
const std::vector<std::string>& sample_fields() {
  static const std::vector<std::string> samples{
      from_hex("01'a' 't' 01"),
      from_hex("01'a' 'b' FF"),
      from_hex("01'a' 'B' FF"),
      from_hex("01'a' 's' FFFE"),
      from_hex("01'a' 'u' FFFE"),
      from_hex("01'a' 'I' FFFFFFFD"),
      from_hex("01'a' 'i' FFFFFFFD"),
      from_hex("01'a' 'l' FFFFFFFFFFFFFFFC"),
      from_hex("01'a' 'L' FFFFFFFFFFFFFFFC"),
      from_hex("01'a' 'f' 3FC00000"),
      from_hex("01'a' 'd' 3FF8000000000000"),
      from_hex("01'a' 'D' 02 0000007B"),
      from_hex("01'a' 'S' 00000003 'xyz'"),
      from_hex("01'a' 'x' 00000002 00FF"),
      from_hex("01'a' 'A' 00000008 't' 00 'I' 00000005 'V'"),
      from_hex("01'a' 'F' 00000004 01'b' 't' 01"),
      from_hex("01'a' 'T' 0000000065000000"),
      from_hex("01'a' 'V'"),
  };
  return samples;
}

TableView table_of(const std::string& contents) {
  const auto table = validate_table(contents);
  EXPECT_TRUE(table.ok());
  return table.ok() ? *table : TableView();
}

FieldValue value_of(const std::string& contents) { return table_of(contents).begin()->value; }

TEST(FieldTable, EveryTypeIsAcceptedAndReEmittedIdentically) {
  for (const std::string& sample : sample_fields()) {
    SCOPED_TRACE(testing::PrintToString(sample));
    const TableView table = table_of(sample);
    ASSERT_EQ(table.count(), 1u);
    EXPECT_EQ(table.begin()->name, "a");
    FieldTable copy;
    for (const Field& field : table)
      copy.add(field.name, field.value);
    EXPECT_EQ(copy.view().bytes(), sample);
  }
}

TEST(FieldTable, IntegersKeepTheirSignAndWidth) {
  EXPECT_EQ(value_of(from_hex("00 'b' FF")).integer(), -1);
  EXPECT_EQ(value_of(from_hex("00 'B' FF")).integer(), 255);
  EXPECT_EQ(value_of(from_hex("00 's' 8000")).integer(), -32768);
  EXPECT_EQ(value_of(from_hex("00 'u' 8000")).integer(), 32768);
  EXPECT_EQ(value_of(from_hex("00 'I' 80000000")).integer(), -2147483648LL);
  EXPECT_EQ(value_of(from_hex("00 'i' 80000000")).integer(), 2147483648LL);
  EXPECT_EQ(value_of(from_hex("00 'l' FFFFFFFFFFFFFFFF")).integer(), -1);
  EXPECT_EQ(value_of(from_hex("00 'L' 7FFFFFFFFFFFFFFF")).integer(), 9223372036854775807LL);
}

TEST(FieldTable, OnlyIntegerTypesAreIntegers) {
  for (const std::string& sample : sample_fields()) {
    const FieldValue value = value_of(sample);
    const bool integer = std::string_view("bBsuIilL").find(value.type) != std::string_view::npos;
    EXPECT_EQ(value.is_integer(), integer) << value.type;
  }
}

TEST(FieldTable, ValuesAreReadByType) {
  EXPECT_TRUE(value_of(from_hex("00 't' 01")).boolean());
  EXPECT_TRUE(value_of(from_hex("00 't' 02")).boolean());
  EXPECT_FALSE(value_of(from_hex("00 't' 00")).boolean());
  EXPECT_EQ(value_of(from_hex("00 'S' 00000002 'hi'")).bytes, "hi");
  EXPECT_EQ(value_of(from_hex("00 'T' FFFFFFFFFFFFFFFF")).timestamp(), ~std::uint64_t{0});
  EXPECT_EQ(value_of(from_hex("00 'F' 00000004 01'b' 't' 01")).table().begin()->name, "b");
  EXPECT_EQ(value_of(from_hex("00 'A' 00000002 'VV'")).array().count(), 2u);
}

TEST(FieldTable, EmptyNamesAndEmptyTablesAreAllowed) {
  EXPECT_TRUE(table_of("").empty());
  EXPECT_EQ(table_of("").count(), 0u);
  EXPECT_EQ(table_of(from_hex("00 'V'")).begin()->name, "");
  EXPECT_TRUE(value_of(from_hex("00 'F' 00000000")).table().empty());
  EXPECT_EQ(value_of(from_hex("00 'A' 00000000")).array().count(), 0u);
  EXPECT_EQ(value_of(from_hex("00 'S' 00000000")).bytes, "");
}

TEST(FieldTable, RepeatedNameKeepsItsFirstValue) {
  const std::string contents = from_hex("01'a' 'B' 01 01'a' 'B' 02");
  const TableView table = table_of(contents);
  ASSERT_TRUE(table.find("a"));
  EXPECT_EQ(table.find("a")->integer(), 1);
  EXPECT_EQ(table.count(), 2u);
  EXPECT_FALSE(table.find("b"));
}

TEST(FieldTable, BuilderWritesWhatTheReaderReads) {
  FieldTable inner;
  inner.add_boolean("flag", true);
  FieldArray items;
  EXPECT_TRUE(items.empty());
  items.add_string("one").add_table(inner).add({'V', {}});
  EXPECT_FALSE(items.empty());
  FieldTable table;
  table.add_string("text", "value")
      .add_long("long", -5)
      .add_integer("integer", 7)
      .add_timestamp("time", 1'700'000'000)
      .add_table("table", inner)
      .add_array("array", items);
  const auto checked = validate_table(table.view().bytes());
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->find("text")->bytes, "value");
  EXPECT_EQ(checked->find("long")->type, 'l');
  EXPECT_EQ(checked->find("long")->integer(), -5);
  EXPECT_EQ(checked->find("integer")->type, 'I');
  EXPECT_EQ(checked->find("integer")->integer(), 7);
  EXPECT_EQ(checked->find("time")->timestamp(), 1'700'000'000u);
  EXPECT_TRUE(checked->find("table")->table().find("flag")->boolean());
  const ArrayView array = checked->find("array")->array();
  std::string types;
  for (const FieldValue& item : array)
    types.push_back(item.type);
  EXPECT_EQ(types, "SFV");
}

TEST(FieldTable, WithoutDropsEveryFieldOfThatName) {
  FieldTable table;
  table.add_string("keep", "1").add_string("BCC", "2").add_string("bcc", "3").add_long("BCC", 4);
  FieldTable expected;
  expected.add_string("keep", "1").add_string("bcc", "3");
  EXPECT_EQ(FieldTable::without(table, "BCC").view().bytes(), expected.view().bytes());
  EXPECT_EQ(FieldTable::without(table, "none").view().bytes(), table.view().bytes());
}

TEST(FieldTable, NameOf255BytesFits) {
  const std::string name(255, 'n');
  FieldTable table;
  table.add_long(name, 1);
  const auto checked = validate_table(table.view().bytes());
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->begin()->name, name);
}

TEST(FieldTableDeathTest, NameOf256BytesIsOurBug) {
  FieldTable table;
  EXPECT_DEATH(table.add_long(std::string(256, 'n'), 1), "CHECK");
}

TEST(FieldTable, RandomTablesAreReEmittedIdentically) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomValues values(seed);
    const ExactBytes bytes(values.table(6).bytes());
    const auto table = validate_table(bytes);
    ASSERT_TRUE(table.ok()) << table.error().detail;
    FieldTable copy;
    for (const Field& field : *table)
      copy.add(field.name, field.value);
    ASSERT_EQ(copy.view().bytes(), Bytes(bytes));
  }
}

TEST(SameValue, IntegersCompareByValueWhateverTheirWidth) {
  EXPECT_TRUE(same_value(value_of(from_hex("00 'b' 05")), value_of(from_hex("00 'l' "
                                                                            "0000000000000005"))));
  EXPECT_TRUE(same_value(value_of(from_hex("00 's' FFFF")), value_of(from_hex("00 'I' FFFFFFFF"))));
  EXPECT_FALSE(same_value(value_of(from_hex("00 'u' FFFF")), value_of(from_hex("00 's' FFFF"))));
}

TEST(SameValue, DifferentTypesDiffer) {
  EXPECT_FALSE(same_value(value_of(from_hex("00 'S' 00000001 '5'")),
                          value_of(from_hex("00 'x' 00000001 '5'"))));
  EXPECT_FALSE(same_value(value_of(from_hex("00 't' 01")), value_of(from_hex("00 'b' 01"))));
  EXPECT_FALSE(same_value(value_of(from_hex("00 'T' 0000000000000001")),
                          value_of(from_hex("00 'l' 0000000000000001"))));
}

TEST(SameValue, EveryTypeEqualsItself) {
  for (const std::string& sample : sample_fields())
    EXPECT_TRUE(same_value(value_of(sample), value_of(sample))) << sample;
}

TEST(SameValue, AnyOctetButZeroIsTrue) {
  EXPECT_TRUE(same_value(value_of(from_hex("00 't' 01")), value_of(from_hex("00 't' FF"))));
  EXPECT_FALSE(same_value(value_of(from_hex("00 't' 01")), value_of(from_hex("00 't' 00"))));
}

TEST(SameValue, TablesAndArraysCompareElementByElementInOrder) {
  const auto table = [](std::string_view fields) {
    const std::string contents = from_hex(fields);
    return from_hex("00 'F' 000000") + static_cast<char>(contents.size()) + contents;
  };
  const std::string ab = table("01'a' 'b' 01 01'b' 'b' 02");
  const std::string ab_wide = table("01'a' 's' 0001 01'b' 'I' 00000002");
  const std::string ba = table("01'b' 'b' 02 01'a' 'b' 01");
  const std::string a = table("01'a' 'b' 01");
  EXPECT_TRUE(same_value(value_of(ab), value_of(ab_wide)));
  EXPECT_FALSE(same_value(value_of(ab), value_of(ba)));
  EXPECT_FALSE(same_value(value_of(ab), value_of(a)));
  EXPECT_FALSE(same_value(value_of(a), value_of(ab)));
  const std::string one_two = from_hex("00 'A' 00000004 'b' 01 'b' 02");
  const std::string one_two_wide = from_hex("00 'A' 00000006 'u' 0001 'u' 0002");
  const std::string one = from_hex("00 'A' 00000002 'b' 01");
  EXPECT_TRUE(same_value(value_of(one_two), value_of(one_two_wide)));
  EXPECT_FALSE(same_value(value_of(one_two), value_of(one)));
}

}  // namespace
}  // namespace harrier::amqp
