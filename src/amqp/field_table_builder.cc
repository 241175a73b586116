// The owned tables and arrays of field_table.h, which are written only by appending.

#include "amqp/field_table.h"
#include "base/check.h"

namespace harrier::amqp {
namespace {

template <class Number>
void append_number(std::string& out, Number number) {
  char bytes[sizeof number];
  base::store_big_endian(bytes, number);
  out.append(bytes, sizeof bytes);
}

void append_counted(std::string& out, Bytes bytes) {
  append_number(out, static_cast<std::uint32_t>(bytes.size()));
  out.append(bytes);
}

bool is_counted(char type) { return type == 'S' || type == 'x' || type == 'A' || type == 'F'; }

// Everything of a value behind its type letter.
void append_value(std::string& out, const FieldValue& value) {
  if (is_counted(value.type)) {
    append_counted(out, value.bytes);
  } else {
    out.append(value.bytes);
  }
}

}  // namespace

void FieldTable::add_name(std::string_view name, char type) {
  CHECK(name.size() <= 255);
  bytes_.push_back(static_cast<char>(name.size()));
  bytes_.append(name);
  bytes_.push_back(type);
}

FieldTable& FieldTable::add_string(std::string_view name, std::string_view value) {
  add_name(name, 'S');
  append_counted(bytes_, value);
  return *this;
}

FieldTable& FieldTable::add_boolean(std::string_view name, bool value) {
  add_name(name, 't');
  bytes_.push_back(value ? 1 : 0);
  return *this;
}

FieldTable& FieldTable::add_long(std::string_view name, std::int64_t value) {
  add_name(name, 'l');
  append_number(bytes_, value);
  return *this;
}

FieldTable& FieldTable::add_integer(std::string_view name, std::int32_t value) {
  add_name(name, 'I');
  append_number(bytes_, value);
  return *this;
}

FieldTable& FieldTable::add_timestamp(std::string_view name, std::uint64_t seconds) {
  add_name(name, 'T');
  append_number(bytes_, seconds);
  return *this;
}

FieldTable& FieldTable::add_table(std::string_view name, TableView value) {
  add_name(name, 'F');
  append_counted(bytes_, value.bytes());
  return *this;
}

FieldTable& FieldTable::add_array(std::string_view name, ArrayView value) {
  add_name(name, 'A');
  append_counted(bytes_, value.bytes());
  return *this;
}

FieldTable& FieldTable::add(std::string_view name, const FieldValue& value) {
  add_name(name, value.type);
  append_value(bytes_, value);
  return *this;
}

FieldTable FieldTable::without(TableView other, std::string_view name) {
  FieldTable result;
  result.bytes_.reserve(other.bytes().size());
  for (const Field& field : other) {
    if (field.name != name) result.add(field.name, field.value);
  }
  return result;
}

FieldArray& FieldArray::add_string(std::string_view value) {
  bytes_.push_back('S');
  append_counted(bytes_, value);
  return *this;
}

FieldArray& FieldArray::add_table(TableView value) {
  bytes_.push_back('F');
  append_counted(bytes_, value.bytes());
  return *this;
}

FieldArray& FieldArray::add(const FieldValue& value) {
  bytes_.push_back(value.type);
  append_value(bytes_, value);
  return *this;
}

}  // namespace harrier::amqp
