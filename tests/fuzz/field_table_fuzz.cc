// Concern: a table that passed validation is iterated without any check. Plan: everything reached
//          by
// iterating lies inside the input, and writing it anew gives the same bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "amqp/field_table.h"
#include "base/check.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

void check_inside(base::Bytes part, base::Bytes whole) {
  CHECK(part.data() >= whole.data());
  CHECK(part.data() + part.size() <= whole.data() + whole.size());
}

amqp::FieldTable rebuilt(amqp::TableView table, std::uint32_t depth);

amqp::FieldArray rebuilt(amqp::ArrayView array, std::uint32_t depth) {
  CHECK(depth <= amqp::TableLimits{}.depth);
  amqp::FieldArray copy;
  std::size_t count = 0;
  for (const amqp::FieldValue& value : array) {
    check_inside(value.bytes, array.bytes());
    ++count;
    if (value.type == 'F') {
      copy.add_table(rebuilt(value.table(), depth + 1));
    } else if (value.type == 'A') {
      const amqp::FieldArray inner = rebuilt(value.array(), depth + 1);
      copy.add({'A', amqp::ArrayView(inner).bytes()});
    } else {
      copy.add(value);
    }
  }
  CHECK(count <= amqp::TableLimits{}.elements);
  CHECK(amqp::ArrayView(copy).bytes() == array.bytes());
  return copy;
}

amqp::FieldTable rebuilt(amqp::TableView table, std::uint32_t depth) {
  CHECK(depth <= amqp::TableLimits{}.depth);
  amqp::FieldTable copy;
  std::size_t count = 0;
  for (const amqp::Field& field : table) {
    check_inside(field.name, table.bytes());
    check_inside(field.value.bytes, table.bytes());
    ++count;
    if (field.value.type == 'F') {
      copy.add_table(field.name, rebuilt(field.value.table(), depth + 1));
    } else if (field.value.type == 'A') {
      copy.add_array(field.name, rebuilt(field.value.array(), depth + 1));
    } else {
      copy.add(field.name, field.value);
    }
  }
  CHECK(count == table.count());
  CHECK(count <= amqp::TableLimits{}.elements);
  CHECK(copy.view().bytes() == table.bytes());
  return copy;
}

void check_fields(amqp::TableView table) {
  for (const amqp::Field& field : table) {
    CHECK(amqp::same_value(field.value, field.value));
    CHECK(field.value.display().size() <= 255);
    CHECK(!field.value.type_name().empty());
    if (field.value.is_integer()) (void)field.value.integer();
  }
  CHECK(amqp::display(table).size() <= 255);
  if (table.empty()) return;
  const std::string_view name = table.begin()->name;
  CHECK(table.find(name)->bytes.data() == table.begin()->value.bytes.data());
  const amqp::FieldTable others = amqp::FieldTable::without(table, name);
  CHECK(!others.view().find(name));
  CHECK(amqp::validate_table(others.view().bytes()).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const base::Bytes contents(reinterpret_cast<const char*>(bytes), size);
  const auto table = amqp::validate_table(contents);
  if (!table.ok()) {
    CHECK(table.error().code == amqp::ReplyCode::kSyntaxError);
    return 0;
  }
  CHECK(table->bytes() == contents);
  rebuilt(*table, 1);
  check_fields(*table);
  return 0;
}
