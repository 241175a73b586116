#include <string>

#include <gtest/gtest.h>

#include "amqp/field_table.h"
#include "unit/amqp/exact_bytes.h"
#include "unit/amqp/random_values.h"

namespace harrier::amqp {
namespace {

FieldValue value_of(char type, std::string_view bytes) { return {type, bytes}; }

TEST(FieldDisplay, ValuesReadAsRabbitMqWordsThem) {
  EXPECT_EQ(value_of('S', "text").display(), "'text'");
  EXPECT_EQ(value_of('b', "\x05").display(), "5");
  EXPECT_EQ(value_of('I', from_hex("FFFFFFFF")).display(), "-1");
  EXPECT_EQ(value_of('t', "\x01").display(), "true");
  EXPECT_EQ(value_of('t', from_hex("00")).display(), "false");
  EXPECT_EQ(value_of('T', from_hex("0000000000000010")).display(), "16");
  EXPECT_EQ(value_of('d', from_hex("3FF8000000000000")).display(), "1.5");
  EXPECT_EQ(value_of('f', from_hex("3FC00000")).display(), "1.5");
  EXPECT_EQ(value_of('D', from_hex("02 0000007B")).display(), "123e-2");
  EXPECT_EQ(value_of('V', "").display(), "undefined");
}

TEST(FieldDisplay, TablesAndArraysAreListed) {
  FieldTable inner;
  inner.add_boolean("flag", true);
  FieldArray items;
  items.add_string("one").add_table(inner);
  FieldTable table;
  table.add_string("text", "value").add_long("count", -5).add_array("items", items);
  EXPECT_EQ(display(table), "{text='value', count=-5, items=['one', {flag=true}]}");
  EXPECT_EQ(display(TableView()), "{}");
}

TEST(FieldDisplay, NeverExceeds255Bytes) {
  EXPECT_EQ(value_of('S', std::string(253, 'x')).display().size(), 255u);
  const std::string cut = value_of('S', std::string(100'000, 'x')).display();
  EXPECT_EQ(cut.size(), 255u);
  EXPECT_TRUE(cut.ends_with("..."));
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    RandomValues values(seed);
    EXPECT_LE(display(values.table(6)).size(), 255u) << "seed " << seed;
  }
}

TEST(FieldDisplay, SecretsAreHidden) {
  FieldTable inner;
  inner.add_string("Access_Token", "hush");
  FieldTable table;
  table.add_string("PASSWORD", "hush").add_string("client-secret", "hush").add_table("t", inner);
  EXPECT_EQ(display(table),
            "{PASSWORD=(hidden), client-secret=(hidden), t={Access_Token=(hidden)}}");
}

TEST(FieldDisplay, TypesHaveRabbitMqsNames) {
  EXPECT_EQ(value_of('t', "").type_name(), "bool");
  EXPECT_EQ(value_of('b', "").type_name(), "byte");
  EXPECT_EQ(value_of('B', "").type_name(), "unsignedbyte");
  EXPECT_EQ(value_of('s', "").type_name(), "short");
  EXPECT_EQ(value_of('u', "").type_name(), "unsignedshort");
  EXPECT_EQ(value_of('I', "").type_name(), "signedint");
  EXPECT_EQ(value_of('i', "").type_name(), "unsignedint");
  EXPECT_EQ(value_of('l', "").type_name(), "long");
  EXPECT_EQ(value_of('L', "").type_name(), "long");
  EXPECT_EQ(value_of('f', "").type_name(), "float");
  EXPECT_EQ(value_of('d', "").type_name(), "double");
  EXPECT_EQ(value_of('D', "").type_name(), "decimal");
  EXPECT_EQ(value_of('S', "").type_name(), "longstr");
  EXPECT_EQ(value_of('A', "").type_name(), "array");
  EXPECT_EQ(value_of('T', "").type_name(), "timestamp");
  EXPECT_EQ(value_of('F', "").type_name(), "table");
  EXPECT_EQ(value_of('x', "").type_name(), "binary");
  EXPECT_EQ(value_of('V', "").type_name(), "void");
}

}  // namespace
}  // namespace harrier::amqp
